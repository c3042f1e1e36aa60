import type { MQTT, QMTForm } from "../../../modules/bc20/qmt-commands.js";
import type { QMT } from "../../../modules/bc20/qmt.js";

/** One method of QMT, the conversation that it leads to, and its typed result. */
export interface Case {
	readonly command: keyof typeof MQTT;
	readonly form: QMTForm;
	readonly call: (qmt: QMT) => Promise<unknown>;
	/** As the transcripts of transcript.ts: recorded with the later firmware where the two differ. */
	readonly conversation: string;
	readonly result?: unknown;
	/** The result with the firmware of the note, where it differs. */
	readonly noteResult?: unknown;
	/** For later firmware only. */
	readonly later?: boolean;
}

export const range = (minimum: number, maximum: number) => ({ minimum, maximum });
const ids = range(0, 5);

const noteOptions = [
	{ option: "keepalive", parameters: [ids, range(0, 3600)] },
	{ option: "session", parameters: [ids, range(0, 1)] },
	{ option: "timeout", parameters: [ids, range(1, 60), range(1, 10), range(0, 1)] },
	{ option: "will", parameters: [ids, range(0, 1), range(0, 2), range(0, 1), "will_topic", "will_msg"] },
	{ option: "aliauth", parameters: [ids, "productkey", "devicename", "devicesecret"] },
];
const will = { topic: "gone/device", message: "no, not well", QoS: 2, retain: true };
const device = { productKey: "a1b2C3", deviceName: "meter-7", deviceSecret: "s3cr3t" };
const inline = { form: "inline", QoS: 1, retain: false } as const;
export const REFUSED = "not/for/you";

const set = (command: Case["command"], call: Case["call"], values: string, later = false): Case => ({
	command,
	form: "write",
	call,
	conversation: `> AT+QMTCFG=${values}\n< OK`,
	later,
});
const query = (
	command: Case["command"],
	call: Case["call"],
	values: string,
	answer: string | undefined,
	result: unknown,
	later = false,
): Case => ({
	command,
	form: "query",
	call,
	conversation: `> AT+QMTCFG=${values}\n${answer === undefined ? "" : `< +QMTCFG: ${answer}`}\n< OK`,
	result,
	later,
});
const tested = (
	command: Case["command"],
	call: Case["call"],
	name: string,
	answer: string,
	...result: unknown[]
): Case => ({
	command,
	form: "test",
	call,
	conversation: `> AT${name}=?\n< ${name}: ${answer}\n< OK`,
	result: [ids, ...result],
});

/** Every form of every command, in the order of one session on a broker that refuses the topic `REFUSED`. */
export const cases: readonly Case[] = [
	{
		command: "options",
		form: "test",
		call: qmt => qmt.supportedOptions(),
		conversation: `
			> AT+QMTCFG=?
			< +QMTCFG: "keepalive",(0-5),(0-3600)
			< +QMTCFG: "session",(0-5),(0,1)
			< +QMTCFG: "timeout",(0-5),(1-60),(1-10),(0,1)
			< +QMTCFG: "will",(0-5),(0,1),(0-2),(0,1),"will_topic","will_msg"
			< +QMTCFG: "aliauth",(0-5),"productkey","devicename","devicesecret"
			< +QMTCFG: "echomode",(0-5),(0,1)
			< +QMTCFG: "dataformat",(0-5),(0,1),(0,1)
			< +QMTCFG: "version",(0-5),(3,4)
			< OK`,
		result: [
			...noteOptions,
			{ option: "echomode", parameters: [ids, range(0, 1)] },
			{ option: "dataformat", parameters: [ids, range(0, 1), range(0, 1)] },
			{ option: "version", parameters: [ids, range(3, 4)] },
		],
		noteResult: noteOptions,
	},
	query("keepAlive", qmt => qmt.keepAlive(0), '"keepalive",0', '"keepalive",120', 120),
	set("keepAlive", qmt => qmt.setKeepAlive(0, 3600), '"keepalive",0,3600'),
	query("keepAlive", qmt => qmt.keepAlive(0), '"keepalive",0', '"keepalive",3600', 3600),
	set("session", qmt => qmt.setSession(0, false), '"session",0,0'),
	query("session", qmt => qmt.session(0), '"session",0', '"session",0', false),
	set("session", qmt => qmt.setSession(0, true), '"session",0,1'),
	query("session", qmt => qmt.session(0), '"session",0', '"session",1', true),
	query("timeout", qmt => qmt.timeout(0), '"timeout",0', '"timeout",10,3,0', {
		packetTimeout: 10,
		retries: 3,
		notice: false,
	}),
	set("timeout", qmt => qmt.setTimeout(0, { packetTimeout: 20 }), '"timeout",0,20'),
	set("timeout", qmt => qmt.setTimeout(0, { packetTimeout: 20, retries: 0 }), '"timeout",0,20,0'),
	set(
		"timeout",
		qmt => qmt.setTimeout(0, { packetTimeout: 5, retries: 2, notice: true }),
		'"timeout",0,5,2,1',
	),
	query("timeout", qmt => qmt.timeout(0), '"timeout",0', '"timeout",5,2,1', {
		packetTimeout: 5,
		retries: 2,
		notice: true,
	}),
	query("will", qmt => qmt.will(0), '"will",0', '"will",0', undefined),
	set("will", qmt => qmt.setWill(0, will), '"will",0,1,2,1,"gone/device","no, not well"'),
	query("will", qmt => qmt.will(0), '"will",0', '"will",1,2,1,"gone/device","no, not well"', will),
	set("will", qmt => qmt.setWill(0, undefined), '"will",0,0'),
	query("aliAuth", qmt => qmt.aliAuth(5), '"aliauth",5', undefined, undefined),
	set("aliAuth", qmt => qmt.setAliAuth(5, device), '"aliauth",5,"a1b2C3","meter-7","s3cr3t"'),
	query("aliAuth", qmt => qmt.aliAuth(5), '"aliauth",5', '"aliauth","a1b2C3","meter-7","s3cr3t"', device),
	query("version", qmt => qmt.version(0), '"version",0', '"version",3', 3, true),
	set("version", qmt => qmt.setVersion(0, 4), '"version",0,4', true),
	query("version", qmt => qmt.version(0), '"version",0', '"version",4', 4, true),
	set(
		"dataFormat",
		qmt => qmt.setDataFormat(0, { send: "text", receive: "hex" }),
		'"dataformat",0,0,1',
		true,
	),
	query(
		"dataFormat",
		qmt => qmt.dataFormat(0),
		'"dataformat",0',
		'"dataformat",0,1',
		{ send: "text", receive: "hex" },
		true,
	),
	set("echoMode", qmt => qmt.setEchoMode(0, true), '"echomode",0,1', true),
	query("echoMode", qmt => qmt.echoMode(0), '"echomode",0', '"echomode",1', true, true),
	set("echoMode", qmt => qmt.setEchoMode(0, false), '"echomode",0,0', true),

	tested("open", qmt => qmt.openRange(), "+QMTOPEN", '(0-5),"<host_name>",<port>', "host_name", "port"),
	{
		command: "open",
		form: "write",
		call: qmt => qmt.open(0, "broker.test", 1883),
		conversation: '> AT+QMTOPEN=0,"broker.test",1883\n< OK\n< +QMTOPEN: 0,0',
	},
	{
		command: "open",
		form: "write",
		call: qmt => qmt.open(3, "10.0.0.1", 65535),
		conversation: '> AT+QMTOPEN=3,"10.0.0.1",65535\n< OK\n< +QMTOPEN: 3,0',
	},
	{
		command: "open",
		form: "read",
		call: qmt => qmt.opened(),
		conversation: '> AT+QMTOPEN?\n< +QMTOPEN: 0,"broker.test",1883\n< +QMTOPEN: 3,"10.0.0.1",65535\n< OK',
		result: [
			{ id: 0, host: "broker.test", port: 1883 },
			{ id: 3, host: "10.0.0.1", port: 65535 },
		],
	},
	tested(
		"connect",
		qmt => qmt.connectRange(),
		"+QMTCONN",
		'(0-5),"<clientID>"[,"<username>"[,"<password>"]]',
		"clientID",
		"username",
		"password",
	),
	{
		command: "connect",
		form: "write",
		call: qmt => qmt.connect(0, { clientId: "device", user: "somebody", password: "hush" }),
		conversation: '> AT+QMTCONN=0,"device","somebody","hush"\n< OK\n< +QMTCONN: 0,0,0',
	},
	{
		command: "connect",
		form: "read",
		call: qmt => qmt.clientStates(),
		conversation: "> AT+QMTCONN?\n< +QMTCONN: 0,3\n< +QMTCONN: 3,1\n< OK",
		result: [
			{ id: 0, state: 3 },
			{ id: 3, state: 1 },
		],
	},
	tested(
		"subscribe",
		qmt => qmt.subscribeRange(),
		"+QMTSUB",
		'(0-5),<msgID>,"<topic>",<qos>[,"<topic>",<qos>...]',
		"msgID",
		"topic",
		"qos",
		"topic",
		"qos",
	),
	{
		command: "subscribe",
		form: "write",
		call: qmt => qmt.subscribe(0, 1, [{ topic: "a/+/#", QoS: 0 }]),
		conversation: '> AT+QMTSUB=0,1,"a/+/#",0\n< OK\n< +QMTSUB: 0,1,0,0',
		result: [0],
	},
	{
		command: "subscribe",
		form: "write",
		call: qmt =>
			qmt.subscribe(0, 65535, [
				{ topic: "b", QoS: 1 },
				{ topic: REFUSED, QoS: 0 },
				{ topic: "c/é", QoS: 2 },
			]),
		conversation: `> AT+QMTSUB=0,65535,"b",1,"${REFUSED}",0,"c/é",2\n< OK\n< +QMTSUB: 0,65535,0,1,128,2`,
		result: [1, 128, 2],
	},
	tested(
		"unsubscribe",
		qmt => qmt.unsubscribeRange(),
		"+QMTUNS",
		'(0-5),<msgID>,"<topic>"[,"<topic>"...]',
		"msgID",
		"topic",
		"topic",
	),
	{
		command: "unsubscribe",
		form: "write",
		call: qmt => qmt.unsubscribe(0, 2, ["a/+/#", "b"]),
		conversation: '> AT+QMTUNS=0,2,"a/+/#","b"\n< OK\n< +QMTUNS: 0,2,0',
	},
	tested(
		"publish",
		qmt => qmt.publishRange(),
		"+QMTPUB",
		'(0-5),<msgID>,<qos>,<retain>,"<topic>","<msg>"',
		"msgID",
		"qos",
		"retain",
		"topic",
		"msg",
	),
	{
		command: "publish",
		form: "write",
		call: qmt =>
			qmt.publish(0, 0, { topic: "t", message: '{"a":[1,"b"]}', form: "inline", QoS: 0, retain: false }),
		conversation: '> AT+QMTPUB=0,0,0,0,"t","{"a":[1,"b"]}"\n< OK\n< +QMTPUB: 0,0,0',
	},
	{
		command: "publish",
		form: "write",
		call: qmt => qmt.publish(0, 3, { ...inline, topic: "t", message: "one" }),
		conversation: '> AT+QMTPUB=0,3,1,0,"t","one"\n< OK\n< +QMTPUB: 0,3,0',
	},
	{
		command: "publish",
		form: "write",
		call: qmt => qmt.publish(0, 4, { ...inline, topic: "t", message: "", QoS: 2, retain: true }),
		conversation: '> AT+QMTPUB=0,4,2,1,"t",""\n< OK\n< +QMTPUB: 0,4,0',
	},
	{
		command: "publishData",
		form: "write",
		call: qmt => qmt.publish(0, 5, { ...inline, form: "data", topic: "t", message: '{"a":"OK"}' }),
		conversation: '> AT+QMTPUB=0,5,1,0,"t"\n< >\n> {"a":"OK"}^Z\n< OK\n< +QMTPUB: 0,5,0',
		later: true,
	},
	set(
		"dataFormat",
		qmt => qmt.setDataFormat(0, { send: "hex", receive: "text" }),
		'"dataformat",0,1,0',
		true,
	),
	{
		command: "publishHex",
		form: "write",
		call: qmt =>
			qmt.publish(0, 6, { ...inline, form: "hex", topic: "t", message: Uint8Array.of(0, 26, 27, 34, 255) }),
		// The firmware of the note takes the digits for text.
		conversation: '> AT+QMTPUB=0,6,1,0,"t","001A1B22FF"\n< OK\n< +QMTPUB: 0,6,0',
	},
	tested("disconnect", qmt => qmt.disconnectRange(), "+QMTDISC", "(0-5)"),
	{
		command: "disconnect",
		form: "write",
		call: qmt => qmt.disconnect(0),
		conversation: "> AT+QMTDISC=0\n< OK\n< +QMTDISC: 0,0",
	},
	tested("close", qmt => qmt.closeRange(), "+QMTCLOSE", "(0-5)"),
	{
		command: "close",
		form: "write",
		call: qmt => qmt.close(3),
		conversation: "> AT+QMTCLOSE=3\n< OK\n< +QMTCLOSE: 3,0",
	},
	{
		command: "open",
		form: "read",
		call: qmt => qmt.opened(),
		conversation: "> AT+QMTOPEN?\n< OK",
		result: [],
	},
	{
		command: "connect",
		form: "read",
		call: qmt => qmt.clientStates(),
		conversation: "> AT+QMTCONN?\n< OK",
		result: [],
	},
];
