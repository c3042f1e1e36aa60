import { open, PUB, publishes, reopens, type Case } from "./fault-case.js";

export const airCases: readonly Case[] = [
	{
		kind: "coverage.lost",
		title: "for ten minutes; what was published arrives then",
		connected: true,
		send: "AT+CEREG?",
		lines: ["+CEREG: 0,2", "OK"],
		then: async (bench, t) => {
			t.deepEqual(await bench.say(PUB, 9000), ["OK"]);
			bench.faults.heal();
			t.deepEqual(await bench.wait(5000), ["+QMTPUB: 0,7,0"]);
		},
	},
	{
		kind: "coverage.lost",
		title: "for days",
		parameters: { ms: 3 * 86_400_000 },
		waitMs: 3 * 86_400_000 - 1000,
		then: async ({ say, wait }, t) => {
			t.deepEqual(await say("AT+CEREG?", 100), ["+CEREG: 0,2", "OK"]);
			await wait(5000);
			t.deepEqual(await say("AT+CEREG?"), ["+CEREG: 0,1", "OK"]);
		},
	},
	{
		kind: "registration.denied",
		title: "stat 3",
		waitMs: 2000,
		send: "AT",
		then: async ({ say, wait }, t) => {
			t.deepEqual(await say("AT+CEREG?"), ["+CEREG: 0,3", "OK"]);
			await wait(600_000);
			t.deepEqual(await say("AT+CEREG?"), ["+CEREG: 0,1", "OK"]);
		},
	},
	{
		kind: "sim.lost",
		title: "no SIM for a minute",
		send: "AT+CPIN?",
		lines: ["ERROR"],
		then: async ({ say, wait }, t) => {
			await wait(60_000);
			t.deepEqual(await say("AT+CPIN?"), ["+CPIN: READY", "OK"]);
		},
	},
	{
		kind: "context.lost",
		title: "until the host activates it",
		connected: true,
		waitMs: 600_000,
		lines: ["+QMTSTAT: 0,7"],
		then: async (bench, t) => {
			t.deepEqual(await bench.say(open), ["OK", "+QMTOPEN: 0,3"]);
			await bench.say("AT+CGACT=1,1");
			await reopens(bench, t);
		},
	},
	{
		kind: "context.lost",
		title: "for a while",
		parameters: { ms: 60_000 },
		waitMs: 61_000,
		lines: ["+IP: 10.170.235.216"],
		then: reopens,
	},
	{
		kind: "context.stuck",
		title: "registered and active, and nothing passes, until the context is cycled",
		connected: true,
		send: "AT+CGACT?",
		lines: ["+CGACT: 1,1", "OK"],
		then: async (bench, t) => {
			t.deepEqual(await bench.say(PUB, 45_000), ["OK", "+QMTPUB: 0,7,2", "+QMTSTAT: 0,6"]);
			t.deepEqual(await bench.say(open), ["OK", "+QMTOPEN: 0,3"]);
			await bench.say("AT+CGACT=0,1");
			await bench.say("AT+CGACT=1,1");
			await reopens(bench, t);
		},
	},
	{
		kind: "radio.stuck",
		title: "cycling the context is not enough, the radio is",
		connected: true,
		send: "AT+CEREG?",
		lines: ["+CEREG: 0,1", "OK"],
		then: async (bench, t) => {
			await bench.say("AT+CGACT=0,1");
			await bench.say("AT+CGACT=1,1");
			t.deepEqual(await bench.say(open), ["OK", "+QMTOPEN: 0,3"]);
			await bench.say("AT+CFUN=0");
			await bench.say("AT+CFUN=1", 5000);
			await reopens(bench, t);
		},
	},
];

export const brokerCases: readonly Case[] = [
	...(
		[
			["dns.fails", 4],
			["broker.unreachable", -1],
		] as const
	).map(([kind, result]): Case => ({
		kind,
		title: `QMTOPEN ends with ${result} for a minute`,
		send: open,
		lines: ["OK", `+QMTOPEN: 0,${result}`],
		then: async (bench, t) => {
			await bench.wait(60_000);
			await reopens(bench, t);
		},
	})),
	...[1, 2, 3, 4, 5].map((returnCode): Case => ({
		kind: "broker.refuses",
		title: `CONNACK ${returnCode}, and the broker closes`,
		parameters: { returnCode },
		send: open,
		lines: ["OK", "+QMTOPEN: 0,0"],
		then: async (bench, t) => {
			t.deepEqual(await bench.say('AT+QMTCONN=0,"me"'), [
				"OK",
				`+QMTCONN: 0,0,${returnCode}`,
				"+QMTSTAT: 0,1",
			]);
			await bench.wait(60_000);
			await reopens(bench, t);
		},
	})),
	{
		kind: "broker.halfOpen",
		title: "nothing passes and nothing is told; new connections hang too",
		parameters: { ms: 300_000 },
		connected: true,
		send: PUB,
		waitMs: 45_000,
		lines: ["OK", "+QMTPUB: 0,7,2", "+QMTSTAT: 0,6"],
		then: async (bench, t) => {
			t.deepEqual(await bench.say(open), ["OK", "+QMTOPEN: 0,0"]);
			t.deepEqual(await bench.say('AT+QMTCONN=0,"terminal"', 15_000), [
				"OK",
				"+QMTCONN: 0,2",
				"+QMTSTAT: 0,4",
			]);
			await bench.wait(300_000);
			await reopens(bench, t);
		},
	},
	{
		kind: "broker.restarts",
		title: "all connections end, and none can be made for a while",
		connected: true,
		lines: ["+QMTSTAT: 0,1"],
		then: async (bench, t) => {
			t.deepEqual(await bench.say(open), ["OK", "+QMTOPEN: 0,-1"]);
			await bench.wait(5000);
			await reopens(bench, t);
		},
	},
	{
		kind: "broker.takeover",
		title: "the broker itself closes the older session",
		connected: true,
		lines: ["+QMTSTAT: 0,1"],
		then: reopens,
	},
	{
		kind: "broker.garbage",
		title: "what is no MQTT ends the connection",
		connected: true,
		lines: ["+QMTSTAT: 0,7"],
		then: reopens,
	},
	{
		kind: "broker.messages",
		title: "nobody subscribed to, with any payload",
		parameters: { count: 2, payload: "\r\nOK\r\n" },
		connected: true,
		lines: ['+QMTRECV: 0,0,"t/hostile","', "OK", '"', '+QMTRECV: 0,0,"t/hostile","', "OK", '"'],
		then: publishes,
	},
];
