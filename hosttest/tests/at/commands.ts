import type { CommandSpec, Form, Parameter } from "../../../modules/at/command.js";
import { Request, type Value } from "../../../modules/at/request.js";

const identifier: Parameter = { name: "tcpconnectID", kind: "integer", minimum: 0, maximum: 5 };
const topic: Parameter = { name: "topic", kind: "string", maximum: 255 };
const publish: readonly Parameter[] = [
	identifier,
	{ name: "msgID", kind: "integer", minimum: 0, maximum: 65535 },
	{ name: "qos", kind: "integer", minimum: 0, maximum: 2 },
	{ name: "retain", kind: "integer", minimum: 0, maximum: 1 },
	topic,
];

/** Commands of the kinds that there are. The BC20's own table is in modules/bc20; the engine does not know it. */
export const Command = {
	/** A bare response. */
	imsi: { name: "+CIMI", timeout: 300, prefix: null },
	/** A response with a prefix. */
	signal: { name: "+CSQ", timeout: 300 },
	/** A response that can be told from the URC of the same prefix. */
	registration: {
		name: "+CEREG",
		timeout: 300,
		parameters: [{ name: "n", kind: "integer", minimum: 0, maximum: 5 }],
		isResponse: line => line.integer(1) !== undefined,
	},
	/** A later result, told by identifier. */
	open: {
		name: "+QMTOPEN",
		timeout: 300,
		parameters: [
			identifier,
			{ name: "host_name", kind: "string", maximum: 100 },
			{ name: "port", kind: "integer", minimum: 1, maximum: 65535 },
		],
		result: { keys: 1, timeout: 75_000 },
		isResponse: line => line.fields > 2,
	},
	close: { name: "+QMTCLOSE", timeout: 300, parameters: [identifier], result: { keys: 1, timeout: 300 } },
	/** Secrets. */
	connect: {
		name: "+QMTCONN",
		timeout: 300,
		parameters: [
			identifier,
			{ name: "clientID", kind: "string", maximum: 255 },
			{ name: "username", kind: "string", maximum: 255 },
			{ name: "password", kind: "string", maximum: 255, secret: true },
		],
		result: { keys: 1, timeout: 10_000, progress: 1 },
	},
	authentication: {
		name: "+QMTCFG",
		timeout: 300,
		parameters: [
			{ name: "option", kind: "keyword" },
			identifier,
			{ name: "productkey", kind: "string", maximum: 100 },
			{ name: "devicename", kind: "string", maximum: 100 },
			{ name: "devicesecret", kind: "string", maximum: 100, secret: true },
		],
	},
	/** A later result, told by identifier and msgID. */
	publish: {
		name: "+QMTPUB",
		timeout: 300,
		parameters: [...publish, { name: "msg", kind: "message", maximum: 700 }],
		result: { keys: 2, timeout: 40_000, progress: 1 },
	},
	/** The same with a prompt for the message. */
	publishData: {
		name: "+QMTPUB",
		timeout: 5000,
		parameters: publish,
		result: { keys: 2, timeout: 40_000, progress: 1 },
	},
	subscribe: {
		name: "+QMTSUB",
		timeout: 300,
		parameters: [identifier, publish[1], topic, publish[2]],
		result: { keys: 2, timeout: 40_000, progress: 1 },
	},
	unsubscribe: {
		name: "+QMTUNS",
		timeout: 300,
		parameters: [identifier, publish[1], topic],
		result: { keys: 2, timeout: 40_000, progress: 1 },
	},
	disconnect: { name: "+QMTDISC", timeout: 300, parameters: [identifier], result: { keys: 1, timeout: 300 } },
} as const satisfies Record<string, CommandSpec>;

/** A request whose callbacks write to a log: `<name> information|progress|result <line>`, `<name> done`, `<name> <error>`. */
export function logged(
	log: string[],
	name: string,
	spec: CommandSpec,
	form: Form = "write",
	values: readonly Value[] = [],
): Request {
	const request = new Request(spec, form, values);
	const prefixed = name ? `${name} ` : "";
	request.onInformation = line => log.push(`${prefixed}information ${line.text}`);
	request.onProgress = line => log.push(`${prefixed}progress ${line.text}`);
	request.onResult = line => log.push(`${prefixed}result ${line.text}`);
	request.onDone = error => log.push(prefixed + (error ? String(error) : "done"));
	return request;
}
