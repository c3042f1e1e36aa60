const DIGITS = /^(?:[0-9A-Fa-f]{2})*$/;
/** Digits of one step. */
const GROUP = 8;

/** Newer versions of XS have it. */
const engine = Uint8Array as { fromHex?: (digits: string) => Uint8Array<ArrayBuffer> };

/**
 * Turns hexadecimal digits into bytes, by the engine's own function or eight digits at a time.
 * @returns undefined if one is no digit, or half a byte is left
 */
export function bytesOfHex(digits: string): ArrayBuffer | undefined {
	// `Number` would take blanks.
	if (!DIGITS.test(digits)) return undefined;
	if (engine.fromHex) return engine.fromHex(digits).buffer;
	const { length } = digits;
	const bytes = new ArrayBuffer(length / 2);
	const view = new DataView(bytes);
	let from = 0;
	for (; from + GROUP <= length; from += GROUP)
		view.setUint32(from / 2, Number("0x" + digits.slice(from, from + GROUP)));
	for (; from < length; from += 2) view.setUint8(from / 2, Number("0x" + digits.slice(from, from + 2)));
	return bytes;
}
