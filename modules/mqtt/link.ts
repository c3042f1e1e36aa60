import Timer from "timer";
import { Deadline } from "../at/deadline.js";
import { execute } from "../at/execute.js";
import type { Line } from "../at/line.js";
import type { Scheduler } from "../at/scheduler.js";
import { MQTT } from "../bc20/commands.js";
import type { Holder } from "../bc20/identifiers.js";
import type { BC20 } from "../bc20/modem.js";
import { closeNetwork, connect } from "./connect.js";
import { hasDataFormat } from "./data-format.js";
import { FormatError, LinkError } from "./errors.js";
import type { Settings } from "./options.js";

/** It waits for the modem to be on the network, and for an identifier. */
const WAITING = 0;
const CONNECTING = 1;
const CONNECTED = 2;
const DISCONNECTING = 3;
const CLOSED = 4;

/** A connection without keep-alive counts as good after so long, ms; others after twice their keep-alive. */
const UNWATCHED_PROOF_MS = 600_000;

/** What a link tells its client; never from inside a method. One frozen table in flash serves all clients. */
export interface LinkEvents<Client> {
	/** CONNACK has come. */
	readonly onConnected: (client: Client) => void;
	/** A message has come, `+QMTRECV`. @param hex whether its payload is in hex digits */
	readonly onReceived: (client: Client, line: Line, hex: boolean) => void;
	/** The end, after a DISCONNECT of our own or with an error: the client closes the link. */
	readonly onEnd: (client: Client, error?: Error) => void;
}

/** A link, whoever its client is. */
export type AnyLink = Pick<Link<unknown>, "hasFormat" | "identifier" | "isConnected" | "later" | "scheduler">;

/**
 * The life of one client's connection: it waits for an identifier of the module, connects, tells of messages and of the end, disconnects, and
 * gives the identifier back when its network connection is closed.
 */
export class Link<Client> implements Holder {
	readonly wish: number | undefined;
	readonly #modem: BC20;
	readonly #settings: Settings;
	readonly #client: Client;
	readonly #events: LinkEvents<Client>;
	#state = WAITING;
	#identifier = 0;
	#scheduler: Scheduler | undefined;
	/** The network connection is, or may be, open and has to be closed. */
	#isOpen = false;
	/** The connect sequence or DISCONNECT is at work: the network connection is closed behind it. */
	#isBusy = false;
	#isLater = false;
	/** Something that came was not in the format that was set. */
	#isDoubted = false;
	/** When the connection will have proven that the way to the broker is good. */
	readonly #proof = new Deadline();
	#timer: Timer | undefined;
	readonly #onRepeat = () => this.#modem.identifiers.repeated();

	constructor(modem: BC20, settings: Settings, client: Client, events: LinkEvents<Client>) {
		this.wish = settings.identifier;
		this.#modem = modem;
		this.#settings = settings;
		this.#client = client;
		this.#events = events;
		modem.identifiers.acquire(this);
	}
	/** From CONNACK to DISCONNECT, or the end. */
	get isConnected(): boolean {
		return this.#state === CONNECTED;
	}
	/** The network connection is, or may be, open. */
	get isOpen(): boolean {
		return this.#isOpen && this.#state !== CLOSED;
	}
	/** Connected for so long that keep-alive must have found a dead link. */
	get isProven(): boolean {
		return this.#state === CONNECTED && this.#proof.remaining === 0;
	}
	/** The module's identifier. */
	get identifier(): number {
		return this.#identifier;
	}
	/** The line to the modem; undefined before there is an identifier, and when the modem is gone. */
	get scheduler(): Scheduler | undefined {
		return this.#scheduler;
	}
	/** Whether the module has the later firmware's forms, as was found when connecting: messages come in hex digits then. */
	get later(): boolean {
		return this.#isLater;
	}
	/** The broker has acknowledged something. */
	proved(): void {
		this.#modem.identifiers.proved();
	}
	/** The connection is at its end by an error, of its own or of a packet. */
	failed(error: Error): void {
		if (this.isProven) this.proved();
		this.#modem.identifiers.failed(this, error);
	}
	/** A message was not in the format that was set. */
	doubt(): void {
		this.#isDoubted = true;
		this.#modem.identifiers.doubted();
	}
	/** Asks the module whether it has the format that was set. @throws (rejects) ResponseError, and errors of the AT engine */
	async hasFormat(): Promise<boolean> {
		const scheduler = this.#scheduler;
		if (!scheduler) return false;
		return hasDataFormat(scheduler, this.#identifier, this.#settings.hex, this.#isLater);
	}
	/** A callback of the application threw. */
	report(exception: unknown): void {
		this.#modem.report(exception);
	}
	/** Sends DISCONNECT, if need be when there is room for the command. `onEnd` follows, whatever comes of it. */
	disconnect(): void {
		if (!this.#scheduler) return;
		this.#state = DISCONNECTING;
		this.#isBusy = true;
		const done = () => {
			this.#isBusy = false;
			if (this.#state === CLOSED) this.#release();
			else this.#events.onEnd(this.#client);
		};
		execute(this.#scheduler, MQTT.disconnect, "write", [this.#identifier], { waits: true }).then(done, done);
	}
	/** Nothing is told any more; the network connection is closed, then the identifier is free. May be called twice. */
	close(): void {
		if (this.#state === CLOSED) return;
		this.#state = CLOSED;
		Timer.clear(this.#timer);
		if (!this.#isBusy) this.#release();
	}

	// What the module's identifiers tell

	onAcquired(identifier: number, scheduler: Scheduler): void {
		this.#state = CONNECTING;
		this.#identifier = identifier;
		this.#scheduler = scheduler;
		void this.#connect(scheduler);
	}
	onStatus(code: number, isReported: boolean): void {
		// The module reports an earlier connection of the identifier.
		if (isReported && !this.#isOpen) return;
		const error = new LinkError(code);
		// What the module has closed by itself is closed once more: whatever it made of it, the identifier's state is known then.
		this.#isOpen &&= error.reaction !== "normal";
		// The broker was faster in closing what is being disconnected.
		if (this.#state === DISCONNECTING) return;
		// A broker that refuses closes at once: the result that tells why may have come just before, and must be heard first.
		if (this.#state === CONNECTING) this.#timer ??= Timer.set(() => this.#end(error));
		else this.#end(error);
	}
	onReceived(line: Line): void {
		if (this.#isOpen && this.#state !== CLOSED) this.#events.onReceived(this.#client, line, this.#isLater);
	}
	/**
	 * The format, where there is doubt: firmware V1.0 was told by an error, which anything may have brought about, and its text is never
	 * contradicted by what comes.
	 */
	onVerify(): Promise<void> | undefined {
		if (this.#state !== CONNECTED || (this.#isLater && !this.#isDoubted)) return undefined;
		this.#isDoubted = false;
		return this.hasFormat().then(isKept => {
			if (!isKept && this.isConnected) this.#end(new FormatError());
		});
	}
	onLost(error: Error): void {
		this.#isOpen = false;
		this.#scheduler = undefined;
		this.#end(error);
	}

	async #connect(scheduler: Scheduler): Promise<void> {
		this.#isBusy = true;
		let failure: Error | undefined;
		try {
			await connect({
				scheduler,
				identifier: this.#identifier,
				settings: this.#settings,
				isWanted: () => this.#state === CONNECTING,
				onLater: () => (this.#isLater = true),
				onOpened: () => (this.#isOpen = true),
				onRepeat: this.#onRepeat,
			});
		} catch (error) {
			failure = error as Error;
		}
		this.#isBusy = false;
		if (this.#state === CLOSED) this.#release();
		else if (failure) this.#end(failure);
		else {
			this.#state = CONNECTED;
			this.#proof.set(2000 * this.#settings.keepAlive || UNWATCHED_PROOF_MS);
			this.#events.onConnected(this.#client);
		}
	}
	#end(error: Error): void {
		if (this.#state !== CLOSED) this.#events.onEnd(this.#client, error);
	}
	#release(): void {
		const release = () => this.#modem.identifiers.release(this);
		if (this.#scheduler && this.#isOpen)
			closeNetwork(this.#scheduler, this.#identifier, this.#onRepeat).then(release, release);
		else release();
	}
}
