import { Line } from "./line.js";
import { COMPLETE, OPEN, PREFIX_LENGTH, type Prefix, type PrefixTable } from "./prefixes.js";
import type { ReceiveBuffer } from "./receive-buffer.js";
import { indexOf, lastIndexOf, slice } from "./string-methods.js";
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
	/** A prompt is expected; cleared when it came, or by who expected it. */
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
	/**
	 * The first piece where nothing waits: most are a block of one line, CR LF, the line, CR LF. Such a line is never in the buffer; any
	 * other piece is taken in.
	 * @returns the first event
	 * @throws where the piece is no UTF-8: it is to be taken in by `buffer.add`
	 */
	first(count: number): number {
		const buffer = this.#buffer;
		if (buffer.bytes[count - 1] !== LF) return this.#begin(count);
		const text = buffer.first(count);
		const lineEnd = count - 1;
		if (indexOf.call(text, "\n", 2) === lineEnd && !this.promptArmed) {
			const bytes = buffer.bytes;
			const stop = count - 2;
			const first = bytes[2];
			// With the line end, the first, at the same place in both there are as many characters as bytes: all of it is ASCII.
			if (
				bytes[stop] === CR &&
				bytes[0] === CR &&
				bytes[1] === LF &&
				first > SPACE &&
				first < DELETE &&
				bytes[count - 3] > SPACE
			) {
				const colon = indexOf.call(text, ":", 2);
				const end = colon < 0 || colon > LAST_COLON ? stop : colon;
				const prefix = this.#prefixes.get(slice.call(text, 2, end));
				const line = this.line;
				this.prefix = prefix;
				line.offset = 2;
				line.length = count - 4;
				line.prefixLength = end - 2;
				if (!prefix || !prefix.ends) return LINE;
				buffer.add(count);
				buffer.textEnd = count;
				buffer.start = 2;
				return this.#judgeFrom(lineEnd);
			}
		}
		buffer.add(count);
		// The line end behind the last byte at its place: all is ASCII, and the text of use.
		if (lastIndexOf.call(text, "\n") === count) buffer.textEnd = count;
		return this.next();
	}
	/** The first piece, where it ends within a line: it need not be looked at before there is more. */
	#begin(count: number): number {
		const buffer = this.#buffer;
		const bytes = buffer.bytes;
		const isLine = bytes[0] === CR && bytes[1] === LF && bytes[2] > SPACE && bytes[2] < DELETE;
		buffer.add(count);
		if (!isLine || count < 3 || this.promptArmed) return this.next();
		buffer.start = buffer.textEnd = 2;
		this.#open = true;
		buffer.expect(false);
		return NONE;
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
			if (bytes[start] <= SPACE || bytes[start] >= DELETE || start >= buffer.end) {
				start = this.#skipNoise();
				if (start === buffer.end) {
					buffer.clear();
					return NONE;
				}
			}
			buffer.start = start;
			if (this.promptArmed && bytes[start] === PROMPT_MARK) return this.#prompted();
		}
		// Making the text of noise takes time: what was searched is not shown again.
		const lineEnd = buffer.find(this.#open && !buffer.plain ? buffer.textEnd : start);
		if (lineEnd === buffer.end) return this.#wait();
		if (lineEnd - start >= buffer.limit) return this.#judgeFrom(lineEnd);
		let stop = bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
		if (bytes[stop - 1] <= SPACE) stop = this.#trimmed(stop);
		const prefix = this.#prefixOf(start, stop);
		this.prefix = prefix;
		if (prefix && prefix.ends) return this.#judgeFrom(lineEnd);
		this.#open = false;
		buffer.start = lineEnd + 1;
		return LINE;
	}
	/**
	 * The line has been silent: what is held is complete, what is open broke off. To be called when `next` has nothing more; call it again
	 * afterwards.
	 */
	settle(): void {
		if (!this.#open) return;
		this.#special = true;
		if (this.held) this.#settled = true;
		else this.#broken = true;
	}

	/** Sets the line. @returns what is known of its prefix */
	#prefixOf(start: number, stop: number): Prefix | undefined {
		const buffer = this.#buffer;
		const line = this.line;
		line.offset = start;
		line.length = stop - start;
		if (start < buffer.textStart) {
			if (!buffer.plain) return this.#prefixOfNoise(start, stop);
			buffer.show(start);
		}
		const at = start - buffer.textStart;
		let end = buffer.textStart + indexOf.call(buffer.text, ":", at);
		if (end < start || end > stop || end - start > PREFIX_LENGTH) end = stop;
		line.prefixLength = end - start;
		return this.#prefixes.get(slice.call(buffer.text, at, end - buffer.textStart));
	}
	/** As `#prefixOf`, of no more bytes than a prefix can have. */
	#prefixOfNoise(start: number, stop: number): Prefix | undefined {
		const head = this.#buffer.head(start, Math.min(stop - start, PREFIX_LENGTH + 1));
		const colon = head.indexOf(":");
		this.line.prefixLength = colon < 0 ? stop - start : colon;
		return this.#prefixes.get(colon < 0 ? head : head.slice(0, colon));
	}
	#prompted(): number {
		this.promptArmed = false;
		this.#buffer.start++;
		return PROMPT;
	}
	/** @returns where the first character of a line lies, or the buffer's end */
	#skipNoise(): number {
		const { bytes, end } = this.#buffer;
		let { start } = this.#buffer;
		while (start < end && (bytes[start] <= SPACE || bytes[start] >= DELETE)) start++;
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
		if (buffer.full) {
			buffer.compact();
			this.line.offset = 0;
			// What is held and fits has one byte behind it at most: there is room.
			if (buffer.end > buffer.limit && (this.#held < 0 || this.#discarding)) this.#discard();
		}
		const mayEnd = this.#discarding || this.#held >= 0 || (this.#special && !this.#quote);
		buffer.expect(mayEnd || this.promptArmed);
		return NONE;
	}
	/** Goes on with a line that is no usual one any more. */
	#goOn(): number {
		const buffer = this.#buffer;
		if (this.#broken) return this.#lose(buffer.end);
		if (this.#settled) return this.#complete(buffer.start + this.#held);
		if (this.#quote) return this.#endPayload(buffer.textEnd);
		return this.#judgeFrom(buffer.find(buffer.textEnd));
	}
	/** Judges the line ends from this one on, until one ends the line or the payload has begun. */
	#judgeFrom(lineEnd: number): number {
		const buffer = this.#buffer;
		const { bytes, start, limit } = buffer;
		this.#special = true;
		while (lineEnd < buffer.end) {
			if (lineEnd - start >= limit) {
				this.#beginDiscarding();
				return this.#endPayload(start);
			}
			// Blanks at the end of a payload are its own.
			this.line.length = (bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd) - start;
			const ends = this.prefix?.ends?.(this.line) ?? COMPLETE;
			if (ends === COMPLETE) return this.#complete(lineEnd);
			if (ends !== OPEN) {
				this.#quote = ends;
				return this.#endPayload(start);
			}
			lineEnd = buffer.find(lineEnd + 1);
		}
		return this.#wait();
	}
	/**
	 * A payload in quotes, or what is discarded: looks for its end, the module's CR LF and nothing else behind another quote, and what the
	 * next block begins with, CR LF. Without more bytes it is time that decides (settle).
	 * @param searched what lies before it has been searched
	 */
	#endPayload(searched: number): number {
		const buffer = this.#buffer;
		const { bytes, start, end, limit } = buffer;
		this.#held = -1;
		let lineEnd;
		if (this.#embedded || !this.#discarding) {
			const from = Math.max(start, start + this.#quote + 1, searched - BLOCK_END_BYTES + 1);
			const found = buffer.search(BLOCK_END, from);
			// Its last LF may be the one that stops searches.
			if (found >= from && found + BLOCK_END_BYTES <= end) lineEnd = found + 2;
			else {
				lineEnd = end;
				const last = bytes[end - 1] === CR ? end - 2 : end - 1;
				if (last - 2 >= from && bytes[last] === LF && bytes[last - 1] === CR && bytes[last - 2] === QUOTE) {
					if (last - start >= limit) this.#beginDiscarding();
					this.#held = last - start;
				}
			}
		} else lineEnd = buffer.find(Math.max(start, searched));
		if (lineEnd === end) return this.#wait();
		if (lineEnd - start >= limit) this.#beginDiscarding();
		return this.#complete(lineEnd);
	}
	#complete(lineEnd: number): number {
		if (this.#discarding) return this.#lose(lineEnd + 1);
		const buffer = this.#buffer;
		const stop = buffer.bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
		this.line.length = stop - this.line.offset;
		this.#reset();
		buffer.start = lineEnd + 1;
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
	}
	/** Gives up the rest of a line. */
	#lose(to: number): number {
		this.#reset();
		this.#buffer.discard(to);
		this.#gaps++;
		return GAP;
	}
}

/** In a block. */
const LAST_COLON = 2 + PREFIX_LENGTH;
/** What ends a payload in quotes: the last two belong to the next block. */
const BLOCK_END = '"\r\n\r\n';
const BLOCK_END_BYTES = 5;
/** Bytes that are kept of a discarded line: a quote and CR LF, and the CR behind them. */
const TAIL = 4;
