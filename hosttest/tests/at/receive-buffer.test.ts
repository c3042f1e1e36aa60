import test from "ava";
import fc from "fast-check";
import { ReceiveBuffer } from "../../../modules/at/receive-buffer.js";
import { latin1, latin1Of } from "../bytes.js";

/** Takes a piece in, as the receiver does where it is no block. */
function put(buffer: ReceiveBuffer, piece: string): boolean {
	buffer.landing.set(latin1(piece));
	return buffer.add(piece.length);
}

/** A buffer that has read these pieces. */
function bufferOf(...pieces: readonly string[]): ReceiveBuffer {
	const buffer = new ReceiveBuffer(512);
	for (const piece of pieces) put(buffer, piece);
	return buffer;
}

const held = ({ bytes, start, end }: ReceiveBuffer) => latin1Of(bytes.slice(start, end));

test("pieces follow each other; a buffer that is handled begins anew", t => {
	const buffer = bufferOf("one", "two\r\n", "three");
	t.is(held(buffer), "onetwo\r\nthree");
	t.is(buffer.length, 13);
	buffer.start = 8;
	t.is(held(buffer), "three");
	put(buffer, "four");
	t.is(held(buffer), "threefour");
	buffer.clear();
	t.is(buffer.length, 0);
	put(buffer, "five");
	t.is(held(buffer), "five");
	t.is(buffer.start, 0);
	t.is(buffer.highWater, 17);
});

test("tells of each piece while it is watched, and of those that end with a line end always", t => {
	const buffer = new ReceiveBuffer(512);
	t.true(put(buffer, "a"));
	buffer.expect(false);
	for (const text of ["b", "\xff", "\0", "\xc3\xa9", "c\r", "d\r\ne"])
		t.false(put(buffer, text), JSON.stringify(text));
	t.true(buffer.unseen);
	t.is(buffer.find(0), 10);
	t.false(buffer.unseen);
	for (const text of ["\n", "d\r\n", "\xff\n", "\0\n"]) t.true(put(buffer, text), JSON.stringify(text));
	t.is(held(buffer), "ab\xff\0\xc3\xa9c\rd\r\ne\nd\r\n\xff\n\0\n");
});

test("tells of a piece behind which the next might not fit, and of so many that have come unseen", t => {
	for (const [capacity, most] of [
		[256, 128],
		[4096, 896],
	]) {
		const buffer = new ReceiveBuffer(capacity);
		put(buffer, "x");
		buffer.expect(false);
		let unseen = 0;
		while (!put(buffer, "y".repeat(100))) unseen += 100;
		t.true(unseen <= most && unseen > most - 101, `${unseen} of ${capacity}`);
	}
});

test("shows the first piece before it is taken in", t => {
	const buffer = new ReceiveBuffer(256);
	buffer.landing.set(latin1("\r\nOK\r\n"));
	t.is(buffer.first(6), "\r\nOK\r\n\n");
	t.is(buffer.length, 0);
	buffer.landing.set(latin1("\xff\xfe"));
	t.throws(() => buffer.first(2));
	t.is(buffer.text, "");
	t.true(buffer.add(2));
	t.is(buffer.find(0), 2);
	t.is(buffer.text, "\x7f\x7f\n");
});

test("finds line ends behind what is no text, and the one behind the last byte", t => {
	const found = (pieces: readonly string[], from: number) => bufferOf(...pieces).find(from);
	t.is(found(["\r\nOK"], 2), 4);
	t.is(found(["\r\nOK\r\n"], 2), 5);
	t.is(found(["\r\nO", "K\r\n\r\n+X"], 2), 5);
	t.is(found(["+X: \xc3\xa9\r\n"], 0), 7);
	t.is(found(["+X: \0\xff\r\n"], 0), 7);
	t.is(found(["\xc3", "\xa9\n"], 0), 2);
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
	t.throws(() => new ReceiveBuffer(255), {
		instanceOf: RangeError,
		message: "receive buffer must be at least 256 bytes",
	});
	t.throws(() => new ReceiveBuffer(NaN), { instanceOf: RangeError });
	t.notThrows(() => new ReceiveBuffer(256));
});

test("the high-water mark is the most that ever waited, and what is given up is counted from where it begins", t => {
	const buffer = bufferOf("x".repeat(20));
	buffer.start = 10;
	buffer.compact();
	t.is(buffer.highWater, 20, "as far as it was filled before");
	buffer.start = 4;
	buffer.discard(7);
	t.is(buffer.dropped, 3);
	buffer.compact();
	t.is(buffer.highWater, 20);
	buffer.clear();
	t.is(buffer.highWater, 20);
	put(buffer, "y".repeat(30));
	buffer.clear();
	t.is(buffer.highWater, 30);
	put(buffer, "z");
	buffer.clear();
	t.is(buffer.highWater, 30);
});

test("pieces behind what was moved are told of, and lie behind it", t => {
	const buffer = bufferOf("lost\n", "kept");
	buffer.expect(false);
	buffer.start = 5;
	buffer.compact();
	t.true(put(buffer, "more"));
	t.is(held(buffer), "keptmore");
});

test("finds a line end before the text as well", t => {
	const buffer = bufferOf("a\nb\nc");
	t.is(buffer.find(2), 3);
	t.is(buffer.find(0), 1);
});

test("noise that was handled does not slow down what follows it", t => {
	const buffer = bufferOf("\xff\n");
	buffer.find(0);
	t.false(buffer.plain);
	buffer.clear();
	t.true(buffer.plain);
	put(buffer, "OK\n");
	t.is(buffer.find(0), 2);
	t.true(buffer.plain);
});
