/** Options of {@link Digital}: those of ECMA-419 that the firmware uses. */
export interface DigitalOptions {
	pin: number;
	mode: number;
	initialValue?: number;
}

/** What each pin that is open as an output was last set to. */
const levels = new Map<number, number>();

const listeners = new Map<number, (level: number | undefined) => void>();

function setLevel(pin: number, level: number | undefined): void {
	if (level === undefined) levels.delete(pin);
	else levels.set(pin, level);
	listeners.get(pin)?.(level);
}

/**
 * Wires `listener` to a pin, in place of what was: it is called whenever the pin is set, also to the level it has, or given back
 * (undefined).
 */
export function watch(pin: number, listener: (level: number | undefined) => void): void {
	listeners.set(pin, listener);
}

/** The level of an output pin; undefined while no Digital has it. */
export function levelOf(pin: number): number | undefined {
	return levels.get(pin);
}

/** Module "embedded:io/digital": an output pin whose level tests can read. */
export default class Digital {
	static readonly Input = 0;
	static readonly InputPullUp = 1;
	static readonly InputPullDown = 2;
	static readonly Output = 8;
	static readonly OutputOpenDrain = 9;
	readonly #pin: number;
	#isClosed = false;

	/** @throws Error "in use" for a pin that another Digital has; RangeError for a mode that is no output. */
	constructor(options: DigitalOptions) {
		const { pin, mode, initialValue = 0 } = options;
		if (levels.has(pin)) throw new Error("in use");
		if (mode !== Digital.Output && mode !== Digital.OutputOpenDrain)
			throw new RangeError("mode: outputs only");
		this.#pin = pin;
		setLevel(pin, initialValue);
	}
	/** Sets the level, 0 or 1. */
	write(value: number): void {
		if (this.#isClosed) throw new Error("closed");
		setLevel(this.#pin, value ? 1 : 0);
	}
	/** Gives the pin back; may be called twice. */
	close(): void {
		if (!this.#isClosed) setLevel(this.#pin, undefined);
		this.#isClosed = true;
	}
}
