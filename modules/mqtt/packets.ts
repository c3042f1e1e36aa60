import type { PublishOptions } from "./publishing.js";
import type { SubscribeItem } from "./subscribing.js";

/** Types of MQTT's control packets (MQTT 3.1.1, table 2.1): the class's `operation`. */
export const Packet = {
	CONNECT: 1,
	CONNACK: 2,
	PUBLISH: 3,
	PUBACK: 4,
	PUBREC: 5,
	PUBREL: 6,
	PUBCOMP: 7,
	SUBSCRIBE: 8,
	SUBACK: 9,
	UNSUBSCRIBE: 10,
	UNSUBACK: 11,
	PINGREQ: 12,
	PINGRESP: 13,
	DISCONNECT: 14,
} as const;

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

/** The bytes of a buffer or view, not copied. @throws TypeError */
export function viewOf(data: Data | null): Uint8Array {
	if (data === null) return new Uint8Array(0);
	if (data instanceof Uint8Array) return data;
	if (ArrayBuffer.isView(data))
		return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
	if (!((data as unknown) instanceof ArrayBuffer))
		throw new TypeError("data must be an ArrayBuffer, a view of one, or null");
	return new Uint8Array(data);
}
