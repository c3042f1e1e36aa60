/**
 * A fixed ring of bytes with a landing zone that a serial port reads into. Allocated once; nothing here allocates after
 * the constructor but `slice`.
 *
 * ```
 * while ((count = serial.read(ring.landing))) ring.commit(count);
 * ```
 *
 * Offsets count from the oldest byte. Searching and copying are native typed-array calls.
 */
export class ByteRing {
	/** Bytes that the ring holds. */
	readonly capacity: number;
	/** Bytes that may wait while the next piece, of the landing zone's size, still fits: the longest line, its LF included. */
	readonly limit: number;
	/** Where the port puts the next piece; `commit` takes it from there. */
	readonly landing: Uint8Array;
	readonly #bytes: Uint8Array;
	readonly #keys: DataView;
	readonly #keyAt: number;
	#start = 0;
	#length = 0;
	#highWater = 0;
	#dropped = 0;

	/**
	 * @param capacity bytes, at least twice the landing zone; a line may be as long as capacity - landing
	 * @param landing bytes of the landing zone: the port's FIFO (128 on the ESP32)
	 * @throws RangeError
	 */
	constructor(capacity: number, landing = 128) {
		if (!(capacity >= 2 * landing))
			throw new RangeError(`ring capacity must be at least ${2 * landing} bytes`);
		this.capacity = capacity;
		this.limit = capacity - landing;
		this.#keyAt = capacity + landing;
		this.#bytes = new Uint8Array(capacity + landing + KEY_BYTES);
		this.landing = this.#bytes.subarray(capacity, capacity + landing);
		this.#keys = new DataView(this.#bytes.buffer, this.#keyAt, KEY_BYTES);
	}
	/** Bytes waiting. */
	get length(): number {
		return this.#length;
	}
	/** Whether the next piece, of the landing zone's size, might not fit. */
	get full(): boolean {
		return this.#length > this.limit;
	}
	/** The most bytes that ever waited. */
	get highWater(): number {
		return this.#highWater;
	}
	/** Bytes given up by `discard`, or that found no room, over the ring's life. */
	get dropped(): number {
		return this.#dropped;
	}
	/**
	 * Takes the first `count` bytes of the landing zone into the ring.
	 * @returns how many fitted; the rest is dropped and counted
	 */
	commit(count: number): number {
		const { capacity } = this;
		const taken = Math.min(count, capacity - this.#length);
		let head = this.#start + this.#length;
		if (head >= capacity) head -= capacity;
		const first = Math.min(taken, capacity - head);
		this.#bytes.copyWithin(head, capacity, capacity + first);
		if (taken > first) this.#bytes.copyWithin(0, capacity + first, capacity + taken);
		this.#length += taken;
		if (this.#length > this.#highWater) this.#highWater = this.#length;
		this.#dropped += count - taken;
		return taken;
	}
	/** The byte at an offset; the caller keeps the offset below `length`. */
	at(offset: number): number {
		const index = this.#start + offset;
		return this.#bytes[index < this.capacity ? index : index - this.capacity];
	}
	/**
	 * Offset of the first `byte` at or after `offset`, or -1. The byte is put behind the last one, where nothing waits (the
	 * landing zone at the ring's end), so that the native search stops there and does not go through what is stale.
	 */
	indexOf(byte: number, offset: number): number {
		const { capacity } = this;
		const bytes = this.#bytes;
		const start = this.#start;
		const end = start + this.#length;
		let from = start + offset;
		if (from >= end) return -1;
		if (from < capacity) {
			const stop = Math.min(end, capacity);
			bytes[stop] = byte;
			const found = bytes.indexOf(byte, from);
			if (found < stop) return found - start;
			if (end <= capacity) return -1;
			from = capacity;
		}
		const stop = end - capacity;
		if (stop < start) bytes[stop] = byte;
		const found = bytes.indexOf(byte, from - capacity);
		return found >= 0 && found < stop ? found + capacity - start : -1;
	}
	/** Copies `length` bytes from an offset to the start of `target`. */
	copy(offset: number, length: number, target: Uint8Array, at = 0): void {
		const { capacity } = this;
		let from = this.#start + offset;
		if (from >= capacity) from -= capacity;
		const first = Math.min(length, capacity - from);
		target.set(this.#bytes.subarray(from, from + first), at);
		if (length > first) target.set(this.#bytes.subarray(0, length - first), at + first);
	}
	/** A copy of `length` bytes from an offset. */
	slice(offset: number, length: number): Uint8Array {
		const target = new Uint8Array(length);
		this.copy(offset, length, target);
		return target;
	}
	/**
	 * Puts up to 16 bytes from an offset, padded with zeros, where `keyLow` and `keyHigh` read them as two numbers: an
	 * exact key of a prefix for a Map, with no string and no loop.
	 */
	setKey(offset: number, length: number): void {
		const { capacity } = this;
		const to = this.#keyAt;
		let from = this.#start + offset;
		if (from >= capacity) from -= capacity;
		const first = Math.min(length, capacity - from);
		this.#bytes.fill(0, to, to + KEY_BYTES);
		this.#bytes.copyWithin(to, from, from + first);
		if (length > first) this.#bytes.copyWithin(to + first, 0, length - first);
	}
	/** First half of the key; never NaN for text that begins with a printable ASCII character. */
	get keyLow(): number {
		return this.#keys.getFloat64(0);
	}
	/** Second half of the key. */
	get keyHigh(): number {
		return this.#keys.getFloat64(8);
	}
	/** Forgets the oldest `count` bytes. */
	consume(count: number): void {
		const start = this.#start + count;
		this.#start = start < this.capacity ? start : start - this.capacity;
		this.#length -= count;
	}
	/** Gives up the oldest `count` bytes and counts them as dropped. */
	discard(count: number): void {
		this.#dropped += count;
		this.consume(count);
	}
}

/** Longest prefix that can be a key. */
export const KEY_BYTES = 16;
