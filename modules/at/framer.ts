import type { ByteRing } from "./ring.js";
import { Line } from "./line.js";
import { COMPLETE, HELD, OPEN, type Prefix, type PrefixTable } from "./prefixes.js";
import { CR, DELETE, LF, PROMPT_MARK, QUOTE, SPACE } from "./text.js";

/** What `Framer.next` found: nothing more for now. */
export const NONE = 0;
/** A line; it is in `framer.line`, its prefix in `framer.prefix`. */
export const LINE = 1;
/** The prompt `>`, while it was armed. */
export const PROMPT = 2;
/** Something was lost: a line too long for the ring, or one that broke off. */
export const GAP = 3;

/**
 * Divides the bytes of a modem into lines. Pure: bytes in the ring go in, events come out of `next()`; no timer, no port.
 *
 * - A line ends with LF; CR, blanks and noise (control characters, bytes above 0x7E) before its first character are dropped, so
 *   CR LF, LF CR and `\r\n<text>\r\n` all read alike. Empty lines are no event.
 * - The prompt counts only at the start of a line and only while `promptArmed`.
 * - A line whose prefix has an `ends` function may hold line ends; the function says at each of them whether the line is complete.
 *   Where it says `HELD`, the line is complete if CR LF follows, with which each block of the modem begins, or nothing (`settle`).
 * - A line too long for the ring (`ring.limit`) is discarded whole, up to its end, and reported as one GAP; its tail is never
 *   read as a line.
 *
 * No byte is searched twice, and how the bytes were cut into pieces makes no difference.
 */
export class Framer {
	readonly line: Line;
	/** Set by who expects a prompt; cleared when it came. */
	promptArmed = false;
	/** The prefix of the current line, if it is known. */
	prefix: Prefix | undefined;
	readonly #ring: ByteRing;
	readonly #prefixes: PrefixTable;
	#consumed = 0;
	#scanned = 0;
	#discarding = false;
	#embedded = false;
	#settled = false;
	#held = false;
	#broken = false;
	#gaps = 0;

	constructor(ring: ByteRing, prefixes: PrefixTable) {
		this.#ring = ring;
		this.#prefixes = prefixes;
		this.line = new Line(ring);
	}
	/** Lines lost so far. */
	get gaps(): number {
		return this.#gaps;
	}
	/** A line lies complete in the ring unless more of it follows; `settle()` decides. */
	get held(): boolean {
		return this.#held;
	}
	/** A line has begun and is not complete. */
	get open(): boolean {
		return this.#scanned > 0;
	}
	/** The next event: `NONE`, `LINE`, `PROMPT` or `GAP`. The line of the event before is given up. */
	next(): number {
		const ring = this.#ring;
		if (this.#consumed) {
			ring.consume(this.#consumed);
			this.#consumed = 0;
		}
		this.#held = false;
		if (this.#broken) return this.#lose(ring.length);
		if (!this.#discarding && !this.#scanned) {
			this.#skipNoise();
			if (this.promptArmed && ring.length && ring.at(0) === PROMPT_MARK) {
				ring.consume(1);
				this.promptArmed = false;
				return PROMPT;
			}
		}
		for (;;) {
			const end = ring.indexOf(LF, this.#scanned);
			if (end < 0) {
				this.#scanned = ring.length;
				if (ring.full) this.#discard();
				return NONE;
			}
			if (end >= ring.limit) this.#beginDiscarding();
			const ends = this.#endsAt(end);
			if (ends === COMPLETE) return this.#complete(end);
			if (ends === HELD) {
				// What follows decides; without more bytes it is time that does (settle).
				this.#scanned = end;
				this.#held = true;
				if (ring.full) this.#discard();
				return NONE;
			}
			this.#scanned = end + 1;
		}
	}
	/**
	 * The line has been silent: what was held is complete, what was open broke off. Call `next` afterwards.
	 */
	settle(): void {
		if (this.#held) this.#settled = true;
		else if (this.open) this.#broken = true;
	}

	#skipNoise(): void {
		const ring = this.#ring;
		const { length } = ring;
		let count = 0;
		while (count < length) {
			const byte = ring.at(count);
			if (byte > SPACE && byte < DELETE) break;
			count++;
		}
		if (count) ring.consume(count);
	}
	/** What the line end at an offset means. */
	#endsAt(end: number): number {
		const ring = this.#ring;
		const text = end > 0 && ring.at(end - 1) === CR ? end - 1 : end;
		if (this.#discarding) {
			if (!this.#embedded) return COMPLETE;
			return text < end && text > 0 && ring.at(text - 1) === QUOTE ? this.#lookAhead(end) : OPEN;
		}
		if (!this.#embedded) {
			this.line.set(0, this.#trimmed(end));
			this.prefix = this.#prefixes.find(ring, 0, this.line.prefixLength);
			if (!this.prefix?.ends) return COMPLETE;
		}
		// Blanks at the end of a payload are its own.
		this.line.set(0, text);
		const ends = this.prefix?.ends?.(this.line) ?? COMPLETE;
		this.#embedded = ends !== COMPLETE;
		return ends === HELD ? this.#lookAhead(end) : ends;
	}
	/** The next block begins with CR LF; anything else belongs to this line. */
	#lookAhead(end: number): number {
		if (this.#settled) return COMPLETE;
		const ring = this.#ring;
		const following = ring.length - (end + 1);
		if (following > 0 && ring.at(end + 1) !== CR) return OPEN;
		if (following > 1) return ring.at(end + 2) === LF ? COMPLETE : OPEN;
		return HELD;
	}
	/** Where the text before a line end ends. Not beyond the line end before it: many of them in a row stay cheap. */
	#trimmed(end: number): number {
		for (; end > 0; end--) {
			const byte = this.#ring.at(end - 1);
			if (byte > SPACE || byte === LF) break;
		}
		return end;
	}
	#complete(end: number): number {
		if (this.#discarding) return this.#lose(end + 1);
		this.#consumed = end + 1;
		this.#lineDone();
		return LINE;
	}
	#lineDone(): void {
		this.#scanned = 0;
		this.#discarding = this.#embedded = this.#settled = this.#broken = false;
	}
	#beginDiscarding(): void {
		if (this.#discarding) return;
		this.line.set(0, this.#ring.limit);
		const prefix = this.#prefixes.find(this.#ring, 0, this.line.prefixLength);
		this.#embedded = (prefix?.ends?.(this.line) ?? COMPLETE) !== COMPLETE;
		this.#discarding = true;
	}
	/** The ring is full of one line: give up all of it but the bytes that tell where it ends. */
	#discard(): void {
		const ring = this.#ring;
		this.#beginDiscarding();
		const count = ring.length - TAIL;
		ring.discard(count);
		this.#scanned = Math.max(0, this.#scanned - count);
	}
	/** Gives up the rest of a line. */
	#lose(count: number): number {
		this.#ring.discard(count);
		this.#lineDone();
		this.#gaps++;
		return GAP;
	}
}

/** Bytes that are kept of a discarded line: a quote and CR LF, and the CR behind them. */
const TAIL = 4;
