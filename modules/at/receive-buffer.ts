import Time from "time";
import type { SerialLike } from "./port.js";
import { indexOf } from "./string-methods.js";
import { LF } from "./text.js";

/** Nobody has looked for the next line end yet. */
export const UNKNOWN = -1;
/** Bytes of the port's FIFO: what it gives at most at a time. */
export const PIECE_BYTES = 128;
/** Behind the last byte: room for a line end, and for reading in words. */
const SLACK_BYTES = 8;

/**
 * The bytes that have come and are not handled yet, in one piece of memory from `start` to `end`, and a text of them to search in: on XS
 * a search in a string is native, and one in bytes is not faster than script. Allocated once.
 *
 * The text has a character for each byte, so that places in it are places in the bytes: while all is ASCII (`plain`) it is simply the
 * string of the bytes; otherwise DEL stands for each byte that is not, and for NUL, at which some versions of XS end a string.
 */
export class ReceiveBuffer {
	/** Bytes that may wait while the next piece still fits: the longest line, its LF included. */
	readonly limit: number;
	/** What has come, and at `end` a line end that stops searches. */
	readonly bytes: Uint8Array<ArrayBuffer>;
	/** Where the oldest byte lies that is not handled. */
	start = 0;
	/** Behind the newest byte. */
	end = 0;
	/** All bytes from `start` on that were searched are ASCII and not NUL. */
	plain = true;
	/** Of the bytes from `textStart` to `end`, the line end there included; empty where these are no UTF-8. */
	text = "\n";
	textStart = 0;
	/** Where the first line end lies that is not handled; `end` if there is none, or UNKNOWN. */
	lineEnd = UNKNOWN;
	/** Whether `read` tells of each piece, or only of those that hold a line end. */
	watched = true;
	/** `Time.ticks` of the last piece. */
	touched = 0;
	readonly #memory: ArrayBuffer;
	readonly #first: Uint8Array;
	readonly #landing: Uint8Array;
	readonly #landingStart: number;
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
		this.#landingStart = capacity + SLACK_BYTES;
		this.bytes = new Uint8Array(capacity + SLACK_BYTES + PIECE_BYTES);
		this.#memory = this.bytes.buffer;
		this.#first = this.bytes.subarray(0, PIECE_BYTES);
		this.#landing = this.bytes.subarray(this.#landingStart);
	}
	/** Bytes waiting. */
	get length(): number {
		return this.end - this.start;
	}
	/** Whether the next piece might not fit: lines have to be handled first. */
	get full(): boolean {
		return this.end > this.limit;
	}
	/** How far the buffer was filled at most. */
	get highWater(): number {
		return Math.max(this.#highWater, this.end);
	}
	/** Bytes given up by `discard` over the buffer's life. */
	get dropped(): number {
		return this.#dropped;
	}
	/**
	 * Reads the next piece from the port.
	 * @returns whether there is something to handle: false if nothing came, or if it only makes the begun line longer
	 * @throws what the port throws; where the piece is no UTF-8, what `String.fromArrayBuffer` throws: `recover` goes on from there
	 */
	read(serial: SerialLike): boolean {
		let end = this.end;
		if (this.start === end) {
			if (end > this.#highWater) this.#highWater = end;
			this.start = this.end = end = 0;
			this.plain = true;
		}
		// A view makes garbage and copying costs time: little often comes while each piece is watched.
		const landing = end
			? this.watched
				? this.#landing
				: this.bytes.subarray(end, end + PIECE_BYTES)
			: this.#first;
		const count = serial.read(landing);
		if (!count) return false;
		if (landing === this.#landing) this.bytes.copyWithin(end, this.#landingStart, this.#landingStart + count);
		this.bytes[(this.end = end + count)] = LF;
		this.textStart = end;
		this.text = "";
		this.text = String.fromArrayBuffer(this.#memory, end, count + 1);
		// A block begins with CR LF, which is no line; where these bytes are another's, the framer searches again.
		const found = indexOf.call(this.text, "\n", end || count < 2 ? 0 : 2);
		if (found === count && this.plain) {
			// No line end but the one behind the last byte: all of it is ASCII.
			this.lineEnd = this.end;
			if (this.watched || this.end > this.limit) return true;
			this.touched = Time.ticks;
			return false;
		}
		if (found < 0 || !this.plain || this.bytes[end + found] !== LF) return this.recover();
		this.lineEnd = end + found;
		return true;
	}
	/** What the last piece brought is not all ASCII, or `read` threw: goes on. @returns as `read` */
	recover(): boolean {
		this.mask();
		const from = this.textStart || this.end < 2 ? 0 : 2;
		this.lineEnd = this.textStart + indexOf.call(this.text, "\n", from);
		this.touched = Time.ticks;
		return this.watched || this.lineEnd < this.end || this.end > this.limit;
	}
	/** Where the first line end at or behind `from` lies; `end` if there is none. */
	find(from: number): number {
		if (from < this.textStart) this.show(from);
		const found = this.textStart + indexOf.call(this.text, "\n", from - this.textStart);
		if (found === this.end || (found >= from && this.bytes[found] === LF)) return found;
		// A character of several bytes, or NUL, before it.
		this.mask();
		return this.textStart + indexOf.call(this.text, "\n", from - this.textStart);
	}
	/** Makes the text of the bytes from `from` on. */
	show(from: number): void {
		this.textStart = from;
		if (this.plain) {
			try {
				this.text = String.fromArrayBuffer(this.#memory, from, this.end - from + 1);
				return;
			} catch {
				// Some of it was not searched yet.
			}
		}
		this.mask();
	}
	/** Not all is ASCII: makes the text anew. */
	mask(): void {
		this.plain = false;
		const { textStart } = this;
		this.text = maskedText(this.#memory, textStart, this.end - textStart + 1);
	}
	/** All up to `to` is handled; its bytes stay until the next `read`. */
	consume(to: number): void {
		this.start = to;
		this.watched = true;
	}
	/** Gives up all up to `to`, and counts it. */
	discard(to: number): void {
		this.#dropped += to - this.start;
		this.consume(to);
	}
	/** Moves what waits to the buffer's beginning. */
	compact(): void {
		const { start, end } = this;
		if (!start) return;
		if (end > this.#highWater) this.#highWater = end;
		this.bytes.copyWithin(0, start, end + 1);
		this.start = 0;
		this.end = end - start;
		this.lineEnd = UNKNOWN;
		this.textStart = Infinity;
	}
}

/** The text of bytes where DEL stands for all that is not ASCII, and for NUL. Four bytes at a time. */
function maskedText(buffer: ArrayBuffer, from: number, length: number): string {
	const words = new Uint32Array(buffer.slice(from, from + ((length + 3) & ~3)));
	for (let index = 0; index < words.length; index++) {
		const low = words[index] & 0x7f7f7f7f;
		// In each byte 1: it is above 0x7F; it is not NUL.
		const high = (words[index] >>> 7) & 0x01010101;
		const some = ((low + 0x7f7f7f7f) >>> 7) & 0x01010101;
		words[index] = low | ((high | (some ^ 0x01010101)) * 0x7f);
	}
	return String.fromArrayBuffer(words.buffer, 0, length);
}
