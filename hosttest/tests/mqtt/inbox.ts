import type MQTTClient from "../../../modules/mqtt/client.js";
import type { ReadableOptions } from "../../../modules/mqtt/client.js";
import type { Rig } from "../bc20/rig.js";

/** A message that the client told of and gave whole. */
export interface Message {
	readonly topic: string;
	readonly QoS: number;
	readonly payload: Buffer;
}

/** Reads each message at once; `onReadable` is for the client's options. */
export interface Inbox {
	readonly messages: Message[];
	readonly onReadable: (this: MQTTClient, count: number, options: ReadableOptions) => void;
}

export function inbox(): Inbox {
	const messages: Message[] = [];
	return {
		messages,
		onReadable(count, { topic, QoS }) {
			messages.push({ topic, QoS, payload: Buffer.from(this.read(count) ?? new ArrayBuffer(0)) });
		},
	};
}

/** A message from the broker. */
export function send(
	rig: Rig,
	topic: string,
	payload: string | Uint8Array,
	{ QoS = 0, retain = false }: { QoS?: 0 | 1 | 2; retain?: boolean } = {},
): Promise<void> {
	const bytes = typeof payload === "string" ? Buffer.from(payload, "latin1") : Buffer.from(payload);
	return new Promise((resolve, reject) =>
		rig.broker.publish({ cmd: "publish", topic, payload: bytes, qos: QoS, retain, dup: false }, error => {
			if (error) reject(error);
			else resolve();
		}),
	);
}
