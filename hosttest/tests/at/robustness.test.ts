import test from "ava";
import { ATError, ClosedError } from "../../../modules/at/errors.js";
import { Request } from "../../../modules/at/request.js";
import type { Scheduler, SchedulerOptions } from "../../../modules/at/scheduler.js";
import { setTraceSink } from "../../shim/globals.js";
import { type Bench, TestSerial, bench, latin1, synchronisedBench } from "../bench.js";
import { Command, logged } from "./commands.js";

const publishValues = [0, 7, 1, 0, "t", "m"] as const;

// Exceptions

/** Each callback, and bytes that lead to it. */
const throwers: readonly (readonly [
	name: string,
	prepare: (boom: () => never, all: Bench) => void,
	received: string,
])[] = [
	[
		"onInformation",
		(boom, { scheduler }) => {
			const request = new Request(Command.signal, "execute");
			request.onInformation = boom;
			scheduler.submit(request);
		},
		"\r\n+CSQ: 1,1\r\n\r\nOK\r\n",
	],
	[
		"onInformation of a bare response",
		(boom, { scheduler }) => {
			const request = new Request(Command.imsi, "execute");
			request.onInformation = boom;
			scheduler.submit(request);
		},
		"\r\n460001\r\n\r\nOK\r\n",
	],
	[
		"onProgress",
		(boom, { scheduler }) => {
			const request = new Request(Command.publish, "write", publishValues);
			request.onProgress = boom;
			scheduler.submit(request);
		},
		"\r\nOK\r\n\r\n+QMTPUB: 0,7,1,1\r\n\r\n+QMTPUB: 0,7,0\r\n",
	],
	[
		"onResult",
		(boom, { scheduler }) => {
			const request = new Request(Command.publish, "write", publishValues);
			request.onResult = boom;
			scheduler.submit(request);
		},
		"\r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n",
	],
	[
		"onDone",
		(boom, { scheduler }) => {
			const request = new Request(Command.signal, "execute");
			request.onDone = boom;
			scheduler.submit(request);
		},
		"\r\nOK\r\n",
	],
	[
		"onDone with an error",
		(boom, { scheduler }) => {
			const request = new Request(Command.signal, "execute");
			request.onDone = boom;
			scheduler.submit(request);
		},
		"\r\nERROR\r\n",
	],
	["onLine", (boom, { scheduler }) => scheduler.listen("+U", boom), "\r\n+U: 1\r\n"],
	["ends", (boom, { scheduler }) => scheduler.listen("+U", () => undefined, boom), "\r\n+U: 1\r\n"],
	[
		"isResponse",
		(boom, { scheduler }) =>
			scheduler.submit(new Request({ name: "+U", timeout: 300, isResponse: boom }, "read")),
		"\r\n+U: 1\r\n\r\nOK\r\n",
	],
];
for (const [name, prepare, received] of throwers) {
	test.serial(`an exception in ${name} is contained and reported, and the line goes on`, async t => {
		const exceptions: unknown[] = [];
		const error = new Error("boom");
		const all = await synchronisedBench({ onException: exception => exceptions.push(exception) });
		prepare(() => {
			throw error;
		}, all);
		const { serial, scheduler } = all;
		t.notThrows(() => serial.receive(received));
		t.deepEqual(exceptions, [error]);
		const log: string[] = [];
		serial.take();
		scheduler.submit(logged(log, "", Command.imsi, "execute"));
		t.is(serial.take(), "AT+CIMI\r");
		serial.receive("\r\n460001\r\n\r\nOK\r\n");
		t.deepEqual(log, ["information 460001", "done"]);
	});
}

const optionThrowers: readonly (readonly [name: keyof SchedulerOptions, received: string])[] = [
	["onUnknown", "\r\n+U: 1\r\n"],
	["onGap", `\r\n${"x".repeat(2500)}\r\n`],
	["describe", "\r\n+CME ERROR: 10\r\n"],
	["onTrace", "\r\n+U: 1\r\n"],
];
for (const [name, received] of optionThrowers) {
	test.serial(`an exception in the option ${name} is contained and reported`, async t => {
		const exceptions: unknown[] = [];
		const log: string[] = [];
		const { serial, scheduler } = await synchronisedBench({
			[name]: () => {
				throw new Error("boom");
			},
			onException: exception => exceptions.push(exception),
		});
		scheduler.submit(logged(log, "first", Command.signal, "execute"));
		exceptions.length = 0;
		t.notThrows(() => serial.receive(received));
		t.is(exceptions.length, 1);
		if (name !== "describe") serial.receive("\r\nOK\r\n");
		scheduler.submit(logged(log, "second", Command.signal, "execute"));
		serial.receive("\r\nOK\r\n");
		t.is(log.at(-1), "second done");
		t.regex(log[0], /^first (done|CommandError: AT\+CSQ: \+CME ERROR: 10)$/);
	});
}

test.serial("exceptions in onSynchronised, onUnresponsive and onException itself are contained", async t => {
	const traced: string[] = [];
	setTraceSink(text => traced.push(text));
	t.teardown(() => setTraceSink(undefined));
	const boom = () => {
		throw new Error("boom");
	};
	const { clock, serial, scheduler } = bench({
		onSynchronised: boom,
		onUnresponsive: boom,
		onException: boom,
	});
	for (let round = 0; round < 12; round++) {
		await clock.advance(500);
		serial.writable();
	}
	serial.receive("\r\nOK\r\n");
	await clock.advance(1);
	serial.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n");
	t.true(scheduler.synchronised);
	t.deepEqual(traced, [
		"AT: the handler of exceptions threw one\n",
		"AT: the handler of exceptions threw one\n",
	]);
});

test.serial("callbacks of options are called with the scheduler as this", async t => {
	const owners: unknown[] = [];
	function note(this: Scheduler) {
		owners.push(this);
	}
	const { serial, scheduler } = await synchronisedBench({
		onUnknown: note,
		onGap: note,
		onTrace: note,
		onSynchronised: note,
	});
	owners.length = 0;
	serial.receive(`\r\n+U: 1\r\n\r\n${"x".repeat(2500)}\r\n`);
	t.is(owners.length, 3);
	t.true(owners.every(owner => owner === scheduler));
});

// Cancel

test.serial("cancel: queued, sent, waiting, done", async t => {
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench();
	const request = (name: string) => logged(log, name, Command.publish, "write", publishValues);
	const idle = request("idle");
	t.false(scheduler.cancel(idle));

	const sent = request("sent");
	const queued = request("queued");
	scheduler.submit(sent);
	scheduler.submit(queued);
	serial.take();
	t.true(scheduler.cancel(queued));
	t.false(queued.busy);
	t.false(scheduler.cancel(queued));

	t.true(scheduler.cancel(sent));
	t.true(sent.busy, "it holds the line");
	t.true(scheduler.cancel(sent));
	serial.receive("\r\n+QMTPUB: 0,7,1,1\r\n\r\n+QMTPUB: 0,7,0\r\n\r\nOK\r\n");
	t.false(sent.busy);
	t.false(scheduler.cancel(sent));

	const waiting = request("waiting");
	scheduler.submit(waiting);
	serial.receive("\r\nOK\r\n");
	t.true(scheduler.cancel(waiting));
	t.false(waiting.busy);
	serial.receive("\r\n+QMTPUB: 0,7,0\r\n");
	await clock.advance(100_000);
	t.deepEqual(log, []);
	t.true(scheduler.synchronised);
});

test.serial("cancel: neither information nor an error nor a time-out is told", async t => {
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench();
	for (const received of ["\r\n+CSQ: 1,1\r\n\r\nOK\r\n", "\r\nERROR\r\n", ""]) {
		const request = logged(log, "", Command.signal, "execute");
		scheduler.submit(request);
		scheduler.cancel(request);
		serial.receive(received);
		await clock.advance(1000);
		t.false(request.busy);
	}
	t.deepEqual(log, []);
	t.false(scheduler.synchronised, "after a time-out the line is probed all the same");
});

test.serial("a request that was cancelled can be submitted again", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await synchronisedBench();
	const request = logged(log, "", Command.signal, "execute");
	scheduler.submit(request);
	scheduler.cancel(request);
	t.throws(() => scheduler.submit(request), { instanceOf: ATError });
	serial.receive("\r\nOK\r\n");
	scheduler.submit(request);
	serial.receive("\r\nOK\r\n");
	t.deepEqual(log, ["done"]);
});

test.serial("cancel from inside its own callbacks", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await synchronisedBench();
	const request = logged(log, "", Command.publish, "write", publishValues);
	request.onResult = () => t.true(scheduler.cancel(request));
	scheduler.submit(request);
	serial.receive("\r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n");
	t.deepEqual(log, []);
	t.false(request.busy);
	const signal = logged(log, "", Command.signal, "execute");
	signal.onInformation = () => t.true(scheduler.cancel(signal));
	scheduler.submit(signal);
	serial.receive("\r\n+CSQ: 1,1\r\n\r\nOK\r\n");
	t.deepEqual(log, []);
	t.false(signal.busy);
});

// Close

/** States in which the line may be closed, and how to get there. */
const states: readonly (readonly [name: string, reach: (all: Bench) => Promise<void> | void])[] = [
	["sent", () => undefined],
	["sending", ({ serial }) => serial.writable(0)],
	["in quarantine", ({ clock }) => clock.advance(1000)],
	["awaiting the prompt", () => undefined],
	["sending data", ({ serial }) => serial.receive("\r\n> ")],
	[
		"with lines that are not handled yet",
		({ serial }) => serial.receive("\r\n+U: 1\r\n\r\n+U: 2\r\n\r\nOK\r\n"),
	],
	["with a line held", ({ serial }) => serial.receive("\r\n+R: 1\r\n")],
];
for (const [name, reach] of states) {
	test.serial(
		`closed while ${name}: all end with a ClosedError, after close has returned, and nothing else comes`,
		async t => {
			const log: string[] = [];
			const note = (what: string) => () => log.push(what);
			const all = await synchronisedBench({
				linesPerTurn: 1,
				onUnknown: note("unknown"),
				onGap: note("gap"),
				onSynchronised: note("synchronised"),
				onUnresponsive: note("unresponsive"),
				onException: note("exception"),
			});
			log.length = 0;
			const { clock, serial, scheduler } = all;
			scheduler.listen("+R", note("URC"), () => 2);
			scheduler.submit(logged(log, "waiting", Command.publish, "write", publishValues));
			serial.receive("\r\nOK\r\n");
			await clock.advance(0);
			if (name === "sending") await reach(all);
			const current = logged(log, "current", Command.publishData, "write", [0, 8, 1, 0, "t"]);
			if (name.includes("prompt") || name.includes("data")) current.data = latin1("x".repeat(500));
			scheduler.submit(current);
			scheduler.submit(logged(log, "queued", Command.signal, "execute"));
			const cancelled = logged(log, "cancelled", Command.signal, "execute");
			scheduler.submit(cancelled);
			if (name === "in quarantine") await clock.advance(6000);
			else if (name !== "sending") await reach(all);
			log.length = 0;
			scheduler.close();
			t.true(serial.closed);
			t.deepEqual(log, []);
			scheduler.close();
			t.throws(() => scheduler.submit(new Request(Command.signal, "execute")), { instanceOf: ClosedError });
			await clock.advance(200_000);
			const closed = "ClosedError";
			t.deepEqual(
				log.map(entry => entry.split(":")[0]),
				[
					`waiting ${closed}`,
					...(name === "in quarantine" ? [] : [`current ${closed}`]),
					`queued ${closed}`,
					`cancelled ${closed}`,
				],
			);
			t.false(current.busy || cancelled.busy);
			t.false(scheduler.cancel(current));
		},
	);
}

/** Callbacks from which the line is closed. */
const closers: readonly (readonly [name: string, received: string])[] = [
	["information", "\r\n+CSQ: 1,1\r\n\r\nOK\r\n"],
	["done", "\r\nOK\r\n"],
	["result", "\r\n+QMTPUB: 0,7,0\r\n"],
	["unknown", "\r\n+U: 1\r\n"],
	["gap", `\r\n${"x".repeat(2500)}\r\n`],
	["trace", "\r\n+U: 1\r\n"],
];
for (const [name, received] of closers) {
	test.serial(`closed from inside ${name}: nothing is called but with a ClosedError`, async t => {
		const log: string[] = [];
		let armed = false;
		const note = (what: string, scheduler?: Scheduler) => {
			log.push(what);
			if (armed && what === name) (scheduler ?? all.scheduler).close();
		};
		const all = await synchronisedBench({
			onUnknown: () => note("unknown"),
			onGap: () => note("gap"),
			onTrace: () => note("trace"),
		});
		const { clock, serial, scheduler } = all;
		const waiting = new Request(Command.publish, "write", publishValues);
		waiting.onResult = () => note("result");
		waiting.onDone = error => note(`waiting ${error?.name ?? "done"}`);
		scheduler.submit(waiting);
		serial.receive("\r\nOK\r\n");
		for (const which of ["current", "queued"]) {
			const request = new Request(Command.signal, "execute");
			request.onInformation = () => note("information");
			request.onDone = error => note(error ? `${which} ${error.name}` : "done");
			scheduler.submit(request);
		}
		armed = true;
		log.length = 0;
		t.notThrows(() => serial.receive(`${received}\r\n+U: 2\r\n\r\nOK\r\n`));
		const before = log.filter(entry => entry !== "trace" || name === "trace");
		t.deepEqual(before, [name]);
		log.length = 0;
		await clock.advance(200_000);
		t.deepEqual(log, [
			"waiting ClosedError",
			...(name === "done" ? [] : ["current ClosedError"]),
			"queued ClosedError",
		]);
	});
}

test.serial("closed from inside onUnresponsive, onSynchronised and a time-out", async t => {
	for (const name of ["onUnresponsive", "onSynchronised"] as const) {
		let calls = 0;
		const { clock, serial } = bench({
			[name](this: Scheduler) {
				calls++;
				this.close();
			},
		});
		for (let round = 0; round < 25 && !serial.closed; round++) {
			await clock.advance(500);
			if (name === "onUnresponsive") serial.writable();
			else if (round === 2) serial.receive("\r\nOK\r\n");
			else if (round === 3) serial.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n");
			serial.writable();
		}
		await clock.advance(10_000);
		t.is(calls, 1, name);
	}
	const { clock, serial, scheduler } = await synchronisedBench();
	const request = new Request(Command.signal, "execute");
	request.onDone = () => scheduler.close();
	scheduler.submit(request);
	await clock.advance(10_000);
	t.true(serial.closed);
});

test.serial("closed from inside the trace of what is being sent", async t => {
	let armed = false;
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench({
		onTrace(direction) {
			if (armed && direction === "send") this.close();
		},
	});
	armed = true;
	scheduler.submit(logged(log, "", Command.signal, "execute"));
	t.true(serial.closed);
	t.is(serial.take(), "");
	await clock.advance(10_000);
	t.deepEqual(log, ["ClosedError: AT+CSQ: the line to the modem is closed"]);
});

test.serial("what its ClosedError makes a callback throw is no callback any more", async t => {
	const exceptions: unknown[] = [];
	const { clock, scheduler } = await synchronisedBench({
		onException: exception => exceptions.push(exception),
	});
	const request = new Request(Command.signal, "execute");
	request.onDone = () => scheduler.submit(request);
	scheduler.submit(request);
	scheduler.close();
	await t.notThrowsAsync(clock.advance(1000));
	t.deepEqual(exceptions, []);
});

test.serial("a serial constructor that throws leaves nothing behind", async t => {
	class Busy extends TestSerial {
		constructor(options: ConstructorParameters<typeof TestSerial>[0]) {
			super(options);
			throw new Error("in use");
		}
	}
	const { clock } = bench();
	const options = { serial: { io: Busy } };
	const { Scheduler } = await import("../../../modules/at/scheduler.js");
	t.throws(() => new Scheduler(options), { message: "in use" });
	await t.notThrowsAsync(clock.advance(1000));
});

// Turns

test.serial(
	"a chain of commands, each submitted by the end of the one before, does not pile up calls",
	async t => {
		const { serial, scheduler } = await synchronisedBench();
		let left = 2000;
		let deepest = 0;
		const request = new Request(Command.signal, "execute");
		request.onDone = () => {
			deepest = Math.max(deepest, (new Error().stack ?? "").split("\n").length);
			if (left-- > 0) scheduler.submit(request);
		};
		const { stackTraceLimit } = Error;
		Error.stackTraceLimit = 1000;
		scheduler.submit(request);
		for (let count = 0; count < 2001; count++) {
			serial.writable();
			serial.receive("\r\nOK\r\n");
		}
		Error.stackTraceLimit = stackTraceLimit;
		t.is(left, -1);
		t.true(deepest < 20, `${deepest} calls deep`);
	},
);

test.serial("callbacks but onTrace never come from inside a method", async t => {
	let inside = false;
	const calls: string[] = [];
	const note = (name: string) => () => inside && calls.push(name);
	const { clock, serial, scheduler } = await synchronisedBench({
		queue: 1,
		onUnknown: note("unknown"),
		onGap: note("gap"),
		onException: note("exception"),
	});
	const make = () => {
		const request = new Request(Command.publish, "write", publishValues);
		request.onInformation = request.onProgress = request.onResult = note("request");
		request.onDone = note("done");
		request.deadline = 0;
		return request;
	};
	serial.hold("\r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n");
	inside = true;
	const [first, second] = [make(), make()];
	scheduler.submit(first);
	scheduler.submit(second);
	t.throws(() => scheduler.submit(make()));
	scheduler.cancel(second);
	scheduler.submit(second);
	scheduler.close();
	inside = false;
	await clock.advance(1000);
	t.deepEqual(calls, []);
});
