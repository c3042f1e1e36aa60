import { clock, type Clock } from "../shim/clock.js";

const names = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const;

/** What Node's timers return, on the clock in use. */
class VirtualTimer {
	readonly #clock: Clock = clock();
	readonly #callback: () => void;
	readonly #delayMs: number;
	readonly #repeats: boolean;
	#event: object | undefined;

	constructor(callback: () => void, delayMs: number, repeats: boolean) {
		this.#callback = callback;
		this.#delayMs = Math.max(1, delayMs);
		this.#repeats = repeats;
		this.refresh();
	}
	refresh(): this {
		this.close();
		this.#event = this.#clock.set(() => this.#fire(), this.#delayMs);
		return this;
	}
	close(): void {
		this.#clock.clear(this.#event);
		this.#event = undefined;
	}
	ref(): this {
		return this;
	}
	unref(): this {
		return this;
	}

	#fire(): void {
		if (this.#repeats) this.refresh();
		this.#callback();
	}
}

const timer =
	(repeats: boolean) =>
	(callback: (...values: unknown[]) => void, delayMs = 1, ...values: unknown[]): VirtualTimer =>
		new VirtualTimer(() => callback(...values), delayMs, repeats);

const clear = (handle: unknown): void => {
	if (handle instanceof VirtualTimer) handle.close();
};

const virtual: Readonly<Record<(typeof names)[number], unknown>> = {
	setTimeout: timer(false),
	clearTimeout: clear,
	setInterval: timer(true),
	clearInterval: clear,
};

/**
 * Puts `setTimeout` and its kin on the clock in use, for a broker that knows nothing of it: keep-alive and connect limits then follow
 * the simulated time. @returns undoes it
 */
export function useVirtualTimers(): () => void {
	const globals = globalThis as unknown as Record<string, unknown>;
	const own = names.map(name => [name, globals[name]] as const);
	for (const name of names) globals[name] = virtual[name];
	return () => {
		for (const [name, value] of own) globals[name] = value;
	};
}
