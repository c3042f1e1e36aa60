import test from "ava";
import { DeadlineError, TimeoutError } from "../../../modules/at/errors.js";
import { Request } from "../../../modules/at/request.js";
import { bench, synchronise, synchronisedBench } from "../bench.js";
import { Command, logged } from "./commands.js";
import { receivedEnds } from "./framing.js";

const SLACK_MS = 2 * "AT+CSQ\r".length + 200;

test.serial("synchronises: Esc and CR, AT, then a probe that only its own answer satisfies", async t => {
	let synchronised = 0;
	const { clock, serial, scheduler } = bench({ onSynchronised: () => synchronised++ });
	t.is(serial.take(), "", "nothing from inside the constructor");
	await clock.advance(0);
	t.is(serial.take(), "\x1b\r");
	await clock.advance(300);
	t.is(serial.take(), "AT\r");
	await clock.advance(500);
	t.is(serial.take(), "AT\r");
	serial.receive("AT\r\r\nOK\r\n");
	await clock.advance(1);
	t.is(serial.take(), "AT+CMEE?\r");
	serial.receive("\r\nOK\r\n");
	t.is(synchronised, 0, "a late OK is not an answer");
	t.false(scheduler.synchronised);
	serial.receive("AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n");
	t.is(synchronised, 1);
	t.true(scheduler.synchronised);
	t.is(scheduler.statistics.unknown, 0, "echoes of probes are known");
	await clock.advance(60_000);
	t.is(serial.take(), "", "nothing to do");
});

test.serial(
	"a modem that does not know the probe is believed after three errors, each behind an OK",
	async t => {
		let synchronised = 0;
		const { clock, serial } = bench({ onSynchronised: () => synchronised++ });
		await clock.advance(300);
		for (let round = 0; round < 3; round++) {
			serial.receive("\r\nERROR\r\n\r\nERROR\r\n\r\nERROR\r\n");
			t.is(synchronised, 0, "errors to nothing that was asked");
			serial.receive("\r\nOK\r\n");
			await clock.advance(0);
			serial.receive("\r\nERROR\r\n");
			await clock.advance(0);
			serial.writable();
		}
		t.is(synchronised, 1);
		t.is(serial.take(), "\x1b\rAT\rAT+CMEE?\rAT\rAT+CMEE?\rAT\rAT+CMEE?\r");
	},
);

test.serial("a probe without an answer falls back to AT", async t => {
	const { clock, serial, scheduler } = bench();
	await clock.advance(300);
	serial.receive("\r\nOK\r\n");
	await clock.advance(0);
	t.is(serial.take(), "\x1b\rAT\rAT+CMEE?\r");
	await clock.advance(1000);
	t.is(serial.take(), "AT\r");
	serial.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n");
	t.false(scheduler.synchronised, "the late answer proves nothing of the AT behind it");
	await clock.advance(0);
	t.is(serial.take(), "AT+CMEE?\r");
	serial.receive("\r\nOK\r\n");
	t.false(scheduler.synchronised);
	serial.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n");
	t.true(scheduler.synchronised);
	t.is(scheduler.statistics.unknown, 0);
});

test.serial(
	"a modem that never answers: reported at the tenth probe and every tenth; probing goes on",
	async t => {
		const reports: number[] = [];
		const { clock, serial, scheduler } = bench({ onUnresponsive: probes => reports.push(probes) });
		const log: string[] = [];
		const request = logged(log, "", Command.signal, "execute");
		request.deadline = 60_000;
		scheduler.submit(request);
		for (let round = 0; round < 60; round++) {
			await clock.advance(500);
			serial.writable();
		}
		t.deepEqual(reports, [10, 20, 30, 40, 50, 60]);
		const sent = serial.take();
		t.regex(sent, /^(\x1b\r(AT\r){4})+/, "Esc now and then: a prompt may have come late");
		t.deepEqual(log, []);
		await clock.advance(40_000);
		t.deepEqual(log, ["DeadlineError: AT+CSQ: not sent: its deadline passed while it waited for the line"]);
	},
);

test.serial("a modem stuck in data mode comes back by Esc", async t => {
	const { clock, serial, scheduler } = bench();
	await clock.advance(0);
	t.is(serial.take(), "\x1b\r");
	// The Esc was lost; all the rest is taken for data, until the next.
	let escapes = 0;
	serial.onSent = text => {
		if (text === "\x1b\r") escapes++;
	};
	await clock.run(() => escapes > 0, 3000);
	serial.receive("\r\nOK\r\n");
	await clock.advance(300);
	t.is(serial.take(), "AT\rAT\rAT\rAT\r\x1b\rAT\r");
	serial.writable();
	serial.receive("\r\nOK\r\n");
	await clock.advance(1);
	serial.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n");
	t.true(scheduler.synchronised);
});

test.serial(
	"no final result code: a TimeoutError after the command's time, and the line is probed",
	async t => {
		let synchronised = 0;
		const { clock, serial, scheduler } = await synchronisedBench({ onSynchronised: () => synchronised++ });
		const log: string[] = [];
		scheduler.submit(logged(log, "first", Command.signal, "execute"));
		scheduler.submit(logged(log, "second", Command.imsi, "execute"));
		await clock.advance(300 + SLACK_MS - 1);
		t.deepEqual(log, []);
		t.is(serial.take(), "AT+CSQ\r");
		await clock.advance(1);
		t.deepEqual(log, [
			"first TimeoutError: AT+CSQ: no final result code within 300 ms; whether it took effect is not known",
		]);
		t.is(scheduler.statistics.timeouts, 1);
		t.false(scheduler.synchronised);
		await clock.advance(0);
		t.is(serial.take(), "\x1b\r");
		serial.receive("\r\n+CSQ: 1,1\r\n\r\nOK\r\n");
		await clock.advance(300);
		t.is(serial.take(), "AT\r");
		serial.receive("\r\nOK\r\n");
		await clock.advance(0);
		t.is(serial.take(), "AT+CMEE?\r");
		t.is(log.length, 1);
		serial.receive("\r\nOK\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n");
		t.is(synchronised, 2);
		t.is(serial.take(), "AT+CIMI\r");
		serial.receive("\r\n460001\r\n\r\nOK\r\n");
		t.deepEqual(log.slice(1), ["second information 460001", "second done"]);
	},
);

/** What may come late from a command that had no answer in time. */
const late: readonly (readonly [title: string, received: string])[] = [
	["OK", "\r\nOK\r\n"],
	["ERROR", "\r\nERROR\r\n"],
	["a response and OK", "\r\n460001\r\n\r\nOK\r\n"],
	["OK and a later result", "\r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n"],
	["a later result", "\r\n+QMTPUB: 0,7,0\r\n"],
	["two of everything", "\r\nOK\r\n\r\nOK\r\n\r\nERROR\r\n\r\nERROR\r\n"],
	["a prompt", "\r\n> "],
];
/** When it comes: at the time-out, before the answer to AT, before the answer to the probe. A modem answers in order. */
const steps = 3;
for (const [title, received] of late) {
	for (let when = 0; when < steps; when++) {
		test.serial(`late, and credited to nobody: ${title}, in step ${when}`, async t => {
			const log: string[] = [];
			const { clock, serial, scheduler } = await synchronisedBench();
			scheduler.submit(logged(log, "first", Command.publish, "write", [0, 7, 1, 0, "t", "m"]));
			scheduler.submit(logged(log, "second", Command.publish, "write", [0, 8, 1, 0, "t", "m"]));
			await clock.advance(1000);
			serial.writable();
			t.is(log.splice(0).length, 1);
			serial.take();
			let step = 0;
			const perhaps = async () => {
				if (step++ === when) serial.receive(received);
				await clock.advance(0);
				serial.writable();
			};
			await perhaps();
			// The modem answers what it is asked, in order, from now on.
			for (let round = 0; round < 20 && !scheduler.synchronised; round++) {
				await clock.advance(100);
				for (const asked of serial.take().split("\r")) {
					if (asked === "AT") {
						await perhaps();
						serial.receive("\r\nOK\r\n");
					} else if (asked === "AT+CMEE?") {
						await perhaps();
						serial.receive("\r\n+CMEE: 1\r\n");
						serial.receive("\r\nOK\r\n");
					}
				}
			}
			t.true(scheduler.synchronised);
			await clock.advance(0);
			serial.writable();
			t.regex(serial.take(), /AT\+QMTPUB=0,8,1,0,"t","m"\r$/);
			t.deepEqual(log, []);
			t.true(step > when);
			serial.receive("\r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n\r\n+QMTPUB: 0,8,0\r\n");
			t.deepEqual(log, ["second result +QMTPUB: 0,8,0", "second done"]);
		});
	}
}

test.serial("a late answer to a read form is not taken for a URC", async t => {
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench({
		onUnknown: line => log.push(`unknown ${line.text}`),
	});
	scheduler.listen("+CEREG", line => log.push(`URC ${line.text}`));
	scheduler.submit(logged(log, "", Command.registration, "read"));
	await clock.advance(1000);
	serial.receive("\r\n+CEREG: 5\r\n\r\n+CEREG: 0,1\r\n\r\nOK\r\n");
	t.deepEqual(log.slice(1), ["URC +CEREG: 5", "unknown +CEREG: 0,1"]);
});

test.serial("URCs and awaited results are heard in quarantine", async t => {
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench();
	scheduler.listen("+QMTSTAT", line => log.push(`URC ${line.text}`));
	scheduler.submit(logged(log, "publish", Command.publish, "write", [0, 7, 1, 0, "t", "m"]));
	serial.receive("\r\nOK\r\n");
	scheduler.submit(logged(log, "signal", Command.signal, "execute"));
	await clock.advance(1000);
	t.false(scheduler.synchronised);
	serial.receive("\r\n+QMTPUB: 0,7,1,1\r\n\r\n+QMTSTAT: 0,1\r\n\r\n+QMTPUB: 0,7,0\r\n");
	t.deepEqual(log.slice(1), [
		"publish progress +QMTPUB: 0,7,1,1",
		"URC +QMTSTAT: 0,1",
		"publish result +QMTPUB: 0,7,0",
		"publish done",
	]);
});

test.serial("a later result has a time of its own; without one the line stays clean", async t => {
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench();
	const own = logged(log, "own", Command.publish, "write", [0, 8, 1, 0, "t", "m"]);
	own.resultTimeout = 1000;
	scheduler.submit(logged(log, "table's", Command.publish, "write", [0, 7, 1, 0, "t", "m"]));
	scheduler.submit(own);
	serial.receive("\r\nOK\r\n");
	serial.receive("\r\nOK\r\n");
	await clock.advance(1199);
	t.deepEqual(log, []);
	await clock.advance(1);
	t.deepEqual(log, [
		"own TimeoutError: AT+QMTPUB: no result within 1000 ms; whether it took effect is not known",
	]);
	await clock.advance(38_999);
	t.is(log.length, 1);
	await clock.advance(1);
	t.deepEqual(log.slice(1), [
		"table's TimeoutError: AT+QMTPUB: no result within 40000 ms; whether it took effect is not known",
	]);
	t.is(scheduler.statistics.timeouts, 2);
	t.true(scheduler.synchronised);
	serial.take();
	scheduler.submit(new Request(Command.signal, "execute"));
	t.is(serial.take(), "AT+CSQ\r");
});

test.serial("a command whose result came, but no OK, is done; the line is probed", async t => {
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench();
	scheduler.submit(logged(log, "", Command.publish, "write", [0, 7, 1, 0, "t", "m"]));
	serial.receive("\r\n+QMTPUB: 0,7,0\r\n");
	await clock.advance(1000);
	t.deepEqual(log, ["result +QMTPUB: 0,7,0", "done"]);
	t.false(scheduler.synchronised);
});

test.serial("a request may have its own time", async t => {
	const log: string[] = [];
	const { clock, scheduler } = await synchronisedBench();
	const request = logged(log, "", Command.signal, "execute");
	request.timeout = 5000;
	scheduler.submit(request);
	await clock.advance(5000 + SLACK_MS - 1);
	t.deepEqual(log, []);
	await clock.advance(1);
	t.regex(log[0], /TimeoutError: AT\+CSQ: no final result code within 5000 ms/);
});

test.serial(
	"the time to go out is not the modem's; a line that never takes the command ends it as well",
	async t => {
		const log: string[] = [];
		const { clock, serial, scheduler } = await synchronisedBench();
		serial.writable(0);
		scheduler.submit(logged(log, "", Command.signal, "execute"));
		await clock.advance(300 + SLACK_MS);
		t.is(log.length, 1);
		serial.writable();
		t.is(serial.take(), "\x1b\r", "what was left of it does not go out");
	},
);

test.serial("a deadline: what has not begun by then fails, what has begun goes on", async t => {
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench();
	const slow = { ...Command.signal, timeout: 10_000 };
	for (const [name, deadline] of [
		["first", 10],
		["second", 1000],
		["third", undefined],
		["now", 0],
		["past", -1],
	] as const) {
		const request = logged(log, name, slow, "execute");
		request.deadline = deadline;
		scheduler.submit(request);
	}
	await clock.advance(0);
	t.deepEqual(
		log.map(entry => entry.slice(0, 18)),
		["now DeadlineError:", "past DeadlineError"],
	);
	await clock.advance(999);
	t.is(log.length, 2);
	await clock.advance(1);
	t.regex(log[2], /^second DeadlineError: AT\+CSQ: not sent/);
	serial.receive("\r\nOK\r\n");
	t.is(log[3], "first done");
	serial.receive("\r\nOK\r\n");
	t.is(log[4], "third done");
});

test.serial(
	"a request that submits itself again when its deadline passes does not hold up the turn",
	async t => {
		const { clock, serial, scheduler } = await synchronisedBench();
		scheduler.submit(new Request(Command.signal, "execute"));
		let rounds = 0;
		const request = new Request(Command.imsi, "execute");
		request.deadline = 0;
		request.onDone = error => {
			if (error instanceof DeadlineError && ++rounds < 100) scheduler.submit(request);
		};
		scheduler.submit(request);
		const timer = clock.set(() => t.true(rounds < 5), 0);
		await clock.advance(0);
		clock.clear(timer);
		t.is(rounds, 100);
		serial.receive("\r\nOK\r\n");
	},
);

const starts = [2 ** 31 - 400, 2 ** 32 - 400];
for (const start of starts) {
	test.serial(`times hold when the tick counter wraps: begun at tick ${start}`, async t => {
		const { clock, serial, scheduler } = await synchronisedBench({}, start - 302);
		const log: string[] = [];
		const waiting = logged(log, "result", Command.publish, "write", [0, 7, 1, 0, "t", "m"]);
		waiting.resultTimeout = 700;
		scheduler.submit(waiting);
		serial.receive("\r\nOK\r\n");
		scheduler.submit(logged(log, "final", Command.signal, "execute"));
		const queued = logged(log, "queued", Command.imsi, "execute");
		queued.deadline = 450;
		scheduler.submit(queued);
		await clock.advance(449);
		t.deepEqual(log, []);
		await clock.advance(1);
		t.regex(log[0], /^queued DeadlineError/);
		await clock.advance(300 + SLACK_MS - 450);
		t.regex(log[1], /^final TimeoutError/);
		await clock.advance(900);
		t.regex(log[2], /^result TimeoutError/);
		t.is(log.length, 3);
		serial.writable();
		serial.receive("\r\nOK\r\n");
		await clock.advance(0);
		serial.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n");
		t.true(scheduler.synchronised);
	});
}

test.serial("what has come while the host was busy is no silence", async t => {
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench();
	scheduler.submit(logged(log, "", Command.signal, "execute"));
	clock.set(() => {
		clock.block(60_000);
		serial.hold("\r\n+CSQ: 1,1\r\n\r\nOK\r\n");
	}, 100);
	await clock.advance(60_100);
	t.deepEqual(log, ["information +CSQ: 1,1", "done"]);
	t.is(scheduler.statistics.timeouts, 0);
});

test.serial("nor are lines that are not handled yet", async t => {
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench({ linesPerTurn: 1 });
	scheduler.submit(logged(log, "", Command.signal, "execute"));
	clock.set(() => {
		clock.block(60_000);
		serial.hold("\r\n+A: 1\r\n\r\n+B: 1\r\n\r\n+CSQ: 1,1\r\n\r\nOK\r\n");
	}, 100);
	await clock.advance(60_100);
	t.deepEqual(log, ["information +CSQ: 1,1", "done"]);
});

test.serial("a line that breaks off is given up, and told, when the line is silent", async t => {
	let gaps = 0;
	const { clock, serial, scheduler } = await synchronisedBench({ onGap: () => gaps++ });
	serial.receive("x");
	t.false(scheduler.quiet);
	await clock.advance(249);
	serial.receive("y");
	await clock.advance(249);
	t.is(gaps, 0);
	await clock.advance(1);
	t.is(gaps, 1);
	t.true(scheduler.quiet);
});

test.serial("an error keeps what it is about", async t => {
	const { clock, serial, scheduler } = await synchronisedBench();
	const errors: unknown[] = [];
	const request = new Request(Command.signal, "execute");
	request.onDone = error => errors.push(error);
	scheduler.submit(request);
	await clock.advance(1000);
	t.true(errors[0] instanceof TimeoutError);
	t.like(errors[0], { name: "TimeoutError", command: "AT+CSQ" });
	serial.writable();
	await synchronise({ clock, serial, scheduler });
});

test.serial("a message that has lost its closing quote does not swallow answers for ever", async t => {
	let gaps = 0;
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench({ onGap: () => gaps++ });
	scheduler.listen("+QMTRECV", line => log.push(line.text), receivedEnds);
	scheduler.submit(logged(log, "signal", Command.signal, "execute"));
	serial.receive('\r\n+QMTRECV: 0,0,"t","lost\r\n\r\n+CSQ: 1,1\r\n\r\nOK\r\n');
	// From now on a modem that answers at once.
	const answers: Record<string, string> = { AT: "\r\nOK\r\n", "AT+CMEE?": "\r\n+CMEE: 1\r\n\r\nOK\r\n" };
	for (let round = 0; round < 300; round++) {
		await clock.advance(10);
		serial.writable();
		for (const asked of serial.take().split("\r")) serial.receive(answers[asked] ?? "");
	}
	t.true(scheduler.synchronised);
	t.is(gaps, 1);
	t.is(log.length, 1);
	t.regex(log[0], /^signal TimeoutError/);
	t.true(scheduler.quiet);
});
