import Time from "time";

/** A point in time, in ms from when it was set, that survives the wrap of the 32-bit tick counter. Up to 24 days. */
export class Deadline {
	#start = 0;
	#span = -1;

	/** @param span ms from now; below 0 it has passed already */
	set(span: number): void {
		this.#start = Time.ticks;
		this.#span = Math.max(0, span);
	}
	clear(): void {
		this.#span = -1;
	}
	get isSet(): boolean {
		return this.#span >= 0;
	}
	/** ms to go: 0 once it has passed, Infinity while it is not set. */
	get remaining(): number {
		if (this.#span < 0) return Infinity;
		return Math.max(0, this.#span - Time.delta(this.#start));
	}
}

/** The host's allowance above the modem's own maximum, ms. */
export const SLACK_MS = 200;
