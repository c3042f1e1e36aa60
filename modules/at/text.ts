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

/** Bytes of a text: UTF-8 of a string; no copy of a buffer. */
export function bytesOf(text: Text): Uint8Array {
	if (typeof text === "string") return new Uint8Array(ArrayBuffer.fromString(text));
	return text instanceof ArrayBuffer ? new Uint8Array(text) : text;
}

/** Offset of the first control character (0x00–0x1F, 0x7F) in the first `length` bytes, or -1. Native searches only. */
export function indexOfControl(bytes: Uint8Array, length = bytes.length): number {
	let first = bytes.indexOf(DELETE);
	if (first >= length) first = -1;
	for (let control = 0; control < SPACE; control++) {
		const found = bytes.indexOf(control);
		if (found >= 0 && found < length && (first < 0 || found < first)) first = found;
	}
	return first;
}

/** Text of bytes from the line: UTF-8, with what is not valid UTF-8 (line noise) left out. */
export function textOf(bytes: Uint8Array): string {
	try {
		return String.fromArrayBuffer(bytes.slice().buffer);
	} catch {
		return String.fromArrayBuffer(validUtf8(bytes).buffer);
	}
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
