/** Options of {@link Backoff}; all times in milliseconds. */
export interface BackoffOptions {
	/** Upper bound of the first delay, 1 or more (default 1000). */
	firstMs?: number;
	/** Upper bound of any delay, not below firstMs (default 300000). */
	maximumMs?: number;
	/** What the upper bound is multiplied with after each delay, 1 or more (default 2). */
	factor?: number;
	/** Source of randomness, 0 ≤ value < 1 (default Math.random, looked up at each call). */
	random?: () => number;
}

/**
 * Exponential backoff with full jitter: each delay is uniform between 0 and a bound that grows from
 * `firstMs` to `maximumMs`. Full jitter spreads a fleet that lost its broker at the same moment best
 * (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 * Throws RangeError for options out of range.
 */
export class Backoff {
	#firstMs: number;
	#maximumMs: number;
	#factor: number;
	#random: (() => number) | undefined;
	#boundMs: number;

	constructor(options: BackoffOptions = {}) {
		const { firstMs = 1_000, maximumMs = 300_000, factor = 2, random } = options;
		if (!(firstMs >= 1 && firstMs < Infinity))
			throw new RangeError(`backoff: firstMs ${firstMs} is not 1 or more`);
		if (!(maximumMs >= firstMs && maximumMs < Infinity))
			throw new RangeError(`backoff: maximumMs ${maximumMs} is below firstMs ${firstMs}`);
		if (!(factor >= 1 && factor < Infinity))
			throw new RangeError(`backoff: factor ${factor} is not 1 or more`);
		this.#firstMs = this.#boundMs = firstMs;
		this.#maximumMs = maximumMs;
		this.#factor = factor;
		this.#random = random;
	}

	/** The next delay: whole milliseconds, 1 to the present bound; the bound grows. */
	next(): number {
		const bound = this.#boundMs;
		this.#boundMs = Math.min(bound * this.#factor, this.#maximumMs);
		const random = this.#random ? this.#random() : Math.random();
		return 1 + Math.floor(random * bound);
	}

	/** Begins again at `firstMs`. */
	reset(): void {
		this.#boundMs = this.#firstMs;
	}
}
