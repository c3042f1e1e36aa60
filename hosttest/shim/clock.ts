/** The clock of the host: everything in the shim and the simulator that waits or reads the time asks `clock()`. */
export interface Clock {
	/** Milliseconds since the clock began: fractional, never goes back. */
	readonly now: number;
	/** Milliseconds since 1970, fractional. */
	readonly date: number;
	/** Calls `callback` once, not before `delayMs` (0 or less: as soon as possible, never at once). Returns a handle. */
	set(callback: () => void, delayMs: number): object;
	/** Forgets a callback that has not run. A handle that has run, or undefined, is fine. */
	clear(handle: object | undefined): void;
	/** Busy-waits, as a blocking call does on the chip: time passes, no callback runs. */
	block(ms: number): void;
}

const LONGEST_TIMEOUT_MS = 0x7fffffff;

interface WallEvent {
	timeout?: NodeJS.Timeout | undefined;
	immediate?: NodeJS.Immediate | undefined;
}

/** Real time, by Node's timers. A callback never runs early (Node's own timers may, by a fraction of a millisecond). */
export class WallClock implements Clock {
	readonly #start = performance.now();

	get now(): number {
		return performance.now() - this.#start;
	}

	get date(): number {
		return performance.timeOrigin + performance.now();
	}

	set(callback: () => void, delayMs: number): object {
		const event: WallEvent = {};
		const due = this.now + delayMs;
		const wait = () => {
			const left = due - this.now;
			if (left > 0) event.timeout = setTimeout(wait, Math.min(Math.ceil(left), LONGEST_TIMEOUT_MS));
			else callback();
		};
		if (delayMs > 0) wait();
		else event.immediate = setImmediate(callback);
		return event;
	}

	clear(handle: object | undefined): void {
		if (handle === undefined) return;
		const { timeout, immediate } = handle as WallEvent;
		clearTimeout(timeout);
		clearImmediate(immediate);
	}

	block(ms: number): void {
		if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
	}
}

interface VirtualEvent {
	time: number;
	order: number;
	index: number; // in the heap; -1 when not there
	callback: () => void;
}

const isBefore = (a: VirtualEvent, b: VirtualEvent) =>
	a.time < b.time || (a.time === b.time && a.order < b.order);

/** A binary heap of events, the earliest first; events of the same time in the order in which they were set. */
class EventHeap {
	readonly #events: VirtualEvent[] = [];

	get first(): VirtualEvent | undefined {
		return this.#events[0];
	}

	has(event: VirtualEvent): boolean {
		return event.index >= 0 && this.#events[event.index] === event;
	}

	add(event: VirtualEvent): void {
		this.#events.push(event);
		this.#raise(event, this.#events.length - 1);
	}

	remove(event: VirtualEvent): void {
		const { index } = event;
		const last = this.#events.pop();
		event.index = -1;
		if (last === undefined || last === event) return;
		if (index > 0 && isBefore(last, this.#events[(index - 1) >> 1])) this.#raise(last, index);
		else this.#lower(last, index);
	}

	#raise(event: VirtualEvent, index: number): void {
		const events = this.#events;
		while (index > 0) {
			const parent = events[(index - 1) >> 1];
			if (!isBefore(event, parent)) break;
			events[index] = parent;
			const up = parent.index;
			parent.index = index;
			index = up;
		}
		events[index] = event;
		event.index = index;
	}

	#lower(event: VirtualEvent, index: number): void {
		const events = this.#events;
		const { length } = events;
		for (;;) {
			let child = 2 * index + 1;
			if (child >= length) break;
			if (child + 1 < length && isBefore(events[child + 1], events[child])) child++;
			if (!isBefore(events[child], event)) break;
			events[index] = events[child];
			events[index].index = index;
			index = child;
		}
		events[index] = event;
		event.index = index;
	}
}

/** Options of {@link VirtualClock}. */
export interface VirtualClockOptions {
	/** `date` at the start, milliseconds since 1970. By default 2026-01-01T00:00:00Z. */
	date?: number;
	/**
	 * Turns of Node's event loop between two events, 1 or more, 4 by default. Promises, `process.nextTick` and in-process
	 * streams settle within one; a `setImmediate` set by a `setImmediate` takes one more.
	 */
	turns?: number;
}

/**
 * Time that passes only when a test says so: the same run gives the same events in the same order. Between two events,
 * promises and in-process streams settle. An exception that leaves a callback rejects `advance` or `run`.
 */
export class VirtualClock implements Clock {
	readonly #heap = new EventHeap();
	readonly #turns: number;
	#now = 0;
	#epoch: number;
	#order = 0;
	#running = false;

	constructor(options: VirtualClockOptions = {}) {
		this.#epoch = options.date ?? Date.UTC(2026, 0, 1);
		this.#turns = options.turns ?? 4;
	}

	get now(): number {
		return this.#now;
	}

	get date(): number {
		return this.#epoch + this.#now;
	}

	/** Sets the date, as a set clock does: `now` and the events do not move. */
	set date(date: number) {
		this.#epoch = date - this.#now;
	}

	set(callback: () => void, delayMs: number): object {
		const time = this.#now + (delayMs > 0 ? delayMs : 0);
		const event: VirtualEvent = { time, order: this.#order++, index: -1, callback };
		this.#heap.add(event);
		return event;
	}

	clear(handle: object | undefined): void {
		const event = handle as VirtualEvent | undefined;
		// A handle of another clock is not in this heap, whatever its index.
		if (event !== undefined && this.#heap.has(event)) this.#heap.remove(event);
	}

	/** Moves the time on without running events: those that fall due meanwhile run late, when the caller has returned. */
	block(ms: number): void {
		if (ms > 0) this.#now += ms;
	}

	/** Runs everything that falls due within the next `ms` milliseconds. */
	async advance(ms: number): Promise<void> {
		const end = this.#now + ms;
		await this.#exclusively(async () => {
			while (await this.#step(end));
			this.#now = Math.max(this.#now, end);
		});
	}

	/**
	 * Goes from event to event until `until` returns true (it is asked before the first event and after each one). Rejects
	 * when that has not come about after `limitMs` milliseconds.
	 */
	async run(until: () => boolean, limitMs: number): Promise<void> {
		const end = this.#now + limitMs;
		await this.#exclusively(async () => {
			while (!until()) {
				if (await this.#step(end)) continue;
				const next = this.#heap.first === undefined ? ", and no event is left" : "";
				this.#now = Math.max(this.#now, end);
				throw new Error(`not within ${limitMs} ms of virtual time (now ${this.#now} ms${next})`);
			}
		});
	}

	async #exclusively(action: () => Promise<void>): Promise<void> {
		if (this.#running)
			throw new Error("the virtual clock is running already: await advance() or run() first");
		this.#running = true;
		try {
			await this.#settle();
			await action();
		} finally {
			this.#running = false;
		}
	}

	async #step(end: number): Promise<boolean> {
		const event = this.#heap.first;
		// block() may have moved the time beyond the end: what is due by then is due.
		if (event === undefined || event.time > Math.max(end, this.#now)) return false;
		this.#heap.remove(event);
		this.#now = Math.max(this.#now, event.time);
		event.callback();
		await this.#settle();
		return true;
	}

	async #settle(): Promise<void> {
		for (let turn = 0; turn < this.#turns; turn++) await new Promise(resolve => setImmediate(resolve));
	}
}

const nodeDateNow = Date.now;
let current: Clock = new WallClock();

/** The clock in use: a wall clock until {@link useClock} says otherwise. */
export function clock(): Clock {
	return current;
}

/** Makes `clock` the one in use. `Date.now()` follows it; with a {@link WallClock} it is Node's own again. */
export function useClock(clock: Clock): void {
	current = clock;
	Date.now = clock instanceof WallClock ? nodeDateNow : () => Math.floor(clock.date);
}
