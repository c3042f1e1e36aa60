import Timer from "timer";
import { execute } from "../at/execute.js";
import type { Line } from "../at/line.js";
import { Request } from "../at/request.js";
import type { Scheduler } from "../at/scheduler.js";
import type { Text } from "../at/text.js";
import { MQTT, packetTime } from "../bc20/commands.js";
import type { Holder } from "../bc20/identifiers.js";
import type { BC20 } from "../bc20/modem.js";
import { close, connect } from "./connect.js";
import { LinkError, MQTTError, NotConnectedError, OverflowError, PacketError } from "./errors.js";
import { type MQTTClientOptions, type Settings, settingsOf } from "./options.js";
import { Outgoing } from "./outgoing.js";
import { DATA, publishForm } from "./publish-form.js";
import { checkTopic } from "./topic.js";

/** What `onControl` gets. */
export interface ControlMessage {
	/** CONNACK, PUBACK, PUBREC or PUBCOMP. */
	readonly operation: number;
	/** As given to `write`. */
	readonly id?: number;
	/** With CONNACK. */
	readonly returnCode?: number;
	readonly payload?: readonly number[];
}

/** What `onReadable` gets besides the count. */
export interface ReadableOptions {
	readonly topic?: string;
	readonly QoS?: number;
	readonly byteLength?: number;
	readonly more: boolean;
}

/** What is written. */
export interface WriteOptions {
	/** PUBLISH by default. */
	readonly operation?: number;
	/** Packet identifier, which the acknowledgement carries, 0 or more; counted by default. */
	readonly id?: number;
	/** 1 to 255 bytes, without quotes and control characters. */
	readonly topic?: Text;
	/** 0 (default), 1 or 2. */
	readonly QoS?: number;
	readonly retain?: boolean;
	/** Ignored: the module sends duplicates on its own. */
	readonly duplicate?: boolean;
	/** Length of the message where the data are only its first piece. */
	readonly byteLength?: number;
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
 * Publishing is here; subscribing is yet to come.
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
	readonly #outgoing = new Outgoing();
	readonly #requests: Readonly<Record<string, Request>>;
	#state = WAITING;
	#scheduler: Scheduler | undefined;
	#identifier = 0;
	#opened = false;
	/** The connect sequence is at work; it sees to the network connection itself. */
	#connecting = false;
	#publish: Request | undefined;
	#values: (number | Text)[] = [];
	/** The topic last published to: its bytes serve again. */
	#topic: string | undefined;
	#topicBytes: Uint8Array = new Uint8Array(0);
	#id = 0;
	#lastId = 0;
	#QoS = 0;
	#result = 0;
	#timer: Timer | undefined;

	/**
	 * @throws Error "host required", TypeError or RangeError that names the option; nothing is taken then
	 */
	constructor(options: MQTTClientOptions) {
		this.#settings = settingsOf(options);
		this.#modem = options.modem;
		if (options.target !== undefined) this.target = options.target;
		const { onWritable, onControl, onClose, onError } = options;
		this.#onWritable = onWritable;
		this.#onControl = onControl;
		this.#onClose = onClose;
		this.#onError = onError;
		this.#requests = {
			inline: this.#publishRequest(MQTT.publish),
			data: this.#publishRequest(MQTT.publishData),
			hex: this.#publishRequest(MQTT.publishHex),
		};
		this.#holder = {
			wish: this.#settings.identifier,
			onAcquired: (identifier, scheduler) => void this.#connect(identifier, scheduler),
			onStatus: code => this.#linkChanged(code),
			onReceived: () => undefined,
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
	/**
	 * Writes a message, a piece of one, or another operation.
	 *
	 * - The first piece comes with the options; `byteLength` is the whole message's length where it is more than the data's. The rest
	 *   comes as `write(data, null)`.
	 * - `write(null, {operation: DISCONNECT})` ends gracefully; `onClose` follows.
	 *
	 * @returns the room left: 0 when a message is complete, until `onWritable`
	 * @throws NotConnectedError before CONNACK; OverflowError ("overflow") if a message is under way or the data exceed it; PayloadError;
	 *   TypeError or RangeError that names the parameter. Nothing is taken then; a message whose last piece shows that it cannot be sent
	 *   is given up.
	 */
	write(data: Data | null, options?: WriteOptions | null): number {
		if (this.#state === WRITING && !options) return this.#writePiece(data);
		const operation = options?.operation ?? MQTTClient.PUBLISH;
		if (operation === MQTTClient.DISCONNECT) {
			this.#disconnect();
			return 0;
		}
		if (this.#state === WRITING || this.#state === PUBLISHING) throw new OverflowError();
		if (this.#state !== CONNECTED) throw new NotConnectedError();
		if (operation !== MQTTClient.PUBLISH || !options)
			throw new MQTTError(`operation ${operation} cannot be written`);
		return this.#writeFirst(data, options);
	}
	/** Tears down; no callback comes any more. May be called twice, and in any state. */
	close(): void {
		if (this.#state === CLOSED) return;
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
			await connect({
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
		this.#control({ operation: MQTTClient.CONNACK, returnCode: 0 });
		this.#ready();
	}

	// Publishing

	#publishRequest(spec: (typeof MQTT)["publish" | "publishData" | "publishHex"]): Request {
		const request = new Request(spec);
		request.onResult = (line: Line) => (this.#result = line.integer(2) ?? -1);
		request.onDone = error => this.#published(error);
		return request;
	}
	#writeFirst(data: Data | null, options: WriteOptions): number {
		const bytes = viewOf(data);
		const { topic = "", QoS = 0, id, byteLength = bytes.length } = options;
		if (!Number.isInteger(byteLength)) throw new RangeError("byteLength must be a whole number");
		if (bytes.length > byteLength) throw new OverflowError();
		if (QoS !== 0 && QoS !== 1 && QoS !== 2) throw new RangeError("QoS must be 0, 1 or 2");
		if (id !== undefined && !(Number.isSafeInteger(id) && id >= 0))
			throw new RangeError("id must be a whole number, 0 or more");
		const topicBytes = this.#topicOf(topic);
		// Only the length is known of what is still to come; its bytes are looked at when they are all there.
		publishForm(bytes, byteLength, this.#modem.profile.later, this.#settings.hex);
		this.#id = id ?? (QoS ? this.#nextId() : 0);
		this.#QoS = QoS;
		// Consumers count beyond 65535 (mqtt/js); to the module 0 means QoS 0.
		const msgID = QoS ? ((this.#id + 65534) % 65535) + 1 : 0;
		this.#values = [this.#identifier, msgID, QoS, options.retain ? 1 : 0, topicBytes];
		this.#outgoing.begin(byteLength);
		this.#outgoing.append(bytes);
		return this.#go();
	}
	#topicOf(topic: Text): Uint8Array {
		if (typeof topic !== "string" || topic !== this.#topic) {
			this.#topicBytes = checkTopic("topic", topic);
			this.#topic = typeof topic === "string" ? topic : undefined;
		}
		return this.#topicBytes;
	}
	#writePiece(data: Data | null): number {
		this.#outgoing.append(viewOf(data));
		return this.#go();
	}
	/** Sends the message if it is complete; else asks for the rest. */
	#go(): number {
		const { remaining } = this.#outgoing;
		if (remaining) {
			this.#state = WRITING;
			this.#timer ??= Timer.set(() => {
				this.#timer = undefined;
				if (this.#state === WRITING) this.#writable(this.#outgoing.remaining);
			});
			return remaining;
		}
		this.#state = CONNECTED;
		this.#submit();
		this.#state = PUBLISHING;
		return 0;
	}
	/** @throws PayloadError, QueueFullError: the message is not taken */
	#submit(): void {
		const { message } = this.#outgoing;
		const form = publishForm(message, message.length, this.#modem.profile.later, this.#settings.hex);
		const request = this.#requests[form];
		request.values = form === DATA ? this.#values : [...this.#values, message];
		request.data = form === DATA ? message : undefined;
		// With QoS 2 two packets have to be acknowledged, each with its retries (application note, figure 1).
		const { packetTimeout, retries } = this.#settings;
		request.resultTimeout = packetTime(packetTimeout, retries) * (this.#QoS === 2 ? 2 : 1);
		this.#result = 0;
		this.#scheduler?.submit(request);
		this.#publish = request;
	}
	#published(error: Error | undefined): void {
		if (this.#state === CLOSED) return;
		this.#publish = undefined;
		if (error) this.#fail(error);
		else if (this.#result !== 0) this.#fail(new PacketError("PUBLISH", this.#result));
		else {
			this.#state = this.#state === PUBLISHING ? CONNECTED : this.#state;
			const id = this.#id;
			if (this.#QoS === 1) this.#control({ operation: MQTTClient.PUBACK, id });
			else if (this.#QoS === 2) {
				this.#control({ operation: MQTTClient.PUBREC, id });
				this.#control({ operation: MQTTClient.PUBCOMP, id });
			}
			this.#ready();
		}
	}
	#nextId(): number {
		this.#lastId = (this.#lastId % 65535) + 1;
		return this.#lastId;
	}

	// Ending

	#disconnect(): void {
		const scheduler = this.#scheduler;
		if (!scheduler || this.#state < CONNECTED || this.#state >= DISCONNECTING) throw new NotConnectedError();
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
		if (this.#publish) this.#scheduler?.cancel(this.#publish);
		if (!this.#connecting) this.#tearDownNetwork();
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
		if (this.#state === CONNECTED) this.#writable(Outgoing.room);
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
