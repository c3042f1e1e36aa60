import { hostname } from "node:os";
import { UsageError, numberOf, valuesOf } from "./command-line.js";

/** What `npm start` was asked for. */
export interface StartOptions {
	readonly device: string | undefined;
	readonly baud: number;
	readonly broker: BrokerAddress | undefined;
	readonly topic: string;
	readonly id: string;
	readonly QoS: 0 | 1 | 2;
	/** s */
	readonly interval: number;
	readonly count: number | undefined;
	readonly data: string;
	readonly trace: boolean;
	readonly json: boolean;
}

interface BrokerAddress {
	readonly host: string;
	readonly port: number;
	readonly user: string | undefined;
	readonly password: string | undefined;
}

export const HELP = `Sensor telemetry through a BC20, on this computer.

npm start -- [options]
  --device <tty>      a real modem on this tty or pty; a simulated BC20 where absent
  --baud <n>          its baud rate (115200)
  --broker <url>      mqtt://[user:password@]host:port; an embedded broker where absent
  --topic <topic>     topic of the messages (telemetry/<id>)
  --id <id>           MQTT client identifier, and SenML base name (bc20-<host name>)
  --qos <0|1|2>       quality of service (1)
  --interval <s>      seconds between two samples, fractions allowed (5)
  --count <n>         stop when n messages are acknowledged
  --data <folder>     where the outbox lives (data)
  --trace             show the AT conversation
  --json              one JSON object a line instead of the table
  --help              this text`;

/**
 * Reads the command line.
 * @returns undefined where help is asked for
 * @throws UsageError
 */
export function startOptions(argv: readonly string[]): StartOptions | undefined {
	const values = valuesOf(argv, {
		device: { type: "string" },
		baud: { type: "string" },
		broker: { type: "string" },
		topic: { type: "string" },
		id: { type: "string" },
		qos: { type: "string" },
		interval: { type: "string" },
		count: { type: "string" },
		data: { type: "string" },
		trace: { type: "boolean" },
		json: { type: "boolean" },
		help: { type: "boolean", short: "h" },
	});
	if (values.help) return undefined;
	const id = values.id ?? `bc20-${hostname().replace(/[^A-Za-z0-9.-]/g, "-")}`;
	// The identifier is the SenML base name too: RFC 8428, 4.5.1.
	if (!/^[A-Za-z0-9][-A-Za-z0-9:._/]{0,127}$/.test(id))
		throw new UsageError("--id must be 1 to 128 letters, digits or -:._/ and begin with a letter or digit");
	const topic = values.topic ?? `telemetry/${id}`;
	const bytes = Buffer.byteLength(topic);
	if (!bytes || bytes > 255) throw new UsageError("--topic must be 1 to 255 bytes");
	if (/[+#"\u0000-\u001f\u007f]/.test(topic))
		throw new UsageError(
			"--topic must not hold +, #, quotes or control characters: the modem cannot publish to it",
		);
	if (values.device === "") throw new UsageError("--device needs a tty");
	if (values.data === "") throw new UsageError("--data needs a folder");
	return {
		device: values.device,
		baud: numberOf("--baud", values.baud, 115_200, { minimum: 300, maximum: 921_600 }),
		broker: values.broker === undefined ? undefined : brokerAddress(values.broker),
		topic,
		id,
		QoS: numberOf("--qos", values.qos, 1, { minimum: 0, maximum: 2 }) as 0 | 1 | 2,
		interval: numberOf("--interval", values.interval, 5, {
			minimum: 0.001,
			maximum: 604_800,
			fractions: true,
		}),
		count:
			values.count === undefined
				? undefined
				: numberOf("--count", values.count, 1, { minimum: 1, maximum: 1e9 }),
		data: values.data ?? "data",
		trace: values.trace ?? false,
		json: values.json ?? false,
	};
}

function brokerAddress(text: string): BrokerAddress {
	let url: URL;
	try {
		url = new URL(text);
	} catch {
		throw new UsageError("--broker must be mqtt://[user:password@]host:port");
	}
	if (url.protocol === "mqtts:")
		throw new UsageError("--broker: the module's MQTT commands have no TLS; use mqtt://");
	if (
		url.protocol !== "mqtt:" ||
		!url.hostname ||
		(url.pathname !== "" && url.pathname !== "/") ||
		url.search ||
		url.hash
	)
		throw new UsageError("--broker must be mqtt://[user:password@]host:port");
	const host = url.hostname.replace(/^\[|\]$/g, "");
	if (host.length > 100) throw new UsageError("--broker: the modem takes a host of at most 100 bytes");
	const port = url.port ? Number(url.port) : 1883;
	if (!port) throw new UsageError("--broker: the port must be 1 to 65535");
	return { host, port, user: credential(url.username), password: credential(url.password) };
}

/** User or password of a URL. It must fit into a quoted parameter of a command. */
function credential(text: string): string | undefined {
	let value: string;
	try {
		value = decodeURIComponent(text);
	} catch {
		throw new UsageError("--broker: a % in user or password must be written as %25");
	}
	if (/["\u0000-\u001f\u007f]/.test(value) || Buffer.byteLength(value) > 255)
		throw new UsageError(
			"--broker: user and password must be at most 255 bytes, without quotes and control characters",
		);
	return value || undefined;
}
