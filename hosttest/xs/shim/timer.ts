import { type Alarm, machine } from "./machine.js";
import { pause, resume } from "./meter.js";

type Callback = (timer: Timer) => void;

/** Module "timer" of the Moddable SDK; as hosttest/shim/timer.ts, on the machine's time. */
export default class Timer implements Alarm {
	due: number;
	#repeat: number;
	#callback: Callback | undefined;

	private constructor(callback: Callback, interval: number, repeat: number) {
		this.#callback = callback;
		this.due = machine.now + interval;
		this.#repeat = repeat;
	}
	static set(callback: Callback, interval = 0, repeat = 0): Timer {
		const count = pause();
		const timer = new Timer(callback, interval | 0, repeat | 0);
		machine.alarms.push(timer);
		resume(count);
		return timer;
	}
	static repeat(callback: Callback, interval: number): Timer {
		return Timer.set(callback, interval, interval);
	}
	static schedule(timer: Timer, interval?: number, repeat?: number): void {
		if (!timer.#callback)
			throw new SyntaxError("Timer.schedule: the timer has ended or was cleared; set a new one");
		// Neither a rest parameter nor a default: they would make garbage.
		timer.due = interval === undefined ? Infinity : machine.now + (interval | 0);
		timer.#repeat = interval === undefined ? -1 : (repeat ?? 0) | 0;
	}
	static clear(timer: Timer | undefined | null): void {
		if (timer) timer.#end();
	}
	ring(): void {
		const count = pause();
		if (this.#repeat > 0) this.due += this.#repeat;
		else this.due = Infinity;
		resume(count);
		try {
			this.#callback?.(this);
		} finally {
			if (this.#repeat === 0) this.#end();
		}
	}

	#end(): void {
		if (!this.#callback) return;
		const count = pause();
		this.#callback = undefined;
		const { alarms } = machine;
		const last = alarms.pop();
		if (last !== this && last) alarms[alarms.indexOf(this)] = last;
		resume(count);
	}
}
