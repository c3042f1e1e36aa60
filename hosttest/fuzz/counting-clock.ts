import { VirtualClock } from "../shim/clock.js";

/** So many events at one moment: whoever sets them goes round in circles. */
const MOST_AT_ONCE = 20_000;

/** A virtual clock that counts: what waits, what was run, and how much of something was done between two events. */
export class CountingClock extends VirtualClock {
	/** Events that have run. */
	events = 0;
	/** The most that `work` counted within one event. */
	mostWork = 0;
	readonly #waiting = new Set<object>();
	#work = 0;
	#moment = -1;
	#atOnce = 0;

	constructor() {
		// As many turns as the in-process broker's streams need.
		super({ turns: 12 });
	}
	/** Events that are set and have neither run nor been cleared. */
	get waiting(): number {
		return this.#waiting.size;
	}
	/** Something was done in the event that runs. */
	work(): void {
		this.#work++;
		if (this.#work > this.mostWork) this.mostWork = this.#work;
	}
	override set(callback: () => void, delayMs: number): object {
		const event = super.set(() => {
			this.#waiting.delete(event);
			this.#count();
			callback();
		}, delayMs);
		this.#waiting.add(event);
		return event;
	}
	override clear(handle: object | undefined): void {
		if (handle) this.#waiting.delete(handle);
		super.clear(handle);
	}

	#count(): void {
		this.events++;
		this.#work = 0;
		if (this.now !== this.#moment) this.#atOnce = 0;
		this.#moment = this.now;
		this.#atOnce++;
		if (this.#atOnce > MOST_AT_ONCE) throw new Error(`${MOST_AT_ONCE} events and no time has passed`);
	}
}
