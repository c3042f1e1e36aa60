import type { ByteRing } from "./ring.js";
import { COLON, COMMA, QUOTE, SPACE, textOf } from "./text.js";

/**
 * The line that the engine is at, read where it lies in the ring: nothing is copied and no string made before a field is
 * asked for. One instance serves all lines; it is valid during the callback that gets it, and no longer.
 *
 * Fields are what stands behind the colon, divided by commas outside of quotes, counted from 0.
 */
export class Line {
	readonly #ring: ByteRing;
	#offset = 0;
	#length = 0;
	#prefixLength = 0;
	#from = 0;
	#to = 0;

	constructor(ring: ByteRing) {
		this.#ring = ring;
	}
	/** @internal For the framer. */
	set(offset: number, length: number): void {
		this.#offset = offset;
		this.#length = length;
		const colon = this.#ring.indexOf(COLON, offset);
		this.#prefixLength = colon >= 0 && colon < offset + length ? colon - offset : length;
	}
	/** Bytes of the line, without its end. */
	get length(): number {
		return this.#length;
	}
	/** Bytes before the colon; the whole line where there is none. */
	get prefixLength(): number {
		return this.#prefixLength;
	}
	/** Offset of the line in the ring. */
	get offset(): number {
		return this.#offset;
	}
	/** The whole line as text, invalid UTF-8 left out. */
	get text(): string {
		return textOf(this.#ring.slice(this.#offset, this.#length));
	}
	/** What stands behind the colon, as text. */
	get value(): string {
		const from = this.#values();
		return textOf(this.#ring.slice(from, this.#offset + this.#length - from));
	}
	/** Number of fields; 0 where nothing stands behind the prefix. */
	get fields(): number {
		let count = 0;
		while (this.#field(count)) count++;
		return count;
	}
	/** A field as a whole number, or undefined if it is absent or no number. Quotes around it are ignored. */
	integer(field: number): number | undefined {
		if (!this.#field(field)) return undefined;
		const ring = this.#ring;
		let from = this.#from;
		const to = this.#to;
		const negative = from < to && ring.at(from) === MINUS;
		if (negative) from++;
		if (from === to || to - from > 10) return undefined;
		let value = 0;
		for (; from < to; from++) {
			const digit = ring.at(from) - ZERO;
			if (digit < 0 || digit > 9) return undefined;
			value = value * 10 + digit;
		}
		return negative ? -value : value;
	}
	/** A field as text without its quotes, or undefined if it is absent. */
	string(field: number): string | undefined {
		return this.#field(field) ? textOf(this.#ring.slice(this.#from, this.#to - this.#from)) : undefined;
	}
	/** Whether a field stands in quotes. */
	isQuoted(field: number): boolean {
		return this.#field(field) && this.#from > this.#offset && this.#ring.at(this.#from - 1) === QUOTE;
	}
	/** Whether the line is exactly these bytes: the echo of a command. Makes strings, so only for when echo is on. */
	equals(bytes: Uint8Array): boolean {
		return this.#length === bytes.length && this.text === textOf(bytes);
	}
	/** The byte at an index of the line. */
	at(index: number): number {
		return this.#ring.at(this.#offset + index);
	}
	/** Copies `length` bytes from an index of the line into `target`. */
	copy(index: number, length: number, target: Uint8Array, at = 0): void {
		this.#ring.copy(this.#offset + index, length, target, at);
	}
	/** Index of the first `byte` at or after `index` of the line, or -1. */
	indexOf(byte: number, index: number): number {
		const found = this.#ring.indexOf(byte, this.#offset + index);
		return found >= 0 && found < this.#offset + this.#length ? found - this.#offset : -1;
	}

	#values(): number {
		const ring = this.#ring;
		const end = this.#offset + this.#length;
		let from = this.#offset + this.#prefixLength + 1;
		while (from < end && ring.at(from) === SPACE) from++;
		return Math.min(from, end);
	}
	/** Finds a field; its bounds, without quotes, are then in #from and #to. */
	#field(field: number): boolean {
		const ring = this.#ring;
		const end = this.#offset + this.#length;
		let from = this.#values();
		if (from >= end) return false;
		for (;;) {
			const quoted = from < end && ring.at(from) === QUOTE;
			let to = quoted ? this.#closingQuote(from + 1, end) : ring.indexOf(COMMA, from);
			if (to < 0 || to > end) to = end;
			if (field-- === 0) {
				this.#from = quoted ? from + 1 : from;
				this.#to = quoted && to > from + 1 && ring.at(to - 1) === QUOTE ? to - 1 : to;
				return true;
			}
			if (to >= end) return false;
			from = to + 1;
		}
	}
	/** Where a quoted field ends: behind a quote that a comma or the end of the line follows. */
	#closingQuote(from: number, end: number): number {
		const ring = this.#ring;
		for (;;) {
			const quote = ring.indexOf(QUOTE, from);
			if (quote < 0 || quote >= end) return end;
			from = quote + 1;
			if (from >= end || ring.at(from) === COMMA) return from;
		}
	}
}

const MINUS = 0x2d;
const ZERO = 0x30;
