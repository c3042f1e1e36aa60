/**
 * The simulator's only source of chance: mulberry32 (Tommy Ettinger), a 32-bit generator of one word of state,
 * seeded. Each part of the simulator draws from a fork of its own, so that one more draw in one part changes
 * nothing in the others.
 */
export class Random {
	#state: number;

	/** @param seed any integer; only its low 32 bits count */
	constructor(seed: number) {
		this.#state = seed >>> 0;
	}

	/** The next number, 0 ≤ n < 1. */
	next(): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}

	/** A number of the range, fractional. */
	between([minimum, maximum]: Range): number {
		return minimum + this.next() * (maximum - minimum);
	}

	/** An integer of the range, both ends included. */
	integer([minimum, maximum]: Range): number {
		return minimum + Math.floor(this.next() * (maximum - minimum + 1));
	}

	/** An independent generator for the part of that name; the name and the seed decide it, not when it is made. */
	static for(seed: number, part: string): Random {
		let hash = 0x811c9dc5;
		for (const byte of Buffer.from(part)) hash = Math.imul(hash ^ byte, 0x01000193);
		return new Random(hash ^ Math.imul(seed, 0x9e3779b1));
	}
}

/** Smallest and largest value. */
export type Range = readonly [minimum: number, maximum: number];
