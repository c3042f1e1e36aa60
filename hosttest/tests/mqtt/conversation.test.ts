import test from "ava";
import { CommandError } from "../../../modules/at/errors.js";
import { execute } from "../../../modules/at/execute.js";
import type { CommandSpec, Form } from "../../../modules/at/command.js";
import type { Value } from "../../../modules/at/request.js";
import { MQTT } from "../../../modules/bc20/commands.js";
import { receivedEnds } from "../../../modules/bc20/received.js";
import { synchronisedBench } from "../bench.js";

type Step = [
	spec: CommandSpec,
	form: Form,
	values: readonly Value[],
	sent: string,
	answer: readonly string[],
	/** What the command gives its owner. */
	heard: readonly string[],
	/** A URC behind it. */
	urc?: string,
];

/**
 * The conversation of chapter 6 of the application note, as far as it connects, publishes and disconnects, through the table that the
 * firmware uses.
 */
const conversation: readonly Step[] = [
	[
		MQTT.open,
		"test",
		[],
		"AT+QMTOPEN=?",
		['+QMTOPEN: (0-5),"<host_name>",<port>', "OK"],
		['+QMTOPEN: (0-5),"<host_name>",<port>'],
	],
	[
		MQTT.open,
		"write",
		[0, "220.180.239.212", 8401],
		'AT+QMTOPEN=0,"220.180.239.212",8401',
		["OK", "+QMTOPEN: 0,0"],
		["+QMTOPEN: 0,0"],
	],
	[
		MQTT.open,
		"read",
		[],
		"AT+QMTOPEN?",
		['+QMTOPEN: 0,"220.180.239.212",8401', "OK"],
		['+QMTOPEN: 0,"220.180.239.212",8401'],
	],
	[
		MQTT.connect,
		"test",
		[],
		"AT+QMTCONN=?",
		['+QMTCONN: (0-5),"<clientID>"[,"<username>"[,"<password>"]]', "OK"],
		['+QMTCONN: (0-5),"<clientID>"[,"<username>"[,"<password>"]]'],
	],
	[
		MQTT.connect,
		"write",
		[0, "clientExample"],
		'AT+QMTCONN=0,"clientExample"',
		["OK", "+QMTCONN: 0,0,0"],
		["+QMTCONN: 0,0,0"],
	],
	[
		MQTT.publish,
		"test",
		[],
		"AT+QMTPUB=?",
		['+QMTPUB: (0-5),<msgID>,<qos>,<retain>,"<topic>","<msg>"', "OK"],
		['+QMTPUB: (0-5),<msgID>,<qos>,<retain>,"<topic>","<msg>"'],
	],
	[
		MQTT.publish,
		"write",
		[0, 0, 0, 0, "topic/pub", "hello MQTT."],
		'AT+QMTPUB=0,0,0,0,"topic/pub","hello MQTT."',
		["OK", "+QMTPUB: 0,0,0"],
		["+QMTPUB: 0,0,0"],
		'+QMTRECV: 0,0,"topic/pub","hello MQTT."',
	],
	[MQTT.disconnect, "write", [0], "AT+QMTDISC=0", ["OK", "+QMTDISC: 0,0"], ["+QMTDISC: 0,0"]],
];

const URCS = [
	"+CEREG: 5",
	"+IP: 10.170.235.216",
	"+QMTSTAT: 5,1",
	'+QMTRECV: 0,0,"topic/example","OK\r\nERROR"',
];

/** Plays the conversation; `between(line)` says which URC goes before a line of the module. */
async function play(
	between: (line: number) => string | undefined,
): Promise<{ sent: string[]; heard: string[][]; urcs: string[] }> {
	const { clock, serial, scheduler } = await synchronisedBench();
	const urcs: string[] = [];
	scheduler.listen("+QMTRECV", line => urcs.push(line.text), receivedEnds);
	for (const prefix of ["+CEREG", "+IP", "+QMTSTAT"]) scheduler.listen(prefix, line => urcs.push(line.text));
	const sent: string[] = [];
	const heard: string[][] = [];
	let line = 0;
	const say = async (text: string) => {
		const urc = between(line++);
		if (urc !== undefined) serial.receive(`\r\n${urc}\r\n`);
		serial.receive(`\r\n${text}\r\n`);
		await clock.advance(60);
	};
	for (const [spec, form, values, , answer, , urc] of conversation) {
		const lines: string[] = [];
		const onLine = (line: { text: string }) => lines.push(line.text);
		const running = execute(scheduler, spec, form, values, { onInformation: onLine, onResult: onLine });
		await clock.advance(1);
		sent.push(serial.take());
		serial.writable();
		for (const text of answer) await say(text);
		await running;
		heard.push(lines);
		if (urc !== undefined) await say(urc);
	}
	scheduler.close();
	return { sent, heard, urcs };
}

test.serial("chapter 6 of the note: every byte sent, every line understood", async t => {
	const { sent, heard, urcs } = await play(() => undefined);
	t.deepEqual(
		sent,
		conversation.map(([, , , command]) => `${command}\r`),
	);
	t.deepEqual(
		heard,
		conversation.map(([, , , , , lines]) => [...lines]),
	);
	t.deepEqual(urcs, ['+QMTRECV: 0,0,"topic/pub","hello MQTT."']);
});

const LINES = conversation.reduce(
	(count, [, , , , answer, , urc]) => count + answer.length + (urc ? 1 : 0),
	0,
);

test.serial("a URC at any line boundary changes nothing else", async t => {
	const plain = await play(() => undefined);
	for (const urc of URCS)
		for (let at = 0; at < LINES; at++) {
			const { sent, heard, urcs } = await play(line => (line === at ? urc : undefined));
			t.deepEqual({ sent, heard }, { sent: plain.sent, heard: plain.heard }, `${urc} before line ${at}`);
			t.is(urcs.length, 2);
			t.true(urcs.includes(urc));
		}
});

test.serial("a late result of another identifier changes nothing either", async t => {
	const isCommand = ([, form]: Step) => form !== "test";
	const plain = (await play(() => undefined)).heard.filter((_, step) => isCommand(conversation[step]));
	for (const urc of [
		"+QMTOPEN: 3,0",
		"+QMTCONN: 3,0,0",
		"+QMTPUB: 3,0,0",
		"+QMTPUB: 0,9,0",
		"+QMTDISC: 3,-1",
	])
		for (let at = 0; at < LINES; at++) {
			const { heard } = await play(line => (line === at ? urc : undefined));
			t.deepEqual(
				heard.filter((_, step) => isCommand(conversation[step])),
				plain,
				`${urc} before line ${at}`,
			);
		}
});

test.serial("the errors of the note have their meaning", async t => {
	const { clock, serial, scheduler } = await synchronisedBench({
		describe: (await import("../../../modules/bc20/codes.js")).describeFinal,
	});
	for (const [code, meaning] of [
		[3, "operation not allowed"],
		[30, "no network service"],
		[50, "incorrect parameters"],
		[100, "unknown"],
	] as const) {
		const failed = t.throwsAsync(execute(scheduler, MQTT.disconnect, "write", [0]), {
			instanceOf: CommandError,
			message: `AT+QMTDISC: +CME ERROR: ${code} (${meaning})`,
		});
		await clock.advance(1);
		serial.writable();
		serial.receive(`\r\n+CME ERROR: ${code}\r\n`);
		await clock.advance(60);
		await failed;
	}
	scheduler.close();
});
