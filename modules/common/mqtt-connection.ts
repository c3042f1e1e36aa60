import Timer from "timer";
import {
	type ControlMessage,
	DISCONNECT,
	type MQTTClient,
	type MQTTClientCallbacks,
	type MQTTProvider,
	type ReadableOptions,
} from "./mqtt-client.js";

/** How to connect: options of the ECMA-419 MQTT client class, and limits. Times in milliseconds. */
export interface MQTTConnectionOptions {
	/** The ECMA-419 MQTT client class, and options of its own (`modem`; `packetTimeout`, `dataFormat`; `dns`, `socket`). */
	readonly mqtt: MQTTProvider;
	/** Name or address of the broker. */
	readonly host: string;
	/** Default: the class's (1883). */
	readonly port?: number | undefined;
	/** Client identifier, another for each client of the broker. */
	readonly id?: string | undefined;
	readonly user?: string | ArrayBuffer | undefined;
	readonly password?: string | ArrayBuffer | undefined;
	/** Whether the broker forgets the session between two connections (default true). */
	readonly clean?: boolean | undefined;
	/** Published by the broker when the link is lost. */
	readonly will?:
		| {
				readonly topic: string;
				readonly message: string | ArrayBuffer;
				readonly QoS?: number;
				readonly retain?: boolean;
		  }
		| undefined;
	/** Default: the class's. */
	readonly keepAlive?: number | undefined;
	/** From connecting until the broker accepted (default 900000: NB-IoT may search for 10 minutes). */
	readonly connectLimitMs?: number | undefined;
	/**
	 * Without an acknowledgement that is due, until the link is given up. Default: 180000 or, where the class itself waits longer, half a
	 * minute more than it does, so that its own error comes first.
	 */
	readonly acknowledgeLimitMs?: number | undefined;
	/** From DISCONNECT to the end of the connection, until it is closed all the same (default 3000). */
	readonly disconnectLimitMs?: number | undefined;
}

/** What a connection tells its owner. The functions are not the owner's own, so that one frozen table in flash serves all owners. */
export interface ConnectionEvents<Owner> {
	readonly onControl: (owner: Owner, message: ControlMessage) => void;
	readonly onReadable: (owner: Owner, count: number, options: ReadableOptions) => void;
	readonly onWritable: (owner: Owner, count: number) => void;
	/** A PUBLISH was refused: nothing was sent, the connection stays. */
	readonly onRefused: (owner: Owner, id: number, error: unknown) => void;
	/** The client is at its end, by an error where one is given; or there was no end within the limit after `disconnect`. */
	readonly onEnd: (owner: Owner, error?: unknown) => void;
	/** What an event or a callback of `arm` and `contain` has thrown: it comes from the client or the owner. */
	readonly onThrown: (owner: Owner, error: unknown) => void;
}

const ACKNOWLEDGE_LIMIT_MS = 180_000;
/** So much longer than the class itself: its command may have waited for others. */
const ACKNOWLEDGE_MARGIN_MS = 30_000;
const LONGEST_MS = 0x7fffffff;
const NONE: ReadableOptions = Object.freeze({});

/**
 * The way to an instance of an ECMA-419 MQTT client class, for what stands on any such class: makes one after the other, keeps away what an
 * earlier one still calls, contains what is thrown, and has the one timer of its owner: a delay, or the limit of what is under way.
 */
export class MQTTConnection<Owner> {
	readonly #owner: Owner;
	readonly #options: MQTTConnectionOptions;
	readonly #events: ConnectionEvents<Owner>;
	#client: MQTTClient | undefined;
	/** Callbacks of earlier clients are known by it. */
	#attempt = 0;
	#timer: Timer | undefined;
	/** What the timer was set for. */
	#onDue: ((owner: Owner) => void) | undefined;
	readonly #onTimer = () => {
		const onDue = this.#onDue;
		this.#timer = this.#onDue = undefined;
		if (onDue) this.contain(onDue);
	};
	#isClosed = false;

	constructor(owner: Owner, options: MQTTConnectionOptions, events: ConnectionEvents<Owner>) {
		this.#owner = owner;
		this.#options = options;
		this.#events = events;
	}

	get client(): MQTTClient | undefined {
		return this.#client;
	}

	/** The option `acknowledgeLimitMs`, or its default for the present client. */
	get acknowledgeLimitMs(): number {
		const given = this.#options.acknowledgeLimitMs;
		if (given !== undefined) return given;
		const longerMs = (this.#client?.acknowledgeLimitMs ?? 0) + ACKNOWLEDGE_MARGIN_MS;
		return longerMs > ACKNOWLEDGE_LIMIT_MS ? Math.min(longerMs, LONGEST_MS) : ACKNOWLEDGE_LIMIT_MS;
	}

	/** The option `connectLimitMs`, or its default. */
	get connectLimitMs(): number {
		return this.#options.connectLimitMs ?? 900_000;
	}

	/** Whether the timer is set. */
	get isArmed(): boolean {
		return this.#timer !== undefined;
	}

	/** Makes a client. `onLate` comes when `arm` has not been called within `connectLimitMs`. @throws what the class throws */
	connect(onLate: (owner: Owner) => void): void {
		const { mqtt, host, port, id, user, password, clean, will, keepAlive } = this.#options;
		const attempt = ++this.#attempt;
		const onEnd = (error?: unknown) => this.#tell(attempt, this.#events.onEnd, error);
		const callbacks: MQTTClientCallbacks = {
			onControl: message => this.#tell(attempt, this.#events.onControl, message),
			onReadable: (count, options) => this.#tell(attempt, this.#events.onReadable, count, options ?? NONE),
			onWritable: count => this.#tell(attempt, this.#events.onWritable, count),
			onRefused: (refused, error) => this.#tell(attempt, this.#events.onRefused, refused, error),
			onError: onEnd,
			onClose: onEnd,
		};
		this.#client = new mqtt.io({
			...mqtt,
			host,
			...(port !== undefined && { port }),
			...(id !== undefined && { id }),
			...(user !== undefined && { user }),
			...(password !== undefined && { password }),
			...(clean !== undefined && { clean }),
			...(will !== undefined && { will }),
			...(keepAlive !== undefined && { keepAlive }),
			...callbacks,
		} as never);
		this.arm(this.connectLimitMs, onLate);
	}

	/** Sends DISCONNECT: `onEnd` comes, within `disconnectLimitMs` at the latest. */
	disconnect(): void {
		const { disconnectLimitMs = 3_000 } = this.#options;
		const { onEnd } = this.#events;
		this.arm(disconnectLimitMs, onEnd);
		try {
			this.#client?.write(null, { operation: DISCONNECT });
		} catch {
			onEnd(this.#owner);
		}
	}

	/** Sets the timer, in place of what it was set for; without a callback it is off. The callback is called with the owner. */
	arm(delayMs: number, callback?: (owner: Owner) => void): void {
		Timer.clear(this.#timer);
		this.#onDue = callback;
		this.#timer = callback && Timer.set(this.#onTimer, delayMs);
	}

	/** Calls back with the owner; what is thrown goes to `onThrown`. */
	contain(callback: (owner: Owner) => void): void {
		if (this.#isClosed) return;
		try {
			callback(this.#owner);
		} catch (error) {
			this.#events.onThrown(this.#owner, error);
		}
	}

	/** Lets go of the client: no event of it follows. */
	drop(): void {
		const client = this.#client;
		this.#attempt++;
		this.#client = undefined;
		try {
			client?.close();
		} catch {
			// it is given up in any case
		}
	}

	/** Nothing follows, from the client or the timer. May be called twice. */
	close(): void {
		this.#isClosed = true;
		this.arm(0);
		this.drop();
	}

	#tell<First, Second>(
		attempt: number,
		event: (owner: Owner, first: First, second: Second) => void,
		first: First,
		second?: Second,
	): void {
		if (attempt !== this.#attempt || this.#isClosed) return;
		try {
			event(this.#owner, first, second as Second);
		} catch (error) {
			this.#events.onThrown(this.#owner, error);
		}
	}
}
