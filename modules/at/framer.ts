import { Line } from "./line.js";
import { COMPLETE, OPEN, type Prefix, type PrefixTable } from "./prefixes.js";
import { type ReceiveBuffer, UNKNOWN } from "./receive-buffer.js";
import { indexOf, slice } from "./string-methods.js";
import { CR, DELETE, LF, PROMPT_MARK, QUOTE, SPACE } from "./text.js";

/** What `Framer.next` found: nothing more for now. */
export const NONE = 0;
/** A line; it is in `framer.line`, its prefix in `framer.prefix`. */
export const LINE = 1;
/** The prompt `>`, while it was armed. */
export const PROMPT = 2;
/** Something was lost: a line too long for the buffer, or one that broke off. */
export const GAP = 3;

/**
 * Divides the bytes of a modem into lines. Pure: bytes in the buffer go in, events come out of `next()`; no timer, no port.
 *
 * - A line ends with LF; CR, blanks and noise (control characters, bytes above 0x7E) before its first character are dropped, so
 *   CR LF, LF CR and `\r\n<text>\r\n` all read alike. Empty lines are no event.
 * - The prompt counts only at the start of a line and only while `promptArmed`.
 * - A line whose prefix has an `ends` function may hold line ends; the function says whether it ends at the first one, or where its
 *   payload begins with a quote. It then ends at another quote before CR LF behind which CR LF follows, with which each block of the
 *   modem begins, or nothing (`settle`).
 * - A line too long for the buffer (`buffer.limit`) is discarded whole, up to its end, and reported as one GAP; its tail is never
 *   read as a line.
 *
 * No line end is searched twice, and how the bytes were cut into pieces makes no difference.
 */
export class Framer {
	readonly line: Line;
	/** Set by who expects a prompt; cleared when it came. */
	promptArmed = false;
	/** The prefix of the current line, if it is known. */
	prefix: Prefix | undefined;
	readonly #buffer: ReceiveBuffer;
	readonly #prefixes: ReadonlyMap<string, Prefix>;
	/** A line has begun at `buffer.start`. */
	#open = false;
	/** It has gone on behind a line end, or is discarded, or broke off. */
	#special = false;
	/** Place in the line of the quote that its payload begins with; 0 while that is not known. */
	#quote = 0;
	/** Place in the line of a line end that it may end with, or -1. */
	#held = -1;
	#settled = false;
	#discarding = false;
	/** What is discarded may hold line ends. */
	#embedded = false;
	#broken = false;
	#gaps = 0;

	constructor(buffer: ReceiveBuffer, prefixes: PrefixTable) {
		this.#buffer = buffer;
		this.#prefixes = prefixes.entries;
		this.line = new Line(buffer);
	}
	/** Lines lost so far. */
	get gaps(): number {
		return this.#gaps;
	}
	/** A line lies complete in the buffer unless more of it follows; `settle()` decides. */
	get held(): boolean {
		return this.#held >= 0;
	}
	/** A line has begun and is not complete. */
	get open(): boolean {
		return this.#open;
	}
	/** The next event: `NONE`, `LINE`, `PROMPT` or `GAP`. The line of an event is given up with the next piece that is read. */
	next(): number {
		if (this.#special) return this.#goOn();
		// On XS a local takes more to make than a field to read.
		const buffer = this.#buffer;
		const bytes = buffer.bytes;
		let start = buffer.start;
		if (!this.#open) {
			if (bytes[start] === CR && bytes[start + 1] === LF) start += 2;
			else buffer.lineEnd = UNKNOWN;
			if (bytes[start] <= SPACE || bytes[start] >= DELETE || start >= buffer.end) {
				start = this.#skipNoise();
				buffer.lineEnd = UNKNOWN;
				if (start === buffer.end) {
					buffer.consume(start);
					return NONE;
				}
			}
			buffer.start = start;
			if (this.promptArmed && bytes[start] === PROMPT_MARK) return this.#prompted();
		}
		const lineEnd = buffer.lineEnd < start ? buffer.find(start) : buffer.lineEnd;
		buffer.lineEnd = UNKNOWN;
		if (lineEnd === buffer.end) return this.#wait();
		if (lineEnd - start >= buffer.limit) return this.#judgeFrom(lineEnd);
		if (start < buffer.textStart) buffer.show(start);
		let stop = bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
		if (bytes[stop - 1] <= SPACE) stop = this.#trimmed(stop);
		const prefix = this.#prefixOf(start, stop);
		this.prefix = prefix;
		if (prefix && prefix.ends) return this.#judgeFrom(lineEnd);
		this.#open = false;
		buffer.start = lineEnd + 1;
		buffer.watched = true;
		return LINE;
	}
	/**
	 * The line has been silent: what was held is complete, what was open broke off. Call `next` afterwards.
	 */
	settle(): void {
		if (!this.#open) return;
		this.#special = true;
		if (this.held) this.#settled = true;
		else this.#broken = true;
	}

	/** Sets the line. @returns what is known of its prefix; the text must reach back to it */
	#prefixOf(start: number, stop: number): Prefix | undefined {
		const buffer = this.#buffer;
		const line = this.line;
		line.offset = start;
		line.length = stop - start;
		let end = buffer.textStart + indexOf.call(buffer.text, ":", start - buffer.textStart);
		if (end < start || end > stop) end = stop;
		line.prefixLength = end - start;
		return this.#prefixes.get(slice.call(buffer.text, start - buffer.textStart, end - buffer.textStart));
	}
	#prompted(): number {
		this.promptArmed = false;
		this.#buffer.consume(this.#buffer.start + 1);
		return PROMPT;
	}
	/** @returns where the first character of a line lies, or the buffer's end */
	#skipNoise(): number {
		const buffer = this.#buffer;
		const { bytes, end } = buffer;
		let { start } = buffer;
		let isPlain = true;
		for (; start < end; start++) {
			const byte = bytes[start];
			if (byte > SPACE && byte < DELETE) break;
			if (byte === 0 || byte > DELETE) isPlain = false;
		}
		if (!isPlain && buffer.plain) {
			// Places in the text behind it must be right.
			if (start < buffer.textStart) buffer.textStart = start;
			buffer.mask();
		}
		return start;
	}
	/** Where the text before a line end ends. */
	#trimmed(end: number): number {
		const { bytes, start } = this.#buffer;
		while (end > start && bytes[end - 1] <= SPACE) end--;
		return end;
	}
	/** The line that has begun is not complete. */
	#wait(): number {
		const buffer = this.#buffer;
		this.#open = true;
		buffer.watched = this.#discarding || this.#held >= 0;
		if (!buffer.full) return NONE;
		buffer.compact();
		this.line.offset = 0;
		// What is held and fits has one byte behind it at most: there is room.
		if (buffer.end > buffer.limit && (this.#held < 0 || this.#discarding)) this.#discard();
		return NONE;
	}
	/** Goes on with a line that is no usual one any more. */
	#goOn(): number {
		const buffer = this.#buffer;
		const next = buffer.lineEnd;
		buffer.lineEnd = UNKNOWN;
		if (this.#broken) return this.#lose(buffer.end);
		if (this.#held < 0) return next === UNKNOWN ? this.#wait() : this.#judgeFrom(next);
		const lineEnd = buffer.start + this.#held;
		this.#held = -1;
		const ends = this.#settled ? COMPLETE : this.#lookAhead(lineEnd);
		if (ends === COMPLETE) return this.#complete(lineEnd);
		return ends === OPEN ? this.#judgeFrom(buffer.find(lineEnd + 1)) : this.#wait();
	}
	/** Judges the line ends from this one on, until one ends the line. */
	#judgeFrom(lineEnd: number): number {
		const buffer = this.#buffer;
		this.#special = true;
		while (lineEnd < buffer.end) {
			const ends = this.#judge(lineEnd);
			if (ends === COMPLETE) return this.#complete(lineEnd);
			// What follows decides; without more bytes it is time that does (settle).
			if (ends === HELD) break;
			lineEnd = buffer.find(lineEnd + 1);
		}
		return this.#wait();
	}
	/** What a line end means. */
	#judge(lineEnd: number): number {
		const buffer = this.#buffer;
		const start = buffer.start;
		if (lineEnd - start >= buffer.limit) this.#beginDiscarding();
		const stop = lineEnd > start && buffer.bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
		if (this.#discarding) {
			if (!this.#embedded) return COMPLETE;
		} else if (!this.#quote) {
			// Blanks at the end of a payload are its own.
			this.line.length = stop - start;
			const ends = this.prefix?.ends?.(this.line) ?? COMPLETE;
			if (ends <= OPEN) return ends;
			this.#quote = ends;
		}
		// The module ends its lines with CR LF and nothing else.
		if (stop === lineEnd || stop - 1 <= start + this.#quote || buffer.bytes[stop - 1] !== QUOTE) return OPEN;
		return this.#lookAhead(lineEnd);
	}
	/** The next block begins with CR LF; anything else belongs to this line. */
	#lookAhead(lineEnd: number): number {
		const { bytes, start, end } = this.#buffer;
		const following = end - (lineEnd + 1);
		if (following > 0 && bytes[lineEnd + 1] !== CR) return OPEN;
		if (following > 1) return bytes[lineEnd + 2] === LF ? COMPLETE : OPEN;
		this.#held = lineEnd - start;
		return HELD;
	}
	#complete(lineEnd: number): number {
		if (this.#discarding) return this.#lose(lineEnd + 1);
		const buffer = this.#buffer;
		const stop = buffer.bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
		this.line.length = stop - this.line.offset;
		this.#reset();
		buffer.consume(lineEnd + 1);
		return LINE;
	}
	#reset(): void {
		this.#open = this.#special = this.#settled = this.#discarding = this.#broken = false;
		this.#quote = 0;
		this.#held = -1;
	}
	/** What a line too long is follows from its first bytes, however many have come. */
	#beginDiscarding(): void {
		if (this.#discarding) return;
		const buffer = this.#buffer;
		const { start, limit } = buffer;
		if (start < buffer.textStart) buffer.show(start);
		this.prefix = this.#prefixOf(start, start + limit);
		this.#embedded = (this.prefix?.ends?.(this.line) ?? COMPLETE) !== COMPLETE;
		this.#discarding = this.#special = true;
		this.#quote = -limit;
	}
	/** The buffer is full of one line: gives up all of it but the bytes that tell where it ends. */
	#discard(): void {
		const buffer = this.#buffer;
		this.#beginDiscarding();
		const tail = buffer.end - TAIL;
		if (this.#held >= 0) this.#held -= tail - buffer.start;
		buffer.discard(tail);
		buffer.compact();
		buffer.watched = true;
	}
	/** Gives up the rest of a line. */
	#lose(to: number): number {
		this.#reset();
		this.#buffer.discard(to);
		this.#gaps++;
		return GAP;
	}
}

/** Complete if nothing follows, or the CR LF that the next block begins with. */
const HELD = 1;
/** Bytes that are kept of a discarded line: a quote and CR LF, and the CR behind them. */
const TAIL = 4;
