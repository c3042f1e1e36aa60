// UTF-8 by the table of the Unicode standard, independent of modules/at/text.ts, and engines that differ in it.

/** A row: leads from, to; second bytes from, to; length of the sequence. Each byte behind the second is 0x80 to 0xBF. */
type Row = readonly [leadFrom: number, leadTo: number, secondFrom: number, secondTo: number, length: number];

/** Unicode standard, table 3-7: well-formed UTF-8 byte sequences. */
export const TABLE: readonly Row[] = [
	[0x00, 0x7f, 0, 0, 1],
	[0xc2, 0xdf, 0x80, 0xbf, 2],
	[0xe0, 0xe0, 0xa0, 0xbf, 3],
	[0xe1, 0xec, 0x80, 0xbf, 3],
	[0xed, 0xed, 0x80, 0x9f, 3],
	[0xee, 0xef, 0x80, 0xbf, 3],
	[0xf0, 0xf0, 0x90, 0xbf, 4],
	[0xf1, 0xf3, 0x80, 0xbf, 4],
	[0xf4, 0xf4, 0x80, 0x8f, 4],
];
/** What the SDK's XS reads besides: halves of surrogate pairs, and 0xC0 0x80 as a NUL. */
const LENIENT: readonly Row[] = [...TABLE, [0xed, 0xed, 0xa0, 0xbf, 3], [0xc0, 0xc0, 0x80, 0x80, 2]];

const within = (byte: number, from: number, to: number) => byte >= from && byte <= to;
const isHalf = (code: number) => within(code, 0xd800, 0xdfff);
/** Bits of the code point that the lead holds, by the length of the sequence. */
const LEAD_BITS = [0, 0x7f, 0x1f, 0x0f, 0x07];

function sequenceAt(bytes: Uint8Array, at: number, table: readonly Row[]): readonly number[] | undefined {
	for (const [leadFrom, leadTo, secondFrom, secondTo, length] of table) {
		if (!within(bytes[at], leadFrom, leadTo) || at + length > bytes.length) continue;
		const [lead, ...others] = bytes.subarray(at, at + length);
		if (others.every((byte, k) => within(byte, k ? 0x80 : secondFrom, k ? 0xbf : secondTo)))
			return [lead, ...others];
	}
	return undefined;
}

/** The text of bytes; `onBad` is called for each byte that begins no sequence of the table, which is left out. */
function decode(bytes: Uint8Array, table: readonly Row[], onBad: () => void): string {
	let text = "";
	for (let at = 0; at < bytes.length;) {
		const sequence = sequenceAt(bytes, at, table);
		at += sequence?.length ?? 1;
		if (!sequence) {
			onBad();
			continue;
		}
		const [lead, ...others] = sequence;
		text += String.fromCodePoint(
			others.reduce((code, byte) => (code << 6) | (byte & 0x3f), lead & LEAD_BITS[sequence.length]),
		);
	}
	return text;
}

/** The text of what is UTF-8 among bytes. */
export const withoutBad = (bytes: Uint8Array): string => decode(bytes, TABLE, () => undefined);

function decodeOrThrow(bytes: Uint8Array, table: readonly Row[]): string {
	return decode(bytes, table, () => {
		throw new TypeError("invalid UTF-8");
	});
}

/** @param ofHalf what becomes of half of a surrogate pair: a code point */
function encode(text: string, ofHalf: (half: number) => number): ArrayBuffer {
	const bytes: number[] = [];
	for (const character of text) {
		let code = character.codePointAt(0) ?? 0;
		if (isHalf(code)) code = ofHalf(code);
		if (code < 0x80) bytes.push(code);
		else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
		else {
			if (code < 0x10000) bytes.push(0xe0 | (code >> 12));
			else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f));
			bytes.push(0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
		}
	}
	return Uint8Array.from(bytes).buffer;
}

/** What engines do differently. */
interface Engine {
	/** `String.fromArrayBuffer` */
	readonly decode: (bytes: Uint8Array) => string;
	/** `ArrayBuffer.fromString` */
	readonly encode: (text: string) => ArrayBuffer;
	/** `String.prototype.isWellFormed` */
	readonly isWellFormed: ((this: string) => boolean) | undefined;
}

function hasNoHalf(this: string): boolean {
	return Array.from(this).every(character => !isHalf(character.codePointAt(0) ?? 0));
}

/** As the SDK's XS: what is no UTF-8 passes, both ways. */
export const LENIENT_ENGINE: Engine = {
	decode: bytes => decodeOrThrow(bytes, LENIENT),
	encode: text => encode(text, half => half),
	isWellFormed: hasNoHalf,
};
/** Strings end at a 0. */
export const ENDS_AT_ZERO: Engine = {
	...LENIENT_ENGINE,
	decode: bytes => decodeOrThrow(bytes.subarray(0, (bytes.indexOf(0) + 1 || bytes.length + 1) - 1), LENIENT),
};
/** No isWellFormed; U+FFFD instead of half a surrogate pair. */
export const REPLACES_HALVES: Engine = {
	decode: bytes => decodeOrThrow(bytes, TABLE),
	encode: text => encode(text, () => 0xfffd),
	isWellFormed: undefined,
};
/** No isWellFormed; half a surrogate pair throws. */
export const REFUSES_HALVES: Engine = {
	...REPLACES_HALVES,
	encode: text =>
		encode(text, () => {
			throw new TypeError("half of a surrogate pair");
		}),
};

/** Runs something, which must not wait, on another engine. @returns what it returned */
export function onEngine<Result>(engine: Engine, action: () => Result): Result {
	const replaced = [
		[
			String,
			"fromArrayBuffer",
			(buffer: ArrayBuffer, offset?: number, length?: number) =>
				engine.decode(new Uint8Array(buffer, offset, length)),
		],
		[ArrayBuffer, "fromString", engine.encode],
		[String.prototype, "isWellFormed", engine.isWellFormed],
	] as const;
	const before = replaced.map(([holder, name]) => Object.getOwnPropertyDescriptor(holder, name));
	try {
		for (const [holder, name, value] of replaced)
			Object.defineProperty(holder, name, { value, configurable: true, writable: true });
		return action();
	} finally {
		replaced.forEach(([holder, name], index) => {
			const descriptor = before[index];
			if (descriptor) Object.defineProperty(holder, name, descriptor);
			else Reflect.deleteProperty(holder, name);
		});
	}
}
