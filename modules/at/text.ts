declare global {
	interface StringConstructor {
		/** Of a part of the buffer: the SDK's typings leave this out. */
		fromArrayBuffer(buffer: ArrayBufferLike, byteOffset: number, byteLength: number): string;
	}
}

/** Bytes that the engine compares with. */
export const LF = 0x0a;
export const CR = 0x0d;
export const SUB = 0x1a;
export const ESC = 0x1b;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const PROMPT_MARK = 0x3e;
export const DELETE = 0x7f;

/** Text or bytes, as an application gives them. */
export type Text = string | ArrayBuffer | Uint8Array;

/** Whether a value is text or bytes, and nothing that only looks like them: callers in JavaScript are not held to the types. */
export function isText(value: unknown): value is Text {
	return typeof value === "string" || value instanceof Uint8Array || value instanceof ArrayBuffer;
}

/** What is wrong with a string of which there is no UTF-8. */
export const ILL_FORMED = "holds half of a surrogate pair, of which there is no UTF-8";

/** Whether there is UTF-8 of a string: not of half a surrogate pair, of which each engine makes something else. */
export function isWellFormed(text: string): boolean {
	const { isWellFormed } = text as { isWellFormed?: (this: string) => boolean };
	if (isWellFormed) return isWellFormed.call(text);
	try {
		return String.fromArrayBuffer(ArrayBuffer.fromString(text)) === text;
	} catch {
		return false;
	}
}

/** Bytes of a text: UTF-8 of a string; no copy of a buffer. */
export function bytesOf(text: Text): Uint8Array {
	if (typeof text === "string") return new Uint8Array(ArrayBuffer.fromString(text));
	return text instanceof ArrayBuffer ? new Uint8Array(text) : text;
}

/**
 * Text whose bytes have been looked at and do not change any more: no quote and no control character is in them. A topic that is published
 * to again and again is checked once, and its bytes are made once.
 */
export class CheckedText {
	readonly bytes: Uint8Array;
	/** The same as a string; undefined where they are not UTF-8. */
	readonly string: string | undefined;

	/** @param text what its owner has checked; a buffer is copied */
	constructor(text: Text) {
		if (typeof text === "string") {
			this.string = text;
			this.bytes = bytesOf(text);
			return;
		}
		this.bytes = new Uint8Array(bytesOf(text));
		try {
			const string = String.fromArrayBuffer(this.bytes.buffer);
			// XS reads 0xC0 0x80, which is no UTF-8, as a NUL, and would send that.
			this.string = ArrayBuffer.fromString(string).byteLength === this.bytes.length ? string : undefined;
		} catch {
			this.string = undefined;
		}
	}
}

/**
 * Offset of the first control character (0x00–0x1F, 0x7F) in the first `length` bytes, or -1. Four bytes at a time: a third of what a
 * loop over the bytes costs on XS, and a fortieth of a native search for each of the 33.
 */
export function indexOfControl(bytes: Uint8Array, length = bytes.length): number {
	const words = wordsOf(bytes, length);
	let from = 0;
	if (words) {
		const count = words.length;
		for (; from < count; from++) {
			const word = words[from];
			// Bit 6 of each byte: clear below 0x20, where bits 7, 6 and 5 are.
			if (((word | (word << 1) | (word >> 1)) & BITS_6) !== BITS_6) break;
			// Set for 0x7F.
			if (((word & 0x3f3f3f3f) + 0x01010101) & word & ~(word >> 1) & BITS_6) break;
		}
	}
	for (from <<= 2; from < length; from++) {
		const byte = bytes[from];
		if (byte < SPACE || byte === DELETE) return from;
	}
	return -1;
}

/**
 * Offset of the first byte that ends the data mode (0x1A, 0x1B), or -1. Text is searched as a string, which takes next to nothing a byte;
 * what is no UTF-8 four bytes at a time.
 */
export function indexOfDataEnd(bytes: Uint8Array): number {
	const { length } = bytes;
	if (isTextWithoutDataEnd(bytes)) return -1;
	const words = wordsOf(bytes, length);
	let from = 0;
	if (words) {
		const count = words.length;
		for (; from < count; from++) {
			const word = words[from];
			const other = word ^ 0x1a1a1a1a;
			// Bit 6 of each byte: clear where no bit is set but the lowest.
			if (((((other & 0x3e3e3e3e) + 0x3e3e3e3e) | other | (other >> 1)) & BITS_6) !== BITS_6) break;
		}
	}
	for (from <<= 2; from < length; from++) if ((bytes[from] | 1) === ESC) return from;
	return -1;
}

function isTextWithoutDataEnd({ buffer, byteOffset, length }: Uint8Array): boolean {
	try {
		const text = String.fromArrayBuffer(buffer, byteOffset, length);
		if (text.includes("\x1a") || text.includes("\x1b")) return false;
		// As long as the bytes: it holds all of them, also those behind a 0.
		return ArrayBuffer.fromString(text).byteLength === length;
	} catch {
		return false;
	}
}

const BITS_6 = 0x40404040;
/** The bytes four by four, the last odd ones left out; undefined where they are too few or do not lie at a multiple of 4. */
function wordsOf({ buffer, byteOffset }: Uint8Array, length: number): Int32Array | undefined {
	if (length < FEW || byteOffset & 3) return undefined;
	return new Int32Array(buffer, byteOffset, length >> 2);
}
/** So many bytes are as well looked at one by one. */
const FEW = 16;

/** Text of bytes from the line: UTF-8, with what is not valid UTF-8 (line noise) left out. */
export function textOf(bytes: Uint8Array): string {
	try {
		const text = String.fromArrayBuffer(bytes.slice().buffer);
		// The SDK's XS lets halves of surrogate pairs pass, and 0xC0 0x80.
		if (isWellFormed(text) && ArrayBuffer.fromString(text).byteLength === bytes.length) return text;
	} catch {
		// It is not valid.
	}
	return String.fromArrayBuffer(validUtf8(bytes).buffer);
}

/** Length of the UTF-8 sequence that a byte begins, 0 if it begins none. */
function sequenceLength(byte: number): number {
	if (byte < 0x80) return 1;
	if (byte >= 0xc2 && byte < 0xe0) return 2;
	if (byte >= 0xe0 && byte < 0xf0) return 3;
	return byte >= 0xf0 && byte < 0xf5 ? 4 : 0;
}

/** Second byte of a sequence: some leads narrow its range (Unicode standard, table 3-7). */
function validSecond(lead: number, byte: number): boolean {
	if (lead === 0xe0) return byte >= 0xa0 && byte <= 0xbf;
	if (lead === 0xed) return byte >= 0x80 && byte <= 0x9f;
	if (lead === 0xf0) return byte >= 0x90 && byte <= 0xbf;
	if (lead === 0xf4) return byte >= 0x80 && byte <= 0x8f;
	return byte >= 0x80 && byte <= 0xbf;
}

function validUtf8(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
	const valid = new Uint8Array(bytes.length);
	let count = 0;
	for (let i = 0; i < bytes.length;) {
		const length = sequenceLength(bytes[i]);
		let good = length > 0 && i + length <= bytes.length;
		for (let k = 1; good && k < length; k++)
			good = k === 1 ? validSecond(bytes[i], bytes[i + 1]) : (bytes[i + k] & 0xc0) === 0x80;
		if (!good) {
			i += 1;
			continue;
		}
		for (let k = 0; k < length; k++) valid[count++] = bytes[i++];
	}
	return valid.slice(0, count);
}
