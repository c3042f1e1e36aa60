import { done, open, PUB, publishes, reopens, works, type Case } from "./fault-case.js";

export const commandCases: readonly Case[] = [
	{
		kind: "command.swallowed",
		title: "no answer, nothing sent",
		connected: true,
		send: PUB,
		lines: [],
		then: async (bench, t) => {
			t.deepEqual(bench.published, []);
			await publishes(bench, t);
		},
	},
	{
		kind: "command.swallowed",
		title: "the data of data mode, not the command",
		parameters: { command: "+QMTPUB", stage: "data" },
		connected: true,
		send: 'AT+QMTPUB=0,7,1,0,"t"',
		lines: [">"],
		then: async (bench, t) => {
			bench.terminal.type("hello\x1a");
			t.deepEqual(await bench.wait(60_000), []);
			t.deepEqual(bench.published, []);
			await publishes(bench, t);
		},
	},
	{
		kind: "command.refused",
		title: "the next one of that name",
		parameters: { command: "+QMTPUB", final: "+CME ERROR: 3" },
		connected: true,
		send: PUB,
		lines: ["+CME ERROR: 3"],
		then: publishes,
	},
	{
		kind: "softReset.fails",
		title: "AT+QRST answers ERROR, and nothing is reset",
		connected: true,
		send: "AT+QRST=1",
		waitMs: 5000,
		lines: ["ERROR"],
		then: publishes,
	},
	{
		kind: "softReset.fails",
		title: "AT+QRST is not answered",
		parameters: { final: "" },
		connected: true,
		send: "AT+QRST=1",
		waitMs: 5000,
		lines: [],
		then: publishes,
	},
	{ kind: "final.lost", title: "the result comes", connected: true, send: PUB, lines: done.slice(1) },
	{
		kind: "final.late",
		title: "the result waits for it",
		parameters: { ms: 30_000 },
		connected: true,
		send: PUB,
		waitMs: 29_900,
		lines: [],
		then: async ({ wait, published }, t) => {
			t.deepEqual(published, ["m7"]);
			t.deepEqual(await wait(200), done);
		},
	},
	{
		kind: "final.late",
		title: "what is typed meanwhile is queued",
		parameters: { command: "+CGATT", ms: 5000 },
		send: "AT+CGATT?\rAT",
		waitMs: 6000,
		lines: ["+CGATT: 1", "OK", "OK"],
	},
	{
		kind: "result.beforeFinal",
		title: "the result, then OK",
		connected: true,
		send: PUB,
		lines: [...done].reverse(),
	},
	{
		kind: "result.lost",
		title: "OK and no more, though it was published",
		connected: true,
		send: PUB,
		waitMs: 60_000,
		lines: ["OK"],
		then: ({ published }, t) => t.deepEqual(published, ["m7"]),
	},
	{
		kind: "result.late",
		title: "after a minute",
		parameters: { ms: 60_000 },
		connected: true,
		send: PUB,
		waitMs: 59_000,
		lines: ["OK"],
		then: async ({ wait }, t) => t.deepEqual(await wait(2000), done.slice(1)),
	},
	{ kind: "result.doubled", title: "at once", connected: true, send: PUB, lines: [...done, done[1]] },
	{
		kind: "result.doubled",
		title: "later",
		parameters: { ms: 5000 },
		connected: true,
		send: PUB,
		lines: done,
		then: async ({ wait }, t) => t.deepEqual(await wait(5000), done.slice(1)),
	},
	{
		kind: "result.ofOther",
		title: "in place of the true one",
		parameters: { by: 65_534 },
		connected: true,
		send: PUB,
		lines: ["OK", "+QMTPUB: 0,6,0"],
	},
	{
		kind: "result.ofOther",
		title: "and the true one; QMTCONN has none",
		parameters: { by: 1000, both: true },
		send: open,
		lines: ["OK", "+QMTOPEN: 0,0"],
		then: async ({ say }, t) => {
			t.deepEqual(await say('AT+QMTCONN=0,"me"'), ["OK", "+QMTCONN: 0,0,0"]);
			t.deepEqual(await say('AT+QMTSUB=0,5,"x",1'), ["OK", "+QMTSUB: 0,1005,0,1", "+QMTSUB: 0,5,0,1"]);
		},
	},
	{
		kind: "result.retransmission",
		title: "notices, then the result",
		connected: true,
		send: PUB,
		waitMs: 3000,
		lines: ["OK", "+QMTPUB: 0,7,1,1", "+QMTPUB: 0,7,1,2", "+QMTPUB: 0,7,0"],
	},
	{
		kind: "result.failed",
		title: "2, though it was published",
		connected: true,
		send: PUB,
		lines: ["OK", "+QMTPUB: 0,7,2"],
		then: ({ published }, t) => t.deepEqual(published, ["m7"]),
	},
	{
		kind: "urc.lost",
		title: "the end of the connection is not told",
		parameters: { name: "+QMTSTAT" },
		connected: true,
		then: async ({ terminal, faults, say }, t) => {
			faults.inject("stat");
			t.deepEqual(terminal.lines(), []);
			t.deepEqual(await say(PUB), ["ERROR"]);
		},
	},
];

export const mqttCases: readonly Case[] = [
	...[-1, 1, 2, 3, 4, 5].map((result): Case => ({
		kind: "open.result",
		title: `${result}, and the identifier stays closed`,
		parameters: { result },
		send: open,
		lines: ["OK", `+QMTOPEN: 0,${result}`],
		then: reopens,
	})),
	{
		kind: "open.occupied",
		title: "result 2 until QMTCLOSE",
		send: open,
		lines: ["OK", "+QMTOPEN: 0,2"],
		then: async (bench, t) => {
			t.deepEqual(await bench.say("AT+QMTOPEN?"), ['+QMTOPEN: 0,"0.0.0.0",0', "OK"]);
			t.deepEqual(await bench.say("AT+QMTCLOSE=0"), ["OK", "+QMTCLOSE: 0,0"]);
			await reopens(bench, t);
		},
	},
	...["0,1", "0,2", "0,3", "0,4", "0,5"].map((result): Case => ({
		kind: "connect.result",
		title: `${result}: not connected`,
		parameters: { result },
		send: open,
		lines: ["OK", "+QMTOPEN: 0,0"],
		then: async (bench, t) => {
			t.deepEqual(await bench.say('AT+QMTCONN=0,"me"'), ["OK", `+QMTCONN: 0,${result}`]);
			t.deepEqual(await bench.say("AT+QMTCONN?"), ["+QMTCONN: 0,1", "OK"]);
			t.deepEqual(await bench.say('AT+QMTCONN=0,"me"'), ["OK", "+QMTCONN: 0,0,0"]);
		},
	})),
	{
		kind: "connect.result",
		title: "2: the connection is gone",
		parameters: { result: "2" },
		send: open,
		lines: ["OK", "+QMTOPEN: 0,0"],
		then: async (bench, t) => {
			t.deepEqual(await bench.say('AT+QMTCONN=0,"me"'), ["OK", "+QMTCONN: 0,2", "+QMTSTAT: 0,4"]);
			await reopens(bench, t);
		},
	},
	{
		kind: "publish.failed",
		title: "2 and STAT 6, and nothing was sent",
		connected: true,
		send: PUB,
		lines: ["OK", "+QMTPUB: 0,7,2", "+QMTSTAT: 0,6"],
		then: async (bench, t) => {
			t.deepEqual(bench.published, []);
			await reopens(bench, t);
		},
	},
	...[1, 2, 3, 4, 5, 6, 7].map((code): Case => ({
		kind: "stat",
		title: `${code}: the identifier is closed`,
		parameters: { code },
		connected: true,
		lines: [`+QMTSTAT: 0,${code}`],
		then: async (bench, t) => {
			t.deepEqual(await bench.say("AT+QMTOPEN?"), ["OK"]);
			await reopens(bench, t);
		},
	})),
	{
		kind: "stat",
		title: "2 and a stuck context: opens again once the context has been cycled",
		parameters: { code: 2, context: true },
		connected: true,
		lines: ["+QMTSTAT: 0,2"],
		then: async (bench, t) => {
			t.deepEqual(await bench.say(open), ["OK", "+QMTOPEN: 0,3"]);
			await bench.say("AT+CGACT=0,1");
			await bench.say("AT+CGACT=1,1");
			await reopens(bench, t);
		},
	},
	{
		kind: "identifier.stuck",
		title: "says it is connected, answers OK and does nothing until QMTCLOSE",
		connected: true,
		send: PUB,
		waitMs: 600_000,
		lines: ["OK"],
		then: async (bench, t) => {
			t.deepEqual(bench.published, []);
			t.deepEqual(await bench.say("AT+QMTCONN?"), ["+QMTCONN: 0,3", "OK"]);
			t.deepEqual(await bench.say("AT+QMTCLOSE=0"), ["OK", "+QMTCLOSE: 0,0"]);
			await reopens(bench, t);
		},
	},
	{
		kind: "stack.stuck",
		title: "MQTT commands are errors until a reset, others work",
		connected: true,
		modem: { variants: { autoBaudDrops: [0, 0], sleepMode: 0 } },
		send: PUB,
		lines: ["ERROR"],
		then: async (bench, t) => {
			await works(bench, t);
			t.deepEqual(await bench.say("AT+QMTCLOSE=0"), ["ERROR"]);
			await bench.say("AT+QRST=1", 5000);
			await bench.say("AT", 5000);
			await bench.say("ATE0");
			await reopens(bench, t);
		},
	},
];
