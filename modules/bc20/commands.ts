import type { CommandSpec, LaterResult, Parameter } from "../at/command.js";

const QUICK_MS = 300;
/** QMTCLOSE and QMTDISC: 300 ms in the note; behind an operation that is under way it may take longer. */
const CLOSE_MS = 5000;

/** MQTT identifiers are 0 to 5. */
export const IDENTIFIERS = 6;

const identifier: Parameter = { name: "tcpconnectID", kind: "integer", minimum: 0, maximum: IDENTIFIERS - 1 };
const option: Parameter = { name: "option", kind: "keyword" };

function integer(name: string, minimum: number, maximum: number): Parameter {
	return { name, kind: "integer", minimum, maximum };
}
function string(name: string, maximum: number, minimum = 0): Parameter {
	return { name, kind: "string", minimum, maximum };
}

/** Longest access point name, bytes: AT commands manual, AT+QCGDEFCONT. */
export const APN_LIMIT = 99;

/** Basic and network commands: AT commands manual; times are the manual's maximum response times. */
export const Basic = {
	echo: { name: "E0", timeout: QUICK_MS },
	information: { name: "I", timeout: QUICK_MS, prefix: null },
	errorReports: { name: "+CMEE", timeout: QUICK_MS, parameters: [integer("n", 0, 2)] },
	serialNumber: { name: "+CGSN", timeout: QUICK_MS, parameters: [integer("snt", 0, 3)] },
	functionality: { name: "+CFUN", timeout: 15_000, parameters: [integer("fun", 0, 7), integer("rst", 0, 2)] },
	pin: { name: "+CPIN", timeout: 5000 },
	sleep: { name: "+QSCLK", timeout: QUICK_MS, parameters: [integer("n", 0, 2)] },
	powerSaving: { name: "+CPSMS", timeout: QUICK_MS, parameters: [integer("mode", 0, 2)] },
	discontinuousReception: { name: "+CEDRXS", timeout: QUICK_MS, parameters: [integer("mode", 0, 3)] },
	registration: {
		name: "+CEREG",
		timeout: QUICK_MS,
		parameters: [integer("n", 0, 5)],
		// The URC is `+CEREG: <stat>[,"<tac>",…]`: its second field is no bare number.
		isResponse: line => line.integer(1) !== undefined && !line.isQuoted(1),
	},
	// 75 s in the manual, 85 s in that of later firmware.
	attachment: { name: "+CGATT", timeout: 85_000, parameters: [integer("state", 0, 1)] },
	address: { name: "+CGPADDR", timeout: QUICK_MS, parameters: [integer("cid", 1, 15)] },
	context: { name: "+CGDCONT", timeout: QUICK_MS },
	defaultContext: {
		name: "+QCGDEFCONT",
		timeout: QUICK_MS,
		parameters: [
			string("PDP_type", 6),
			string("APN", APN_LIMIT),
			string("username", 64),
			{ ...string("password", 64), secret: true },
		],
	},
	restart: { name: "+QRST", timeout: QUICK_MS, parameters: [integer("mode", 1, 1)] },
	signal: { name: "+CSQ", timeout: QUICK_MS },
	supply: { name: "+CBC", timeout: QUICK_MS },
} as const satisfies Record<string, CommandSpec>;

/** Longest host name of QMTOPEN, bytes: application note 3.2.2. */
export const HOST_LIMIT = 100;
/** Longest topic, bytes: BC26 MQTT application note V1.1. */
export const TOPIC_LIMIT = 255;
/** Longest client ID, user name, password and will message, bytes: not documented; as a topic. */
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

/** The network's own delay on top of the module's timers, ms. */
const MARGIN_MS = 2000;

const DEFAULT_PACKET_MS = packetTime(PACKET_TIMEOUT, RETRIES);
const packetResult: LaterResult = { keys: 2, timeout: DEFAULT_PACKET_MS, progress: 1 };
const publishParameters: readonly Parameter[] = [
	identifier,
	integer("msgID", 0, 65535),
	integer("qos", 0, 2),
	integer("retain", 0, 1),
	string("topic", TOPIC_LIMIT, 1),
];

/** MQTT commands: application note 3.2. The forms of QMTCFG share a name and differ in their first value. */
export const MQTT = {
	/** `AT+QMTCFG=?` lists the options that the firmware knows, and so tells the two firmware profiles apart. */
	options: { name: "+QMTCFG", timeout: QUICK_MS },
	keepAlive: {
		name: "+QMTCFG",
		timeout: QUICK_MS,
		parameters: [option, identifier, integer("keep-alive time", 0, 3600)],
	},
	session: {
		name: "+QMTCFG",
		timeout: QUICK_MS,
		parameters: [option, identifier, integer("clean_session", 0, 1)],
	},
	timeout: {
		name: "+QMTCFG",
		timeout: QUICK_MS,
		parameters: [
			option,
			identifier,
			integer("pkt_timeout", 1, 60),
			integer("retry_times", 0, 10),
			integer("timeout_notice", 0, 1),
		],
	},
	will: {
		name: "+QMTCFG",
		timeout: QUICK_MS,
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
	/** MQTT 3.1 or 3.1.1; later firmware only (BC26 MQTT application note V1.1). */
	version: { name: "+QMTCFG", timeout: QUICK_MS, parameters: [option, identifier, integer("vsn", 3, 4)] },
	/** Text or hex, sending and receiving; later firmware only. */
	dataFormat: {
		name: "+QMTCFG",
		timeout: QUICK_MS,
		parameters: [option, identifier, integer("send_format", 0, 1), integer("recv_format", 0, 1)],
	},
	/** Echo of what is sent behind the prompt; later firmware only. */
	echoMode: {
		name: "+QMTCFG",
		timeout: QUICK_MS,
		parameters: [option, identifier, integer("echo_mode", 0, 1)],
	},
	open: {
		name: "+QMTOPEN",
		timeout: QUICK_MS,
		parameters: [identifier, string("host_name", HOST_LIMIT, 1), integer("port", 1, 65535)],
		result: { keys: 1, timeout: 75_000 },
		isResponse: line => line.fields >= 3,
	},
	close: {
		name: "+QMTCLOSE",
		timeout: QUICK_MS,
		parameters: [identifier],
		result: { keys: 1, timeout: CLOSE_MS },
	},
	connect: {
		name: "+QMTCONN",
		timeout: QUICK_MS,
		parameters: [
			identifier,
			string("clientID", STRING_LIMIT),
			{ ...string("username", STRING_LIMIT), secret: true },
			{ ...string("password", STRING_LIMIT), secret: true },
		],
		result: { keys: 1, timeout: PACKET_TIMEOUT * 1000 + MARGIN_MS, progress: 1 },
	},
	disconnect: {
		name: "+QMTDISC",
		timeout: QUICK_MS,
		parameters: [identifier],
		result: { keys: 1, timeout: CLOSE_MS },
	},
	subscribe: {
		name: "+QMTSUB",
		timeout: QUICK_MS,
		parameters: [
			identifier,
			integer("msgID", 1, 65535),
			string("topic", TOPIC_LIMIT, 1),
			integer("qos", 0, 2),
		],
		repeated: 2,
		result: packetResult,
	},
	unsubscribe: {
		name: "+QMTUNS",
		timeout: QUICK_MS,
		parameters: [identifier, integer("msgID", 1, 65535), string("topic", TOPIC_LIMIT, 1)],
		repeated: 1,
		result: packetResult,
	},
	/** The message within the command: any bytes but control characters. */
	publish: {
		name: "+QMTPUB",
		timeout: QUICK_MS,
		parameters: [...publishParameters, { name: "msg", kind: "message", maximum: INLINE_LIMIT }],
		result: packetResult,
	},
	/** The message within the command as hex digits; needs `dataFormat` with sending as hex. */
	publishHex: {
		name: "+QMTPUB",
		timeout: QUICK_MS,
		parameters: [...publishParameters, { name: "msg", kind: "hex", maximum: INLINE_LIMIT / 2 }],
		result: packetResult,
	},
	/** The message behind the prompt `>`; later firmware only. */
	publishData: {
		name: "+QMTPUB",
		timeout: 5000,
		parameters: publishParameters,
		result: packetResult,
	},
} as const satisfies Record<string, CommandSpec>;
