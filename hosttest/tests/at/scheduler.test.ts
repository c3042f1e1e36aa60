import test from "ava";
import type { CommandSpec, Form } from "../../../modules/at/command.js";
import { ATError, ParameterError, QueueFullError } from "../../../modules/at/errors.js";
import { execute } from "../../../modules/at/execute.js";
import { Request, type Value } from "../../../modules/at/request.js";
import { type Bench, latin1, synchronisedBench } from "../bench.js";
import { Command, logged } from "./commands.js";
import { receivedEnds } from "./framing.js";

type Row = [
	title: string,
	command: readonly [CommandSpec, Form, ...Value[]],
	received: string,
	log: readonly string[],
];

/** A bench whose log takes what URC listeners and nobody hear. */
async function loggedBench(log: string[]): Promise<Bench> {
	const all = await synchronisedBench({ onUnknown: line => log.push(`unknown ${line.text}`) });
	for (const prefix of ["+QMTSTAT", "+CEREG", "+QMTRECV"])
		all.scheduler.listen(prefix, line => log.push(`URC ${line.text}`));
	return all;
}

const publish = [Command.publish, "write", 0, 7, 1, 0, "t", "m"] as const;
const open = [Command.open, "write", 0, "h", 1883] as const;

const rows: readonly Row[] = [
	["OK", [Command.signal, "execute"], "\r\nOK\r\n", ["done"]],
	["ERROR", [Command.signal, "execute"], "\r\nERROR\r\n", ["CommandError: AT+CSQ: ERROR"]],
	[
		"+CME ERROR",
		[Command.signal, "execute"],
		"\r\n+CME ERROR: 10\r\n",
		["CommandError: AT+CSQ: +CME ERROR: 10"],
	],
	[
		"+CME ERROR without a blank",
		[Command.signal, "execute"],
		"\r\n+CME ERROR:10\r\n",
		["CommandError: AT+CSQ: +CME ERROR: 10"],
	],
	[
		"+CME ERROR as text",
		[Command.signal, "execute"],
		"\r\n+CME ERROR: SIM busy\r\n",
		["CommandError: AT+CSQ: +CME ERROR"],
	],
	[
		"+CMS ERROR",
		[Command.signal, "execute"],
		"\r\n+CMS ERROR: 500\r\n",
		["CommandError: AT+CSQ: +CMS ERROR: 500"],
	],
	["NO CARRIER", [Command.signal, "execute"], "\r\nNO CARRIER\r\n", ["CommandError: AT+CSQ: NO CARRIER"]],
	["ABORTED", [Command.signal, "execute"], "\r\nABORTED\r\n", ["CommandError: AT+CSQ: ABORTED"]],
	[
		"an information response",
		[Command.signal, "execute"],
		"\r\n+CSQ: 22,0\r\n\r\nOK\r\n",
		["information +CSQ: 22,0", "done"],
	],
	[
		"several lines of information",
		[Command.open, "read"],
		'\r\n+QMTOPEN: 0,"a",1\r\n+QMTOPEN: 1,"b",2\r\n\r\nOK\r\n',
		['information +QMTOPEN: 0,"a",1', 'information +QMTOPEN: 1,"b",2', "done"],
	],
	["a bare response", [Command.imsi, "execute"], "\r\n460001\r\n\r\nOK\r\n", ["information 460001", "done"]],
	[
		"a URC beside a bare response",
		[Command.imsi, "execute"],
		"\r\n+QMTSTAT: 0,1\r\n\r\n460001\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n",
		["URC +QMTSTAT: 0,1", "information 460001", "unknown +CMEE: 1", "done"],
	],
	[
		"an echo is nobody's",
		[Command.imsi, "execute"],
		"AT+CIMI\r\r\n460001\r\n\r\nOK\r\n",
		["information 460001", "done"],
	],
	[
		"an echo in lower case is unknown",
		[Command.signal, "execute"],
		"at+csq\r\r\nOK\r\n",
		["unknown at+csq", "done"],
	],
	[
		"a test form",
		[Command.open, "test"],
		'\r\n+QMTOPEN: (0-5),"<host_name>",<port>\r\n\r\nOK\r\n',
		['information +QMTOPEN: (0-5),"<host_name>",<port>', "done"],
	],
	[
		"a URC with the prefix of the response that is awaited",
		[Command.registration, "read"],
		"\r\n+CEREG: 1\r\n\r\n+CEREG: 0,1\r\n\r\n+CEREG: 5\r\n\r\nOK\r\n",
		["URC +CEREG: 1", "information +CEREG: 0,1", "URC +CEREG: 5", "done"],
	],
	[
		"a URC between echo and response",
		[Command.signal, "execute"],
		"AT+CSQ\r\r\n+QMTSTAT: 1,1\r\n\r\n+CSQ: 1,0\r\n\r\n+QMTSTAT: 2,1\r\n\r\nOK\r\n",
		["URC +QMTSTAT: 1,1", "information +CSQ: 1,0", "URC +QMTSTAT: 2,1", "done"],
	],
	[
		"an unknown line blocks nothing",
		[Command.signal, "execute"],
		"\r\n+NEWS: 1\r\n\r\ngarbage\r\n\r\n+CSQ: 1,0\r\n\r\nOK\r\n",
		["unknown +NEWS: 1", "unknown garbage", "information +CSQ: 1,0", "done"],
	],
	["a later result", publish, "\r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n", ["result +QMTPUB: 0,7,0", "done"]],
	[
		"a later result by identifier",
		open,
		"\r\nOK\r\n\r\n+QMTOPEN: 0,-1\r\n",
		["result +QMTOPEN: 0,-1", "done"],
	],
	[
		"progress, then the result",
		publish,
		"\r\nOK\r\n\r\n+QMTPUB: 0,7,1,1\r\n\r\n+QMTPUB: 0,7,1,2\r\n\r\n+QMTPUB: 0,7,0\r\n",
		["progress +QMTPUB: 0,7,1,1", "progress +QMTPUB: 0,7,1,2", "result +QMTPUB: 0,7,0", "done"],
	],
	["a result before OK", publish, "\r\n+QMTPUB: 0,7,0\r\n\r\nOK\r\n", ["result +QMTPUB: 0,7,0", "done"]],
	[
		"progress and result before OK",
		publish,
		"\r\n+QMTPUB: 0,7,1,1\r\n\r\n+QMTPUB: 0,7,0\r\n\r\nOK\r\n",
		["progress +QMTPUB: 0,7,1,1", "result +QMTPUB: 0,7,0", "done"],
	],
	[
		"a duplicated result",
		publish,
		"\r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n\r\n+QMTPUB: 0,7,0\r\n",
		["result +QMTPUB: 0,7,0", "done", "unknown +QMTPUB: 0,7,0"],
	],
	[
		"a result before OK, duplicated before and behind it",
		publish,
		"\r\n+QMTPUB: 0,7,0\r\n\r\n+QMTPUB: 0,7,0\r\n\r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n",
		["result +QMTPUB: 0,7,0", "unknown +QMTPUB: 0,7,0", "done", "unknown +QMTPUB: 0,7,0"],
	],
	[
		"results of another msgID and of another identifier",
		publish,
		"\r\n+QMTPUB: 0,6,0\r\n\r\nOK\r\n\r\n+QMTPUB: 0,8,0\r\n\r\n+QMTPUB: 1,7,0\r\n\r\n+QMTPUB: 0\r\n\r\n+QMTPUB: 0,7,2\r\n",
		[
			"unknown +QMTPUB: 0,6,0",
			"unknown +QMTPUB: 0,8,0",
			"unknown +QMTPUB: 1,7,0",
			"unknown +QMTPUB: 0",
			"result +QMTPUB: 0,7,2",
			"done",
		],
	],
	[
		"an error instead of OK",
		publish,
		"\r\nERROR\r\n\r\n+QMTPUB: 0,7,0\r\n",
		["CommandError: AT+QMTPUB: ERROR", "unknown +QMTPUB: 0,7,0"],
	],
	["a second OK", [Command.signal, "execute"], "\r\nOK\r\n\r\nOK\r\n", ["done", "unknown OK"]],
	[
		"a second error",
		[Command.signal, "execute"],
		"\r\nERROR\r\n\r\nERROR\r\n",
		["CommandError: AT+CSQ: ERROR", "unknown ERROR"],
	],
];

for (const [title, [spec, form, ...values], received, expected] of rows) {
	test.serial(`one command: ${title}`, async t => {
		const log: string[] = [];
		const { serial, scheduler } = await loggedBench(log);
		scheduler.submit(logged(log, "", spec, form, values));
		t.regex(serial.take(), /^AT.*\r$/);
		serial.receive(received);
		t.deepEqual(log, expected);
		t.true(scheduler.quiet);
		const next = new Request(Command.signal, "execute");
		scheduler.submit(next);
		t.is(serial.take(), "AT+CSQ\r", "the line is free");
	});
}

test.serial("a URC before the OK to a command that has no response is a URC", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await loggedBench(log);
	const request = logged(log, "", Command.registration, "write", [1]);
	request.onInformation = undefined;
	scheduler.submit(request);
	serial.receive("\r\n+CEREG: 2\r\n\r\nOK\r\n");
	t.deepEqual(log, ["URC +CEREG: 2", "done"]);
});

test.serial("a command holds the line until its final result code", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await synchronisedBench();
	scheduler.submit(logged(log, "first", Command.signal, "execute"));
	scheduler.submit(logged(log, "second", Command.imsi, "execute"));
	t.is(serial.take(), "AT+CSQ\r");
	serial.receive("\r\n+CSQ: 22,0\r\n");
	serial.writable();
	t.is(serial.take(), "");
	serial.receive("\r\nOK\r\n");
	t.is(serial.take(), "AT+CIMI\r");
	serial.receive("\r\n460001357924680\r\n\r\n+CME ERROR: 10\r\n");
	t.deepEqual(log, [
		"first information +CSQ: 22,0",
		"first done",
		"second information 460001357924680",
		"second CommandError: AT+CIMI: +CME ERROR: 10",
	]);
});

test.serial("an error carries its code and its meaning", async t => {
	const { serial, scheduler } = await synchronisedBench({
		describe: (final, code) => (final === "+CME ERROR" && code === 10 ? "USIM not inserted" : undefined),
	});
	const errors: unknown[] = [];
	for (let count = 0; count < 2; count++) {
		const request = new Request(Command.imsi, "execute");
		request.onDone = error => errors.push(error);
		scheduler.submit(request);
		serial.receive(`\r\n+CME ERROR: ${10 + count}\r\n`);
	}
	t.like(errors[0], {
		name: "CommandError",
		message: "AT+CIMI: +CME ERROR: 10 (USIM not inserted)",
		command: "AT+CIMI",
		final: "+CME ERROR",
		code: 10,
	});
	t.like(errors[1], { message: "AT+CIMI: +CME ERROR: 11" });
});

test.serial("several commands await their results at once; each gets its own", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await loggedBench(log);
	scheduler.submit(logged(log, "open 1", Command.open, "write", [1, "h", 1883]));
	scheduler.submit(logged(log, "publish 7", Command.publish, "write", [0, 7, 1, 0, "t", "m"]));
	scheduler.submit(logged(log, "publish 8", Command.publish, "write", [0, 8, 1, 0, "t", "m"]));
	scheduler.submit(logged(log, "subscribe 7", Command.subscribe, "write", [0, 7, "t", 1]));
	for (let count = 0; count < 4; count++) serial.receive("\r\nOK\r\n");
	t.is(serial.take().split("\r").length, 5);
	t.deepEqual(log, []);
	t.true(scheduler.quiet, "an awaited result leaves the line free");
	scheduler.submit(logged(log, "signal", Command.signal, "execute"));
	serial.receive("\r\n+QMTSUB: 0,7,0,1\r\n\r\n+QMTPUB: 0,8,0\r\n\r\n+CSQ: 1,1\r\n\r\n+QMTPUB: 0,7,1,1\r\n");
	serial.receive("\r\nOK\r\n\r\n+QMTOPEN: 1,0\r\n\r\n+QMTPUB: 0,7,0\r\n");
	t.deepEqual(log, [
		"subscribe 7 result +QMTSUB: 0,7,0,1",
		"subscribe 7 done",
		"publish 8 result +QMTPUB: 0,8,0",
		"publish 8 done",
		"signal information +CSQ: 1,1",
		"publish 7 progress +QMTPUB: 0,7,1,1",
		"signal done",
		"open 1 result +QMTOPEN: 1,0",
		"open 1 done",
		"publish 7 result +QMTPUB: 0,7,0",
		"publish 7 done",
	]);
	t.true(scheduler.quiet);
});

test.serial("a command whose result could be taken for an awaited one waits; others pass it", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await loggedBench(log);
	scheduler.submit(logged(log, "first", Command.close, "write", [0]));
	serial.receive("\r\nOK\r\n");
	scheduler.submit(logged(log, "same", Command.close, "write", [0]));
	scheduler.submit(logged(log, "read", Command.close, "read"));
	scheduler.submit(logged(log, "other", Command.close, "write", [1]));
	scheduler.submit(logged(log, "test", Command.close, "test"));
	t.is(serial.take(), "AT+QMTCLOSE=0\rAT+QMTCLOSE=1\r");
	serial.receive("\r\nOK\r\n");
	t.is(serial.take(), "AT+QMTCLOSE=?\r");
	serial.receive("\r\n+QMTCLOSE: (0-5)\r\n\r\nOK\r\n");
	t.is(serial.take(), "");
	serial.receive("\r\n+QMTCLOSE: 0,-1\r\n");
	t.is(serial.take(), "AT+QMTCLOSE=0\r");
	serial.receive("\r\nOK\r\n\r\n+QMTCLOSE: 0,0\r\n\r\n+QMTCLOSE: 1,0\r\n");
	t.is(serial.take(), "AT+QMTCLOSE?\r");
	t.deepEqual(
		log.filter(entry => entry.includes("result")),
		["first result +QMTCLOSE: 0,-1", "same result +QMTCLOSE: 0,0", "other result +QMTCLOSE: 1,0"],
	);
});

test.serial("a read form and an awaited result of the same prefix are told apart", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await loggedBench(log);
	scheduler.submit(logged(log, "open", Command.open, "write", [0, "h", 1883]));
	serial.receive("\r\nOK\r\n");
	scheduler.submit(logged(log, "read", Command.open, "read"));
	serial.receive('\r\n+QMTOPEN: 1,"other",1883\r\n\r\n+QMTOPEN: 0,0\r\n\r\nOK\r\n');
	t.deepEqual(log, [
		'read information +QMTOPEN: 1,"other",1883',
		"open result +QMTOPEN: 0,0",
		"open done",
		"read done",
	]);
});

test.serial("what has come before a command went out is not its answer", async t => {
	const log: string[] = [];
	const { clock, serial, scheduler } = await loggedBench(log);
	const second = logged(log, "second", Command.imsi, "execute");
	const first = logged(log, "first", Command.signal, "execute");
	first.onDone = () => scheduler.submit(second);
	scheduler.submit(first);
	serial.receive("\r\nOK\r\n\r\nOK\r\n\r\n+X: 1\r\n\r\nERROR\r\n");
	t.is(serial.take(), "AT+CSQ\rAT+CIMI\r");
	t.deepEqual(log, ["unknown OK", "unknown +X: 1", "unknown ERROR"]);
	serial.receive("\r\n460001\r\n\r\nOK\r\n");
	await clock.advance(1000);
	t.deepEqual(log.slice(3), ["second information 460001", "second done"]);
});

test.serial("priority decides who goes next; the command on the line is left alone", async t => {
	const { serial, scheduler } = await synchronisedBench();
	const submit = (spec: CommandSpec, priority: number) => {
		const request = new Request(spec, "execute");
		request.priority = priority;
		scheduler.submit(request);
	};
	submit({ name: "+A", timeout: 300 }, 0);
	submit({ name: "+B", timeout: 300 }, 0);
	submit({ name: "+C", timeout: 300 }, 0);
	submit({ name: "+D", timeout: 300 }, 1);
	submit({ name: "+E", timeout: 300 }, -1);
	for (let count = 0; count < 5; count++) serial.receive("\r\nOK\r\n");
	t.is(serial.take(), "AT+A\rAT+D\rAT+B\rAT+C\rAT+E\r");
	t.is(scheduler.statistics.queueHighWater, 4);
});

test.serial("a full queue refuses; nothing is taken, and the request can be submitted later", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await synchronisedBench({ queue: 2 });
	for (const name of ["a", "b", "c"]) scheduler.submit(logged(log, name, Command.signal, "execute"));
	const extra = logged(log, "d", Command.signal, "execute");
	t.throws(() => scheduler.submit(extra), {
		instanceOf: QueueFullError,
		message: /^AT\+CSQ: not taken: 2 commands/,
	});
	t.false(extra.busy);
	serial.receive("\r\nOK\r\n");
	scheduler.submit(extra);
	for (let count = 0; count < 3; count++) serial.receive("\r\nOK\r\n");
	t.deepEqual(log, ["a done", "b done", "c done", "d done"]);
});

test.serial("a request that is refused for its values is not queued", async t => {
	const { serial, scheduler } = await synchronisedBench();
	const request = new Request(Command.open, "write", [9, "h", 1883]);
	t.throws(() => scheduler.submit(request), { instanceOf: ParameterError });
	const nameless = new Request({ name: "+MUCHTOOLONGANAME", timeout: 300 }, "execute");
	t.throws(() => scheduler.submit(nameless), { instanceOf: RangeError });
	t.false(request.busy || nameless.busy);
	t.is(serial.take(), "");
	t.true(scheduler.quiet);
});

test.serial(
	"a request under way cannot be submitted again; one that is done can, also from its own onDone",
	async t => {
		const { serial, scheduler } = await synchronisedBench();
		const request = new Request(Command.publish, "write", [0, 7, 1, 0, "t", "m"]);
		let done = 0;
		request.onResult = () =>
			t.throws(() => scheduler.submit(request), { instanceOf: ATError }, "its end is still to come");
		request.onDone = () => {
			if (++done < 3) scheduler.submit(request);
		};
		scheduler.submit(request);
		for (let count = 0; count < 3; count++) {
			serial.writable();
			t.true(request.busy);
			t.throws(() => scheduler.submit(request), {
				instanceOf: ATError,
				message: "AT+QMTPUB: is under way already",
			});
			serial.receive("\r\nOK\r\n");
			t.throws(() => scheduler.submit(request), { instanceOf: ATError });
			serial.receive("\r\n+QMTPUB: 0,7,0\r\n");
		}
		t.is(done, 3);
		t.false(request.busy);
		t.is(serial.take(), 'AT+QMTPUB=0,7,1,0,"t","m"\r'.repeat(3));
	},
);

test.serial("execute settles with the command", async t => {
	const { serial, scheduler } = await synchronisedBench();
	const results: (number | undefined)[] = [];
	const opened = execute(scheduler, Command.open, "write", [0, "h", 1883], {
		onResult: line => results.push(line.integer(1)),
	});
	serial.receive("\r\nOK\r\n\r\n+QMTOPEN: 0,0\r\n");
	await opened;
	t.deepEqual(results, [0]);
	const failed = execute(scheduler, Command.imsi, "execute");
	serial.receive("\r\nERROR\r\n");
	await t.throwsAsync(failed, { message: "AT+CIMI: ERROR" });
	await t.throwsAsync(execute(scheduler, Command.open, "write", [9]), { instanceOf: ParameterError });
});

test.serial("a long command goes out as the transmit FIFO has room", async t => {
	const { serial, scheduler } = await synchronisedBench();
	const message = "x".repeat(300);
	const command = `AT+QMTPUB=0,7,1,0,"t","${message}"\r`;
	const log: string[] = [];
	scheduler.submit(logged(log, "", Command.publish, "write", [0, 7, 1, 0, "t", message]));
	t.is(serial.take(), command.slice(0, 128));
	serial.receive("\r\nOK\r\n");
	t.deepEqual(log, [], "an OK before the end is not its OK");
	for (let at = 128; at < command.length; at++) {
		serial.writable(1);
		t.is(serial.take(), command[at]);
	}
	serial.writable(1);
	t.is(serial.take(), "");
	serial.receive("\r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n");
	t.deepEqual(log, ["result +QMTPUB: 0,7,0", "done"]);
});

test.serial("the next command waits for the FIFO to take the one before", async t => {
	const { serial, scheduler } = await synchronisedBench();
	serial.writable(3);
	scheduler.submit(new Request(Command.signal, "execute"));
	scheduler.submit(new Request(Command.imsi, "execute"));
	t.is(serial.take(), "AT+");
	serial.writable(10);
	t.is(serial.take(), "CSQ\r");
	serial.receive("\r\nOK\r\n");
	t.is(serial.take(), "AT+CIM");
	serial.writable(2);
	t.is(serial.take(), "I\r");
});

test.serial("so many lines a turn, the others behind it; commands wait for them", async t => {
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench({ linesPerTurn: 2 });
	scheduler.listen("+U", line => log.push(line.text));
	serial.receive(latin1("\r\n+U: 1\r\n\r\n+U: 2\r\n\r\n+U: 3\r\n\r\n+U: 4\r\n\r\n+U: 5\r\n"));
	t.deepEqual(log, ["+U: 1", "+U: 2"]);
	scheduler.submit(new Request(Command.signal, "execute"));
	serial.receive("\r\n+U: 6\r\n");
	t.is(serial.take(), "");
	t.deepEqual(log.length, 2);
	t.false(scheduler.quiet);
	await clock.advance(0);
	t.deepEqual(log, ["+U: 1", "+U: 2", "+U: 3", "+U: 4", "+U: 5", "+U: 6"]);
	t.is(serial.take(), "AT+CSQ\r");
});

test.serial("a flood of lines in one turn is handled at once when the ring would overflow", async t => {
	let count = 0;
	const { serial, scheduler } = await synchronisedBench({ linesPerTurn: 1, receiveBuffer: 512 });
	scheduler.listen("+U", () => count++);
	for (let round = 0; round < 100; round++) serial.receive(`\r\n+U: ${round}\r\n`);
	t.true(count > 50);
	t.is(scheduler.statistics.receiveDropped, 0);
});

test.serial("gaps are told and counted, and the line goes on", async t => {
	let gaps = 0;
	const { serial, scheduler } = await synchronisedBench({ receiveBuffer: 256, onGap: () => gaps++ });
	const log: string[] = [];
	scheduler.submit(logged(log, "", Command.signal, "execute"));
	serial.receive(`\r\n+CSQ: ${"9".repeat(1000)}\r\n\r\nOK\r\n`);
	t.is(gaps, 1);
	t.deepEqual(log, ["done"]);
	t.is(scheduler.statistics.gaps, 1);
	t.is(scheduler.statistics.receiveDropped, 1008);
	t.true(scheduler.statistics.receiveHighWater <= 256);
});

test.serial("a listener can be taken away and replaced", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await synchronisedBench({
		onUnknown: line => log.push(`unknown ${line.text}`),
	});
	scheduler.listen("+U", () => log.push("first"));
	serial.receive("\r\n+U: 1\r\n");
	scheduler.listen("+U", () => log.push("second"));
	serial.receive("\r\n+U: 1\r\n");
	scheduler.listen("+U", undefined);
	serial.receive("\r\n+U: 1\r\n");
	t.deepEqual(log, ["first", "second", "unknown +U: 1"]);
	t.is(scheduler.statistics.unknown, 1);
});

test.serial("options may be frozen, and callbacks are read once", async t => {
	const calls: string[] = [];
	const options = { onUnknown: () => calls.push("first") };
	const { serial } = await synchronisedBench(options);
	options.onUnknown = () => calls.push("second");
	serial.receive("\r\n+U: 1\r\n");
	t.deepEqual(calls, ["first"]);
	await t.notThrowsAsync(synchronisedBench(Object.freeze({ queue: 3 })));
});

test.serial(
	"a URC that nobody listens to makes one text to search in, copies no byte and sets no timer",
	async t => {
		const { clock, serial, scheduler } = await synchronisedBench();
		scheduler.submit(new Request(Command.publish, "write", [0, 7, 1, 0, "t", "m"]));
		serial.receive("\r\nOK\r\n");
		serial.hold('\r\n+NEWS: 1,"nobody","cares"\r\n');
		const made: string[] = [];
		// Natives that make something, and the clock under all timers.
		const makers: readonly (readonly [owner: object, name: string])[] = [
			[String, "fromArrayBuffer"],
			[Uint8Array.prototype, "slice"],
			[clock, "set"],
		];
		const originals = makers.map(
			([owner, name]) => Reflect.get(owner, name) as (...values: unknown[]) => unknown,
		);
		for (const [index, [owner, name]] of makers.entries())
			Reflect.set(owner, name, function (this: unknown, ...values: unknown[]) {
				made.push(name);
				return originals[index].apply(this, values);
			});
		try {
			serial.readable(30);
		} finally {
			for (const [index, [owner, name]] of makers.entries()) Reflect.set(owner, name, originals[index]);
		}
		t.is(scheduler.statistics.unknown, 1);
		t.deepEqual(made, ["fromArrayBuffer"]);
		serial.receive("\r\nx");
		t.deepEqual(made, ["fromArrayBuffer"], "the natives are back");
	},
);

test.serial(
	"a final result code counts with its last byte, wherever the piece that brings it ends",
	async t => {
		const { serial, scheduler } = await synchronisedBench();
		scheduler.listen("+QMTRECV", () => undefined, receivedEnds);
		for (const [before, last] of [
			["\r\nOK\r", "\n"],
			["\r\n", "OK\r\n\r"],
			["", "\r\nOK\r\n\r\n+QMT"],
			['\r\n+QMTRECV: 0,0,"t","a\r\nb', 'c"\r\n\r\nOK\r\n\r\n+X: '],
			["\r\n+X: caf\xc3", "\xa9\r\n\r\nOK\r\n\xff\xfe"],
		]) {
			let isDone = false;
			const request = new Request(Command.signal, "execute");
			request.onDone = () => (isDone = true);
			scheduler.submit(request);
			serial.receive(before);
			t.false(isDone, JSON.stringify(before));
			serial.receive(last);
			t.true(isDone, JSON.stringify(last));
			serial.receive("\r\n");
			serial.writable();
		}
	},
);

test.serial(
	"a command waits until a line that is held is decided: its echo could be taken for more of it",
	async t => {
		const log: string[] = [];
		const { clock, serial, scheduler } = await synchronisedBench();
		scheduler.listen("+QMTRECV", line => log.push(line.text), receivedEnds);
		serial.receive('\r\n+QMTRECV: 0,0,"t","p"\r\n');
		scheduler.submit(logged(log, "", Command.signal, "execute"));
		await clock.advance(49);
		t.is(serial.take(), "");
		await clock.advance(1);
		t.is(serial.take(), "AT+CSQ\r");
		serial.receive("AT+CSQ\r\r\nOK\r\n");
		t.deepEqual(log, ['+QMTRECV: 0,0,"t","p"', "done"]);
	},
);

test.serial("> is no prompt to a command that did not ask for one", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await synchronisedBench({
		onUnknown: line => log.push(`unknown ${line.text}`),
	});
	scheduler.submit(logged(log, "", Command.signal, "execute"));
	serial.receive("\r\n>\r\n\r\nOK\r\n");
	t.deepEqual(log, ["unknown >", "done"]);
	t.is(serial.take(), "AT+CSQ\r");
});

test.serial("a line without an identifier is the result of no command, not even of one without", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await synchronisedBench({
		onUnknown: line => log.push(`unknown ${line.text}`),
	});
	scheduler.submit(logged(log, "", Command.close, "write", []));
	serial.receive("\r\nOK\r\n\r\n+QMTCLOSE: x\r\n\r\n+QMTCLOSE:\r\n");
	t.deepEqual(log, ["unknown +QMTCLOSE: x", "unknown +QMTCLOSE:"]);
});
