import test from "ava";
import { ParameterError } from "../../../modules/at/errors.js";
import type { Request } from "../../../modules/at/request.js";
import { type Bench, latin1, synchronisedBench } from "../bench.js";
import { Command, logged } from "./commands.js";

const COMMAND = 'AT+QMTPUB=0,7,1,0,"t"\r';
/** Looks like commands, should the modem ever read it as such. */
const DANGEROUS = "AT+QPOWD=0\r".repeat(40);

async function dataBench(
	log: string[],
	data: string,
): Promise<Bench & { request: Request; signal: Request }> {
	const all = await synchronisedBench({ onUnknown: line => log.push(`unknown ${line.text}`) });
	const request = logged(log, "data", Command.publishData, "write", [0, 7, 1, 0, "t"]);
	request.data = latin1(data);
	const signal = logged(log, "signal", Command.signal, "execute");
	all.scheduler.submit(request);
	all.scheduler.submit(signal);
	return { ...all, request, signal };
}

test.serial("data behind the prompt, ended by Ctrl-Z", async t => {
	const log: string[] = [];
	const { serial } = await dataBench(log, '{"a":"b"}\r\n');
	t.is(serial.take(), COMMAND);
	serial.receive("\r\n+QMTSTAT: 1,1\r\n\r\n>");
	t.is(serial.take(), '{"a":"b"}\r\n\x1a');
	serial.receive(" \r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n");
	t.is(serial.take(), "AT+CSQ\r");
	t.deepEqual(log, ["unknown +QMTSTAT: 1,1", "data result +QMTPUB: 0,7,0", "data done"]);
});

test.serial("no data at all are just the Ctrl-Z", async t => {
	const { serial } = await dataBench([], "");
	serial.take();
	serial.receive("\r\n> ");
	t.is(serial.take(), "\x1a");
});

test.serial("data go out as the transmit FIFO has room; their own echo is no result", async t => {
	const log: string[] = [];
	const data = "OK\r\n".repeat(100);
	const { serial } = await dataBench(log, data);
	serial.take();
	serial.writable(1);
	serial.receive("\r\n> ");
	let sent = "";
	for (let count = 1; count < data.length; count++) {
		serial.writable(1);
		sent += serial.take();
	}
	serial.receive("OK\r\nOK\r\n");
	serial.writable(2);
	sent += serial.take();
	t.is(sent, `${data}\x1a`);
	t.deepEqual(log, ["unknown OK", "unknown OK"]);
	serial.receive("\r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n");
	t.deepEqual(log.slice(2), ["data result +QMTPUB: 0,7,0", "data done"]);
});

test.serial("the prompt counts only when the whole command has gone out", async t => {
	const log: string[] = [];
	const { clock, serial, scheduler } = await synchronisedBench({ onUnknown: line => log.push(line.text) });
	const request = logged(log, "data", Command.publishData, "write", [0, 7, 1, 0, "t".repeat(200)]);
	request.data = latin1("payload");
	scheduler.submit(request);
	t.is(serial.take().length, 128);
	serial.receive("> \r\n");
	await clock.advance(0);
	serial.writable();
	t.true(serial.take().endsWith('t"\r'));
	t.deepEqual(log, [">"]);
	serial.receive("\r\n> ");
	t.is(serial.take(), "payload\x1a");
});

test.serial("data that would end the data mode are refused", async t => {
	const log: string[] = [];
	const { scheduler, serial } = await synchronisedBench();
	const request = logged(log, "data", Command.publishData, "write", [0, 7, 1, 0, "t"]);
	request.data = latin1("a\x1aAT+QPOWD=0\r");
	const error = t.throws(() => scheduler.submit(request), { instanceOf: ParameterError });
	t.is(error.parameter, "data");
	t.is(serial.take(), "");
});

test.serial("OK instead of the prompt is an error", async t => {
	const log: string[] = [];
	const { serial } = await dataBench(log, "payload");
	serial.take();
	serial.receive("\r\nOK\r\n\r\n> ");
	t.is(serial.take(), "AT+CSQ\r");
	serial.receive("\r\nOK\r\n");
	t.deepEqual(log, ["data CommandError: AT+QMTPUB: OK (without the prompt)", "unknown >", "signal done"]);
});

test.serial("an error instead of the prompt leaves the line clean", async t => {
	const log: string[] = [];
	const { serial } = await dataBench(log, "payload");
	serial.take();
	serial.receive("\r\n+CME ERROR: 3\r\n");
	t.deepEqual(log, ["data CommandError: AT+QMTPUB: +CME ERROR: 3"]);
	t.is(serial.take(), "AT+CSQ\r");
});

test.serial("no prompt: a TimeoutError that says so, then Esc, in case it comes late", async t => {
	const log: string[] = [];
	const { clock, serial } = await dataBench(log, "payload");
	serial.take();
	await clock.advance(6000);
	t.deepEqual(log, [
		"data TimeoutError: AT+QMTPUB: no prompt within 5000 ms; whether it took effect is not known",
	]);
	serial.receive("\r\n> ");
	t.regex(serial.take(), /^\x1b\r(AT\r)*$/);
	await clock.advance(3000);
	t.true(serial.take().includes("\x1b\r"), "and Esc again");
});

for (const left of [0, 1, 200, DANGEROUS.length]) {
	test.serial(`an error with ${left} bytes still to send: none of them goes out as a command`, async t => {
		const log: string[] = [];
		const { clock, serial } = await dataBench(log, DANGEROUS);
		serial.take();
		serial.writable(0);
		serial.receive("\r\n> ");
		let room = DANGEROUS.length + 1 - left;
		for (; room > 0; room -= 100) serial.writable(Math.min(room, 100));
		const before = serial.take();
		serial.receive("\r\nERROR\r\n");
		t.deepEqual(log, ["data CommandError: AT+QMTPUB: ERROR"]);
		t.is(before, `${DANGEROUS}\x1a`.slice(0, DANGEROUS.length + 1 - left));
		serial.writable();
		await clock.advance(0);
		serial.writable();
		t.is(serial.take(), "\x1b\r", "what the modem did not read is ended, not carried out");
		serial.receive("\r\nERROR\r\n");
		await clock.advance(300);
		t.is(serial.take(), "AT\r");
		serial.receive("\r\nOK\r\n");
		await clock.advance(0);
		serial.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n");
		t.is(serial.take(), "AT+CMEE?\rAT+CSQ\r");
		serial.receive("\r\nOK\r\n");
		t.deepEqual(log.slice(1), ["signal done"]);
	});
}

test.serial(
	"an error in the middle of a long command: the rest does not go out, and the next gets no late error",
	async t => {
		const log: string[] = [];
		const { clock, serial, scheduler } = await synchronisedBench();
		scheduler.submit(logged(log, "long", Command.publish, "write", [0, 7, 1, 0, "t", "x".repeat(300)]));
		scheduler.submit(logged(log, "signal", Command.signal, "execute"));
		t.is(serial.take().length, 128);
		serial.receive("\r\nERROR\r\n");
		t.deepEqual(log, ["long CommandError: AT+QMTPUB: ERROR"]);
		serial.writable();
		await clock.advance(0);
		t.is(serial.take(), "\x1b\r");
		serial.receive("\r\nERROR\r\n");
		t.is(log.length, 1);
	},
);

test.serial("time runs out in the middle of the data: Esc ends the data mode", async t => {
	const log: string[] = [];
	const { clock, serial } = await dataBench(log, DANGEROUS);
	serial.take();
	serial.writable(0);
	serial.receive("\r\n> ");
	serial.writable(100);
	t.is(serial.take(), DANGEROUS.slice(0, 100));
	await clock.advance(5000 + 2 * DANGEROUS.length + 200);
	t.regex(log[0], /^data TimeoutError: AT\+QMTPUB: no final result code within 5000 ms/);
	serial.writable();
	t.is(serial.take(), "\x1b\r");
});

test.serial(
	"cancelled before the prompt: Esc ends the data mode, nothing is sent, nothing is called",
	async t => {
		const log: string[] = [];
		const { serial, scheduler, request } = await dataBench(log, "payload");
		serial.take();
		t.true(scheduler.cancel(request));
		t.true(request.busy);
		serial.receive("\r\n> ");
		t.is(serial.take(), "\x1b");
		serial.receive("\r\nOK\r\n");
		t.false(request.busy);
		t.is(serial.take(), "AT+CSQ\r");
		t.deepEqual(log, []);
	},
);

test.serial(
	"cancelled before the prompt, with no room: the Esc goes out before anything else, or not at all",
	async t => {
		const log: string[] = [];
		const { clock, serial, scheduler, request } = await dataBench(log, "payload");
		serial.take();
		serial.writable(0);
		scheduler.cancel(request);
		serial.receive("\r\n> ");
		serial.receive("\r\nERROR\r\n");
		serial.writable();
		await clock.advance(0);
		serial.writable();
		t.is(serial.take(), "\x1b\r");
		t.deepEqual(log, []);
	},
);

test.serial("cancelled in the middle of the data: they are sent, the outcome is nobody's", async t => {
	const log: string[] = [];
	const { serial, scheduler, request } = await dataBench(log, "x".repeat(200));
	serial.take();
	serial.receive("\r\n> ");
	scheduler.cancel(request);
	serial.writable();
	t.is(serial.take(), `${"x".repeat(200)}\x1a`);
	serial.receive("\r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n");
	t.is(serial.take(), "AT+CSQ\r");
	t.deepEqual(log, ["unknown +QMTPUB: 0,7,0"]);
});
