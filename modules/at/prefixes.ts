import { type ByteRing, KEY_BYTES } from "./ring.js";
import type { Line } from "./line.js";
import { SPACE, indexOfControl } from "./text.js";

/** What a line end means to a line whose payload may hold line ends itself. */
export const COMPLETE = 0;
/** The line goes on behind this line end. */
export const OPEN = 1;
/** Complete if nothing follows, or the CR LF that the next block begins with. */
export const HELD = 2;

/** Everything known of the lines that begin with one prefix. */
export interface Prefix {
	readonly text: string;
	readonly low: number;
	readonly high: number;
	/** Next prefix with the same first eight bytes. */
	next: Prefix | undefined;
	/** Ends a command: `true` as success, `false` as failure. */
	final: boolean | undefined;
	/** Who hears of a line that no command claims. */
	onLine: ((line: Line) => void) | undefined;
	/** For lines that hold line ends inside: is the line complete at this line end? `COMPLETE`, `OPEN` or `HELD`. */
	ends: ((line: Line) => number) | undefined;
}

/**
 * Prefixes of lines (`+QMTSTAT`, `OK`) by their bytes: one Map look-up a line, whatever the number of prefixes.
 * A prefix is what stands before the colon, or the whole line where there is none; at most 16 bytes of ASCII.
 */
export class PrefixTable {
	readonly #map = new Map<number, Prefix>();

	/**
	 * The entry of a prefix, made if it is new.
	 * @throws RangeError if the prefix is empty, longer than 16 bytes or not printable ASCII
	 */
	add(text: string): Prefix {
		const bytes = new Uint8Array(ArrayBuffer.fromString(text));
		if (!bytes.length || bytes.length > KEY_BYTES || !isPrintable(text, bytes))
			throw new RangeError(`prefix "${text}" must be 1 to ${KEY_BYTES} printable ASCII characters`);
		const key = new Uint8Array(KEY_BYTES);
		key.set(bytes);
		const view = new DataView(key.buffer);
		const low = view.getFloat64(0);
		const high = view.getFloat64(8);
		const first = this.#map.get(low);
		const known = find(first, high);
		if (known) return known;
		const entry: Prefix = {
			text,
			low,
			high,
			next: first,
			final: undefined,
			onLine: undefined,
			ends: undefined,
		};
		this.#map.set(low, entry);
		return entry;
	}
	/** The entry of the prefix at an offset of the ring, or undefined. */
	find(ring: ByteRing, offset: number, length: number): Prefix | undefined {
		if (length > KEY_BYTES) return undefined;
		ring.setKey(offset, length);
		const first = this.#map.get(ring.keyLow);
		return first && find(first, ring.keyHigh);
	}
}

function isPrintable(text: string, bytes: Uint8Array): boolean {
	return bytes.length === text.length && bytes[0] !== SPACE && indexOfControl(bytes) < 0;
}

function find(entry: Prefix | undefined, high: number): Prefix | undefined {
	// Not `!==`: 0 and -0 are different bytes.
	while (entry && !Object.is(entry.high, high)) entry = entry.next;
	return entry;
}
