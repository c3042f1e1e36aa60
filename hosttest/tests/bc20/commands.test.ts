import test from "ava";
import { CommandBuilder } from "../../../modules/at/builder.js";
import type { CommandSpec, Form } from "../../../modules/at/command.js";
import { ParameterError } from "../../../modules/at/errors.js";
import { Request, type Value } from "../../../modules/at/request.js";
import { Basic, MQTT, packetTime } from "../../../modules/bc20/commands.js";
import { utf8Of } from "../bytes.js";

/** The bytes of a command as text, as the scheduler would send it. */
function built(spec: CommandSpec, form: Form, values: readonly Value[] = []): string {
	const builder = new CommandBuilder(1152);
	const request = new Request(spec, form, values);
	builder.check(request);
	builder.build(request);
	return utf8Of(builder.bytes.subarray(0, builder.length));
}

type Sample = [spec: CommandSpec, form: Form, values: readonly Value[], expected: string];
const samples: Readonly<Record<keyof typeof Basic | keyof typeof MQTT, readonly Sample[]>> = {
	attention: [[Basic.attention, "execute", [], "AT"]],
	echo: [[Basic.echo, "execute", [], "ATE0"]],
	information: [[Basic.information, "execute", [], "ATI"]],
	errorReports: [[Basic.errorReports, "write", [1], "AT+CMEE=1"]],
	serialNumber: [[Basic.serialNumber, "write", [1], "AT+CGSN=1"]],
	functionality: [
		[Basic.functionality, "read", [], "AT+CFUN?"],
		[Basic.functionality, "write", [1], "AT+CFUN=1"],
		[Basic.functionality, "write", [4, 0], "AT+CFUN=4,0"],
	],
	pin: [[Basic.pin, "read", [], "AT+CPIN?"]],
	sleep: [[Basic.sleep, "write", [0], "AT+QSCLK=0"]],
	powerSaving: [[Basic.powerSaving, "write", [0], "AT+CPSMS=0"]],
	discontinuousReception: [[Basic.discontinuousReception, "write", [0], "AT+CEDRXS=0"]],
	registration: [
		[Basic.registration, "read", [], "AT+CEREG?"],
		[Basic.registration, "write", [1], "AT+CEREG=1"],
	],
	attachment: [
		[Basic.attachment, "read", [], "AT+CGATT?"],
		[Basic.attachment, "write", [1], "AT+CGATT=1"],
	],
	address: [[Basic.address, "write", [1], "AT+CGPADDR=1"]],
	context: [[Basic.context, "read", [], "AT+CGDCONT?"]],
	defaultContext: [
		[Basic.defaultContext, "write", ["IP", "cmnbiot"], 'AT+QCGDEFCONT="IP","cmnbiot"'],
		[Basic.defaultContext, "write", ["IP", "a", "user", "pass"], 'AT+QCGDEFCONT="IP","a","user","pass"'],
	],
	activation: [
		[Basic.activation, "write", [0, 1], "AT+CGACT=0,1"],
		[Basic.activation, "write", [1, 1], "AT+CGACT=1,1"],
	],
	restart: [[Basic.restart, "write", [1], "AT+QRST=1"]],
	signal: [[Basic.signal, "execute", [], "AT+CSQ"]],
	supply: [[Basic.supply, "execute", [], "AT+CBC"]],
	options: [[MQTT.options, "test", [], "AT+QMTCFG=?"]],
	keepAlive: [[MQTT.keepAlive, "write", ["keepalive", 0, 120], 'AT+QMTCFG="keepalive",0,120']],
	session: [[MQTT.session, "write", ["session", 1, 0], 'AT+QMTCFG="session",1,0']],
	timeout: [[MQTT.timeout, "write", ["timeout", 2, 10, 3, 1], 'AT+QMTCFG="timeout",2,10,3,1']],
	will: [
		[MQTT.will, "write", ["will", 3, 0], 'AT+QMTCFG="will",3,0'],
		[MQTT.will, "write", ["will", 3, 1, 2, 1, "gone/x", ""], 'AT+QMTCFG="will",3,1,2,1,"gone/x",""'],
	],
	aliAuth: [
		[MQTT.aliAuth, "write", ["aliauth", 0], 'AT+QMTCFG="aliauth",0'],
		[MQTT.aliAuth, "write", ["aliauth", 0, "pk", "dn", "ds"], 'AT+QMTCFG="aliauth",0,"pk","dn","ds"'],
	],
	version: [[MQTT.version, "write", ["version", 4, 4], 'AT+QMTCFG="version",4,4']],
	dataFormat: [[MQTT.dataFormat, "write", ["dataformat", 5, 1, 0], 'AT+QMTCFG="dataformat",5,1,0']],
	echoMode: [[MQTT.echoMode, "write", ["echomode", 5, 0], 'AT+QMTCFG="echomode",5,0']],
	open: [
		[MQTT.open, "test", [], "AT+QMTOPEN=?"],
		[MQTT.open, "read", [], "AT+QMTOPEN?"],
		[MQTT.open, "write", [0, "220.180.239.212", 8401], 'AT+QMTOPEN=0,"220.180.239.212",8401'],
	],
	close: [[MQTT.close, "write", [5], "AT+QMTCLOSE=5"]],
	connect: [
		[MQTT.connect, "write", [0, "clientExample"], 'AT+QMTCONN=0,"clientExample"'],
		[MQTT.connect, "write", [0, "x", "user"], 'AT+QMTCONN=0,"x","user"'],
		[MQTT.connect, "write", [0, "", "user", "p,w"], 'AT+QMTCONN=0,"","user","p,w"'],
	],
	disconnect: [[MQTT.disconnect, "write", [0], "AT+QMTDISC=0"]],
	subscribe: [
		[MQTT.subscribe, "test", [], "AT+QMTSUB=?"],
		[MQTT.subscribe, "write", [0, 1, "topic/example", 2], 'AT+QMTSUB=0,1,"topic/example",2'],
		[MQTT.subscribe, "write", [0, 1, "a", 0, "b/#", 1], 'AT+QMTSUB=0,1,"a",0,"b/#",1'],
	],
	unsubscribe: [
		[MQTT.unsubscribe, "test", [], "AT+QMTUNS=?"],
		[MQTT.unsubscribe, "write", [0, 2, "topic/example"], 'AT+QMTUNS=0,2,"topic/example"'],
		[MQTT.unsubscribe, "write", [0, 2, "a", "b", "c"], 'AT+QMTUNS=0,2,"a","b","c"'],
	],
	publish: [
		[
			MQTT.publish,
			"write",
			[0, 0, 0, 0, "topic/pub", "hello MQTT."],
			'AT+QMTPUB=0,0,0,0,"topic/pub","hello MQTT."',
		],
		[MQTT.publish, "write", [0, 1, 1, 1, "t", '{"a":[1,"b"]}'], 'AT+QMTPUB=0,1,1,1,"t","{"a":[1,"b"]}"'],
		[MQTT.publish, "write", [0, 0, 0, 0, "t", ""], 'AT+QMTPUB=0,0,0,0,"t",""'],
		[MQTT.publish, "write", [0, 0, 0, 0, "räume/küche", "21 °C"], 'AT+QMTPUB=0,0,0,0,"räume/küche","21 °C"'],
	],
	publishHex: [
		[
			MQTT.publishHex,
			"write",
			[1, 65535, 2, 0, "t", Uint8Array.of(0, 26, 255)],
			'AT+QMTPUB=1,65535,2,0,"t","001AFF"',
		],
	],
	publishData: [[MQTT.publishData, "write", [0, 7, 2, 1, "t"], 'AT+QMTPUB=0,7,2,1,"t"']],
};

for (const [name, list] of Object.entries(samples))
	test(`bytes of ${name}`, t => {
		for (const [spec, form, values, expected] of list) t.is(built(spec, form, values), `${expected}\r`);
	});

const text = (length: number) => "x".repeat(length);
type Limit = [spec: CommandSpec, values: readonly Value[], at: number, minimum: number, maximum: number];
/** Which value of which command has which range: application note 3.2; for strings in bytes. */
const limits: readonly Limit[] = [
	[MQTT.keepAlive, ["keepalive", 0, 0], 1, 0, 5],
	[MQTT.keepAlive, ["keepalive", 0, 0], 2, 0, 3600],
	[MQTT.session, ["session", 0, 0], 2, 0, 1],
	[MQTT.timeout, ["timeout", 0, 10, 3, 1], 2, 1, 60],
	[MQTT.timeout, ["timeout", 0, 10, 3, 1], 3, 0, 10],
	[MQTT.timeout, ["timeout", 0, 10, 3, 1], 4, 0, 1],
	[MQTT.will, ["will", 0, 1, 0, 0, "t", "m"], 2, 0, 1],
	[MQTT.will, ["will", 0, 1, 0, 0, "t", "m"], 3, 0, 2],
	[MQTT.will, ["will", 0, 1, 0, 0, "t", "m"], 4, 0, 1],
	[MQTT.will, ["will", 0, 1, 0, 0, "t", "m"], 5, 1, 255],
	[MQTT.will, ["will", 0, 1, 0, 0, "t", "m"], 6, 0, 255],
	[MQTT.aliAuth, ["aliauth", 0, "p", "d", "s"], 2, 1, 255],
	[MQTT.aliAuth, ["aliauth", 0, "p", "d", "s"], 3, 1, 255],
	[MQTT.aliAuth, ["aliauth", 0, "p", "d", "s"], 4, 1, 255],
	[MQTT.version, ["version", 0, 4], 2, 3, 4],
	[MQTT.dataFormat, ["dataformat", 0, 0, 0], 2, 0, 1],
	[MQTT.dataFormat, ["dataformat", 0, 0, 0], 3, 0, 1],
	[MQTT.echoMode, ["echomode", 0, 0], 2, 0, 1],
	[MQTT.open, [0, "h", 1883], 0, 0, 5],
	[MQTT.open, [0, "h", 1883], 1, 1, 100],
	[MQTT.open, [0, "h", 1883], 2, 1, 65535],
	[MQTT.close, [0], 0, 0, 5],
	[MQTT.connect, [0, "x"], 0, 0, 5],
	[MQTT.disconnect, [0], 0, 0, 5],
	[MQTT.subscribe, [0, 1, "t", 0], 0, 0, 5],
	[MQTT.subscribe, [0, 1, "t", 0], 1, 1, 65535],
	[MQTT.subscribe, [0, 1, "t", 0], 2, 1, 255],
	[MQTT.subscribe, [0, 1, "t", 0], 3, 0, 2],
	[MQTT.unsubscribe, [0, 1, "t"], 1, 1, 65535],
	[MQTT.unsubscribe, [0, 1, "t"], 2, 1, 255],
	[MQTT.publish, [0, 0, 0, 0, "t", "m"], 0, 0, 5],
	[MQTT.publish, [0, 0, 0, 0, "t", "m"], 1, 0, 65535],
	[MQTT.publish, [0, 0, 0, 0, "t", "m"], 2, 0, 2],
	[MQTT.publish, [0, 0, 0, 0, "t", "m"], 3, 0, 1],
	[MQTT.publish, [0, 0, 0, 0, "t", "m"], 4, 1, 255],
	[MQTT.publish, [0, 0, 0, 0, "t", "m"], 5, 0, 700],
	[MQTT.publishHex, [0, 0, 0, 0, "t", "m"], 5, 0, 350],
	[Basic.errorReports, [0], 0, 0, 2],
	[Basic.sleep, [0], 0, 0, 2],
	[Basic.attachment, [0], 0, 0, 1],
	[Basic.activation, [0, 1], 1, 1, 15],
	[Basic.defaultContext, ["IP", "a"], 1, 0, 99],
];

const replaced = (values: readonly Value[], at: number, value: Value) =>
	values.map((other, index) => (index === at ? value : other));

for (const [spec, values, at, minimum, maximum] of limits) {
	const parameter = spec.parameters?.[at];
	const title = `AT${spec.name} <${parameter?.name ?? ""}>`;
	test(`limits of ${title}: ${parameter?.kind ?? ""} from ${minimum} to ${maximum}`, t => {
		const isText = parameter?.kind !== "integer";
		const attempt = (value: number) =>
			built(spec, "write", replaced(values, at, isText ? text(value) : value));
		for (const good of [minimum, minimum + 1, maximum - 1, maximum])
			if (good >= minimum && good <= maximum) t.notThrows(() => attempt(good), String(good));
		for (const bad of [minimum - 1, maximum + 1]) {
			if (isText && bad < 0) continue;
			const error = t.throws(() => attempt(bad), { instanceOf: ParameterError });
			t.is<string | undefined, string | undefined>(error.parameter, parameter?.name);
			t.is(error.command, `AT${spec.name}`);
		}
		const wrong = isText ? [7] : [minimum + 0.5, NaN, Infinity, "1"];
		for (const value of wrong)
			t.throws(() => built(spec, "write", replaced(values, at, value)), { instanceOf: ParameterError });
	});
}

test("limits count bytes, not characters", t => {
	t.notThrows(() => built(MQTT.open, "write", [0, "é".repeat(50), 1]));
	t.throws(() => built(MQTT.open, "write", [0, "é".repeat(51), 1]), { message: /<host_name> has 102 bytes/ });
});

for (const [spec, values] of [
	[MQTT.open, [0, "h", 1883]],
	[MQTT.connect, [0, "id", "user", "password"]],
	[MQTT.will, ["will", 0, 1, 0, 0, "t", "m"]],
	[MQTT.aliAuth, ["aliauth", 0, "p", "d", "s"]],
	[MQTT.subscribe, [0, 1, "t", 0]],
	[MQTT.unsubscribe, [0, 1, "t"]],
	[MQTT.publish, [0, 0, 0, 0, "t", "m"]],
	[MQTT.publishData, [0, 0, 0, 0, "t"]],
	[Basic.defaultContext, ["IP", "apn", "user", "password"]],
] as const)
	test(`no value leaves the quotes of AT${spec.name}: ${values.length} values`, t => {
		for (const [at, parameter] of spec.parameters.entries()) {
			if (parameter.kind === "integer" || parameter.kind === "keyword") continue;
			const attempt = (value: Value) => built(spec, "write", replaced(values, at, value));
			const bad = ["a\rAT+QPOWD=0", "a\nb", "\0", "\x1a", "\x1b", "\x7f", "\t"];
			if (parameter.kind !== "message") bad.push('a"b', '"', '","x');
			for (const value of bad) {
				const error = t.throws(() => attempt(value), { instanceOf: ParameterError });
				t.is(error.parameter, parameter.name);
				if (value.length > 1) t.false(error.message.includes(value), "the value is not shown");
			}
			t.throws(() => attempt(Uint8Array.of(0x41, 0x0d)), { instanceOf: ParameterError });
		}
	});

test("the longest commands fit into the builder", t => {
	const topic = text(255);
	t.is(built(MQTT.publish, "write", [5, 65535, 2, 1, topic, text(700)]).length, 983);
	t.is(built(MQTT.publishHex, "write", [5, 65535, 2, 1, topic, text(350)]).length, 983);
	t.is(built(MQTT.connect, "write", [5, topic, topic, topic]).length, 787);
	t.notThrows(() => built(MQTT.will, "write", ["will", 5, 1, 2, 1, topic, topic]));
	t.notThrows(() => built(MQTT.open, "write", [5, text(100), 65535]));
});

test("time limits: the note's maxima", t => {
	t.is(MQTT.open.result.timeout, 75_000);
	t.is(MQTT.open.timeout, 300);
	t.is(MQTT.keepAlive.timeout, 300);
	t.is(Basic.pin.timeout, 5000);
	t.is(Basic.functionality.timeout, 15_000);
	t.is(Basic.attachment.timeout, 85_000, "75 s in the manual, 85 s in a later one");
	t.is(Basic.activation.timeout, 150_000);
	t.is(MQTT.subscribe.result.timeout, packetTime(10, 3));
	t.is(packetTime(10, 3), 42_000, "40 s and the network's own delay");
	t.is(packetTime(1, 0), 3000);
	t.is(packetTime(60, 10), 662_000);
	t.is(MQTT.publish.result.timeout, packetTime(10, 3));
});

test("passwords and user names are secrets in every command that has them", t => {
	const builder = new CommandBuilder(1152);
	const connect = builder.describe(new Request(MQTT.connect, "write", [0, "id", "somebody", "pass-word"]));
	t.is(connect, 'AT+QMTCONN=0,"id",***,***');
	const device = builder.describe(
		new Request(MQTT.aliAuth, "write", ["aliauth", 0, "product", "device", "pass-word"]),
	);
	t.is(device, 'AT+QMTCFG="aliauth",0,"product","device",***');
	const apn = builder.describe(
		new Request(Basic.defaultContext, "write", ["IP", "apn", "somebody", "pass-word"]),
	);
	t.false(apn.includes("pass-word"));
});
