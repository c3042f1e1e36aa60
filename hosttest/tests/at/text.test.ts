import assert from "node:assert/strict";
import test from "ava";
import fc from "fast-check";
import { CheckedText, indexOfControl, indexOfDataEnd } from "../../../modules/at/text.js";
import { latin1, utf8Of } from "../bytes.js";

const isControl = (byte: number) => byte < 0x20 || byte === 0x7f;
const endsData = (byte: number) => byte === 0x1a || byte === 0x1b;

test("every byte, at every place of a word and beside the bytes that are nearest to the bounds", t => {
	for (const filler of [0x20, 0x7e, 0x80, 0x9f, 0xff, 0x61])
		for (let byte = 0; byte < 256; byte++)
			for (let at = 0; at < 8; at++) {
				const bytes = new Uint8Array(20).fill(filler);
				bytes[at] = byte;
				assert.equal(indexOfControl(bytes), isControl(byte) ? at : -1, `${byte} at ${at} in ${filler}`);
				assert.equal(indexOfDataEnd(bytes), endsData(byte) ? at : -1, `${byte} at ${at} in ${filler}`);
			}
	t.pass();
});

test("at each offset, up to the last of views that are long, short, and not at a multiple of 4", t => {
	const fronts = { text: [], "no UTF-8": [0xff], "a 0": [0], "a 0 and no UTF-8": [0, 0xff] };
	for (const [front, first] of Object.entries(fronts))
		for (let shift = 0; shift < 4; shift++)
			for (let at = first.length; at <= 40; at++)
				for (const length of [at + 1, at + 2, at + 3, at + 4, 45]) {
					// What lies beside the view is no part of it.
					const bytes = new Uint8Array(shift + length + 4).fill(0x1a).subarray(shift, shift + length);
					bytes.fill(0x61).set(first);
					const place = `${at} of ${length}, ${shift} off, ${front} in front`;
					const control = first[0] === 0 ? 0 : -1;
					assert.equal(indexOfDataEnd(bytes), -1, place);
					assert.equal(indexOfControl(bytes), control, place);
					bytes[at] = at & 1 ? 0x1a : 0x1b;
					assert.equal(indexOfDataEnd(bytes), at, place);
					assert.equal(indexOfControl(bytes, at), control, place);
					assert.equal(indexOfControl(bytes), control === 0 ? 0 : at, place);
					bytes[at] = 0x7f;
					assert.equal(indexOfDataEnd(bytes), -1, place);
					assert.equal(indexOfControl(bytes), control === 0 ? 0 : at, place);
				}
	t.pass();
});

test("property: the same as a look at each byte, wherever the bytes lie and however many are meant", t => {
	const bytes = fc.uint8Array({ maxLength: 60 });
	const rare = bytes.map(all => all.map((byte, index) => (index % 17 ? byte | 0x40 : byte)));
	fc.assert(
		fc.property(fc.oneof(bytes, rare), fc.nat(5), fc.nat(60), (all, from, count) => {
			const part = all.subarray(Math.min(from, all.length));
			const length = Math.min(count, part.length);
			assert.equal(indexOfControl(part), part.findIndex(isControl));
			assert.equal(indexOfControl(part, length), part.subarray(0, length).findIndex(isControl));
			assert.equal(indexOfDataEnd(part), part.findIndex(endsData));
		}),
		{ seed: 11, numRuns: 5000 },
	);
	t.pass();
});

test("a checked text is a string where it is one, and has its own bytes", t => {
	t.is(new CheckedText("tö/p").string, "tö/p");
	t.is(utf8Of(new CheckedText("tö/p").bytes), "tö/p");
	const bytes = latin1("a/b");
	const checked = new CheckedText(bytes);
	bytes[0] = 0;
	t.is(checked.string, "a/b");
	t.is(utf8Of(checked.bytes), "a/b");
	const other = new CheckedText(latin1("a\xff"));
	t.is(other.string, undefined);
	t.deepEqual([...other.bytes], [0x61, 0xff]);
	t.is(new CheckedText(latin1("ab").buffer).string, "ab");
});
