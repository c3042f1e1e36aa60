import type { BackoffOptions } from "../common/backoff.js";
import type { MQTTProvider } from "../common/mqtt-client.js";
import type { MQTTConnectionOptions } from "../common/mqtt-connection.js";
import type MQTTSession from "./session.js";

/** What to publish: text (sent as UTF-8) or bytes. */
export type Payload = string | ArrayBuffer | ArrayBufferView;

export type QoS = 0 | 1 | 2;

/**
 * Called with each message whose topic matches. The payload is shared by all handlers of the message; text is
 * `String.fromArrayBuffer(payload)`, which throws on invalid UTF-8.
 */
export type MessageHandler = (
	this: MQTTSession,
	topic: string,
	payload: ArrayBuffer,
	options: { readonly QoS: number },
) => unknown;

/** Options of {@link MQTTSession}, besides those of the connection; times in milliseconds. */
export interface MQTTSessionOptions extends MQTTConnectionOptions {
	/** Messages that may wait to be published, the one on its way included: 1 or more (default 8). */
	readonly queue?: number | undefined;
	/** Bytes of the longest message that is received: 1 or more (default 1024). */
	readonly messageLimit?: number | undefined;
	/** Delays between two attempts to connect (default 1 s, doubled up to 5 min, with full jitter). */
	readonly backoff?: BackoffOptions | undefined;
	/** That `end` waits for the message on its way (default 10000). */
	readonly endLimitMs?: number | undefined;
	/** The broker has accepted the connection: the first, or another. */
	readonly onConnect?: ((this: MQTTSession) => unknown) | undefined;
	/** A connection has ended. */
	readonly onClose?: ((this: MQTTSession) => unknown) | undefined;
	/** The queue was full, and takes so many messages again. */
	readonly onWritable?: ((this: MQTTSession, count: number) => unknown) | undefined;
	/**
	 * Something failed. With `retryInMs` it is the connection, which is tried again then. All failures come here, those of `publish` and
	 * `subscribe` too, so that their promises may be ignored.
	 */
	readonly onError?: ((this: MQTTSession, error: Error, retryInMs?: number) => unknown) | undefined;
}

/** Checks all options that are not the client class's to check. @throws TypeError or RangeError that names the option */
export function checkSessionOptions(options: MQTTSessionOptions): void {
	// JavaScript applications are not held to the types.
	if (typeof (options.mqtt as Partial<MQTTProvider> | undefined)?.io !== "function")
		throw new TypeError("mqtt.io must be an MQTT client class");
	if (typeof (options.host as unknown) !== "string" || !options.host)
		throw new TypeError("host must be a string, not empty");
	for (const name of ["queue", "messageLimit"] as const) {
		const value = options[name] ?? 1;
		if (!(Number.isInteger(value) && value >= 1))
			throw new RangeError(`${name} must be a whole number, 1 or more`);
	}
	for (const name of ["connectLimitMs", "acknowledgeLimitMs", "endLimitMs", "disconnectLimitMs"] as const) {
		const value = options[name] ?? 1;
		if (!(value >= 1 && value <= 0x7fffffff)) throw new RangeError(`${name} must be from 1 to 2147483647`);
	}
	for (const name of ["onConnect", "onClose", "onWritable", "onError"] as const)
		if (options[name] !== undefined && typeof options[name] !== "function")
			throw new TypeError(`${name} must be a function`);
}

/** The queue's own copy of a payload. @throws TypeError */
export function copyOfPayload(payload: Payload): Uint8Array {
	if (typeof payload === "string") return new Uint8Array(ArrayBuffer.fromString(payload));
	if (ArrayBuffer.isView(payload)) {
		const { buffer, byteOffset, byteLength } = payload;
		return new Uint8Array((buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength));
	}
	if (!((payload as unknown) instanceof ArrayBuffer))
		throw new TypeError("payload must be a string, an ArrayBuffer or a view of one");
	return new Uint8Array(payload.slice(0));
}

/** @throws RangeError */
export function checkQoS(value: unknown): void {
	if (value !== 0 && value !== 1 && value !== 2) throw new RangeError("QoS must be 0, 1 or 2");
}
