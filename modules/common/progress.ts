import Timer from "timer";

/** Options of {@link ProgressWatch}. */
export interface ProgressOptions {
	/** Without progress until `restart`, ms, 1000 or more (default 6 hours). It comes within another quarter of it. */
	readonly limitMs?: number;
	/** A number that changes with each bit of progress, such as a sum of counters. */
	readonly progress: () => number;
	/** Whether progress is due. While it is not, no time passes. */
	readonly isDue: () => boolean;
	/** Restarts the chip. What it throws is not contained: on the ESP32 an exception that leaves a callback does just that. */
	readonly restart: () => void;
}

const LIMIT_MS = 6 * 3_600_000;
/** How often progress is looked for within the limit. */
const LOOKS = 4;

/**
 * A watchdog that only progress feeds: restarts the chip when none was made for hours. A turn that never ends stops this too: that is for
 * the hardware's watchdog.
 */
export class ProgressWatch {
	readonly #options: ProgressOptions;
	readonly #periodMs: number;
	readonly #onTimer = () => this.#look();
	#timer: Timer | undefined;
	#seen: number;
	#idle = 0;

	/** @throws RangeError for a wrong limit */
	constructor(options: ProgressOptions) {
		const { limitMs = LIMIT_MS } = options;
		if (!(limitMs >= 1000 && limitMs <= 0x7fffffff))
			throw new RangeError(`progress: limitMs ${limitMs} is not 1000 to 2147483647`);
		this.#options = options;
		this.#periodMs = Math.ceil(limitMs / LOOKS);
		this.#seen = options.progress();
		this.#timer = Timer.set(this.#onTimer, this.#periodMs);
	}
	/** No restart any more. May be called twice. */
	close(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	#look(): void {
		this.#timer = Timer.set(this.#onTimer, this.#periodMs);
		const { progress, isDue, restart } = this.#options;
		const seen = progress();
		if (seen !== this.#seen || !isDue()) this.#idle = 0;
		else this.#idle++;
		this.#seen = seen;
		if (this.#idle <= LOOKS) return;
		// Where it does not restart, it is tried again.
		this.#idle = 0;
		restart();
	}
}
