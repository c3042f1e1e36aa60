import Timer from "timer";

/** An ECMA-419 digital output. */
interface Output {
	write(value: number): void;
	close?(): void;
}

/** A pin that works a key of the module, by an open-drain transistor or directly. */
export interface KeyOptions {
	/** ECMA-419 Digital constructor. */
	readonly io: (new (options: never) => Output) & { readonly Output?: unknown };
	readonly pin: number;
	/** Level of the pin that presses the key: 1 for a transistor to ground (default), 0 for a direct connection. */
	readonly active?: 0 | 1;
	/** How long the key is pressed, ms. */
	readonly pulseMs?: number;
}

/** PWRKEY: low for at least 500 ms switches the module on (hardware design manual; field firmware uses 500 to 2000). */
export const POWER_PULSE_MS = 750;
/** RESET: low for at least 50 ms (hardware design manual). */
export const RESET_PULSE_MS = 100;

/** A key of the module. It is released when made. */
export class Key {
	readonly #output: Output;
	readonly #active: number;
	readonly #pulseMs: number;
	#timer: Timer | undefined;

	/** @throws what the Digital constructor throws, such as Error "in use" */
	constructor(options: KeyOptions, pulseMs: number) {
		const { io: Digital, pin, active = 1 } = options;
		this.#active = active;
		this.#pulseMs = options.pulseMs ?? pulseMs;
		this.#output = new Digital({ pin, mode: Digital.Output, initialValue: 1 - active } as never);
		this.#output.write(1 - active);
	}
	/** Presses the key for its time. While it is pressed another call changes nothing. */
	press(): void {
		if (this.#timer) return;
		this.#output.write(this.#active);
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			this.#output.write(1 - this.#active);
		}, this.#pulseMs);
	}
	/** Releases the key and gives the pin back. */
	close(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		this.#output.write(1 - this.#active);
		this.#output.close?.();
	}
}
