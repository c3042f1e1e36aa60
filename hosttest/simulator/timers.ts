import { clock, type Clock } from "../shim/clock.js";

/** One-shot timers on the clock in use that are dropped together, as a reset does. */
export class Timers {
	/** With the clock that each was set on: another one may be in use since. */
	readonly #clocks = new Map<object, Clock>();

	/** Calls back once after `delayMs`; returns what `clear` takes. */
	set(callback: () => void, delayMs: number): object {
		const inUse = clock();
		const handle = inUse.set(() => {
			this.#clocks.delete(handle);
			callback();
		}, delayMs);
		this.#clocks.set(handle, inUse);
		return handle;
	}

	clear(handle: object | undefined): void {
		if (!handle) return;
		this.#clocks.get(handle)?.clear(handle);
		this.#clocks.delete(handle);
	}

	clearAll(): void {
		for (const [handle, inUse] of this.#clocks) inUse.clear(handle);
		this.#clocks.clear();
	}
}
