import test from "ava";
import fc from "fast-check";
import { crc32 } from "../../../modules/telemetry/crc32.js";

/** Bit by bit, as ISO 3309 has it. */
function bitwise(bytes: Uint8Array): number {
	let value = 0xffffffff;
	for (const byte of bytes) {
		value ^= byte;
		for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
	}
	return ~value >>> 0;
}

test("CRC-32 of each byte, alone and at each place of a word: all entries of the tables", t => {
	for (let byte = 0; byte < 256; byte++) {
		t.is(crc32(Uint8Array.of(byte)), bitwise(Uint8Array.of(byte)), `${byte}`);
		for (let place = 0; place < 8; place++) {
			const bytes = new Uint8Array(16).fill(0x5a);
			bytes[place] = byte;
			t.is(crc32(bytes), bitwise(bytes), `${byte} at ${place}`);
		}
	}
});

test("CRC-32, property: of any part of any bytes, in one go or in two", t => {
	fc.assert(
		fc.property(
			fc.uint8Array({ maxLength: 64 }),
			fc.nat(64),
			fc.nat(64),
			fc.nat(64),
			(bytes, one, two, three) => {
				const [start, middle, end] = [one, two, three]
					.map(place => Math.min(place, bytes.length))
					.sort((a, b) => a - b);
				const expected = bitwise(bytes.slice(start, end));
				t.is(crc32(bytes, start, end), expected);
				t.is(crc32(bytes, middle, end, crc32(bytes, start, middle)), expected);
				t.is(crc32(bytes.subarray(start), 0, end - start), expected);
			},
		),
		{ seed: 1 },
	);
});

test("CRC-32 takes words of four bytes where bytes begin at one, and single bytes for the rest", t => {
	const bytes = Uint8Array.from({ length: 64 }, (_, index) => index * 37);
	for (const [start, end, singles] of [
		[0, 64, 0],
		[0, 8, 0],
		[4, 15, 3],
		[0, 7, 7],
		[4, 8, 4],
		[40, 47, 7],
		[1, 64, 63],
		[2, 34, 32],
	]) {
		let reads = 0;
		const counting = new Proxy(bytes, {
			get(target, property) {
				if (typeof property === "string" && /^\d+$/.test(property)) reads++;
				return Reflect.get(target, property, target) as unknown;
			},
		});
		t.is(crc32(counting, start, end), bitwise(bytes.slice(start, end)));
		t.is(reads, singles, `${start} to ${end}`);
	}
});
