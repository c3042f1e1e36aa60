import Time from "time";
import Timer from "timer";

/** Options of {@link QuietQueue}. */
export interface QuietOptions {
	/** Whether nothing is under way that flash writes or slow sensors would disturb (default: always). */
	isQuiet?: (() => boolean) | undefined;
	/** Milliseconds between two looks (default 20). */
	pollMs?: number;
	/** Milliseconds after which a job runs although it is not quiet (default 2000). */
	patienceMs?: number;
	/** Called with what a job or `isQuiet` throws. */
	onError: (error: unknown) => void;
}

interface Job {
	run: (isQuiet: boolean) => void;
	since: number;
}

/**
 * Runs jobs one after the other while the line is quiet: one job a turn, never inside `add`. On the ESP32 a flash write
 * holds off the UART's interrupt. A job that has waited for `patienceMs` runs in any case, and is told.
 */
export class QuietQueue {
	readonly #isQuiet: (() => boolean) | undefined;
	readonly #pollMs: number;
	readonly #patienceMs: number;
	readonly #onError: (error: unknown) => void;
	readonly #jobs: Job[] = [];
	#timer: Timer | undefined;
	#isClosed = false;

	constructor(options: QuietOptions) {
		this.#isQuiet = options.isQuiet;
		this.#pollMs = options.pollMs ?? 20;
		this.#patienceMs = options.patienceMs ?? 2_000;
		this.#onError = options.onError;
	}

	/** Adds a job. Callers keep the number of their jobs bounded. */
	add(run: (isQuiet: boolean) => void): void {
		if (this.#isClosed) return;
		this.#jobs.push({ run, since: Time.ticks });
		this.#timer ??= Timer.set(() => this.#turn());
	}

	/** Forgets all jobs. */
	close(): void {
		this.#isClosed = true;
		this.#jobs.length = 0;
		Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	#turn(): void {
		this.#timer = undefined;
		const isQuiet = this.#look();
		const [job] = this.#jobs;
		if (isQuiet || Time.delta(job.since) >= this.#patienceMs) {
			this.#jobs.shift();
			try {
				job.run(isQuiet);
			} catch (error) {
				this.#onError(error);
			}
		}
		this.#wait(isQuiet ? 0 : this.#pollMs);
	}

	#look(): boolean {
		try {
			return this.#isQuiet?.() ?? true;
		} catch (error) {
			this.#onError(error);
			return false;
		}
	}

	#wait(delayMs: number): void {
		if (this.#jobs.length && !this.#isClosed) this.#timer ??= Timer.set(() => this.#turn(), delayMs);
	}
}
