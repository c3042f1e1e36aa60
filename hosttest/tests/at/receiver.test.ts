import assert from "node:assert/strict";
import test from "ava";
import fc from "fast-check";
import type { Line } from "../../../modules/at/line.js";
import { receivedEnds } from "../../../modules/bc20/received.js";
import { type Bench, latin1, synchronisedBench } from "../bench.js";
import { Command, logged } from "./commands.js";
import { pieces } from "./framing.js";

const MESSAGE = '\r\n+QMTRECV: 0,0,"t",';

/** All that may be asked of a line. */
const shown = (kind: string, line: Line) =>
	[kind, line.text, line.value, line.prefixLength, line.integer(0), line.string(1), line.fields].join("|");

/** A scheduler that hears of some lines; what it hears of, and of the others, is in `heard`. */
async function hearing(): Promise<Bench & { heard: string[] }> {
	const heard: string[] = [];
	const bench = await synchronisedBench({
		receiveBuffer: 512,
		onUnknown: line => heard.push(shown("unknown", line)),
		onGap: () => heard.push("gap"),
	});
	for (const prefix of ["+CEREG", "+QMTSTAT", "Leaving the BROM"])
		bench.scheduler.listen(prefix, line => heard.push(shown("known", line)));
	bench.scheduler.listen("+QMTRECV", line => heard.push(shown("message", line)), receivedEnds);
	return { ...bench, heard };
}

/** What is heard of bytes that come in pieces of the given sizes, over and over, without a pause; then the line is silent. */
async function heardOf(bytes: Uint8Array, sizes: readonly number[]) {
	const { clock, serial, scheduler, heard } = await hearing();
	for (let from = 0, turn = 0; from < bytes.length; turn++) {
		const size = sizes[turn % sizes.length];
		serial.receive(bytes.slice(from, from + size));
		await clock.advance(0);
		from += size;
	}
	await clock.advance(1000);
	const { unknown, gaps } = scheduler.statistics;
	scheduler.close();
	return { heard, unknown, gaps, understood: scheduler.heard };
}

const block = fc.oneof(
	fc.constantFrom(
		"\r\nOK\r\n",
		"\r\n+CSCON: 1\r\n",
		"\r\n+CEREG: 5\r\n",
		'\r\n+CEREG: 1,"69C9","06923252",9\r\n',
		"\r\n+QMTSTAT: 0,1 \r\n",
		"\r\n460001357924680\r\n",
		"\r\nLeaving the BROM\n\r",
		"\r\n+CME ERROR: 10\r\n",
		"\r\n> \r\n",
		"\r\n\r\n",
		"AT+CSQ\r\r\n+CSQ: 22,0\r\n",
		"\r\n+X\0: 1\r\n",
		"\r\n\xff+CEREG: 2\r\n",
		"\r\n+CEREG: 2\xff\r\n",
		"\r\n+N: \xc3\xa9\r\n",
		// Characters of two bytes, so that there are fewer characters than bytes.
		"\r\n+\xc3\xa9\rX",
		"\r\n\xc3\xa9\xc3\xa9\r\n\n",
		"\r\na long text before the colon: 1\r\n",
		`\r\n+L: ${"z".repeat(300)}\r\n`,
		`\r\n+L: ${"\xff\0".repeat(150)}\r\n`,
	),
	fc.string({
		unit: fc.constantFrom("+", "a", ":", ",", '"', "\r", "\n", "\0", "\xff", " ", "1"),
		maxLength: 20,
	}),
	fc
		.string({
			unit: fc.constantFrom("a", '"', ",", "\r", "\n", "\r\n", '"\r\n', "\xff", "b".repeat(60)),
			maxLength: 10,
		})
		.map(payload => `${MESSAGE}"${payload}"\r\n`),
);

test.serial("property: the same is heard of each line, in whatever pieces it comes", async t => {
	await fc.assert(
		fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 8 }), pieces, async (blocks, sizes) => {
			const bytes = latin1(blocks.join(""));
			const one = await heardOf(bytes, [1]);
			assert.deepEqual(await heardOf(bytes, sizes), one);
			// Each block as a piece of its own, as a modem sends it.
			const whole = blocks.map(({ length }) => length).filter(length => length > 0);
			if (whole.length) assert.deepEqual(await heardOf(bytes, whole), one);
		}),
		{ seed: 11, numRuns: 400 },
	);
	t.pass();
});

test.serial("a block of one line never waits in the buffer", async t => {
	const { serial, scheduler, heard } = await hearing();
	const before = scheduler.statistics.receiveHighWater;
	serial.receive(`\r\n+CSCON: ${"1".repeat(100)}\r\n`);
	t.is(heard.length, 1);
	t.is(scheduler.statistics.receiveHighWater, before);
	t.true(scheduler.quiet);
});

test.serial(
	"what is in a piece that ends within a line is heard when the line is complete, or silent",
	async t => {
		const { clock, serial, heard } = await hearing();
		const texts = () => heard.splice(0).map(text => text.split("|")[1]);
		serial.receive("\r\n+CEREG");
		serial.receive(": 1\r\n\r\n+CER");
		serial.receive("EG: 2\r\n");
		t.deepEqual(texts(), ["+CEREG: 1", "+CEREG: 2"]);
		serial.receive("\r\n+CEREG");
		serial.receive(": 3\r\n\r\n+CER");
		t.deepEqual(texts(), []);
		await clock.advance(250);
		t.deepEqual(heard.slice(1), ["gap"], "the rest has broken off");
		t.deepEqual(texts()[0], "+CEREG: 3");
	},
);

test.serial("a later result counts with its last byte, whatever follows it", async t => {
	const { clock, serial, scheduler, heard } = await hearing();
	const request = logged(heard, "close", Command.close, "write", [0]);
	scheduler.submit(request);
	serial.writable();
	serial.receive("\r\nOK\r\n");
	// The result is due within 300 ms and the allowance.
	await clock.advance(450);
	serial.receive(`${MESSAGE}"a`);
	serial.receive('"\r\n\r\n+QMTCLOSE: 0,0\r\n\r\n+QM');
	await clock.advance(60);
	t.deepEqual(heard.slice(-2), ["close result +QMTCLOSE: 0,0", "close done"]);
});

test.serial("a command is not sent before what came earlier is handled: it is no answer to it", async t => {
	for (const begun of ["\r\n+CEREG: 1", `${MESSAGE}"a`, `${MESSAGE}"\xff`, "\r\n+N: \xff"]) {
		const { clock, serial, scheduler, heard } = await hearing();
		serial.receive(begun);
		serial.receive(
			`${begun.endsWith("1") || begun.includes("+N") ? "" : '"'}\r\n\r\n+CSQ: 99,99\r\n\r\nOK\r\n\r\n+CE`,
		);
		const request = logged(heard, "signal", Command.signal, "execute");
		scheduler.submit(request);
		serial.writable();
		t.is(serial.take(), "");
		t.deepEqual(heard, [], "nothing is called from inside submit");
		await clock.advance(0);
		serial.writable();
		t.is(serial.take(), "AT+CSQ\r", begun);
		serial.receive("REG: 5\r\n\r\n+CSQ: 20,0\r\n\r\nOK\r\n");
		t.deepEqual(
			heard.map(text => text.split("|").slice(0, 2).join(" ")).slice(1),
			[
				"unknown +CSQ: 99,99",
				"unknown OK",
				"known +CEREG: 5",
				"signal information +CSQ: 20,0",
				"signal done",
			].map(text => text),
		);
	}
});

test.serial("a command goes out while a long line arrives", async t => {
	const { clock, serial, scheduler, heard } = await hearing();
	serial.receive(`${MESSAGE}"a`);
	serial.receive("b".repeat(100));
	scheduler.submit(logged(heard, "signal", Command.signal, "execute"));
	serial.writable();
	t.is(serial.take(), "AT+CSQ\r");
	serial.receive(`c"\r\n\r\n+CSQ: 20,0\r\n\r\nOK\r\n`);
	await clock.advance(0);
	t.deepEqual(heard.slice(-2), ["signal information +CSQ: 20,0", "signal done"]);
});

test.serial("a command goes out, and a time-out comes, while a payload with line ends arrives", async t => {
	const { clock, serial, scheduler, heard } = await hearing();
	serial.receive(`${MESSAGE}"a`);
	serial.receive("b\r\nOK\r\nc");
	scheduler.submit(logged(heard, "signal", Command.signal, "execute"));
	serial.writable();
	await clock.advance(0);
	serial.writable();
	t.is(serial.take(), "AT+CSQ\r");
	for (let ms = 0; ms < 600; ms += 100) {
		await clock.advance(100);
		serial.receive("d\r\ne");
	}
	t.regex(heard.join(), /^signal TimeoutError/);
});

test.serial("a turn has a bounded number of lines, however many wait, and none is lost", async t => {
	const { clock, serial, scheduler, heard } = await hearing();
	let most = 0;
	// Lines and one that goes on in the next piece, faster than turns come.
	for (let piece = 0; piece < 40; piece++) {
		const before = heard.length;
		serial.receive(`:\r\n${"X\n".repeat(30)}Y`);
		most = Math.max(most, heard.length - before);
	}
	await clock.advance(1000);
	t.is(heard.filter(text => text.startsWith("unknown|X")).length, 40 * 30);
	t.is(heard.filter(text => text.startsWith("unknown|Y:")).length, 39);
	// The usual portion, or what makes room for a piece.
	t.true(most <= 64, `${most} lines`);
	t.is(scheduler.statistics.gaps, 1, "the last line has broken off");
});
