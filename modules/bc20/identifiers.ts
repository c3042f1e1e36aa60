import Timer from "timer";
import { ClosedError, CommandError } from "../at/errors.js";
import type { Line } from "../at/line.js";
import type { Scheduler } from "../at/scheduler.js";
import { IDENTIFIERS } from "./commands.js";
import { isLinkFailure } from "./failures.js";
import { linkState } from "./link-states.js";
import { QMT } from "./qmt.js";

/**
 * Who holds, or waits for, one of the module's MQTT identifiers: until it releases it, or has heard `onLost`. No method is called from inside
 * `acquire`. What a method throws is contained and reported.
 */
export interface Holder {
	/** The identifier it wants; any free one where undefined. */
	readonly wish: number | undefined;
	/** Its network connection is open, or may be. */
	readonly isOpen?: boolean;
	/** Its client is connected, as far as it knows. */
	readonly isConnected?: boolean;
	/** Its client has been connected for so long that the way to the broker is good. */
	readonly isProven?: boolean;
	/** It has the identifier, and the line to a modem that is on the network. Called once. */
	onAcquired(identifier: number, scheduler: Scheduler): void;
	/**
	 * The module closed the connection, `+QMTSTAT: <id>,<code>`.
	 * @param isReported by the module, perhaps of an earlier connection of the identifier; false where the modem takes them all down
	 */
	onStatus(code: number, isReported: boolean): void;
	/** A message has come, `+QMTRECV`; the line is valid during the call. */
	onReceived(line: Line): void;
	/** The modem is gone, and with it the connection; the identifier is taken back. With a ClosedError nobody is given one any more. */
	onLost(error: Error): void;
}

/** What the holders' connections tell of the module. */
export interface IdentifierEvents {
	/** A connection was lost in a way that asks for the PDP context to be activated anew. */
	onCycle(): void;
	/** A connection could not be made, or broke, in a way that the broker has not asked for, and no other is there. */
	onFailure(): void;
	/** Something has reached the broker and was acknowledged. */
	onProof(): void;
	/** A command of a connection had no answer and is sent again. */
	onRepeat(): void;
	/** A holder threw. */
	onException(exception: unknown): void;
}

const NO_EVENTS: IdentifierEvents = {
	onCycle: () => undefined,
	onFailure: () => undefined,
	onProof: () => undefined,
	onRepeat: () => undefined,
	onException: exception => trace("BC20: a holder of an identifier threw ", String(exception), "\n"),
};
/** What holders hear whose connection is gone without a word: `+QMTSTAT: <id>,7`, the link is not alive. */
export const LINK_DEAD = 7;
/** `<state>` of QMTCONN (application note 3.2.4). */
const CLIENT_CONNECTED = 3;

/**
 * The module's six MQTT identifiers (application note 3.2.1: 0 to 5), each held by one client at a time. Who wants one that is held
 * waits until it is released, so a new client may be made while the old one is still being torn down.
 */
export class Identifiers {
	/** As long as the highest identifier that was ever given out needs it. */
	readonly #holders: (Holder | undefined)[] = [];
	readonly #waiting: Holder[] = [];
	readonly #events: IdentifierEvents;
	#scheduler: Scheduler | undefined;
	#timer: Timer | undefined;
	#isClosed = false;

	constructor(events: IdentifierEvents = NO_EVENTS) {
		this.#events = events;
	}
	/** Whether a holder's client is connected. */
	get isConnected(): boolean {
		return this.#holders.some(holder => holder?.isConnected);
	}
	/** Whether a holder's connection has lasted. */
	get isProven(): boolean {
		return this.#holders.some(holder => holder?.isProven);
	}
	/** Whether nobody holds one. */
	get isIdle(): boolean {
		return !this.#holders.some(Boolean);
	}
	/** Joins the queue for an identifier, which is the holder's until `release`. When this is closed `onLost` follows. */
	acquire(holder: Holder): void {
		this.#waiting.push(holder);
		this.#serve();
	}
	/** Leaves the queue, or gives the identifier back. May be called at any time, and twice. */
	release(holder: Holder): void {
		remove(this.#waiting, holder);
		const identifier = this.#holders.indexOf(holder);
		if (identifier < 0) return;
		this.#holders[identifier] = undefined;
		this.#serve();
	}
	/** `+QMTSTAT`: the module closed a connection. */
	onStatus(line: Line): void {
		const code = line.integer(1) ?? 0;
		const holder = this.#holderOf(line);
		if (!holder) return;
		// First, so that the identifier is not given to the next at once.
		if (linkState(code).reaction === "cycle") this.#events.onCycle();
		holder.onStatus(code, true);
	}
	/** `+QMTRECV`: a message for a holder. */
	onReceived(line: Line): void {
		this.#holderOf(line)?.onReceived(line);
	}
	/** The modem is on the network: identifiers may be given out, with its line. */
	begin(scheduler: Scheduler): void {
		this.#scheduler = scheduler;
		this.#serve();
	}
	/** None is given out until `begin`. Who holds one keeps it. */
	pause(): void {
		this.#scheduler = undefined;
	}
	/** Tells all who hold an identifier that their connections are gone, as a `+QMTSTAT` with the code would. */
	disconnect(code: number): void {
		for (const holder of this.#holders.slice()) if (holder) this.#contain(() => holder.onStatus(code, false));
	}
	/** A holder's connection could not be made, or broke. */
	failed(holder: Holder, error: Error): void {
		if (!isLinkFailure(error)) return;
		if (!this.#holders.some(other => other !== holder && other?.isConnected)) this.#events.onFailure();
	}
	/** The broker has acknowledged something. */
	proved(): void {
		this.#events.onProof();
	}
	/** A command of a connection is sent again. */
	repeated(): void {
		this.#events.onRepeat();
	}
	/**
	 * Asks the module which connections there are (AT+QMTOPEN?, AT+QMTCONN?), and tells those whose connection is gone, as its report
	 * would have.
	 * @throws (rejects) TimeoutError, ClosedError and other errors of the AT engine
	 */
	async verify(scheduler: Scheduler): Promise<void> {
		const qmt = new QMT(scheduler, true);
		const opened = this.#holders.map(holder => (holder?.isOpen ? holder : undefined));
		if (!opened.some(Boolean)) return;
		const open = await known(qmt.opened());
		if (open) this.#bury(opened, "isOpen", id => open.some(entry => entry.id === id));
		const connected = this.#holders.map(holder => (holder?.isConnected ? holder : undefined));
		if (!connected.some(Boolean)) return;
		const clients = await known(qmt.clientStates());
		if (clients)
			this.#bury(connected, "isConnected", id =>
				clients.some(entry => entry.id === id && entry.state === CLIENT_CONNECTED),
			);
	}
	/** The modem is gone: who holds an identifier loses it. Who waits goes on waiting. */
	end(error: Error): void {
		this.#scheduler = undefined;
		for (let identifier = 0; identifier < this.#holders.length; identifier++) {
			const holder = this.#holders[identifier];
			this.#holders[identifier] = undefined;
			if (holder) this.#contain(() => holder.onLost(error));
		}
	}
	/** Nobody is given one any more: who waits, now or later, hears of it. */
	close(): void {
		this.#scheduler = undefined;
		this.#isClosed = true;
		Timer.clear(this.#timer);
		this.#timer = undefined;
		this.#serve();
	}

	/** Tells those of whom the module does not know, and who have not changed since it was asked. */
	#bury(
		asked: (Holder | undefined)[],
		state: "isOpen" | "isConnected",
		isThere: (identifier: number) => boolean,
	): void {
		for (let identifier = 0; identifier < IDENTIFIERS; identifier++) {
			const holder = asked[identifier];
			if (!holder || holder !== this.#holders[identifier] || !holder[state] || isThere(identifier)) continue;
			this.#contain(() => holder.onStatus(LINK_DEAD, true));
		}
	}
	#holderOf(line: Line): Holder | undefined {
		return this.#holders[line.integer(0) ?? -1];
	}
	#serve(): void {
		if (!this.#waiting.length || !(this.#scheduler || this.#isClosed)) return;
		this.#timer ??= Timer.set(() => {
			this.#timer = undefined;
			if (this.#isClosed) this.#turnAway();
			else this.#grant();
		});
	}
	/** Those who wait now: who comes again meanwhile has a turn of its own. */
	#turnAway(): void {
		for (let left = this.#waiting.length; left > 0; left--) {
			const holder = this.#waiting.shift();
			if (holder) this.#contain(() => holder.onLost(new ClosedError()));
		}
	}
	/** The lowest identifier that is free; -1 if none is. */
	#free(): number {
		for (let identifier = 0; identifier < IDENTIFIERS; identifier++)
			if (!this.#holders[identifier]) return identifier;
		return -1;
	}
	#grant(): void {
		const scheduler = this.#scheduler;
		if (!scheduler) return;
		for (const holder of this.#waiting.slice()) {
			const identifier = holder.wish ?? this.#free();
			// One that was given its identifier before may have made another one leave.
			if (identifier < 0 || this.#holders[identifier] || !this.#waiting.includes(holder)) continue;
			remove(this.#waiting, holder);
			this.#holders[identifier] = holder;
			this.#contain(() => holder.onAcquired(identifier, scheduler));
		}
	}
	/** Calls a holder: what it throws concerns neither the others nor the modem. (What lines bring about, the line contains.) */
	#contain(call: () => void): void {
		try {
			call();
		} catch (exception) {
			this.#events.onException(exception);
		}
	}
}

/** What the module answers; undefined where its firmware does not know the command. */
async function known<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
	try {
		return await answer;
	} catch (error) {
		if (error instanceof CommandError) return undefined;
		throw error;
	}
}

function remove(list: Holder[], holder: Holder): void {
	const at = list.indexOf(holder);
	if (at >= 0) list.splice(at, 1);
}
