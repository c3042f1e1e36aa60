import test from "ava";
import fc from "fast-check";
import { PIECE_BYTES, ReceiveBuffer } from "../../../modules/at/receive-buffer.js";
import { latin1, latin1Of } from "../bytes.js";
import { FakeFIFO, readFrom } from "./fifo.js";

/** A buffer that has read these pieces. */
function bufferOf(...pieces: readonly string[]): ReceiveBuffer {
	const buffer = new ReceiveBuffer(512);
	const fifo = new FakeFIFO();
	for (const piece of pieces) {
		fifo.hold(latin1(piece));
		readFrom(fifo, buffer);
	}
	return buffer;
}

const held = ({ bytes, start, end }: ReceiveBuffer) => latin1Of(bytes.slice(start, end));

test("pieces follow each other; a buffer that is handled begins anew", t => {
	const buffer = bufferOf("one", "two\r\n", "three");
	t.is(held(buffer), "onetwo\r\nthree");
	t.is(buffer.length, 13);
	buffer.consume(8);
	t.is(held(buffer), "three");
	const fifo = new FakeFIFO();
	fifo.hold(latin1("four"));
	buffer.read(fifo);
	t.is(held(buffer), "threefour");
	buffer.consume(buffer.end);
	fifo.hold(latin1("five"));
	buffer.read(fifo);
	t.is(held(buffer), "five");
	t.is(buffer.start, 0);
	t.is(buffer.highWater, 17);
});

test("tells of each piece while it is watched, and of line ends always", t => {
	const buffer = new ReceiveBuffer(256);
	const fifo = new FakeFIFO();
	const read = (text: string) => {
		fifo.hold(latin1(text));
		return readFrom(fifo, buffer);
	};
	t.false(buffer.read(fifo), "nothing came");
	t.true(read("a"));
	buffer.watched = false;
	for (const text of ["b", "\xff", "\0", "\xc3\xa9", "c\r"]) t.false(read(text), JSON.stringify(text));
	for (const text of ["\n", "d\r\ne", "\xff\n", "\0\ne"]) t.true(read(text), JSON.stringify(text));
	t.true(read("f".repeat(PIECE_BYTES)), "the next piece might not fit");
});

test("finds the line end that a piece brings, and the one behind the last byte", t => {
	t.is(bufferOf("\r\nOK").lineEnd, 4);
	t.is(bufferOf("\r\nOK\r\n").lineEnd, 5);
	t.is(bufferOf("\r\nO", "K\r\n\r\n+X").lineEnd, 5);
	t.is(bufferOf("+X: \xc3\xa9\r\n").lineEnd, 7);
	t.is(bufferOf("+X: \0\xff\r\n").lineEnd, 7);
	t.is(bufferOf("\xc3", "\xa9\n").lineEnd, 2);
});

/** Pieces of any bytes, with line ends, NUL and parts of characters more often than by chance. */
const byte = fc.oneof(
	fc.constantFrom(0x0a, 0x0d, 0x00, 0x7f, 0x80, 0xff, 0xc3, 0xa9),
	fc.integer({ min: 0x20, max: 0x7e }),
	fc.nat(255),
);
const anyPieces = fc.array(fc.array(byte, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 8 });

/** Whether the text has a character for each byte, and searches find the line ends. */
function isRight(pieces: readonly number[][], place: number): boolean {
	const buffer = bufferOf(...pieces.map(piece => latin1Of(Uint8Array.from(piece))));
	const all = [...pieces.flat(), 0x0a];
	// As the framer does: from line end to line end.
	for (let at = 0; at < all.length; at++) {
		const found = buffer.find(at);
		if (found !== all.indexOf(0x0a, at)) return false;
		at = found;
	}
	const from = place % all.length;
	buffer.show(from);
	return (
		buffer.text.length === all.length - from &&
		all.slice(from).every((byte, index) => {
			const shown = buffer.text.charCodeAt(index);
			return byte > 0x7f ? shown === 0x7f : shown === byte || (byte === 0 && shown === 0x7f);
		})
	);
}

test.serial("property: the text has a character for each byte, and searches find the line ends", t => {
	fc.assert(fc.property(anyPieces, fc.nat(300), isRight), { seed: 5, numRuns: 3000 });
	t.pass();
});

test.serial("property: the same where NUL ends a string, as in some versions of XS", t => {
	const original = Object.getOwnPropertyDescriptor(String, "fromArrayBuffer") ?? {};
	const decode = original.value as (buffer: ArrayBuffer, offset?: number, length?: number) => string;
	Object.defineProperty(String, "fromArrayBuffer", {
		...original,
		value: (...values: Parameters<typeof decode>) => decode(...values).split("\0")[0],
	});
	try {
		fc.assert(fc.property(anyPieces, fc.nat(300), isRight), { seed: 6, numRuns: 3000 });
	} finally {
		Object.defineProperty(String, "fromArrayBuffer", original);
	}
	t.pass();
});

test("what is given up is counted; moving to the beginning changes nothing", t => {
	const buffer = bufferOf("lost\n", "kept");
	buffer.discard(5);
	t.is(buffer.dropped, 5);
	buffer.compact();
	t.is(buffer.start, 0);
	t.is(held(buffer), "kept");
	t.is(buffer.find(0), 4, "the line end behind the last byte has moved along");
});

test("refuses a capacity that could not take a line beside a piece", t => {
	t.throws(() => new ReceiveBuffer(255), { instanceOf: RangeError });
	t.throws(() => new ReceiveBuffer(NaN), { instanceOf: RangeError });
	t.notThrows(() => new ReceiveBuffer(256));
});
