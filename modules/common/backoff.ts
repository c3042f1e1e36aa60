/** Options of {@link Backoff}; all times in milliseconds. */
export interface BackoffOptions {
	/**
	 * Upper bound of the first delay, 1 or more (default 60000: a fleet that loses its broker has to come back over a minute, or it
	 * overruns it).
	 */
	firstMs?: number;
	/** Upper bound of any delay, not below firstMs (default 300000). */
	maximumMs?: number;
	/** What the upper bound is multiplied with after each delay, 1 or more (default 2). */
	factor?: number;
	/** Source of randomness, 0 ≤ value < 1 (default Math.random, looked up at each call). */
	random?: () => number;
}

/** Bound of the delay behind a failure that is this unit's own: no others fail at the same moment. */
const OWN_MS = 1_000;

/** A delay with full jitter: whole milliseconds, 1 to the bound. Math.random is looked up at each call. */
export function jitter(boundMs: number, random: () => number = Math.random): number {
	return 1 + Math.floor(random() * boundMs);
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
		const { maximumMs = 300_000, firstMs = Math.min(60_000, maximumMs), factor = 2, random } = options;
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

	/**
	 * The next delay: whole milliseconds, 1 to the present bound; the bound grows.
	 * @param cause what failed: where it has `isOwn`, it is of this unit alone, and the delay is 1 to 1000 ms or `firstMs`; where it has
	 * `isLocal`, the broker was not asked, and the delay is 1 to `firstMs`. The bound stays then.
	 */
	next(cause?: unknown): number {
		if (has(cause, "isOwn")) return jitter(Math.min(OWN_MS, this.#firstMs), this.#random);
		if (has(cause, "isLocal")) return jitter(this.#firstMs, this.#random);
		const bound = this.#boundMs;
		this.#boundMs = Math.min(bound * this.#factor, this.#maximumMs);
		return jitter(bound, this.#random);
	}

	/** Begins again at `firstMs`. */
	reset(): void {
		this.#boundMs = this.#firstMs;
	}
}

function has(cause: unknown, mark: "isOwn" | "isLocal"): boolean {
	return cause instanceof Error && (cause as Error & Partial<Record<typeof mark, unknown>>)[mark] === true;
}
