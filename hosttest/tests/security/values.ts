import { latin1, latin1Of, utf8 } from "../bytes.js";

/** A value for a parameter, as an application may give it. */
export interface Given {
	readonly value: unknown;
	/** Its bytes, one a character; undefined for what is no text at all. */
	readonly bytes: string | undefined;
}

const BYTES = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));

/** Texts that try to end a quote, a line or the data mode, to start a command, or to be cut in another place than where they were checked. */
const SEQUENCES: readonly string[] = [
	"\rAT+QRST=1\r",
	"\r\nAT+QPOWD=0\r\n",
	"\nAT+CFUN=0\n",
	'"\rAT+QRST=1\r',
	'","x"',
	'",1,"',
	'",0\rAT+QMTDISC=0\r"',
	'"',
	'""',
	'a"b',
	",",
	"a,b",
	"=?",
	"AT",
	"AT+QRST=1",
	";+QRST=1",
	"+++",
	"A/",
	"> ",
	"\\",
	"\\22",
	"\\r\\n",
	"%22%0D",
	"\x1a",
	"\x1b",
	"x\x1aAT+QRST=1\r",
	"x\x1bAT+QRST=1\r",
	"\0",
	"a\0b",
	"\u0085",
	"\u00a0",
	"\u2028",
	"\u2029",
	// Whose lower byte is a quote, CR or LF.
	"\u0122",
	"\u010d",
	"\u010a",
	"\u2022\u200d\u200a",
	"“quoted”",
	"温度",
	"😀",
	"\u{10ffff}",
	"\ufeff",
	"\ufffd",
	" ",
	" a ",
	"",
	"0",
	"1e21",
	"__proto__",
];
const HIGH = String.fromCharCode(0xd83d);
const LOW = String.fromCharCode(0xde00);
/** Half of a pair: there is no UTF-8 of it, and each engine makes something else of it. */
const ILL_FORMED: readonly string[] = [HIGH, LOW, `a${HIGH}`, `${LOW}b`, HIGH + HIGH + LOW, LOW + HIGH];

const text = (value: string): Given => ({ value, bytes: latin1Of(utf8(value)) });
const bytes = (value: string): Given => ({ value: latin1(value), bytes: value });

/** Objects that look like text or bytes to code that does not look twice. */
const IMPOSTORS: readonly unknown[] = [
	undefined,
	null,
	true,
	Symbol("text"),
	10n,
	() => "text",
	new String("text"),
	{ toString: () => "text" },
	{ length: 1, includes: () => false, buffer: new ArrayBuffer(1), byteOffset: 0, 0: 0x22 },
	["text"],
	// Become a quote and CR when they are written as bytes.
	[0x122, 0x10d],
	Uint16Array.of(0x122, 0x10d),
	new Int8Array(2),
	new DataView(new ArrayBuffer(2)),
];

/**
 * Values for a text of so many bytes: each byte value alone, at the start, in the middle and at the end, as bytes and as a character; sequences
 * with a purpose; the limits and what is beyond them; what is no text.
 * @param step of the loops over byte values
 */
export function texts(maximum: number, step = 1): Given[] {
	const all: Given[] = [];
	for (let code = 0; code < 256; code += step) {
		const byte = BYTES[code];
		for (const value of [byte, `${byte}ab`, `a${byte}b`, `ab${byte}`, `${byte}ab${byte}`])
			all.push(bytes(value));
		// Long enough to be searched in words, at each place of a word.
		for (let at = 16; at < 20; at++) all.push(bytes("x".repeat(at) + byte + "yyyyy"));
		all.push(text(byte), text(`a${byte}b`), {
			value: latin1(`a${byte}b`).slice().buffer,
			bytes: `a${byte}b`,
		});
	}
	all.push(
		...SEQUENCES.flatMap(value => [
			text(value),
			text(`x${value}`),
			text(`${value}x`),
			bytes(latin1Of(utf8(value))),
		]),
	);
	all.push(
		...[...ILL_FORMED, ...ILL_FORMED.map(half => half.repeat(5))].map(value => ({ value, bytes: undefined })),
	);
	const lengths = [maximum - 1, maximum, maximum + 1, maximum + 2, 5 * maximum].filter(Number.isFinite);
	for (const length of lengths) {
		all.push(text("x".repeat(length)), bytes("\xff".repeat(length)), text("\r".repeat(length)));
		// Characters count less than their bytes.
		all.push(text("é".repeat(Math.ceil(length / 2))), text("😀".repeat(Math.ceil(length / 4))));
		all.push(text("x".repeat(Math.max(0, length - 13)) + '"\rAT+QRST=1\r"'));
	}
	all.push(...IMPOSTORS.map(value => ({ value, bytes: undefined })), { value: 5, bytes: undefined });
	return all;
}

/** Values for a whole number of a range: the range and its borders, what is no number but looks like one, what is written otherwise. */
export function numbers(minimum: number, maximum: number): unknown[] {
	return [
		...[minimum - 1, minimum, minimum + 1, maximum - 1, maximum, maximum + 1, 0, -0, -1],
		...[NaN, Infinity, -Infinity, 0.5, minimum + 0.5, 1e-7, 1e21, -1e21, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 64],
		...Array.from({ length: 256 }, (_, byte) => byte),
		...["", "0", "1", " 1", "1\r", '1,"x"', "1\rAT+QRST=1\r", "0x1", "1e0", "one"],
		...[
			1n,
			new Number(1),
			{ valueOf: () => 1 },
			{ toString: () => "1\rAT+QRST=1\r" },
			[1],
			["1\r"],
			Uint8Array.of(1),
		],
		...[true, false, null, undefined, Symbol("1"), () => 1, new Date(1)],
	];
}
