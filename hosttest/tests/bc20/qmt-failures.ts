import { CME_ERRORS } from "../../../modules/bc20/codes.js";
import type { QMT } from "../../../modules/bc20/qmt.js";

/** A conversation with a code of the note, and the named error or the result that it leads to. */
export interface Failure {
	readonly title: string;
	readonly call: (qmt: QMT) => Promise<unknown>;
	readonly conversation: string;
	readonly error?: string;
	readonly code?: number;
	readonly message?: RegExp;
	readonly result?: unknown;
}

const open = (qmt: QMT) => qmt.open(1, "mqtt.test", 1883);
const connect = (qmt: QMT) => qmt.connect(1, { clientId: "x" });
const subscribe = (qmt: QMT) => qmt.subscribe(1, 7, [{ topic: "t", QoS: 1 }]);
const unsubscribe = (qmt: QMT) => qmt.unsubscribe(1, 7, ["t"]);
const publish = (qmt: QMT) =>
	qmt.publish(1, 7, { topic: "t", message: "m", form: "inline", QoS: 1, retain: false });
const publishData = (qmt: QMT) =>
	qmt.publish(1, 7, { topic: "t", message: "m", form: "data", QoS: 1, retain: false });

const OPEN = '> AT+QMTOPEN=1,"mqtt.test",1883\n< OK\n< +QMTOPEN: 1';
const CONNECT = '> AT+QMTCONN=1,"x"\n< OK\n< +QMTCONN: 1';
const SUBSCRIBE = '> AT+QMTSUB=1,7,"t",1\n< OK\n< +QMTSUB: 1,7';
const UNSUBSCRIBE = '> AT+QMTUNS=1,7,"t"\n< OK\n< +QMTUNS: 1,7';
const PUBLISH = '> AT+QMTPUB=1,7,1,0,"t","m"\n< OK\n< +QMTPUB: 1,7';
const PUBLISH_DATA = '> AT+QMTPUB=1,7,1,0,"t"\n< >\n> m^Z\n< OK\n< +QMTPUB: 1,7';

const packets = [
	["SUBSCRIBE", subscribe, SUBSCRIBE],
	["UNSUBSCRIBE", unsubscribe, UNSUBSCRIBE],
	["PUBLISH", publish, PUBLISH],
	["PUBLISH", publishData, PUBLISH_DATA],
] as const;

export const failures: readonly Failure[] = [
	...(
		[
			[-1, /mqtt\.test:1883: failed to open network/],
			[1, /wrong parameter/],
			[2, /occupied/],
			[3, /activate PDP/],
			[4, /domain name/],
			[5, /network disconnection/],
			[6, /result \(6\)/],
		] as const
	).map(([code, message]) => ({
		title: `QMTOPEN result ${code}`,
		call: open,
		conversation: `${OPEN},${code}`,
		error: "OpenError",
		code,
		message,
	})),
	...(
		[
			[1, /unacceptable protocol version/],
			[2, /identifier rejected/],
			[3, /server unavailable/],
			[4, /bad user name or password/],
			[5, /not authorized/],
			[6, /connection refused \(6\)/],
		] as const
	).map(([code, message]) => ({
		title: `QMTCONN ret_code ${code}`,
		call: connect,
		conversation: `${CONNECT},0,${code}`,
		error: "ConnectionRefusedError",
		code,
		message,
	})),
	{ title: "QMTCONN result 1, then 0", call: connect, conversation: `${CONNECT},1\n< +QMTCONN: 1,0,0` },
	{
		title: "QMTCONN result 2",
		call: connect,
		conversation: `${CONNECT},2`,
		error: "PacketError",
		code: 2,
		message: /CONNECT: failed to send packet/,
	},
	...packets.map(([packet, call, conversation], index) => ({
		title: `${packet} result 2 (${index})`,
		call,
		conversation: `${conversation},2`,
		error: "PacketError",
		code: 2,
		message: new RegExp(`^${packet}: failed to send packet \\(2\\); connect again`),
	})),
	...packets.map(([packet, call, conversation], index) => ({
		title: `${packet} result 1, then 2 (${index})`,
		call,
		conversation: `${conversation},1,3\n${conversation.slice(conversation.lastIndexOf("<"))},2`,
		error: "PacketError",
		code: 2,
	})),
	{ title: "SUBSCRIBE refused", call: subscribe, conversation: `${SUBSCRIBE},0,128`, result: [128] },
	{
		title: "QMTCLOSE result -1",
		call: qmt => qmt.close(1),
		conversation: "> AT+QMTCLOSE=1\n< OK\n< +QMTCLOSE: 1,-1",
		error: "CloseError",
		code: -1,
		message: /failed to close network/,
	},
	{
		title: "QMTDISC result -1",
		call: qmt => qmt.disconnect(1),
		conversation: "> AT+QMTDISC=1\n< OK\n< +QMTDISC: 1,-1",
		error: "CloseError",
		code: -1,
		message: /failed to close connection/,
	},
	...Object.entries(CME_ERRORS)
		.filter(([code]) => Number(code) <= 100)
		.map(([code, meaning]) => ({
			title: `+CME ERROR: ${code}`,
			call: connect,
			conversation: `> AT+QMTCONN=1,"x"\n< +CME ERROR: ${code}\n`,
			error: "CommandError",
			code: Number(code),
			message: new RegExp(`AT\\+QMTCONN: \\+CME ERROR: ${code} \\(${meaning}\\)`),
		})),
	{
		title: "ERROR",
		call: subscribe,
		conversation: '> AT+QMTSUB=1,7,"t",1\n< ERROR',
		error: "CommandError",
		message: /AT\+QMTSUB: ERROR/,
	},
	{
		title: "a refusal instead of the prompt",
		call: publishData,
		conversation: '> AT+QMTPUB=1,7,1,0,"t"\n< ERROR',
		error: "CommandError",
		message: /AT\+QMTPUB: ERROR/,
	},
	{
		title: "OK without what was asked for",
		call: qmt => qmt.keepAlive(1),
		conversation: '> AT+QMTCFG="keepalive",1\n< OK',
		error: "ResponseError",
		message: /AT\+QMTCFG="keepalive"/,
	},
	{
		title: "an answer that is none",
		call: qmt => qmt.version(1),
		conversation: '> AT+QMTCFG="version",1\n< +QMTCFG: "version",9\n< OK',
		error: "ResponseError",
		message: /AT\+QMTCFG="version"/,
	},
	{
		title: "the answer to another option",
		call: qmt => qmt.session(1),
		conversation: '> AT+QMTCFG="session",1\n< +QMTCFG: "keepalive",1\n< OK',
		error: "ResponseError",
	},
	{
		title: "a test form without an answer",
		call: qmt => qmt.publishRange(),
		conversation: "> AT+QMTPUB=?\n< OK",
		error: "ResponseError",
		message: /AT\+QMTPUB=\?/,
	},
];
