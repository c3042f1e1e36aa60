import type { ReceiveBuffer } from "./receive-buffer.js";
import { indexOf, lastIndexOf, slice } from "./string-methods.js";
import { COMMA, QUOTE, SPACE, textOf } from "./text.js";

/**
 * The line that the engine is at, read where it lies in the receive buffer: nothing is copied and no string made before a field is
 * asked for. One instance serves all lines; it is valid during the callback that gets it, and no longer.
 *
 * Fields are what stands behind the colon, divided by commas outside of quotes, counted from 0.
 */
export class Line {
	/** @internal Where it lies in the buffer. */
	offset = 0;
	/** Bytes of the line, without its end. */
	length = 0;
	/** Bytes before the colon; the whole line where none is among the first 17 bytes. */
	prefixLength = 0;
	/** @internal Where the line lies in what `shown` returned. */
	shownAt = 0;
	readonly #buffer: ReceiveBuffer;
	#from = 0;
	#to = 0;

	constructor(buffer: ReceiveBuffer) {
		this.#buffer = buffer;
	}
	/** The whole line as text, invalid UTF-8 left out. */
	get text(): string {
		return this.#textOf(this.offset, this.offset + this.length);
	}
	/** What stands behind the colon, as text. */
	get value(): string {
		return this.#textOf(this.#values(), this.offset + this.length);
	}
	/** Number of fields; 0 where nothing stands behind the prefix. */
	get fields(): number {
		let count = 0;
		while (this.#field(count)) count++;
		return count;
	}
	/** A field as a whole number, or undefined if it is absent or no number. Quotes around it are ignored. */
	integer(field: number): number | undefined {
		// The first field is an identifier or a state most often: one digit.
		if (field === 0) {
			const bytes = this.#buffer.bytes;
			const at = this.offset + this.prefixLength + 2;
			const digit = bytes[at] - ZERO;
			if (digit >= 0 && digit <= 9 && bytes[at - 1] === SPACE) {
				const behind = this.offset + this.length - at;
				if (behind === 1 || (behind > 1 && bytes[at + 1] === COMMA)) return digit;
			}
		}
		return this.#field(field) ? this.#integer(this.#from, this.#to) : undefined;
	}
	/** Bytes from an index of the line on as a whole number, or undefined if they are none. */
	integerAt(index: number, length: number): number | undefined {
		return this.#integer(this.offset + index, this.offset + index + length);
	}
	/** A field as text without its quotes, or undefined if it is absent. */
	string(field: number): string | undefined {
		return this.#field(field) ? this.#textOf(this.#from, this.#to) : undefined;
	}
	/** Whether a field stands in quotes. */
	isQuoted(field: number): boolean {
		return this.#field(field) && this.#from > this.offset && this.#buffer.bytes[this.#from - 1] === QUOTE;
	}
	/** Whether the line is exactly these bytes: the echo of a command. Makes strings, so only for when echo is on. */
	equals(bytes: Uint8Array): boolean {
		return this.length === bytes.length && this.text === textOf(bytes);
	}
	/** The byte at an index of the line. */
	at(index: number): number {
		return this.#buffer.bytes[this.offset + index];
	}
	/** Bytes from an index of the line on, as text, invalid UTF-8 left out. */
	textAt(index: number, length: number): string {
		return this.#textOf(this.offset + index, this.offset + index + length);
	}
	/** Copies `length` bytes from an index of the line into `target`. */
	copy(index: number, length: number, target: Uint8Array, at = 0): void {
		const from = this.offset + index;
		target.set(this.#buffer.bytes.subarray(from, from + length), at);
	}
	/** A copy of `length` bytes from an index of the line. */
	slice(index: number, length: number): ArrayBuffer {
		const from = this.offset + index;
		return this.#buffer.bytes.buffer.slice(from, from + length);
	}
	/** Index of the first `text`, of ASCII, that begins in the line at or after an index, or -1. */
	indexOf(text: string, index: number): number {
		const buffer = this.#buffer;
		const from = this.offset - buffer.textStart;
		if (from < 0) return this.#shown().indexOf(text, index);
		const found = indexOf.call(buffer.text, text, from + index) - from;
		return found >= 0 && found < this.length ? found : -1;
	}

	/** Index of the last `text`, of ASCII, or -1. */
	lastIndexOf(text: string): number {
		const buffer = this.#buffer;
		const from = this.offset - buffer.textStart;
		if (from < 0) return this.#shown().lastIndexOf(text);
		return Math.max(-1, lastIndexOf.call(buffer.text, text, from + this.length - text.length) - from);
	}

	/** @internal The text that the line lies in: from `shownAt` on. */
	shown(): string {
		const buffer = this.#buffer;
		if (this.offset < buffer.textStart) buffer.show(this.offset);
		this.shownAt = this.offset - buffer.textStart;
		return buffer.text;
	}

	#integer(from: number, to: number): number | undefined {
		const bytes = this.#buffer.bytes;
		const negative = from < to && bytes[from] === MINUS;
		if (negative) from++;
		if (from >= to || to - from > 10) return undefined;
		let value = 0;
		for (; from < to; from++) {
			const digit = bytes[from] - ZERO;
			if (digit < 0 || digit > 9) return undefined;
			value = value * 10 + digit;
		}
		return negative ? -value : value;
	}
	/** Has the buffer's text begin where the line does, or before. */
	#shown(): this {
		this.#buffer.show(this.offset);
		return this;
	}
	#textOf(from: number, to: number): string {
		const buffer = this.#buffer;
		if (!buffer.plain) return textOf(buffer.bytes.subarray(from, to));
		if (this.offset < buffer.textStart) buffer.show(this.offset);
		return slice.call(buffer.text, from - buffer.textStart, to - buffer.textStart);
	}
	#values(): number {
		const bytes = this.#buffer.bytes;
		const end = this.offset + this.length;
		let from = this.offset + this.prefixLength + 1;
		while (from < end && bytes[from] === SPACE) from++;
		return from < end ? from : end;
	}
	/** Finds a field; its bounds, without quotes, are then in #from and #to. */
	#field(field: number): boolean {
		const buffer = this.#buffer;
		const bytes = buffer.bytes;
		if (this.offset < buffer.textStart) this.#shown();
		const end = this.offset + this.length;
		let from = this.#values();
		if (from >= end) return false;
		for (;;) {
			const quoted = from < end && bytes[from] === QUOTE;
			// A quoted field ends behind a quote that a comma or the end of the line follows.
			const at = quoted ? from + 1 : from;
			const found = indexOf.call(buffer.text, quoted ? '",' : ",", at - buffer.textStart);
			let to = found < 0 ? end : found + buffer.textStart;
			if (quoted) to++;
			if (to > end) to = end;
			if (field-- === 0) {
				this.#from = at;
				this.#to = quoted && to > at && bytes[to - 1] === QUOTE ? to - 1 : to;
				return true;
			}
			if (to >= end) return false;
			from = to + 1;
		}
	}
}

const MINUS = 0x2d;
const ZERO = 0x30;
