import test from "ava";
import fc from "fast-check";
import { Framer, GAP, LINE, NONE, PROMPT } from "../../../modules/at/framer.js";
import { PrefixTable } from "../../../modules/at/prefixes.js";
import { PIECE_BYTES, ReceiveBuffer } from "../../../modules/at/receive-buffer.js";
import { receivedEnds } from "../../../modules/bc20/received.js";
import { FakeFIFO, readFrom } from "../at/fifo.js";

/** The events that bytes make when they come in these pieces, the line being silent at the end. */
function events(pieces: readonly Uint8Array[]): string[] {
	const prefixes = new PrefixTable();
	for (const prefix of ["OK", "ERROR", "+QMTSTAT"]) prefixes.add(prefix);
	prefixes.add("+QMTRECV").ends = receivedEnds;
	const buffer = new ReceiveBuffer(2048);
	const framer = new Framer(buffer, prefixes);
	const fifo = new FakeFIFO();
	const found: string[] = [];
	const read = (first = framer.next()) => {
		for (let event = first; event !== NONE; event = framer.next()) {
			if (event === GAP) found.push("gap");
			else if (event === PROMPT) found.push("prompt");
			else if (event === LINE) found.push(framer.line.text);
		}
	};
	for (const piece of pieces)
		for (let from = 0; from < piece.length; from += PIECE_BYTES) {
			fifo.hold(piece.subarray(from, from + PIECE_BYTES));
			read(readFrom(fifo, buffer, framer));
		}
	read();
	framer.settle();
	read();
	return found;
}

const bytes = (text: string) => new Uint8Array(ArrayBuffer.fromString(text));
const inOne = (text: string) => events([bytes(text)]);
const byteByByte = (text: string) => events(Array.from(bytes(text), byte => Uint8Array.of(byte)));
const block = (line: string) => `\r\n${line}\r\n`;

const payloads: Readonly<Record<string, string>> = {
	plain: "This is the payload related to topic",
	empty: "",
	"a quote": '"',
	JSON: '{"beep":1,"list":["a","b"],"empty":""}',
	"a quote and a comma at the end": '{"a",',
	commas: ",,,",
	"a line end": "one\r\ntwo",
	"line ends at both ends": "\r\ntext\r\n",
	"an empty line": "one\r\n\r\ntwo",
	"LF alone": "one\ntwo",
	"CR alone": "one\rtwo",
	"LF CR": "one\n\rtwo",
	OK: "\r\nOK\r\n",
	"a fake URC": "\r\n+QMTSTAT: 0,1\r\n",
	"a fake URC behind a quote": '"\r\n+QMTSTAT: 0,1\r\n"x',
	"a fake message": '"\r\n+QMTRECV: 0,0,"t","x',
	"a prompt": "\r\n>",
	"a quote, CR LF and CR": 'say "yes"\r\n\rplease',
	"a quote and an empty line with LF": 'say "yes"\n\r\nplease',
	"a quote at a line end": 'say "yes"\r\nplease',
	"UTF-8": "21 °C – 温度",
	blanks: "   ",
	long: "x".repeat(1500),
};

for (const [title, payload] of Object.entries(payloads))
	test(`payload: ${title}`, t => {
		const line = `+QMTRECV: 0,0,"topic/example","${payload}"`;
		const text = block("+QMTSTAT: 1,2") + block(line) + block("OK");
		const expected = ["+QMTSTAT: 1,2", line, "OK"];
		t.deepEqual(inOne(text), expected);
		t.deepEqual(byteByByte(text), expected);
		t.deepEqual(inOne(block(line)), [line], "the last on the line");
		t.deepEqual(inOne(block(line) + block(line)), [line, line]);
	});

for (const [title, line] of Object.entries({
	"no quotes at all": "+QMTRECV: 0,0,topic,payload",
	"no quotes around the payload": '+QMTRECV: 0,1,"topic",payload',
	"no quotes, quote at the end": '+QMTRECV: 0,1,"topic",say "yes"',
	"hex digits": '+QMTRECV: 5,65535,"topic",00FF1A',
	"no blank behind the colon": '+QMTRECV:0,0,"t","x"',
	"a comma in the topic": '+QMTRECV: 0,0,"a,b","x"',
	"a quote and a comma in the topic": '+QMTRECV: 0,0,"a",b","x"',
	"quote, comma, quote in the topic": '+QMTRECV: 0,0,"a","b","x"',
	"no topic": "+QMTRECV: 0,0",
	nothing: "+QMTRECV: ",
	"no quotes, blanks at the end": "+QMTRECV: 0,0,topic,payload \t",
	"no colon": "+QMTRECV",
	"an empty topic": '+QMTRECV: 0,0,"","x"',
}))
	test(`form: ${title}`, t => {
		const text = block("ERROR") + block(line) + block("+QMTSTAT: 0,1") + block("OK");
		const expected = ["ERROR", line, "+QMTSTAT: 0,1", "OK"];
		t.deepEqual(inOne(text), expected);
		t.deepEqual(byteByByte(text), expected);
	});

test("an empty payload without quotes ends at the next line end: a topic with line ends in it must not end sooner", t => {
	const expected = ['+QMTRECV: 0,1,"topic",\r\n', "OK"];
	t.deepEqual(inOne(block('+QMTRECV: 0,1,"topic",') + block("OK")), expected);
	const forged = '+QMTRECV: 0,1,"a",\r\n+QMTSTAT: 0,1","x"';
	t.deepEqual(inOne(block(forged) + block("OK")), [forged, "OK"]);
});

test("a line that is never closed is a gap once the modem is silent, and what follows is read again", t => {
	t.deepEqual(inOne(block('+QMTRECV: 0,0,"t","never closed') + block("OK")), ["gap"]);
});

test("a message longer than the buffer is one gap; the next line is read", t => {
	const long = `+QMTRECV: 0,0,"t","${"x\r\nOK\r\n".repeat(500)}"`;
	t.deepEqual(inOne(block(long) + block("OK")), ["gap", "OK"]);
	t.deepEqual(byteByByte(block(long) + block("+QMTSTAT: 0,1")), ["gap", "+QMTSTAT: 0,1"]);
});

const piece = fc.constantFrom(
	"a",
	'"',
	",",
	'","',
	'",',
	"\r\n",
	"\n",
	"\r",
	"OK",
	"+QMTSTAT: 0,1",
	">",
	"é",
	" ",
	'+QMTRECV: 0,0,"t","',
);
const anything = fc.array(piece, { maxLength: 20 }).map(parts => parts.join(""));
const anyLine = fc.oneof(
	fc.constantFrom("OK", "ERROR", "+QMTSTAT: 0,1", '+CSQ: "x"'),
	fc.tuple(anything, anything).map(([topic, payload]) => `+QMTRECV: 0,0,"${topic}","${payload}"`),
	anything.map(payload => `+QMTRECV: 0,0,"t",${payload}`),
);

test("property: any split of the bytes makes the same events", t => {
	fc.assert(
		fc.property(
			fc.array(anyLine, { minLength: 1, maxLength: 6 }),
			fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 30 }),
			(lines, sizes) => {
				const all = bytes(lines.map(block).join(""));
				const pieces: Uint8Array[] = [];
				for (let from = 0, i = 0; from < all.length; i++) {
					const size = sizes[i % sizes.length] + 1;
					pieces.push(all.subarray(from, from + size));
					from += size;
				}
				const expected = events([all]);
				assertEqual(events(pieces), expected);
			},
		),
		{ seed: 20, numRuns: 2000 },
	);
	t.pass();
});

test("property: a payload without a quote before an empty line comes whole, whatever is in it", t => {
	fc.assert(
		fc.property(anything, payload => {
			// Nothing escapes a quote: behind `"` CR LF CR LF no reader can tell.
			fc.pre(!payload.includes('"\r\n\r\n'));
			const line = `+QMTRECV: 0,0,"t","${payload}"`;
			assertEqual(inOne(block(line) + block("OK")), [line, "OK"]);
		}),
		{ seed: 21, numRuns: 2000 },
	);
	t.pass();
});

function assertEqual(actual: string[], expected: string[]): void {
	if (JSON.stringify(actual) !== JSON.stringify(expected))
		throw new Error(`${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}
