import type { Line } from "./line.js";

/** What a line end means to a line whose payload may hold line ends itself: it ends here. */
export const COMPLETE = -1;
/** The line goes on behind this line end. */
export const OPEN = 0;

/** Characters of the longest prefix. */
export const PREFIX_LENGTH = 16;

/** Everything known of the lines that begin with one prefix. What is absent takes no memory on XS. */
export interface Prefix {
	readonly text: string;
	/** Ends a command: `true` as success, `false` as failure. */
	final?: boolean;
	/** Who hears of a line that no command claims. */
	onLine?: ((line: Line) => void) | undefined;
	/**
	 * For lines that may hold line ends inside, asked at a line end: `COMPLETE`; `OPEN`, to be asked again at the next one; or the index of
	 * the quote that the last field begins with: the line then ends at another quote before CR LF.
	 */
	ends?: (line: Line) => number;
}

/**
 * Prefixes of lines (`+QMTSTAT`, `OK`): one Map look-up a line, whatever the number of prefixes. A prefix is what stands before the
 * colon, or the whole line where there is none.
 */
export class PrefixTable {
	readonly #map = new Map<string, Prefix>();
	/** By their texts. */
	readonly entries: ReadonlyMap<string, Prefix> = this.#map;

	/**
	 * The entry of a prefix, made if it is new.
	 * @throws RangeError if the prefix is not 1 to 16 printable ASCII characters, the first no blank, without colon
	 */
	add(text: string): Prefix {
		const known = this.#map.get(text);
		if (known) return known;
		if (!isPrefix(text)) throw new RangeError(`prefix "${text}" must be 1 to 16 printable ASCII characters`);
		const entry: Prefix = { text };
		this.#map.set(text, entry);
		return entry;
	}
	/** Takes out those that mean nothing by themselves: no command may be under way that has one. */
	trim(): void {
		this.#map.forEach((entry, text) => {
			if (entry.final === undefined && !entry.onLine && !entry.ends) this.#map.delete(text);
		});
	}
}

function isPrefix(text: string): boolean {
	return /^[!-9;-~][ -9;-~]{0,15}$/.test(text);
}
