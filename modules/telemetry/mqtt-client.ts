// The ECMA-419 MQTT client class (`embedded:network/mqtt/client`), as far as publishing needs it.

/** An instance of an ECMA-419 MQTT client class (`embedded:network/mqtt/client`), as far as publishing needs it. */
export interface MqttClient {
	/** Returns the room left in bytes; throws "overflow" when the data does not fit. */
	write(data: Uint8Array | null, options: object | null): number;
	read?(byteLength: number): unknown;
	close(): void;
}

/** The ECMA-419 MQTT client class and its own options (its socket, its modem, …), as in `device.network.mqtt`. */
export interface MqttProvider {
	io: new (options: never) => MqttClient;
	[option: string]: unknown;
}

/** What `onControl` is called with. */
export interface ControlMessage {
	operation: number;
	id?: number;
	returnCode?: number;
}

// MQTT 3.1.1, table 2.1
export const CONNACK = 2;
export const PUBLISH = 3;
export const PUBACK = 4;
export const PUBCOMP = 7;
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

export const MAXIMUM_ID = 0xffff;
// What a PUBLISH takes besides topic and data at most: type, remaining length, topic length; the packet identifier.
export const PUBLISH_OVERHEAD = 7;
export const ID_OVERHEAD = 2;

/** Whether `write` threw because the data does not fit. */
export function isOverflow(error: unknown): boolean {
	return error instanceof Error && error.message.includes("overflow");
}
