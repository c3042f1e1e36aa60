import type { BC20 } from "../bc20/modem.js";
import { HOST_LIMIT, IDENTIFIERS, PACKET_TIMEOUT, RETRIES } from "../bc20/commands.js";
import type { Text } from "../at/text.js";
import type { MQTTClient, ControlMessage, ReadableOptions } from "./client.js";

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
	/** 1883 by default. */
	readonly port?: number | undefined;
	/** Client identifier; empty by default. */
	readonly id?: string | undefined;
	readonly user?: Text | undefined;
	readonly password?: Text | undefined;
	/** Clean session; true by default. */
	readonly clean?: boolean | undefined;
	readonly will?: Will | null | undefined;
	/** Keep-alive in **milliseconds**, 0 to 3,600,000; 0 is none; 120,000 by default, as in the module. */
	readonly keepAlive?: number | undefined;
	/** The same under its older name. */
	readonly keepalive?: number | undefined;
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
	/** The end after a DISCONNECT of our own. */
	readonly onClose?: ((this: MQTTClient) => void) | undefined;
	/** The end after a failure: a named error of errors.ts, or of the AT engine. */
	readonly onError?: ((this: MQTTClient, error: Error) => void) | undefined;
}

/** What a client keeps of its options. */
export interface Settings {
	readonly host: string;
	readonly port: number;
	readonly id: string;
	readonly user: Text | undefined;
	readonly password: Text | undefined;
	readonly clean: boolean;
	readonly will: Will | undefined;
	/** s */
	readonly keepAlive: number;
	readonly identifier: number | undefined;
	readonly packetTimeout: number;
	readonly retries: number;
	readonly hex: boolean;
}

const LONGEST_KEEP_ALIVE_MS = 3_600_000;

/** Checks all options. @throws Error, TypeError or RangeError that names the option and its range */
export function settingsOf(options: MQTTClientOptions): Settings {
	if (!(options as { modem?: unknown }).modem)
		throw new TypeError("modem required: the BC20 that the client works on");
	if (!options.host) throw new Error("host required");
	if (ArrayBuffer.fromString(options.host).byteLength > HOST_LIMIT)
		throw new RangeError(`host must be at most ${HOST_LIMIT} bytes`);
	const keepAliveMs = range(
		"keepAlive (ms)",
		options.keepAlive ?? options.keepalive,
		120_000,
		0,
		LONGEST_KEEP_ALIVE_MS,
	);
	const { format = "buffer", dataFormat = "text", will } = options;
	if ((format as string) !== "buffer") throw new RangeError("format must be buffer");
	if (dataFormat !== "text" && (dataFormat as string) !== "hex")
		throw new RangeError("dataFormat must be text or hex");
	if (will) range("will.QoS", will.QoS, 0, 0, 2);
	return {
		host: options.host,
		port: range("port", options.port, 1883, 1, 65535),
		id: options.id ?? "",
		user: options.user,
		password: options.password,
		clean: options.clean ?? true,
		will: will ?? undefined,
		keepAlive: Math.ceil(keepAliveMs / 1000),
		identifier:
			options.identifier === undefined
				? undefined
				: range("identifier", options.identifier, 0, 0, IDENTIFIERS - 1),
		packetTimeout: range("packetTimeout (s)", options.packetTimeout, PACKET_TIMEOUT, 1, 60),
		retries: range("retries", options.retries, RETRIES, 0, 10),
		hex: dataFormat === "hex",
	};
}

function range(
	name: string,
	value: number | undefined,
	byDefault: number,
	minimum: number,
	maximum: number,
): number {
	const checked = value ?? byDefault;
	const whole = name.startsWith("keepAlive") || Number.isInteger(checked);
	if (!whole || !(checked >= minimum && checked <= maximum))
		throw new RangeError(`${name} must be from ${minimum} to ${maximum}`);
	return checked;
}
