import assert from "node:assert/strict";
import test from "ava";
import fc from "fast-check";
import { Framer, LINE, NONE } from "../../../modules/at/framer.js";
import { PrefixTable } from "../../../modules/at/prefixes.js";
import { PIECE_BYTES, ReceiveBuffer } from "../../../modules/at/receive-buffer.js";
import { latin1 } from "../bench.js";
import { FakeFIFO, readFrom } from "./fifo.js";
import { Framing, type FramingOptions, eventsOf, pieces } from "./framing.js";
import { referenceEvents } from "./framing-reference.js";

const RECV = '+QMTRECV: 0,0,"t",';

/** What arrives, and the events that it makes in whatever pieces it arrives. */
const cases: readonly [title: string, stream: string, events: readonly string[], options?: FramingOptions][] =
	[
		["a response and its final result code", "\r\n+CSQ: 22,0\r\n\r\nOK\r\n", ["+CSQ: 22,0", "OK"]],
		[
			"the boot banner, whose line ends are LF CR",
			"F1: 0000 0000\n\rV0: 0000 0000 [0001]\n\rLeaving the BROM\n\r\n\r\r\n+CFUN: 1\r\n",
			["F1: 0000 0000", "V0: 0000 0000 [0001]", "Leaving the BROM", "+CFUN: 1"],
		],
		["lines that end with LF alone", "OK\nERROR\n", ["OK", "ERROR"]],
		["empty lines are no event", "\r\n\r\n\n\n\r\r\n \r\nOK\r\n\r\n", ["OK"]],
		["an echo, whose CR is the command's", "AT+CIMI\r\r\n460001\r\n\r\nOK\r\n", ["AT+CIMI", "460001", "OK"]],
		["an echo of CR LF", "AT\r\n\r\nOK\r\n", ["AT", "OK"]],
		["blanks behind a line", "OK  \t\r\n", ["OK"]],
		["noise before a line", "\x00\xff\x80\x1b\x7f\r\nOK\r\n", ["OK"]],
		["noise before the first character of a line", "\r\n\xff\x00OK\r\n", ["OK"]],
		["noise behind a line", "\r\nOK\x00\x01\r\n\xfe", ["OK"]],
		["printable noise is a line of its own", "x~\r\nOK\r\n", ["x~", "OK"]],
		["noise in a line stays in it, as far as it is text", "+C\x01SQ: 1\xff\r\n", ["+C\x01SQ: 1"]],
		["a prompt while armed", "\r\n> ", ["PROMPT"], { armed: true }],
		["a prompt without a blank", "\r\n>", ["PROMPT"], { armed: true }],
		["a prompt, and lines behind it", "\r\n> \r\nOK\r\n", ["PROMPT", "OK"], { armed: true }],
		["only one prompt", "\r\n> \r\n>\r\nOK\r\n", ["PROMPT", ">", "OK"], { armed: true }],
		["no prompt while not armed", "\r\n> \r\nOK\r\n", [">", "OK"]],
		[
			"a prompt behind an echo and a URC",
			"AT+X\r\r\n+Y: 1\r\n\r\n> ",
			["AT+X", "+Y: 1", "PROMPT"],
			{ armed: true },
		],
		["> within a line is no prompt", "\r\n+Y: > 1\r\n", ["+Y: > 1"], { armed: true }],
		[
			"> within a payload is no prompt",
			`\r\n${RECV}"a\r\n> b"\r\n\r\nOK\r\n`,
			[`${RECV}"a\r\n> b"`, "OK"],
			{ armed: true },
		],
		["a payload behind which another block begins", `\r\n${RECV}"p"\r\n\r\nOK\r\n`, [`${RECV}"p"`, "OK"]],
		["a payload that is the last for now", `\r\n${RECV}"p"\r\n`, [`${RECV}"p"`]],
		["a payload of quotes and commas", `\r\n${RECV}"{"a":"b","c":1}"\r\n`, [`${RECV}"{"a":"b","c":1}"`]],
		["an empty payload", `\r\n${RECV}""\r\n\r\nOK\r\n`, [`${RECV}""`, "OK"]],
		["line ends in a payload", `\r\n${RECV}"a\r\nb\n\nc\r"\r\n`, [`${RECV}"a\r\nb\n\nc\r"`]],
		["a payload of line ends", `\r\n${RECV}"\n\n\r\n\n"\r\n`, [`${RECV}"\n\n\r\n\n"`]],
		[
			"a final result code in a payload",
			`\r\n${RECV}"\r\nOK\r\n"\r\n\r\nERROR\r\n`,
			[`${RECV}"\r\nOK\r\n"`, "ERROR"],
		],
		[
			"a quote before a line end in a payload",
			`\r\n${RECV}"a"\nb"\n"\r\nc"\r\n`,
			[`${RECV}"a"\nb"\n"\r\nc"`],
		],
		["a quote, CR LF and CR in a payload", `\r\n${RECV}"a"\r\n\rOK\r\n"\r\n`, [`${RECV}"a"\r\n\rOK\r\n"`]],
		["a quote and LF CR LF in a payload", `\r\n${RECV}"a"\n\r"\r\n\r\nOK\r\n`, [`${RECV}"a"\n\r"`, "OK"]],
		["a payload, and CR alone behind it", `\r\n${RECV}"a"\r\n\r`, [`${RECV}"a"`]],
		[
			"blanks at the end of a payload without quotes",
			"\r\n+QMTRECV: 0,0,t,p \t\r\r\n",
			["+QMTRECV: 0,0,t,p \t\r"],
		],
		["a payload that is one quote", `\r\n${RECV}"""\r\n`, [`${RECV}"""`]],
		["a topic with commas", '\r\n+QMTRECV: 0,0,"a,b","c\nd"\r\n', ['+QMTRECV: 0,0,"a,b","c\nd"']],
		["two messages in a row", `\r\n${RECV}"a\n"\r\n\r\n${RECV}"b"\r\n`, [`${RECV}"a\n"`, `${RECV}"b"`]],
		["a message without quotes", "\r\n+QMTRECV: 0,0,t,p\r\n\r\nOK\r\n", ["+QMTRECV: 0,0,t,p", "OK"]],
		["a message that breaks off", `\r\n${RECV}"abc\r\nde`, ["GAP"]],
		["a line that breaks off", "\r\n+CSQ: 2", ["GAP"]],
	];

for (const [title, stream, events, options] of cases) {
	test(title, t => {
		const bytes = latin1(stream);
		t.deepEqual(eventsOf(bytes, [128], options), events, "at once");
		for (let size = 1; size <= bytes.length; size++)
			t.deepEqual(eventsOf(bytes, [size], options), events, `pieces of ${size}`);
		for (let first = 1; first < bytes.length; first++)
			t.deepEqual(eventsOf(bytes, [first, 128], options), events, `cut behind ${first}`);
	});
}

test("a payload is held until what follows, or time, decides", t => {
	const framing = new Framing().feed(`\r\n${RECV}"a"\r\n`);
	t.deepEqual(framing.events, []);
	t.true(framing.framer.held);
	framing.feed("\r");
	t.deepEqual(framing.events, []);
	t.true(framing.framer.held);
	framing.feed("\n");
	t.deepEqual(framing.events, [`${RECV}"a"`]);
	t.false(framing.framer.held);
	framing.feed(`${RECV}"b"\r\n`).feed("c");
	t.false(framing.framer.held);
	t.true(framing.framer.open);
	framing.feed('"\r\n').settle();
	t.deepEqual(framing.events, [`${RECV}"a"`, `${RECV}"b"\r\nc"`]);
	t.false(framing.framer.open);
	framing.settle();
	t.is(framing.framer.gaps, 0, "silence between lines breaks nothing off");
});

test("the longest line comes whole, one byte more is a gap", t => {
	const options = { capacity: 256 };
	const longest = "x".repeat(127);
	for (const size of [1, 2, 7, 100, 127, 128]) {
		t.deepEqual(eventsOf(`${longest}\nOK\r\n`, [size], options), [longest, "OK"]);
		t.deepEqual(eventsOf(`${longest}x\nOK\r\n`, [size], options), ["GAP", "OK"]);
	}
});

test("a line too long is discarded whole, in however many pieces it comes", t => {
	for (const length of [200, 1000, 5000]) {
		for (const size of [1, 3, 50, 127, 128]) {
			const framing = new Framing({ capacity: 384 });
			const lost = `+X: ${"OK ".repeat(length / 3)}`;
			framing.feed("\r\n+Y: 1\r\n", [size]);
			const line = `${lost}\r\n`;
			framing.feed(line, [size]).feed("\r\nOK\r\n", [size]);
			const fits = line.length <= framing.buffer.limit;
			t.deepEqual(framing.events, ["+Y: 1", fits ? lost.trimEnd() : "GAP", "OK"]);
			t.is(framing.framer.gaps, fits ? 0 : 1);
			t.is(framing.buffer.dropped, fits ? 0 : line.length, "all of it is counted, its end included");
		}
	}
});

test("a payload too long, with lines and results in its tail, is one gap", t => {
	const filler = "y".repeat(300);
	const stream = `\r\n${RECV}"${filler}\r\nOK\r\n+CSQ: 1,2\r\n"a"\n${filler}\r\nERROR\r\n"\r\n\r\n+CSQ: 3,4\r\n`;
	for (const size of [1, 2, 3, 5, 64, 128]) {
		const framing = new Framing({ capacity: 384 }).feed(stream, [size]).settle();
		t.deepEqual(framing.events, ["GAP", "+CSQ: 3,4"]);
	}
});

for (const [title, end] of [
	["LF alone", '"\nOK\r\n'],
	["LF CR LF", '"\n\r\nOK\r\n'],
	["CR LF, and no empty line", '"\r\nOK\r\n'],
	["CR LF and CR", '"\r\n\rOK\r\n'],
])
	test(`a payload too long does not end at a quote and ${title}`, t => {
		for (let length = 250; length < 270; length++)
			for (const size of [1, 2, 3, 4, 5, 64, 128]) {
				const stream = `\r\n${RECV}"${"y".repeat(length)}${end}${"y".repeat(300)}"\r\n\r\n+CSQ: 3,4\r\n`;
				t.deepEqual(eventsOf(stream, [size], { capacity: 384 }), ["GAP", "+CSQ: 3,4"]);
			}
	});

test("a payload too long that ends where the buffer is full ends there", t => {
	for (let length = 200; length < 400; length++)
		for (const size of [1, 2, 3, 128]) {
			const framing = new Framing({ capacity: 384 });
			framing.feed(`\r\n${RECV}"${"y".repeat(length)}"\r\n\r\nOK\r\n`, [size]);
			t.deepEqual(framing.events.slice(-1), ["OK"], `${length} bytes in pieces of ${size}`);
			t.is(framing.events.length, 2);
		}
});

test("what a line too long is does not follow from the pieces that it comes in", t => {
	for (let length = 220; length < 270; length++) {
		const stream = `\r\n+QMTRECV: 0,${"y".repeat(length)},"t","${"y".repeat(200)}\r\nOK\r\n"\r\n\r\nERROR\r\n`;
		const expected = eventsOf(stream, [128], { capacity: 384 });
		for (const size of [1, 2, 3, 5, 64, 100])
			t.deepEqual(eventsOf(stream, [size], { capacity: 384 }), expected, `${length}, pieces of ${size}`);
	}
});

test("a message without quotes that is too long ends with its line", t => {
	for (const size of [1, 3, 128]) {
		const framing = new Framing({ capacity: 384 });
		framing.feed(`\r\n+QMTRECV: 0,0,t,${"y".repeat(600)}\r\n\r\nOK\r\n`, [size]);
		t.deepEqual(framing.events, ["GAP", "OK"]);
	}
});

test("a payload too long that is the last for now is a gap when the line is silent", t => {
	const framing = new Framing({ capacity: 384 }).feed(`\r\n${RECV}"${"y".repeat(600)}"\r\n`);
	t.deepEqual(framing.events, []);
	framing.settle();
	t.deepEqual(framing.events, ["GAP"]);
	t.is(framing.buffer.length, 0);
	framing.feed("\r\nOK\r\n");
	t.deepEqual(framing.events, ["GAP", "OK"]);
});

test("noise without any line end never overruns the buffer", t => {
	const framing = new Framing({ capacity: 256 });
	for (let round = 0; round < 100; round++) framing.feed("\x55".repeat(113));
	framing.feed("\r\nOK\r\n");
	t.deepEqual(framing.events, ["GAP", "OK"]);
	framing.feed("\xff".repeat(1000));
	t.is(framing.buffer.length, 0);
});

test("a prefix may be up to 16 printable characters, and only its own bytes are it", t => {
	const prefixes = new PrefixTable();
	for (const bad of ["", " X", "+X\x01", "+é", "x".repeat(17), "\x7f", "+X:"])
		t.throws(() => prefixes.add(bad), { instanceOf: RangeError }, JSON.stringify(bad));
	const names = ["+QMTOPEN", "+QMTOPEN_2", "+QMTCLOSE", "OK", "x".repeat(16), "+CME ERROR", "+CMS ERROR"];
	const entries = names.map(name => prefixes.add(name));
	t.is(new Set(entries).size, names.length);
	t.deepEqual(
		names.map(name => prefixes.add(name)),
		entries,
	);
	const found = (text: string) => {
		const buffer = new ReceiveBuffer(256);
		const framer = new Framer(buffer, prefixes);
		const fifo = new FakeFIFO();
		fifo.hold(latin1(text + "\r\n"));
		if (readFrom(fifo, buffer, framer) !== LINE) return "none";
		return framer.prefix?.text;
	};
	for (const name of names) {
		t.is(found(name), name);
		t.is(found(`${name}: 0,0`), name);
		t.is(found(`${name}:`), name);
		t.is(found(`${name}x: 0`), undefined);
		t.is(found(`${name}\x80: 0`), undefined, "a byte of noise is not nothing");
		t.is(found(name.slice(0, -1)), undefined);
	}
	t.is(found("x".repeat(40)), undefined);
});

test("scanning a payload of line ends takes a time that grows with its length only", t => {
	// In pieces of one byte, whole texts must not be made again for each line end.
	const count = (length: number) => {
		const framing = new Framing({ capacity: 8192 });
		const { buffer } = framing;
		let characters = 0;
		const show = buffer.show.bind(buffer);
		buffer.show = from => {
			characters += buffer.end - from;
			show(from);
		};
		framing.feed(`\r\n${RECV}"${"\n".repeat(length)}"\r\n\r\nOK\r\n`, [1]);
		t.is(framing.events.length, 2);
		return characters;
	};
	const [short, long] = [count(1000), count(4000)];
	t.true(long < 5 * short, `${short} characters for 1000 line ends, ${long} for 4000`);
});

const blocks = fc.oneof(
	fc.constantFrom(
		"\r\nOK\r\n",
		"\r\nERROR\r\n",
		"\r\n+CME ERROR: 10\r\n",
		"\r\n+QMTSTAT: 0,1\r\n",
		"\r\n> ",
		"F1: 0000 0000\n\r",
		"\r\nLeaving the BROM\n\r\n\r",
		"\r\n+QMTRECV: 0,0,t,p\r\n",
	),
	fc.string({ unit: fc.constantFrom("a", '"', ",", "\r", "\n", ">", ":", " ", "\xff"), maxLength: 30 }),
	fc
		.string({ unit: fc.constantFrom("a", '"', ",", "\r", "\n", "\r\n", "OK", "b".repeat(60)), maxLength: 12 })
		.map(payload => `\r\n${RECV}"${payload}"\r\n`),
	fc.integer({ min: 100, max: 400 }).map(length => `\r\n+LONG: ${"z".repeat(length)}\r\n`),
);
const streams = fc.array(blocks, { minLength: 1, maxLength: 12 }).map(parts => parts.join(""));

test("property: the same events, whatever the pieces", t => {
	fc.assert(
		fc.property(streams, pieces, fc.boolean(), (stream, sizes, armed) => {
			const options = { capacity: 320, armed };
			assert.deepEqual(eventsOf(stream, sizes, options), eventsOf(stream, [128], options));
		}),
		{ seed: 2, numRuns: 3000 },
	);
	t.pass();
});

const strange = fc.string({
	unit: fc.constantFrom(
		"a",
		'"',
		",",
		'","',
		"\r",
		"\n",
		"\r\n",
		":",
		" ",
		"\0",
		"\xff",
		"\xc3\xa9",
		"b".repeat(60),
	),
	maxLength: 14,
});

test("property: the events are those of a framer that looks at each byte, whatever is in the stream", t => {
	const stream = fc
		.array(
			fc.oneof(
				blocks,
				strange,
				strange.map(payload => `\r\n${RECV}"${payload}"\r\n`),
			),
			{ maxLength: 12 },
		)
		.map(parts => parts.join(""));
	fc.assert(
		fc.property(stream, pieces, (stream, sizes) => {
			const bytes = latin1(stream);
			assert.deepEqual(
				eventsOf(bytes, sizes, { capacity: 320, raw: true }),
				referenceEvents(bytes, 320 - PIECE_BYTES),
			);
		}),
		{ seed: 6, numRuns: 3000 },
	);
	t.pass();
});

test("property: any bytes at all, in any pieces, give the same events and leave the framer well", t => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 600 }), pieces, (bytes, sizes) => {
			const framing = new Framing({ capacity: 256 }).feed(bytes, sizes).settle();
			assert.deepEqual(framing.events, eventsOf(bytes, [64], { capacity: 256 }));
			assert.equal(framing.buffer.length, 0);
			const { length } = framing.events;
			assert.deepEqual(framing.feed("\r\nOK\r\n").events.slice(length), ["OK"]);
		}),
		{ seed: 3, numRuns: 1000 },
	);
	t.pass();
});

test("property: a URC at any line boundary is one more event and changes no other", t => {
	const whole = fc.constantFrom(
		"\r\nOK\r\n",
		"\r\n+CSQ: 1,2\r\n",
		`\r\n${RECV}"a\r\n"b\r\n"\r\n`,
		`\r\n${RECV}"${"c".repeat(300)}\r\nOK\r\n"\r\n`,
		`\r\n+LONG: ${"d".repeat(300)}\r\n`,
		"\r\n460001\r\n",
	);
	fc.assert(
		fc.property(fc.array(whole, { maxLength: 8 }), fc.nat(8), pieces, (parts, nth, sizes) => {
			const at = Math.min(nth, parts.length);
			const urc = "\r\n+QMTSTAT: 1,1\r\n";
			const options = { capacity: 320 };
			const events = (from: number, to?: number) => eventsOf(parts.slice(from, to).join(""), [128], options);
			assert.deepEqual(eventsOf([...parts.slice(0, at), urc, ...parts.slice(at)].join(""), sizes, options), [
				...events(0, at),
				"+QMTSTAT: 1,1",
				...events(at),
			]);
		}),
		{ seed: 4, numRuns: 2000 },
	);
	t.pass();
});

test("the prefix is known behind noise, and of a line in pieces that holds some", t => {
	const prefixes = new PrefixTable();
	const names = ["OK", "+CEREG", "x".repeat(16)];
	for (const name of names) prefixes.add(name);
	/** Prefix, its length and text of the line behind `+\xff`, in two pieces. */
	const found = (text: string, cut: number) => {
		const buffer = new ReceiveBuffer(256);
		const framer = new Framer(buffer, prefixes);
		const fifo = new FakeFIFO();
		fifo.hold(latin1(`+\xff\r\n${text.slice(0, cut)}`));
		const lines = [];
		let event = readFrom(fifo, buffer, framer);
		for (let piece = 0; piece < 2; piece++) {
			for (; event !== NONE; event = framer.next())
				lines.push([framer.prefix?.text, framer.line.prefixLength, framer.line.text]);
			fifo.hold(latin1(text.slice(cut)));
			event = piece ? NONE : readFrom(fifo, buffer, framer);
		}
		t.deepEqual(lines[0], [undefined, 2, "+"]);
		t.is(lines.length, 2);
		return lines[1];
	};
	for (const name of names)
		for (let cut = 1; cut < name.length; cut++) {
			t.deepEqual(found(`${name}\r\n`, cut), [name, name.length, name]);
			t.deepEqual(found(`${name}: 1\r\n`, cut), [name, name.length, `${name}: 1`]);
			t.deepEqual(found(`${name}:\xff\r\n`, cut), [name, name.length, `${name}:`]);
			t.is(found(`${name}x: 1\r\n`, cut)[0], undefined);
		}
	t.deepEqual(found(`${"y".repeat(16)}: 1\r\n`, 3).slice(0, 2), [undefined, 16]);
	t.deepEqual(found(`${"y".repeat(17)}: 1\r\n`, 3).slice(0, 2), [undefined, 20]);
});
