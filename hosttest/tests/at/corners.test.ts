import test from "ava";
import { ParameterError } from "../../../modules/at/errors.js";
import { execute } from "../../../modules/at/execute.js";
import { Request } from "../../../modules/at/request.js";
import { setTraceSink } from "../../shim/globals.js";
import { bench, latin1, synchronisedBench } from "../bench.js";
import { Command, logged } from "./commands.js";

const boom = () => {
	throw new Error("boom");
};

// What goes out

test.serial("an Esc that waited for room is not followed by a Ctrl-Z", async t => {
	const { serial, scheduler } = await synchronisedBench();
	const request = logged([], "", Command.publishData, "write", [0, 7, 1, 0, "t"]);
	request.data = latin1("payload");
	scheduler.submit(request);
	serial.take();
	serial.writable(0);
	scheduler.cancel(request);
	serial.receive("\r\n> ");
	t.is(serial.take(), "");
	serial.writable();
	serial.writable();
	t.is(serial.take(), "\x1b");
});

test.serial("a command waits for the rest of a probe that was answered before its end", async t => {
	const { clock, serial, scheduler } = bench();
	await clock.advance(300);
	scheduler.submit(new Request(Command.signal, "execute"));
	serial.writable(3);
	serial.take();
	serial.receive("\r\nOK\r\n");
	await clock.advance(0);
	t.is(serial.take(), "AT+");
	serial.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n");
	t.true(scheduler.synchronised);
	t.is(serial.take(), "");
	serial.writable();
	t.is(serial.take(), "CMEE?\rAT+CSQ\r");
});

test.serial(
	"the time to the final result code begins anew when the data go out, and has theirs added",
	async t => {
		const log: string[] = [];
		const { clock, serial, scheduler } = await synchronisedBench();
		const request = logged(log, "", Command.publishData, "write", [0, 7, 1, 0, "t"]);
		request.data = new Uint8Array(1000);
		scheduler.submit(request);
		await clock.advance(4000);
		serial.receive("\r\n> ");
		await clock.advance(5000 + 2 * 1000 + 200 - 1);
		t.deepEqual(log, []);
		await clock.advance(1);
		t.regex(log.join(), /^TimeoutError: AT\+QMTPUB: no final result code within 5000 ms/);
	},
);

test.serial("the longest command is the option's, or 1152 bytes", async t => {
	const spec = {
		name: "+X",
		timeout: 300,
		parameters: [{ name: "x", kind: "string", maximum: 2000 }],
	} as const;
	for (const [commandBuffer, most] of [
		[20, 20],
		[undefined, 1152],
	]) {
		const { scheduler } = await synchronisedBench(commandBuffer ? { commandBuffer } : {});
		const sized = (length: number) => new Request(spec, "write", ["x".repeat(length - 'AT+X=""\r'.length)]);
		t.throws(() => scheduler.submit(sized(Number(most) + 1)), { instanceOf: ParameterError });
		t.notThrows(() => scheduler.submit(sized(Number(most))));
	}
});

// execute

test.serial("execute: no values at all, and the priority", async t => {
	const { serial, scheduler } = await synchronisedBench();
	const all = Promise.all([
		execute(scheduler, Command.signal, "execute"),
		execute(scheduler, Command.imsi, "execute"),
		execute(scheduler, Command.signal, "write", undefined, { priority: 1 }),
		execute(scheduler, Command.signal, "read"),
	]);
	for (let count = 0; count < 4; count++) serial.receive("\r\nOK\r\n");
	await all;
	t.is(serial.take(), "AT+CSQ\rAT+CSQ\rAT+CIMI\rAT+CSQ?\r");
});

test.serial(
	"execute: what is sent is what was given, whatever becomes of it while the command waits",
	async t => {
		const { serial, scheduler } = await synchronisedBench();
		const bytes = latin1("topic");
		const { buffer } = latin1("password");
		const data = latin1("data");
		void execute(scheduler, Command.signal, "execute");
		void execute(scheduler, Command.connect, "write", [0, "client", bytes, buffer]);
		void execute(scheduler, Command.publishData, "write", [0, 7, 1, 0, "t"], { data });
		bytes.fill(0x58);
		new Uint8Array(buffer).fill(0x58);
		data.fill(0x58);
		serial.take();
		serial.receive("\r\nOK\r\n");
		t.is(serial.take(), 'AT+QMTCONN=0,"client","topic","password"\r');
		serial.receive("\r\nOK\r\n");
		t.is(serial.take(), 'AT+QMTPUB=0,7,1,0,"t"\r');
		serial.receive("\r\n> ");
		t.is(serial.take(), "data\x1a");
	},
);

// What the scheduler says of itself

test.serial("quiet: in quarantine, and when no command has the line or waits for it", async t => {
	const { serial, scheduler } = await synchronisedBench();
	t.true(scheduler.quiet);
	scheduler.submit(new Request(Command.close, "write", [0]));
	t.false(scheduler.quiet, "a command has the line");
	serial.receive("\r\nOK\r\n");
	t.true(scheduler.quiet);
	scheduler.submit(new Request(Command.close, "write", [0]));
	t.false(scheduler.quiet, "a command waits for the result of the other");
	t.true(bench().scheduler.quiet, "in quarantine");
});

test.serial("counts the lines that were understood, and those that were not", async t => {
	const { serial, scheduler } = await synchronisedBench();
	scheduler.listen("+U", () => undefined);
	const { heard } = scheduler;
	t.true(heard > 0, "the answers to the probes");
	serial.receive("\r\n+U: 1\r\n\r\n+U: 2\r\n\r\n+X: 1\r\n");
	t.is(scheduler.heard, heard + 2);
	t.is(scheduler.unknown, 1);
});

// Who gets a line

test.serial(
	"a later result before OK is one, though it looks like the response of the read form",
	async t => {
		const log: string[] = [];
		const { serial, scheduler } = await synchronisedBench();
		scheduler.submit(logged(log, "", Command.open, "write", [0, "h", 1883]));
		serial.receive("\r\n+QMTOPEN: 0,0,1\r\n\r\nOK\r\n");
		t.deepEqual(log, ["result +QMTOPEN: 0,0,1", "done"]);
	},
);

test.serial("where the dialect has no function there is nothing to throw", async t => {
	const exceptions: unknown[] = [];
	const log: string[] = [];
	const { serial, scheduler } = await synchronisedBench({
		onException: exception => exceptions.push(exception),
	});
	scheduler.submit(logged(log, "", Command.close, "read"));
	serial.receive("\r\n+QMTCLOSE: 0\r\n\r\nOK\r\n");
	scheduler.submit(logged(log, "", Command.signal, "execute"));
	serial.receive("\r\n+CME ERROR: 10\r\n");
	t.deepEqual(log, ["information +QMTCLOSE: 0", "done", "CommandError: AT+CSQ: +CME ERROR: 10"]);
	t.deepEqual(exceptions, []);
});

test.serial("the dialect is not asked what an error without a code means", async t => {
	const asked: unknown[] = [];
	const { serial, scheduler } = await synchronisedBench({
		describe: (...values) => {
			asked.push(values);
			return undefined;
		},
	});
	for (const final of ["ERROR", "+CME ERROR: 10"]) {
		scheduler.submit(new Request(Command.signal, "execute"));
		serial.receive(`\r\n${final}\r\n`);
	}
	t.deepEqual(asked, [["+CME ERROR", 10]]);
});

test.serial("a line is no response where the function that tells has thrown", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await synchronisedBench();
	scheduler.listen("+U", line => log.push(`URC ${line.text}`));
	scheduler.submit(logged(log, "", { name: "+U", timeout: 300, isResponse: boom }, "read"));
	serial.receive("\r\n+U: 1\r\n\r\nOK\r\n");
	t.deepEqual(log, ["URC +U: 1", "done"]);
});

test.serial("an exception that nobody wants to hear of leaves no trace", async t => {
	const traced: string[] = [];
	setTraceSink(text => traced.push(text));
	t.teardown(() => setTraceSink(undefined));
	const { serial, scheduler } = await synchronisedBench();
	scheduler.listen("+U", boom);
	t.notThrows(() => serial.receive("\r\n+U: 1\r\n"));
	t.deepEqual(traced, []);
});

// Silence and turns

test.serial("a line that broke off is given up, and so is the next one", async t => {
	const { clock, serial, scheduler } = await synchronisedBench();
	for (let count = 1; count <= 3; count++) {
		serial.receive("+U");
		await clock.advance(249);
		t.is(scheduler.statistics.gaps, count - 1);
		await clock.advance(1);
		t.is(scheduler.statistics.gaps, count);
	}
});

test.serial("a line that broke off behind others is given up once those have had their turns", async t => {
	const { clock, serial, scheduler } = await synchronisedBench({ linesPerTurn: 1 });
	serial.receive("\r\n+U: 1\r\n\r\n+U: 2\r\n\r\n+U: 3\r\n");
	serial.receive("\r\n+U");
	await clock.advance(249);
	t.is(scheduler.statistics.unknown, 3);
	t.is(scheduler.statistics.gaps, 0);
	await clock.advance(1);
	t.is(scheduler.statistics.gaps, 1);
});

test.serial("a time-out does not make a line that has broken off last longer", async t => {
	const { clock, serial, scheduler } = await synchronisedBench();
	const request = new Request(Command.signal, "execute");
	request.timeout = 0;
	scheduler.submit(request);
	await clock.advance(100);
	serial.receive("+U");
	await clock.advance(249);
	t.is(scheduler.statistics.timeouts, 1);
	t.is(scheduler.statistics.gaps, 0);
	await clock.advance(1);
	t.is(scheduler.statistics.gaps, 1);
});

test.serial("what came while lines were handled is read without being told of", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await synchronisedBench({ onUnknown: line => log.push(line.text) });
	for (const first of ["\r\n+U: 1\r\n", "\r\n+U: 0\r\n\r\n+U: 1\r\n"]) {
		log.length = 0;
		serial.hold(first);
		serial.hold("\r\n+U: 2\r\n");
		serial.readable(9);
		t.deepEqual(log.slice(-2), ["+U: 1", "+U: 2"]);
	}
	t.true(scheduler.quiet);
});

// Overdue, and closed

test.serial("one that was overdue in the queue may take back those behind it", async t => {
	const log: string[] = [];
	const { clock, scheduler } = await synchronisedBench();
	scheduler.submit(logged(log, "on the line", Command.signal, "execute"));
	const requests = ["first", "second"].map(name => logged(log, name, Command.signal, "execute"));
	requests[0].onDone = error => {
		log.push(`first ${error?.name}`);
		scheduler.cancel(requests[1]);
	};
	for (const request of requests) {
		request.deadline = 10;
		scheduler.submit(request);
	}
	await t.notThrowsAsync(clock.advance(100));
	t.deepEqual(log, ["first DeadlineError"]);
});

test.serial("closed by the end of one that was overdue: the probe due at that time is not sent", async t => {
	const trace: string[] = [];
	const { clock, serial, scheduler } = bench({ onTrace: (_, text) => trace.push(text) });
	await clock.advance(0);
	const request = new Request(Command.signal, "execute");
	request.deadline = 300;
	request.onDone = () => scheduler.close();
	scheduler.submit(request);
	await clock.advance(10_000);
	t.true(serial.closed);
	t.deepEqual(trace, ["(Esc)"]);
});

test.serial("closed with lines that wait for their turn: they are nobody's", async t => {
	const { clock, serial, scheduler } = await synchronisedBench({ linesPerTurn: 1 });
	serial.receive("\r\n+U: 1\r\n\r\n+U: 2\r\n\r\n+U: 3\r\n");
	t.is(scheduler.statistics.unknown, 1);
	scheduler.close();
	await clock.advance(1000);
	t.is(scheduler.statistics.unknown, 1);
});

test.serial("closed from inside a callback: what is in the FIFO stays there", async t => {
	const trace: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench({
		onTrace: (_, text) => trace.push(text),
		onUnknown() {
			this.close();
		},
	});
	trace.length = 0;
	serial.hold("\r\n+U: 1\r\n");
	serial.hold("\r\n+U: 2\r\n");
	serial.readable(9);
	await clock.advance(1000);
	t.deepEqual(trace, ["+U: 1"]);
	t.is(scheduler.statistics.unknown, 1);
});
