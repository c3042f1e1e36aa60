import type { BC20 } from "../bc20/modem.js";
import type { AliAuth } from "../bc20/qmt-configuration.js";
import { checkInteger, checkNumber, checkText } from "../bc20/checks.js";
import { HOST_LIMIT, IDENTIFIERS, PACKET_TIMEOUT, RETRIES, STRING_LIMIT } from "../bc20/commands.js";
import { type Text, bytesOf } from "../at/text.js";
import { checkTopic } from "./topic.js";
import type MQTTClient from "./client.js";
import type { PublishRefusedError } from "./errors.js";
import type { ControlMessage, ReadableOptions } from "./packets.js";

/** A message that the broker publishes when the client is gone without a word. */
export interface Will {
	readonly topic: Text;
	readonly message: Text;
	readonly QoS?: number;
	readonly retain?: boolean;
}

/** Options of the ECMA-419 MQTT client class, and what the module adds to them. `dns` and `socket` are ignored. */
export interface MQTTClientOptions {
	/** The modem: comes from `device.network.mqtt`. */
	readonly modem: BC20;
	/** Host name or address of the broker, 1 to 100 bytes. */
	readonly host: string;
	/** 1883 by default. As text too: so it comes out of a URL (the SDK's `mqtt/js`). */
	readonly port?: number | string | undefined;
	/** Client identifier, up to 255 bytes; empty by default, which MQTT 3.1 (firmware V1.0 of the module) does not allow. */
	readonly id?: string | undefined;
	/** Up to 255 bytes, without quotes and control characters, as `password` and `will` too. */
	readonly user?: Text | null | undefined;
	readonly password?: Text | null | undefined;
	/** AliCloud: the module computes user and password of the device from it (application note 3.2.1). */
	readonly aliAuth?: AliAuth | null | undefined;
	/** Clean session; true by default. */
	readonly clean?: boolean | undefined;
	readonly will?: Will | null | undefined;
	/**
	 * Keep-alive in **milliseconds**, 0 to 3,600,000; 0 is none; 120,000 by default, as in the module. Values below 1000 are taken as
	 * seconds, and text as a number: the MQTT nodes of node-red-mcu give both.
	 */
	readonly keepAlive?: number | string | undefined;
	/** The same under its older name. */
	readonly keepalive?: number | string | undefined;
	/** MQTT identifier of the module, 0 to 5; a free one by default. */
	readonly identifier?: number | undefined;
	/** Time for the broker to acknowledge a packet, s, 1 to 60; 10 by default. */
	readonly packetTimeout?: number | undefined;
	/** How often the module sends a packet again, 0 to 10; 3 by default. */
	readonly retries?: number | undefined;
	/** How messages go to the module: `text` (default) or, for messages with bytes that text cannot carry, `hex`. */
	readonly dataFormat?: "text" | "hex" | undefined;
	readonly format?: "buffer" | undefined;
	readonly target?: unknown;
	readonly onReadable?: ((this: MQTTClient, count: number, options: ReadableOptions) => void) | undefined;
	/** So many bytes of topic, message and 9 bytes of overhead may be written. */
	readonly onWritable?: ((this: MQTTClient, count: number) => void) | undefined;
	readonly onControl?: ((this: MQTTClient, message: ControlMessage) => void) | undefined;
	/**
	 * The module did not take one message, and the connection stays (an extension to ECMA-419): `id` is its packet identifier as given to
	 * `write`, 0 for QoS 0 without one. `onWritable` follows. Without this callback a refusal is the end, `onError`.
	 */
	readonly onRefused?: ((this: MQTTClient, id: number, error: PublishRefusedError) => void) | undefined;
	/** The end after a DISCONNECT of our own. */
	readonly onClose?: ((this: MQTTClient) => void) | undefined;
	/** Any other end: a named error of errors.ts, or of the AT engine. */
	readonly onError?: ((this: MQTTClient, error: Error) => void) | undefined;
}

/** What a client keeps of its options. */
export interface Settings {
	readonly host: string;
	readonly port: number;
	readonly id: string;
	readonly user: Text | undefined;
	readonly password: Text | undefined;
	readonly aliAuth: AliAuth | undefined;
	readonly clean: boolean;
	readonly will: Required<Will> | undefined;
	/** s */
	readonly keepAlive: number;
	readonly identifier: number | undefined;
	readonly packetTimeout: number;
	readonly retries: number;
	readonly hex: boolean;
}

const LONGEST_KEEP_ALIVE_MS = 3_600_000;

/** Checks all options, and copies what could change later. @throws Error, TypeError or RangeError that names the option and its range */
export function settingsOf(options: MQTTClientOptions): Settings {
	if (!(options as { modem?: unknown }).modem)
		throw new TypeError("modem required: the BC20 that the client works on");
	const { host, id = "", identifier, packetTimeout = PACKET_TIMEOUT, retries = RETRIES } = options;
	if (!host) throw new Error("host required");
	if (typeof (host as unknown) !== "string") throw new TypeError("host must be a string");
	checkText("host", host, 1, HOST_LIMIT);
	const port = numberOf(options.port ?? 1883);
	checkInteger("port", port, 1, 65535);
	checkText("id", id, 0, STRING_LIMIT);
	if (identifier !== undefined) checkInteger("identifier", identifier, 0, IDENTIFIERS - 1);
	checkInteger("packetTimeout", packetTimeout, 1, 60);
	checkInteger("retries", retries, 0, 10);
	const { format = "buffer", dataFormat = "text" } = options;
	if ((format as string) !== "buffer") throw new RangeError("format must be buffer");
	if (dataFormat !== "text" && (dataFormat as string) !== "hex")
		throw new RangeError("dataFormat must be text or hex");
	return {
		host,
		port,
		id,
		user: optionalText("user", options.user),
		password: optionalText("password", options.password),
		aliAuth: aliAuthOf(options.aliAuth ?? undefined),
		clean: options.clean ?? true,
		will: willOf(options.will ?? undefined),
		keepAlive: keepAliveOf(options.keepAlive ?? options.keepalive ?? 120_000),
		identifier,
		packetTimeout,
		retries,
		hex: dataFormat === "hex",
	};
}

/** Seconds of a keep-alive. */
function keepAliveOf(value: number | string): number {
	const milliseconds = numberOf(value);
	checkNumber("keepAlive", milliseconds, 0, LONGEST_KEEP_ALIVE_MS);
	return Math.ceil(milliseconds < 1000 ? milliseconds : milliseconds / 1000);
}

/** A number that may come as text; what is none is left to the checks. */
function numberOf(value: number | string): number {
	return (typeof value === "string" && value.trim() ? Number(value) : value) as number;
}

function aliAuthOf(device: AliAuth | undefined): AliAuth | undefined {
	if (!device) return undefined;
	const { productKey, deviceName, deviceSecret } = device;
	checkText("aliAuth.productKey", productKey, 1, STRING_LIMIT);
	checkText("aliAuth.deviceName", deviceName, 1, STRING_LIMIT);
	checkText("aliAuth.deviceSecret", deviceSecret, 1, STRING_LIMIT);
	return { productKey, deviceName, deviceSecret };
}

function optionalText(name: string, text: Text | null | undefined): Text | undefined {
	if (text === undefined || text === null) return undefined;
	checkText(name, text, 0, STRING_LIMIT);
	return copyOf(text);
}

function willOf(will: Will | undefined): Settings["will"] {
	if (!will) return undefined;
	const { topic, message, QoS = 0, retain = false } = will;
	checkTopic("will.topic", topic);
	checkText("will.message", message, 0, STRING_LIMIT);
	checkInteger("will.QoS", QoS, 0, 2);
	return { topic: copyOf(topic), message: copyOf(message), QoS, retain };
}

function copyOf(text: Text): Text {
	return typeof text === "string" ? text : new Uint8Array(bytesOf(text));
}
