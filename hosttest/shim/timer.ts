import { clock } from "./clock.js";

/** Called with the timer that fired. An exception that leaves it restarts the chip; here it fails the run. */
export type TimerCallback = (timer: Timer) => void;

const create = Symbol("create");

/**
 * Module "timer" of the Moddable SDK (modules/base/timer), on `clock()`. Times are whole milliseconds: fractions are cut off,
 * 0 or less means as soon as possible. What the C version does and a reader may not expect:
 * - A one-shot timer has ended when its callback returns, even if the callback scheduled it again with an interval.
 *   `Timer.schedule(timer)` in the callback (no interval: unscheduled) keeps it for a later `Timer.schedule`.
 * - A repeat of 0 is no repeat.
 * - A repeating timer does not drift; after a long block it catches up, one call after the other.
 */
export default class Timer {
	readonly #clock = clock();
	#callback: TimerCallback | undefined;
	#due = 0;
	#repeat = 0;
	#event: object | undefined;

	/** Not for use: timers come from `Timer.set` and `Timer.repeat`. */
	constructor(key: symbol, callback: TimerCallback) {
		if (key !== create) throw new TypeError("Timer: use Timer.set or Timer.repeat");
		this.#callback = callback;
	}

	/** Calls `callback` after `interval` ms and, if `repeat` is not 0, every `repeat` ms from then on. */
	static set(callback: TimerCallback, interval = 0, repeat = 0): Timer {
		const timer = new Timer(create, callback);
		timer.#start(interval | 0, repeat | 0);
		return timer;
	}

	/** Calls `callback` every `interval` ms, the first time after `interval` ms. */
	static repeat(callback: TimerCallback, interval: number): Timer {
		return Timer.set(callback, interval, interval);
	}

	/**
	 * Sets a timer's `interval` and `repeat` (0 by default) anew, from now; with the timer alone: unschedules it, to be
	 * scheduled later. Throws a SyntaxError for a timer that has ended or was cleared.
	 */
	static schedule(timer: Timer, ...times: [interval?: number, repeat?: number]): void {
		if (!(#callback in timer) || timer.#callback === undefined) {
			throw new SyntaxError("Timer.schedule: the timer has ended or was cleared; set a new one");
		}
		if (times.length > 0) timer.#start((times[0] ?? 0) | 0, (times[1] ?? 0) | 0);
		else timer.#unschedule();
	}

	/** Ends a timer. One that has ended, undefined and null are fine. */
	static clear(timer: Timer | undefined | null): void {
		if (timer instanceof Timer) timer.#end();
	}

	/**
	 * Blocks for `milliseconds`: the chip does nothing else meanwhile, and the UART overruns. On the virtual clock the time
	 * moves and no event runs; what fell due runs late, after the caller has returned.
	 */
	static delay(milliseconds: number): void {
		clock().block(milliseconds | 0);
	}

	#start(interval: number, repeat: number): void {
		this.#clock.clear(this.#event);
		this.#due = this.#clock.now + interval;
		this.#repeat = repeat;
		this.#event = this.#clock.set(this.#fire, interval);
	}

	#unschedule(): void {
		this.#clock.clear(this.#event);
		this.#event = undefined;
		this.#repeat = -1; // keeps it alive when its callback returns
	}

	#end(): void {
		this.#clock.clear(this.#event);
		this.#event = undefined;
		this.#callback = undefined;
	}

	readonly #fire = (): void => {
		this.#event = undefined;
		if (this.#repeat !== 0) {
			this.#due += this.#repeat;
			this.#event = this.#clock.set(this.#fire, this.#due - this.#clock.now);
		}
		try {
			this.#callback?.(this);
		} finally {
			if (this.#repeat === 0) this.#end();
		}
	};
}
