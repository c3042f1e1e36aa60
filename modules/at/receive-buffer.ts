import Time from "time";
import { indexOf, lastIndexOf } from "./string-methods.js";
import { LF } from "./text.js";

/** Bytes of the port's FIFO: what it gives at most at a time. */
export const PIECE_BYTES = 128;
/** Bytes that may come unseen: making the text of noise takes time, some 12 computrons a byte. */
const MOST_UNSEEN = 896;
/** Behind the last byte: room for a line end, and for reading in words. */
const SLACK_BYTES = 8;

/**
 * The bytes that have come and are not handled yet, in one piece of memory from `start` to `end`, and a text of them to search in: on XS
 * a search in a string is native, and one in bytes is not faster than script. Allocated once.
 *
 * A piece is read into `landing`, then `add` takes it in. Where nothing waits it lies at the memory's beginning, and `first` shows it
 * before it is taken in; what is handled at once need not be.
 *
 * The text has a character for each byte, so that places in it are places in the bytes: while all is ASCII (`plain`) it is simply the
 * string of the bytes; otherwise DEL stands for each byte that is not, and for NUL, at which some versions of XS end a string.
 */
export class ReceiveBuffer {
	/** Bytes that may wait while the next piece still fits: the longest line, its LF included. */
	readonly limit: number;
	/** What has come, and behind what the text shows a line end that stops searches. */
	readonly bytes: Uint8Array<ArrayBuffer>;
	/** Where the next piece is to be read to. */
	landing: Uint8Array;
	/** Where the oldest byte lies that is not handled. */
	start = 0;
	/** Behind the newest byte; 0 where none waits. */
	end = 0;
	/** All bytes of the texts since `clear` are ASCII. */
	plain = true;
	/** Of the bytes from `textStart` to `textEnd`, and of the line end there. */
	text = "";
	textStart = 0;
	/** Bytes from here on have come since somebody looked. */
	textEnd = 0;
	/** `Time.ticks` of the last piece that nobody was told of. */
	touched = 0;
	/** So far pieces come unseen, straight to where they belong; 0 while each is looked at: they land aside then. */
	#unseenEnd = 0;
	readonly #memory: ArrayBuffer;
	readonly #first: Uint8Array;
	readonly #aside: Uint8Array;
	readonly #asideStart: number;
	#highWater = 0;
	#dropped = 0;

	/**
	 * @param capacity bytes, at least two pieces; a line may be as long as that less a piece
	 * @throws RangeError
	 */
	constructor(capacity: number) {
		if (!(capacity >= 2 * PIECE_BYTES))
			throw new RangeError(`receive buffer must be at least ${2 * PIECE_BYTES} bytes`);
		this.limit = capacity - PIECE_BYTES;
		this.#asideStart = capacity + SLACK_BYTES;
		this.bytes = new Uint8Array(capacity + SLACK_BYTES + PIECE_BYTES);
		this.#memory = this.bytes.buffer;
		this.#first = this.bytes.subarray(0, PIECE_BYTES);
		this.#aside = this.bytes.subarray(this.#asideStart);
		this.landing = this.#first;
	}
	/** Bytes waiting. */
	get length(): number {
		return this.end - this.start;
	}
	/** Whether the next piece might not fit: lines have to be handled first. */
	get full(): boolean {
		return this.end > this.limit;
	}
	/** How far the buffer was filled at most, by what was not handled at once. */
	get highWater(): number {
		return Math.max(this.#highWater, this.end);
	}
	/** Bytes given up by `discard` over the buffer's life. */
	get dropped(): number {
		return this.#dropped;
	}
	/** Whether there are bytes that have come since somebody looked. */
	get unseen(): boolean {
		return this.textEnd < this.end;
	}
	/** Whether a line may be complete in them. */
	get hasUnseenLine(): boolean {
		return this.bytes.subarray(this.textEnd, this.end).includes(LF);
	}
	/**
	 * The text of the piece that has been read while nothing waits.
	 * @throws what `String.fromArrayBuffer` throws where the bytes are no UTF-8; `text` is then empty
	 */
	first(count: number): string {
		this.bytes[count] = LF;
		this.text = "";
		return (this.text = String.fromArrayBuffer(this.#memory, 0, count + 1));
	}
	/**
	 * Takes in the piece that has been read.
	 * @returns whether to look at it: not if it only makes the begun line longer
	 */
	add(count: number): boolean {
		const end = (this.end += count);
		if (!this.#unseenEnd) {
			// Where nothing waited it lies at its place.
			if (end > count) this.bytes.copyWithin(end - count, this.#asideStart, this.#asideStart + count);
			this.landing = this.#aside;
			return true;
		}
		if (this.bytes[end - 1] === LF || end > this.#unseenEnd) {
			this.expect(true);
			return true;
		}
		this.landing = this.bytes.subarray(end, end + PIECE_BYTES);
		this.touched = Time.ticks;
		return false;
	}
	/** More is to come of the line that has begun. @param watched whether to look at each piece; there is room for one then */
	expect(watched: boolean): void {
		if (watched) {
			this.#unseenEnd = 0;
			this.landing = this.#aside;
			return;
		}
		const { end } = this;
		this.#unseenEnd = Math.min(this.limit, end + MOST_UNSEEN);
		// A view makes garbage and copying costs time: little often comes while each piece is watched.
		this.landing = this.bytes.subarray(end, end + PIECE_BYTES);
	}
	/** Where the first line end at or behind `from` lies, which must not be behind `end`; `end` if there is none. */
	find(from: number): number {
		if (from < this.textStart || this.textEnd !== this.end) this.show(from);
		return this.textStart + indexOf.call(this.text, "\n", from - this.textStart);
	}
	/** Where the first `text`, of ASCII, at or behind `from` lies, the line end behind the last byte included; below `from` if there is none. */
	search(text: string, from: number): number {
		if (from < this.textStart || this.textEnd !== this.end) this.show(from);
		return this.textStart + indexOf.call(this.text, text, from - this.textStart);
	}
	/** Makes the text of all bytes from `from` on. */
	show(from: number): void {
		const { end } = this;
		this.textStart = from;
		this.textEnd = end;
		this.bytes[end] = LF;
		if (this.plain) {
			try {
				this.text = String.fromArrayBuffer(this.#memory, from, end - from + 1);
				if (lastIndexOf.call(this.text, "\n") === end - from) return;
				// A character of several bytes, or NUL.
			} catch {
				// No UTF-8.
			}
		}
		this.plain = false;
		this.text = maskedText(this.#memory, from, end - from + 1);
	}
	/** The text of some bytes, where making all of it would take long. */
	head(from: number, length: number): string {
		return maskedText(this.#memory, from, length);
	}
	/** Gives up all up to `to`, and counts it. */
	discard(to: number): void {
		this.#dropped += to - this.start;
		this.start = to;
	}
	/** All is handled. The next piece overwrites it. */
	clear(): void {
		if (this.end > this.#highWater) this.#highWater = this.end;
		this.start = this.end = this.textStart = this.textEnd = 0;
		this.plain = true;
		this.#unseenEnd = 0;
		this.landing = this.#first;
	}
	/** Moves what waits to the buffer's beginning. */
	compact(): void {
		const { start, end } = this;
		if (!start) return;
		if (end > this.#highWater) this.#highWater = end;
		this.bytes.copyWithin(0, start, end);
		this.start = 0;
		this.end = end - start;
		this.textEnd -= start;
		// There is no text of it.
		this.textStart = Infinity;
		this.expect(true);
	}
}

/** The text of bytes where DEL stands for all that is not ASCII, and for NUL. Four bytes at a time. */
function maskedText(buffer: ArrayBuffer, from: number, length: number): string {
	const words = new Uint32Array(buffer.slice(from, from + ((length + 3) & ~3)));
	for (let index = words.length - 1; index >= 0; index--) {
		const word = words[index];
		// Bit 7 of each byte: it is above 0x7F, or it is NUL.
		const bad = (word | ~((word & 0x7f7f7f7f) + 0x7f7f7f7f)) & 0x80808080;
		if (bad) words[index] = (word | ((bad >>> 7) * 0x7f)) & 0x7f7f7f7f;
	}
	return String.fromArrayBuffer(words.buffer, 0, length);
}
