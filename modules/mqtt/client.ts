import type { BC20 } from "../bc20/modem.js";
import { MQTTError, NotConnectedError } from "./errors.js";
import { Link, type LinkEvents } from "./link.js";
import { type MQTTClientOptions, settingsOf } from "./options.js";
import { type Data, Packet, type ReadableOptions, type WriteOptions, viewOf } from "./packets.js";
import { acknowledgeLimit } from "./publishing.js";
import { Reading } from "./reading.js";
import { Writing, type WritingEvents } from "./writing.js";

export type { ControlMessage, Data, ReadableOptions, WriteOptions } from "./packets.js";

/**
 * The ECMA-419 MQTT client class on the BC20's own MQTT client (SDK: `embedded:network/mqtt/client`).
 *
 * It waits for the modem to be on the network and for an MQTT identifier, connects, and reports `onControl({operation: CONNACK})`, then
 * `onWritable(count)`. One message is on its way at a time; its acknowledgement comes by `onControl` (PUBACK; PUBREC and PUBCOMP), then
 * `onWritable` tells that the next may be written. After `onError` or `onClose` the instance is done: `onClose` is the end after a DISCONNECT
 * of our own, `onError` any other, the broker's too.
 *
 * A message that the module itself refuses (`ERROR` to the command) was not sent. Where the options have `onRefused`, an extension to
 * ECMA-419, that is told of it as long as the module is connected, and the connection stays; else it is the end, with a NotSentError. So it
 * is where the error's code says that it is not about the message. A topic of a SUBSCRIBE that the module refuses is answered by 128 in
 * SUBACK, as by a broker.
 *
 * Subscriptions are separate commands that wait for no message. A message that comes is told by `onReadable(count, options)` and taken by
 * `read`; the module cannot be held back, so what is not read in time is dropped and counted in `dropped`. Messages that come between a
 * DISCONNECT and `onClose` are told too: the module has acknowledged them. Keep-alive, PUBACK, PUBREC, PUBREL and PUBCOMP are the
 * module's own work.
 *
 * All commands share the modem's queue (its option `queue`). While it is full there is no room: `write` throws the overflow, and `onWritable`
 * comes when there is a place. Connecting, DISCONNECT and closing wait for their places.
 */
export default class MQTTClient {
	static readonly CONNECT = Packet.CONNECT;
	static readonly CONNACK = Packet.CONNACK;
	static readonly PUBLISH = Packet.PUBLISH;
	static readonly PUBACK = Packet.PUBACK;
	static readonly PUBREC = Packet.PUBREC;
	static readonly PUBREL = Packet.PUBREL;
	static readonly PUBCOMP = Packet.PUBCOMP;
	static readonly SUBSCRIBE = Packet.SUBSCRIBE;
	static readonly SUBACK = Packet.SUBACK;
	static readonly UNSUBSCRIBE = Packet.UNSUBSCRIBE;
	static readonly UNSUBACK = Packet.UNSUBACK;
	static readonly PINGREQ = Packet.PINGREQ;
	static readonly PINGRESP = Packet.PINGRESP;
	static readonly DISCONNECT = Packet.DISCONNECT;

	static readonly #linkEvents: LinkEvents<MQTTClient> = Object.freeze({
		onConnected: client => client.#connected(),
		onReceived: (client, line, hex) => {
			if (!client.#onReadable || client.#isClosed) return;
			if (!client.#reading.receive(line, hex) && hex) client.#link.doubt();
		},
		onEnd: (client, error) => client.#end(error),
	} satisfies LinkEvents<MQTTClient>);
	static readonly #writingEvents: WritingEvents<MQTTClient> = Object.freeze({
		onControl: (client, message) => {
			client.#link.proved();
			client.#call(client.#onControl, message, undefined);
		},
		onWritable: (client, count) => client.#call(client.#onWritable, count, undefined),
		onRefused: (client, id, error) => client.#call(client.#onRefused, id, error),
		onError: (client, error) => client.#end(error),
	} satisfies WritingEvents<MQTTClient>);
	static readonly #tellReadable = (client: MQTTClient, count: number, options: ReadableOptions) =>
		client.#call(client.#onReadable, count, options);

	/** As given in the options, for the application. */
	target?: unknown;
	readonly #onReadable: MQTTClientOptions["onReadable"];
	readonly #onWritable: MQTTClientOptions["onWritable"];
	readonly #onControl: MQTTClientOptions["onControl"];
	readonly #onRefused: MQTTClientOptions["onRefused"];
	readonly #onClose: MQTTClientOptions["onClose"];
	readonly #onError: MQTTClientOptions["onError"];
	readonly #acknowledgeLimitMs: number;
	readonly #link: Link<MQTTClient>;
	readonly #reading: Reading<MQTTClient>;
	readonly #writing: Writing<MQTTClient>;
	#isClosed = false;

	/**
	 * @throws Error "host required", TypeError or RangeError that names the option; nothing is taken then
	 */
	constructor(options: MQTTClientOptions) {
		const settings = settingsOf(options);
		const modem: BC20 = options.modem;
		if (options.target !== undefined) this.target = options.target;
		const { onReadable, onWritable, onControl, onRefused, onClose, onError } = options;
		this.#onReadable = onReadable;
		this.#onWritable = onWritable;
		this.#onControl = onControl;
		this.#onRefused = onRefused;
		this.#onClose = onClose;
		this.#onError = onError;
		this.#acknowledgeLimitMs = acknowledgeLimit(settings);
		this.#link = new Link<MQTTClient>(modem, settings, this, MQTTClient.#linkEvents);
		this.#reading = new Reading<MQTTClient>(this, MQTTClient.#tellReadable);
		this.#writing = new Writing<MQTTClient>(
			settings,
			this.#link,
			this,
			MQTTClient.#writingEvents,
			Boolean(onRefused),
		);
	}
	get format(): "buffer" {
		return "buffer";
	}
	set format(value: "buffer") {
		if ((value as string) !== "buffer") throw new RangeError("format must be buffer");
	}
	/** Messages that came and were dropped: not read in time, or malformed. */
	get dropped(): number {
		return this.#reading.dropped;
	}
	/**
	 * The longest that the class itself waits for what becomes of one PUBLISH, or of each command of a SUBSCRIBE or UNSUBSCRIBE, once it is its
	 * turn on the line, until it ends with `onError` (a SUBSCRIBE to more than fits into one command takes as much for each): ms, from `packetTimeout` and `retries` for QoS 2, and the command's own time. Who
	 * watches over acknowledgements waits longer (an extension to ECMA-419).
	 */
	get acknowledgeLimitMs(): number {
		return this.#acknowledgeLimitMs;
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
		return this.#reading.read(target);
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
	 * @throws NotConnectedError before CONNACK; OverflowError ("overflow") if a message is under way, the data exceed it, too many
	 *   subscriptions are, or the queue of AT commands is full; PayloadError; TypeError or RangeError that names the parameter. Nothing is
	 *   taken then; a message whose last piece shows that it cannot be sent is given up.
	 */
	write(data: Data | null, options?: WriteOptions | null): number {
		const link = this.#link;
		const writing = this.#writing;
		if (this.#isClosed || !link.isConnected) throw new NotConnectedError();
		if (!options) return writing.append(viewOf(data));
		const { operation = Packet.PUBLISH } = options;
		switch (operation) {
			case Packet.PUBLISH:
				return writing.publish(viewOf(data), options);
			case Packet.SUBSCRIBE:
			case Packet.UNSUBSCRIBE:
				return writing.subscribe(options);
			case Packet.DISCONNECT:
				link.disconnect();
				return 0;
			case Packet.PUBREL:
				return writing.release(options.id ?? 0);
			case Packet.PINGREQ:
			case Packet.PUBACK:
			case Packet.PUBREC:
			case Packet.PUBCOMP:
				return writing.room();
			default:
				throw new MQTTError(`operation ${operation} cannot be written`);
		}
	}
	/**
	 * Tears down; no callback comes any more. May be called twice, and in any state. A message of QoS 0 that `write` has taken still
	 * goes out: nothing could have told that it has not. So does a DISCONNECT.
	 */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#reading.close();
		this.#writing.close(() => this.#link.close());
	}

	#connected(): void {
		this.#call(this.#onControl, { operation: Packet.CONNACK, returnCode: 0 }, undefined);
		this.#writing.ready();
		// Of a session that was kept, messages come at once.
		this.#reading.begin();
	}
	/** After a DISCONNECT of our own, or with an error. */
	#end(error?: Error): void {
		if (this.#isClosed) return;
		this.#reading.close();
		this.#writing.cancel();
		if (error) this.#link.failed(error);
		this.#link.close();
		if (error) this.#call(this.#onError, error, undefined);
		else this.#call(this.#onClose, undefined, undefined);
		// That was the last callback.
		this.#isClosed = true;
	}
	/** Calls the application; an exception is the application's, must not restart the chip, and is told to the modem's `onError`. */
	#call<First, Second>(
		callback: ((this: MQTTClient, first: First, second: Second) => void) | undefined,
		first: First,
		second: Second,
	): void {
		if (this.#isClosed) return;
		try {
			callback?.call(this, first, second);
		} catch (error) {
			this.#link.report(error);
		}
	}
}
