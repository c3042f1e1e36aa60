// The ECMA-419 MQTT client class (`embedded:network/mqtt/client`), as far as what stands on any such class needs it.

/** An instance of an ECMA-419 MQTT client class. */
export interface MQTTClient {
	/** Returns the room left in bytes; throws "overflow" when the data does not fit. */
	write(data: Uint8Array | null, options: object | null): number;
	/** Returns an ArrayBuffer. */
	read?(byteLength: number): unknown;
	close(): void;
	/** Longest that the class itself waits for one acknowledgement, ms, until it ends with an error. An extension that few classes have. */
	readonly acknowledgeLimitMs?: number | undefined;
}

/** The callbacks that a client class is given: called with `this` = the instance, never after `close`. */
export interface MQTTClientCallbacks {
	onControl: (message: ControlMessage) => void;
	onReadable: (count: number, options?: ReadableOptions) => void;
	onWritable: (count: number) => void;
	/**
	 * The PUBLISH with this id was refused: nothing was sent, the connection stays, and `onWritable` follows. An extension that few
	 * classes have; the others do not call it.
	 */
	onRefused: (id: number, error: unknown) => void;
	onError: (error?: unknown) => void;
	onClose: () => void;
}

/** The ECMA-419 MQTT client class and its own options (its socket, its modem, …), as in `device.network.mqtt`. */
export interface MQTTProvider {
	io: new (options: never) => MQTTClient;
	[option: string]: unknown;
}

/** What `onControl` is called with. */
export interface ControlMessage {
	operation: number;
	id?: number;
	returnCode?: number;
	/** Of SUBACK: the granted QoS, or 128, of each item. */
	payload?: ArrayLike<number>;
}

/** What `onReadable` is called with besides the count; topic, QoS and byteLength with the first piece only. */
export interface ReadableOptions {
	topic?: string;
	QoS?: number;
	/** Of the whole message. */
	byteLength?: number;
	more?: boolean;
}

// MQTT 3.1.1, table 2.1
export const CONNACK = 2;
export const PUBLISH = 3;
export const PUBACK = 4;
export const PUBCOMP = 7;
export const SUBSCRIBE = 8;
export const SUBACK = 9;
export const UNSUBSCRIBE = 10;
export const UNSUBACK = 11;
export const DISCONNECT = 14;

// MQTT 3.1.1, table 3.1
export const refusals: readonly string[] = [
	"accepted",
	"protocol version not accepted",
	"client identifier rejected",
	"server unavailable",
	"bad user name or password",
	"not authorized",
];

// What a PUBLISH takes besides topic and data at most: type, remaining length, topic length; the packet identifier.
export const PUBLISH_OVERHEAD = 7;
export const ID_OVERHEAD = 2;

/** Packet identifiers of a client: 1 to 65535, round and round (MQTT 3.1.1, 2.3.1). */
export class PacketIds {
	#last = 0;

	next(): number {
		return (this.#last = (this.#last % 0xffff) + 1);
	}
}

/** Whether `write` threw because the data does not fit. */
export function isOverflow(error: unknown): boolean {
	return error instanceof Error && error.message.includes("overflow");
}

/** Whether a client ended with an error that says of the message on its way that it was not sent. An extension that few classes have. */
export function isUnsent(error: unknown): error is Error {
	return error instanceof Error && error.name === "NotSentError";
}

const MESSAGE_ERRORS: readonly string[] = ["PayloadError", "ParameterError"];

/** Whether `write` threw because of what was written: the connection is none the worse for it, and another try would fail as well. */
export function isMessageError(error: unknown): boolean {
	if (error instanceof TypeError || error instanceof RangeError) return true;
	return error instanceof Error && MESSAGE_ERRORS.includes(error.name);
}
