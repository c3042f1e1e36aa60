import assert from "node:assert/strict";
import test from "ava";
import fc from "fast-check";
import { CheckedText, indexOfDataEnd, isWellFormed, textOf } from "../../../modules/at/text.js";
import {
	ENDS_AT_ZERO,
	LENIENT_ENGINE,
	REFUSES_HALVES,
	REPLACES_HALVES,
	TABLE,
	onEngine,
	withoutBad,
} from "./utf8-reference.js";

const bytesOf = (...bytes: number[]) => Uint8Array.from(bytes);
const hex = (bytes: Uint8Array) => Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join(" ");
/** A number, and those beside it, as far as they are bytes. */
const around = (byte: number) => [byte - 1, byte, byte + 1].filter(near => near >= 0 && near <= 0xff);
const unique = (bytes: number[]) => [...new Set(bytes)];

/** At and beside each bound of the table. */
const LEADS = unique([0, 0x80, 0xff, ...TABLE.flatMap(([from, to]) => [...around(from), ...around(to)])]);
const SECONDS = unique([0, 0xff, ...TABLE.flatMap(([, , from, to]) => [...around(from), ...around(to)])]);
const OTHERS = [0x7f, 0x80, 0xbf, 0xc0];
/** Begins no sequence: with it in front no engine takes the bytes as they are. */
const NOISE = 0xff;
const GOOD = 0x7a;

function checkText(bytes: Uint8Array): void {
	assert.equal(textOf(bytes), withoutBad(bytes), hex(bytes));
}

test("text of bytes: each bound of the table of UTF-8, a good character behind each sequence", t => {
	for (const lead of LEADS)
		for (const second of SECONDS) {
			checkText(bytesOf(NOISE, lead, second, GOOD));
			for (const third of OTHERS) {
				checkText(bytesOf(NOISE, lead, second, third, GOOD));
				for (const fourth of OTHERS) checkText(bytesOf(NOISE, lead, second, third, fourth, GOOD));
			}
		}
	t.pass();
});

test("text of bytes: a sequence that is cut off is left out, at the end and in front of a good character", t => {
	for (const [leadFrom, leadTo, secondFrom, secondTo, length] of TABLE)
		for (const whole of [
			[leadFrom, secondFrom, 0x80, 0x80],
			[leadTo, secondTo, 0xbf, 0xbf],
		])
			for (let count = 0; count < length; count++) {
				const part = whole.slice(0, count);
				t.is(textOf(bytesOf(GOOD, ...part)), "z", hex(bytesOf(...part)));
				t.is(textOf(bytesOf(...part, GOOD)), "z", hex(bytesOf(...part)));
				t.is(textOf(bytesOf(NOISE, ...whole.slice(0, length), ...part)).length, length === 4 ? 2 : 1);
			}
});

test("property: text of bytes is what is UTF-8 among them, on this engine and on one that lets more pass", t => {
	const byte = fc.constantFrom(...LEADS, ...SECONDS, ...OTHERS, GOOD);
	const character = fc.string({ unit: "binary", minLength: 1, maxLength: 1 });
	const valid = character.map(text => [...new Uint8Array(ArrayBuffer.fromString(text))]);
	const mixed = fc.array(fc.oneof(fc.array(byte, { maxLength: 4 }), valid), { maxLength: 8 });
	fc.assert(
		fc.property(mixed, fc.nat(3), (parts, from) => {
			const bytes = bytesOf(...parts.flat()).subarray(from);
			const expected = withoutBad(bytes);
			assert.equal(textOf(bytes), expected, hex(bytes));
			assert.equal(
				onEngine(LENIENT_ENGINE, () => textOf(bytes)),
				expected,
				hex(bytes),
			);
		}),
		{ seed: 37, numRuns: 300 },
	);
	t.pass();
});

test("text of bytes, on an engine that lets more pass: no half of a pair, nothing for 0xC0 0x80", t => {
	for (const [bytes, text] of [
		[bytesOf(0x61, 0xed, 0xa0, 0x80, 0x62), "ab"],
		[bytesOf(0x61, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80, 0x62), "ab"],
		[bytesOf(0x61, 0xc0, 0x80, 0x62), "ab"],
		[bytesOf(0x61, 0xf0, 0x9f, 0x98, 0x80, 0, 0x62), "a\u{1f600}\0b"],
		// The buffer around it, taken as text, has as many bytes as the part.
		[bytesOf(0xc0, 0x80, 0x61, 0x62).subarray(1), "ab"],
	] as const)
		t.is(
			onEngine(LENIENT_ENGINE, () => textOf(bytes)),
			text,
			hex(bytes),
		);
});

const TEXTS = ["", "a", "tö/p", "\0", "\u{1f600}", "a\u{10ffff}b", "\ufffd", "\uffff", "\ue000", "\ud7ff"];
const HALVES = ["\ud800", "\udfff", "a\ud83d", "\ude00b", "a\udbffb", "\ude00\ud83d", "\u{1f600}\udc00"];

test("well-formed: no half of a surrogate pair, whatever an engine makes of one", t => {
	const engines = { LENIENT_ENGINE, REPLACES_HALVES, REFUSES_HALVES };
	const check = (text: string, expected: boolean) => {
		t.is(isWellFormed(text), expected, JSON.stringify(text));
		for (const [name, engine] of Object.entries(engines))
			t.is(
				onEngine(engine, () => isWellFormed(text)),
				expected,
				`${name}: ${JSON.stringify(text)}`,
			);
	};
	for (const text of TEXTS) check(text, true);
	for (const text of HALVES) check(text, false);
});

test("a checked text of bytes is a string only where that gives the same bytes", t => {
	for (const [bytes, string] of [
		[bytesOf(0x61, 0xc0, 0x80), undefined],
		[bytesOf(0xc0, 0x80), undefined],
		[bytesOf(0x61, NOISE), undefined],
		[bytesOf(0xe2, 0x82), undefined],
		[bytesOf(0xe2, 0x82, 0xac), "€"],
		[bytesOf(0x74, 0xc3, 0xb6, 0x2f, 0x70), "tö/p"],
		[bytesOf(), ""],
	] as const) {
		const here = new CheckedText(bytes);
		const lenient = onEngine(LENIENT_ENGINE, () => new CheckedText(bytes));
		for (const checked of [here, lenient]) {
			t.is(checked.string, string, hex(bytes));
			t.deepEqual([...checked.bytes], [...bytes]);
		}
	}
	const part = bytesOf(0x61, 0x62, 0x63, 0x64).subarray(1, 3);
	t.is(new CheckedText(part).string, "bc");
	t.is(onEngine(ENDS_AT_ZERO, () => new CheckedText(bytesOf(0x61, 0, 0x62))).string, undefined);
});

test("the end of the data is found behind a 0, also where strings end there", t => {
	for (const end of [0x1a, 0x1b])
		for (let at = 1; at <= 40; at++)
			for (const zero of [0, at - 1]) {
				const bytes = new Uint8Array(41).fill(GOOD);
				bytes[zero] = 0;
				assert.equal(
					onEngine(ENDS_AT_ZERO, () => indexOfDataEnd(bytes)),
					-1,
				);
				bytes[at] = end;
				assert.equal(
					onEngine(ENDS_AT_ZERO, () => indexOfDataEnd(bytes)),
					at,
				);
			}
	t.pass();
});
