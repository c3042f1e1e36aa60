import Timer from "timer";
import type { RequestQueue } from "./queue.js";

/** From so many on `execute` does not wait any more. */
const CROWD = 32;

/** Tells those who wait for room in the queue of commands, first come first served, when a place becomes free. */
export class Room {
	readonly #queue: RequestQueue;
	readonly #waiters: (() => void)[] = [];
	readonly #onTimer = () => {
		this.#timer = undefined;
		this.#tell();
	};
	#timer: Timer | undefined;

	constructor(queue: RequestQueue) {
		this.#queue = queue;
		queue.onRemoved = () => this.#update();
	}
	/** Whether so many wait that no further command should. */
	get crowded(): boolean {
		return this.#waiters.length >= CROWD;
	}
	/** @param onRoom called once, from a timer; one that waits already does not wait twice */
	wait(onRoom: () => void): void {
		if (this.#waiters.includes(onRoom)) return;
		this.#waiters.push(onRoom);
		if (!this.#queue.full) this.#update();
	}
	/** It does not wait any more. */
	forget(onRoom: () => void): void {
		const at = this.#waiters.indexOf(onRoom);
		if (at >= 0) this.#waiters.splice(at, 1);
	}

	/** There may be room now. Costs nothing where nobody waits. */
	#update(): void {
		if (this.#waiters.length && !this.#timer) this.#timer = Timer.set(this.#onTimer);
	}
	/** Each one at most once: who finds that the place is gone waits again. */
	#tell(): void {
		for (let left = this.#waiters.length; left > 0 && !this.#queue.full; left--) {
			try {
				this.#waiters.shift()?.();
			} catch (error) {
				trace("AT: who waited for room threw ", String(error), "\n");
			}
		}
	}
}
