/** Silence of so many characters after the last byte raises the receive interrupt. */
const IDLE_CHARACTERS = 4;

interface Piece {
	bytes: Uint8Array;
	start: number; // when its first bit begins
	taken: number; // bytes that have arrived
}

/**
 * The receiving half of a UART: the line, on which pieces of bytes arrive one character time after the other, and the FIFO,
 * which drops what arrives while it is full. All times are milliseconds of the UART's time.
 */
export class ReceiveLine {
	readonly #characterMs: number;
	readonly #isPaced: boolean;
	readonly #statistics: { received: number; dropped: number };
	readonly #fifo: Uint8Array;
	#count = 0;
	#pieces: Piece[] = [];
	#lineEnd = -Infinity; // when the last piece has arrived
	#lastArrival = -Infinity;
	#enabledAt = -Infinity;

	constructor(
		fifoBytes: number,
		characterMs: number,
		isPaced: boolean,
		statistics: { received: number; dropped: number },
	) {
		this.#fifo = new Uint8Array(fifoBytes);
		this.#characterMs = characterMs;
		this.#isPaced = isPaced;
		this.#statistics = statistics;
	}

	/** Puts a copy of `bytes` on the line, behind what is on it. */
	add(bytes: Uint8Array, now: number): void {
		if (bytes.length === 0) return;
		const start = Math.max(now, this.#lineEnd);
		this.#pieces.push({ bytes: bytes.slice(), start, taken: 0 });
		if (this.#isPaced) this.#lineEnd = start + bytes.length * this.#characterMs;
	}

	/** Forgets what is on the line and in the FIFO. */
	clear(): void {
		this.#pieces = [];
		this.#count = 0;
		this.#lineEnd = -Infinity;
	}

	/** Bytes in the FIFO. */
	count(now: number): number {
		if (this.#isPaced) this.#arrive(now);
		return this.#count;
	}

	/** Moves the first `target.length` bytes, which must be there, out of the FIFO. */
	read(target: Uint8Array, now: number): void {
		if (this.#isPaced) this.#arrive(now);
		target.set(this.#fifo.subarray(0, target.length));
		this.#fifo.copyWithin(0, target.length, this.#count);
		this.#count -= target.length;
	}

	/** When a line that is not paced has to be fed into the FIFO by {@link feed}: now, or never. */
	feedAt(now: number): number {
		return !this.#isPaced && this.#pieces.length > 0 && this.#count < this.#fifo.length ? now : Infinity;
	}

	/** Feeds what the FIFO has room for, if the line is not paced. */
	feed(now: number): void {
		while (this.feedAt(now) !== Infinity) {
			const piece = this.#pieces[0];
			this.#take(piece, Math.min(piece.bytes.length - piece.taken, this.#fifo.length - this.#count));
			this.#lastArrival = now;
		}
	}

	/** The interrupt was enabled, which clears what it has seen: only silence that completes after `now` raises it. */
	enableInterrupt(now: number): void {
		this.#enabledAt = now;
	}

	/** When the FIFO will hold `threshold` bytes or the line will have been silent behind a byte; Infinity: neither. */
	interruptAt(threshold: number, now: number): number {
		let count = this.count(now);
		// An interrupt that is raised again at once lets a character time pass: the processor does nothing else then, as on the chip.
		if (count >= threshold) return Math.max(now, this.#enabledAt + this.#characterMs);
		const idleMs = IDLE_CHARACTERS * this.#characterMs;
		let last = this.#lastArrival;
		let canIdle = count > 0 && last + idleMs > this.#enabledAt;
		if (this.#isPaced) {
			for (const { bytes, start, taken } of this.#pieces) {
				const begin = start + taken * this.#characterMs;
				if (canIdle && begin - last > idleMs) return last + idleMs;
				if (bytes.length - taken >= threshold - count) return begin + (threshold - count) * this.#characterMs;
				count += bytes.length - taken;
				last = start + bytes.length * this.#characterMs;
				canIdle = true;
			}
		}
		return canIdle ? last + idleMs : Infinity;
	}

	#arrive(now: number): void {
		while (this.#pieces.length > 0) {
			const piece = this.#pieces[0];
			// A thousandth of a character: times are sums of fractions.
			const arrived = Math.floor((now - piece.start) / this.#characterMs + 1e-3);
			const count = Math.min(arrived, piece.bytes.length) - piece.taken;
			if (count <= 0) return;
			this.#take(piece, count);
			this.#lastArrival = piece.start + piece.taken * this.#characterMs;
		}
	}

	#take(piece: Piece, count: number): void {
		const accepted = Math.min(count, this.#fifo.length - this.#count);
		this.#fifo.set(piece.bytes.subarray(piece.taken, piece.taken + accepted), this.#count);
		this.#count += accepted;
		this.#statistics.received += accepted;
		this.#statistics.dropped += count - accepted;
		piece.taken += count;
		if (piece.taken === piece.bytes.length) this.#pieces.shift();
	}
}
