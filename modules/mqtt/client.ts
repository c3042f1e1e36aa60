import Timer from "timer";
import { execute } from "../at/execute.js";
import type { Line } from "../at/line.js";
import type { Scheduler } from "../at/scheduler.js";
import { MQTT } from "../bc20/commands.js";
import type { Holder } from "../bc20/identifiers.js";
import type { BC20 } from "../bc20/modem.js";
import { close, connect } from "./connect.js";
import { LinkError, MQTTError, NotConnectedError, OverflowError } from "./errors.js";
import { Incoming } from "./incoming.js";
import { type MQTTClientOptions, type Settings, settingsOf } from "./options.js";
import { nextId } from "./packet-id.js";
import { type PublishOptions, Publishing } from "./publishing.js";
import { type SubscribeItem, Subscribing } from "./subscribing.js";

/** What `onControl` gets. */
export interface ControlMessage {
	/** CONNACK, PUBACK, PUBREC, PUBCOMP, SUBACK or UNSUBACK. */
	readonly operation: number;
	/** As given to `write`. */
	readonly id?: number;
	/** With CONNACK. */
	readonly returnCode?: number;
	/** With SUBACK: the granted QoS of each topic, 128 where it was refused. */
	readonly payload?: readonly number[];
}

/** What `onReadable` gets besides the count. */
export interface ReadableOptions {
	readonly topic: string;
	/** 0; or 1 for QoS 1 and 2, which the module does not tell apart. */
	readonly QoS: number;
	/** Length of the message. */
	readonly byteLength: number;
	/** Always false: messages are handed over whole. */
	readonly more: boolean;
}

/** What is written. */
export interface WriteOptions extends PublishOptions {
	/** PUBLISH by default. */
	readonly operation?: number;
	/** Packet identifier, which the acknowledgement carries, 0 or more; counted by default. */
	readonly id?: number;
	/** Ignored: the module sends duplicates on its own. */
	readonly duplicate?: boolean;
	/** Topics of SUBSCRIBE and UNSUBSCRIBE, at least one. */
	readonly items?: readonly SubscribeItem[];
}

/** Data to write: an ArrayBuffer or a view of one. */
export type Data = ArrayBuffer | ArrayBufferView;

const WAITING = 0;
const CONNECTING = 1;
const CONNECTED = 2;
/** The first piece of a message is written, not the last. */
const WRITING = 3;
/** The message is with the modem. */
const PUBLISHING = 4;
const DISCONNECTING = 5;
const CLOSED = 6;

/**
 * The ECMA-419 MQTT client class on the BC20's own MQTT client (SDK: `embedded:network/mqtt/client`).
 *
 * It waits for the modem to be on the network and for an MQTT identifier, connects, and reports `onControl({operation: CONNACK})`, then
 * `onWritable(count)`. One message is on its way at a time; its acknowledgement comes by `onControl` (PUBACK; PUBREC and PUBCOMP), then
 * `onWritable` tells that the next may be written. After `onError` or `onClose` the instance is done.
 *
 * Subscriptions are separate commands that wait for no message. A message that comes is told by `onReadable(count, options)` and taken by
 * `read`; the module cannot be held back, so what is not read in time is dropped and counted in `dropped`. Keep-alive, PUBACK, PUBREC,
 * PUBREL and PUBCOMP are the module's own work.
 */
export default class MQTTClient {
	static readonly CONNECT = 1;
	static readonly CONNACK = 2;
	static readonly PUBLISH = 3;
	static readonly PUBACK = 4;
	static readonly PUBREC = 5;
	static readonly PUBREL = 6;
	static readonly PUBCOMP = 7;
	static readonly SUBSCRIBE = 8;
	static readonly SUBACK = 9;
	static readonly UNSUBSCRIBE = 10;
	static readonly UNSUBACK = 11;
	static readonly PINGREQ = 12;
	static readonly PINGRESP = 13;
	static readonly DISCONNECT = 14;

	/** As given in the options, for the application. */
	target?: unknown;
	readonly #modem: BC20;
	readonly #settings: Settings;
	readonly #onWritable: MQTTClientOptions["onWritable"];
	readonly #onControl: MQTTClientOptions["onControl"];
	readonly #onClose: MQTTClientOptions["onClose"];
	readonly #onError: MQTTClientOptions["onError"];
	readonly #holder: Holder;
	readonly #onReadable: MQTTClientOptions["onReadable"];
	readonly #incoming = new Incoming();
	readonly #publishing: Publishing;
	readonly #subscribing: Subscribing;
	#state = WAITING;
	#scheduler: Scheduler | undefined;
	#identifier = 0;
	#opened = false;
	/** The connect sequence is at work; it sees to the network connection itself. */
	#connecting = false;
	/** Messages come in hex digits; known from CONNACK on. */
	#receivesHex = false;
	#lastId = 0;
	/** PUBREL that wait for their answer. */
	readonly #releases: number[] = [];
	/** Too many subscriptions are under way: the room has been told as 0. */
	#isHeld = false;
	/** Closed while a message of QoS 0 was on its way to the modem: that goes first. */
	#lingers = false;
	/** The message that `onReadable` told of last. */
	#told: Incoming["first"];
	#timer: Timer | undefined;

	/**
	 * @throws Error "host required", TypeError or RangeError that names the option; nothing is taken then
	 */
	constructor(options: MQTTClientOptions) {
		this.#settings = settingsOf(options);
		this.#modem = options.modem;
		if (options.target !== undefined) this.target = options.target;
		const { onReadable, onWritable, onControl, onClose, onError } = options;
		this.#onReadable = onReadable;
		this.#onWritable = onWritable;
		this.#onControl = onControl;
		this.#onClose = onClose;
		this.#onError = onError;
		this.#publishing = new Publishing(this.#settings, error => this.#published(error));
		this.#subscribing = new Subscribing(this.#settings, (id, granted, error) =>
			this.#subscribed(id, granted, error),
		);
		this.#holder = {
			wish: this.#settings.identifier,
			onAcquired: (identifier, scheduler) => void this.#connect(identifier, scheduler),
			onStatus: code => this.#linkChanged(code),
			onReceived: line => this.#received(line),
			onLost: error => this.#lost(error),
		};
		this.#modem.identifiers.acquire(this.#holder);
	}
	get format(): "buffer" {
		return "buffer";
	}
	set format(value: "buffer") {
		if ((value as string) !== "buffer") throw new RangeError("format must be buffer");
	}
	/** Messages that came and were dropped: not read in time, or malformed. */
	get dropped(): number {
		return this.#incoming.dropped;
	}
	/**
	 * Reads from the message that `onReadable` told of.
	 * @param count bytes at most, all by default; or a buffer to be filled
	 * @returns an ArrayBuffer, or how many bytes were filled in; undefined where there is nothing to read
	 * @throws RangeError, TypeError
	 */
	read(count?: number): ArrayBuffer | undefined;
	read(buffer: ArrayBuffer | ArrayBufferView): number | undefined;
	read(target: number | ArrayBuffer | ArrayBufferView = Infinity): ArrayBuffer | number | undefined {
		const incoming = this.#incoming;
		if (typeof target === "number" && !(target >= 0)) throw new RangeError("count must be 0 or more");
		if (!incoming.first || this.#state === CLOSED) return undefined;
		const bytes =
			typeof target === "number" ? new Uint8Array(Math.min(target, incoming.first.unread)) : viewOf(target);
		const count = incoming.read(bytes);
		if (incoming.first !== this.#told) this.#later();
		return typeof target === "number" ? (bytes.buffer as ArrayBuffer) : count;
	}
	/**
	 * Writes a message, a piece of one, or another operation.
	 *
	 * - PUBLISH: the first piece comes with the options; `byteLength` is the whole message's length where it is more than the data's. The
	 *   rest comes as `write(data, null)`.
	 * - `write(null, {operation: SUBSCRIBE, items: [{topic, QoS}]})`, likewise UNSUBSCRIBE: also while a message is under way.
	 * - `write(null, {operation: DISCONNECT})` ends gracefully; `onClose` follows.
	 * - PINGREQ, PUBACK, PUBREC, PUBREL and PUBCOMP need nothing: the module sends them. PUBREL is answered by PUBCOMP.
	 *
	 * @returns the room left for a message: 0 when one is complete, until `onWritable`
	 * @throws NotConnectedError before CONNACK; OverflowError ("overflow") if a message is under way, the data exceed it, or too many
	 *   subscriptions are; PayloadError; TypeError or RangeError that names the parameter. Nothing is taken then; a message whose last
	 *   piece shows that it cannot be sent is given up.
	 */
	write(data: Data | null, options?: WriteOptions | null): number {
		if (this.#state === WRITING && !options) {
			this.#publishing.append(viewOf(data));
			return this.#go();
		}
		const scheduler = this.#scheduler;
		if (!scheduler || this.#state < CONNECTED || this.#state >= DISCONNECTING) throw new NotConnectedError();
		// A piece of no message.
		if (!options) throw new OverflowError();
		const { operation = MQTTClient.PUBLISH, items = [] } = options;
		switch (operation) {
			case MQTTClient.PUBLISH:
				return this.#writeFirst(data, options);
			case MQTTClient.SUBSCRIBE:
				this.#subscribing.subscribe(scheduler, this.#identifier, this.#idOf(options), items);
				return this.#roomLeft();
			case MQTTClient.UNSUBSCRIBE:
				this.#subscribing.unsubscribe(scheduler, this.#identifier, this.#idOf(options), items);
				return this.#roomLeft();
			case MQTTClient.DISCONNECT:
				this.#disconnect(scheduler);
				return 0;
			case MQTTClient.PUBREL:
				this.#releases.push(options.id ?? 0);
				this.#later();
				return this.#room;
			case MQTTClient.PINGREQ:
			case MQTTClient.PUBACK:
			case MQTTClient.PUBREC:
			case MQTTClient.PUBCOMP:
				return this.#room;
			default:
				throw new MQTTError(`operation ${operation} cannot be written`);
		}
	}
	/**
	 * Tears down; no callback comes any more. May be called twice, and in any state. A message of QoS 0 that `write` has taken still
	 * goes out: nothing could have told that it has not.
	 */
	close(): void {
		if (this.#state === CLOSED) return;
		this.#lingers = this.#state === PUBLISHING && this.#publishing.QoS === 0;
		this.#tearDown();
	}

	// Connecting

	async #connect(identifier: number, scheduler: Scheduler): Promise<void> {
		this.#state = CONNECTING;
		this.#connecting = true;
		this.#identifier = identifier;
		this.#scheduler = scheduler;
		let failure: Error | undefined;
		try {
			this.#receivesHex = await connect({
				scheduler,
				identifier,
				profile: this.#modem.profile,
				settings: this.#settings,
				isWanted: () => this.#state === CONNECTING,
				onOpened: () => (this.#opened = true),
			});
		} catch (error) {
			failure = error as Error;
		}
		this.#connecting = false;
		// Closed meanwhile: what has been opened is nobody's.
		if (this.#state !== CONNECTING) this.#tearDownNetwork();
		else if (failure) this.#fail(failure);
		else this.#connected();
	}
	#connected(): void {
		this.#state = CONNECTED;
		if (this.#receivesHex) this.#incoming.decode();
		this.#control({ operation: MQTTClient.CONNACK, returnCode: 0 });
		this.#ready();
		// Of a session that was kept, messages come at once.
		this.#deliver();
	}

	// Writing

	/** Room for a message. */
	get #room(): number {
		if (this.#state === WRITING) return this.#publishing.remaining;
		return this.#state === CONNECTED && !this.#subscribing.full ? Publishing.room : 0;
	}
	/** The room behind a subscription: none if it was the last that may be under way; `onWritable` comes when one of them is done. */
	#roomLeft(): number {
		this.#isHeld = this.#subscribing.full;
		return this.#room;
	}
	#writeFirst(data: Data | null, options: WriteOptions): number {
		if (this.#state !== CONNECTED) throw new OverflowError();
		const { QoS = 0, id } = options;
		if (QoS !== 0 && QoS !== 1 && QoS !== 2) throw new RangeError("QoS must be 0, 1 or 2");
		const given = QoS ? this.#idOf(options) : (id ?? 0);
		this.#publishing.begin(viewOf(data), options, this.#identifier, given, this.#modem.profile.later);
		return this.#go();
	}
	/** Sends the message if it is complete; else asks for the rest. */
	#go(): number {
		const { remaining } = this.#publishing;
		if (remaining) {
			this.#state = WRITING;
			this.#later();
			return remaining;
		}
		this.#state = CONNECTED;
		if (this.#scheduler) this.#publishing.submit(this.#scheduler, this.#modem.profile.later);
		this.#state = PUBLISHING;
		return 0;
	}
	/** The identifier that is given, or the next. */
	#idOf({ id }: WriteOptions): number {
		if (id === undefined) return (this.#lastId = nextId(this.#lastId));
		if (!(Number.isSafeInteger(id) && id >= 0)) throw new RangeError("id must be a whole number, 0 or more");
		return id;
	}
	/** Calls back soon, since `write` may not. */
	#later(): void {
		this.#timer ??= Timer.set(() => {
			this.#timer = undefined;
			for (const id of this.#releases.splice(0)) this.#control({ operation: MQTTClient.PUBCOMP, id });
			if (this.#state === WRITING) this.#writable(this.#publishing.remaining);
			this.#deliver();
		});
	}
	#published(error: Error | undefined): void {
		if (this.#lingers) {
			this.#lingers = false;
			this.#tearDownNetwork();
		}
		if (this.#state === CLOSED) return;
		if (error) {
			this.#fail(error);
			return;
		}
		if (this.#state === PUBLISHING) this.#state = CONNECTED;
		const { id, QoS } = this.#publishing;
		if (QoS === 1) this.#control({ operation: MQTTClient.PUBACK, id });
		else if (QoS === 2) {
			this.#control({ operation: MQTTClient.PUBREC, id });
			this.#control({ operation: MQTTClient.PUBCOMP, id });
		}
		this.#ready();
	}
	#subscribed(id: number, granted: number[] | undefined, error: Error | undefined): void {
		if (error) this.#fail(error);
		else if (granted) this.#control({ operation: MQTTClient.SUBACK, id, payload: granted });
		else this.#control({ operation: MQTTClient.UNSUBACK, id });
		if (!this.#isHeld || this.#subscribing.full) return;
		this.#isHeld = false;
		this.#ready();
	}

	// Reading

	#received(line: Line): void {
		if (this.#state < CONNECTING || this.#state >= DISCONNECTING || !this.#onReadable) return;
		const waiting = this.#incoming.first !== undefined;
		if (!this.#incoming.take(line, this.#receivesHex)) trace("MQTTClient: a message was dropped\n");
		else if (!waiting && this.#state !== CONNECTING) this.#deliver();
	}
	/** Tells of each message that waits, once, until one is left unread. */
	#deliver(): void {
		for (let message = this.#incoming.first; message !== this.#told; message = this.#incoming.first) {
			this.#told = message;
			if (!message || this.#state === CLOSED) return;
			const { topic, QoS, byteLength } = message;
			this.#notify(() => this.#onReadable?.call(this, byteLength, { topic, QoS, byteLength, more: false }));
			// An empty one has nothing to read.
			if (message === this.#incoming.first && !message.unread) this.#incoming.skip();
		}
	}

	// Ending

	#disconnect(scheduler: Scheduler): void {
		this.#state = DISCONNECTING;
		const done = () => {
			if (this.#state !== DISCONNECTING) return;
			this.#tearDown();
			this.#notify(() => this.#onClose?.call(this));
		};
		execute(scheduler, MQTT.disconnect, "write", [this.#identifier]).then(done, done);
	}
	#linkChanged(code: number): void {
		this.#opened = false;
		// 5: the broker was faster in closing what is being disconnected; a normal end.
		if (this.#state === DISCONNECTING) return;
		const error = new LinkError(code);
		// A broker that refuses closes at once: the result that tells why may have come just before, and must be heard first.
		if (this.#state === CONNECTING) this.#timer = Timer.set(() => this.#fail(error));
		else this.#fail(error);
	}
	#lost(error: Error): void {
		this.#opened = false;
		this.#scheduler = undefined;
		this.#fail(error);
	}
	#fail(error: Error): void {
		if (this.#state === CLOSED) return;
		this.#tearDown();
		this.#notify(() => this.#onError?.call(this, error));
	}
	#tearDown(): void {
		this.#state = CLOSED;
		Timer.clear(this.#timer);
		if (this.#scheduler) {
			if (!this.#lingers) this.#publishing.cancel(this.#scheduler);
			this.#subscribing.cancel(this.#scheduler);
		}
		if (!this.#connecting && !this.#lingers) this.#tearDownNetwork();
	}
	#tearDownNetwork(): void {
		const scheduler = this.#scheduler;
		const release = () => this.#modem.identifiers.release(this.#holder);
		if (!scheduler || !this.#opened) {
			release();
			return;
		}
		this.#opened = false;
		close(scheduler, this.#identifier).then(release, release);
	}

	// Callbacks: an exception in one is the application's, and must not restart the chip

	#control(message: ControlMessage): void {
		if (this.#state === CLOSED) return;
		this.#notify(() => this.#onControl?.call(this, message));
	}
	/** Asks for a message, unless `onControl` has written one already, or ended it all. */
	#ready(): void {
		if (this.#state === CONNECTED && this.#room) this.#writable(this.#room);
	}
	#writable(count: number): void {
		this.#notify(() => this.#onWritable?.call(this, count));
	}
	#notify(callback: () => void): void {
		try {
			callback();
		} catch (error) {
			trace("MQTTClient: a callback threw ", String(error), "\n");
		}
	}
}

function viewOf(data: Data | null): Uint8Array {
	if (data === null) return new Uint8Array(0);
	if (data instanceof Uint8Array) return data;
	if (ArrayBuffer.isView(data))
		return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
	if (!((data as unknown) instanceof ArrayBuffer))
		throw new TypeError("data must be an ArrayBuffer, a view of one, or null");
	return new Uint8Array(data);
}
