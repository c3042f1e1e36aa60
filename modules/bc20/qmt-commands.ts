import type { CommandSpec, LaterResult, Parameter } from "../at/command.js";
import { CLOSE_RESULTS, DISCONNECT_RESULTS, type Meanings, OPEN_RESULTS, PACKET_RESULTS } from "./codes.js";
import { integer, string } from "./parameters.js";

/** A form of a command; `query` is the write form with the values left out, with which QMTCFG reads. */
export type QMTForm = "test" | "read" | "query" | "write";

/** A command of the application note. */
export interface QMTCommand extends CommandSpec {
	/** The forms that the note has. */
	readonly forms: readonly QMTForm[];
	/** Name of the option, for QMTCFG: the first value. */
	readonly option?: string;
	/** Later firmware only (BC26 MQTT application note V1.1). */
	readonly later?: boolean;
	/** What `<result>` means. */
	readonly results?: Meanings;
	/** Longest time to the result by what `timeout` has configured, where it follows that. */
	readonly resultTime?: (packetTimeout: number, retries: number) => number;
}

/** MQTT identifiers are 0 to 5. */
export const IDENTIFIERS = 6;
/** Longest host name of QMTOPEN, bytes: application note 3.2.2. */
export const HOST_LIMIT = 100;
/** Longest topic, bytes: BC26 MQTT application note V1.1. */
export const TOPIC_LIMIT = 255;
/** Longest client ID, user name, password, will message and part of `aliauth`, bytes: not documented; as a topic. */
export const STRING_LIMIT = 255;
/** Longest message within the command, bytes: BC26 MQTT application note V1.1. */
export const INLINE_LIMIT = 700;
/** Longest message behind the prompt, bytes: BC26 MQTT application note V1.1. */
export const DATA_LIMIT = 1024;
/** Default of `<pkt_timeout>`, s: application note 3.2.1. */
export const PACKET_TIMEOUT = 10;
/** Default of `<retry_times>`: application note 3.2.1. */
export const RETRIES = 3;

/** Longest time to the result of a packet that is sent again, ms: the first try and the retries (application note, figure 1). */
export function packetTime(packetTimeout: number, retries: number): number {
	return packetTimeout * (retries + 1) * 1000 + MARGIN_MS;
}
/** Longest time to the result of CONNECT, which is not sent again, ms: application note 3.2.4. */
export function connectTime(packetTimeout: number): number {
	return packetTimeout * 1000 + MARGIN_MS;
}

/** The network's own delay on top of the module's timers, ms. */
const MARGIN_MS = 2000;
const QUICK_MS = 300;
/** QMTOPEN: application note 3.2.2. */
const OPEN_MS = 75_000;
/** QMTCLOSE and QMTDISC: 300 ms in the note; behind an operation that is under way it may take longer. */
const CLOSE_MS = 5000;
/** To the prompt, and from Ctrl-Z to `OK`: not documented. */
const PROMPT_MS = 5000;

const identifier: Parameter = { name: "tcpconnectID", kind: "integer", minimum: 0, maximum: IDENTIFIERS - 1 };
const msgID = integer("msgID", 1, 65535);
const topic = string("topic", TOPIC_LIMIT, 1);
const packetResult: LaterResult = { keys: 2, timeout: packetTime(PACKET_TIMEOUT, RETRIES), progress: 1 };
const packet = { forms: ["test", "write"], results: PACKET_RESULTS, resultTime: packetTime } as const;
const publishParameters: readonly Parameter[] = [
	identifier,
	// 0 only with QoS 0.
	integer("msgID", 0, 65535),
	integer("qos", 0, 2),
	integer("retain", 0, 1),
	topic,
];
const option: Parameter = { name: "option", kind: "keyword" };
/** QMTCFG: its options share a name and differ in their first value. */
const configuration = { name: "+QMTCFG", timeout: QUICK_MS, forms: ["query", "write"] } as const;

/** The commands of the application note (3.2), all that it says of them: forms, parameters, times, results. */
export const MQTT = {
	/** `AT+QMTCFG=?` lists the options that the firmware knows, and so tells the two firmware profiles apart. */
	options: { name: "+QMTCFG", timeout: QUICK_MS, forms: ["test"] },
	/** s; 0 is none, 120 the default. */
	keepAlive: {
		...configuration,
		option: "keepalive",
		parameters: [option, identifier, integer("keep-alive time", 0, 3600)],
	},
	/** 0 keeps the subscriptions, 1 is a clean session. */
	session: {
		...configuration,
		option: "session",
		parameters: [option, identifier, integer("clean_session", 0, 1)],
	},
	/** s, times, and whether each is reported. The note has 0 to 10 retries in its text, 1 to 10 in the test form. */
	timeout: {
		...configuration,
		option: "timeout",
		parameters: [
			option,
			identifier,
			integer("pkt_timeout", 1, 60),
			integer("retry_times", 0, 10),
			integer("timeout_notice", 0, 1),
		],
	},
	will: {
		...configuration,
		option: "will",
		parameters: [
			option,
			identifier,
			integer("will_fg", 0, 1),
			integer("will_qos", 0, 2),
			integer("will_retain", 0, 1),
			string("will_topic", TOPIC_LIMIT, 1),
			string("will_msg", STRING_LIMIT),
		],
	},
	aliAuth: {
		...configuration,
		option: "aliauth",
		parameters: [
			option,
			identifier,
			string("product_key", STRING_LIMIT, 1),
			string("device_name", STRING_LIMIT, 1),
			{ ...string("device_secret", STRING_LIMIT, 1), secret: true },
		],
	},
	/** MQTT 3.1 or 3.1.1. */
	version: {
		...configuration,
		option: "version",
		later: true,
		parameters: [option, identifier, integer("vsn", 3, 4)],
	},
	/** Text or hex, sending and receiving. */
	dataFormat: {
		...configuration,
		option: "dataformat",
		later: true,
		parameters: [option, identifier, integer("send_format", 0, 1), integer("recv_format", 0, 1)],
	},
	/** Echo of what is sent behind the prompt. */
	echoMode: {
		...configuration,
		option: "echomode",
		later: true,
		parameters: [option, identifier, integer("echo_mode", 0, 1)],
	},
	open: {
		name: "+QMTOPEN",
		timeout: QUICK_MS,
		forms: ["test", "read", "write"],
		parameters: [identifier, string("host_name", HOST_LIMIT, 1), integer("port", 1, 65535)],
		result: { keys: 1, timeout: OPEN_MS },
		results: OPEN_RESULTS,
		isResponse: line => line.fields >= 3,
	},
	close: {
		name: "+QMTCLOSE",
		timeout: QUICK_MS,
		forms: ["test", "write"],
		parameters: [identifier],
		result: { keys: 1, timeout: CLOSE_MS },
		results: CLOSE_RESULTS,
	},
	connect: {
		name: "+QMTCONN",
		timeout: QUICK_MS,
		forms: ["test", "read", "write"],
		parameters: [
			identifier,
			string("clientID", STRING_LIMIT),
			{ ...string("username", STRING_LIMIT), secret: true },
			{ ...string("password", STRING_LIMIT), secret: true },
		],
		result: { keys: 1, timeout: connectTime(PACKET_TIMEOUT), progress: 1 },
		results: PACKET_RESULTS,
		resultTime: connectTime,
	},
	disconnect: {
		name: "+QMTDISC",
		timeout: QUICK_MS,
		forms: ["test", "write"],
		parameters: [identifier],
		result: { keys: 1, timeout: CLOSE_MS },
		results: DISCONNECT_RESULTS,
	},
	subscribe: {
		...packet,
		name: "+QMTSUB",
		timeout: QUICK_MS,
		parameters: [identifier, msgID, topic, integer("qos", 0, 2)],
		repeated: 2,
		result: packetResult,
	},
	unsubscribe: {
		...packet,
		name: "+QMTUNS",
		timeout: QUICK_MS,
		parameters: [identifier, msgID, topic],
		repeated: 1,
		result: packetResult,
	},
	/** The message within the command: any bytes but control characters. */
	publish: {
		...packet,
		name: "+QMTPUB",
		timeout: QUICK_MS,
		parameters: [...publishParameters, { name: "msg", kind: "message", maximum: INLINE_LIMIT }],
		result: packetResult,
	},
	/** The message within the command as hex digits; needs `dataFormat` with sending as hex. */
	publishHex: {
		...packet,
		name: "+QMTPUB",
		timeout: QUICK_MS,
		forms: ["write"],
		later: true,
		parameters: [...publishParameters, { name: "msg", kind: "hex", maximum: INLINE_LIMIT / 2 }],
		result: packetResult,
	},
	/** The message behind the prompt `>`. */
	publishData: {
		...packet,
		name: "+QMTPUB",
		timeout: PROMPT_MS,
		forms: ["write"],
		later: true,
		parameters: publishParameters,
		result: packetResult,
	},
} as const satisfies Record<string, QMTCommand>;
