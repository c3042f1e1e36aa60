import { clock } from "../../shim/clock.js";
import { watch } from "../../shim/digital.js";
import { Timers } from "../timers.js";

/** Pins of the ESP32 that work the module's keys. */
export interface KeyPins {
	readonly reset?: number;
	readonly power?: number;
	/** Level of a pin that presses its key: 1 for a transistor to ground (default), 0 for a direct connection. */
	readonly active?: 0 | 1;
}

/** Shortest pulses that the module notices, milliseconds (hardware design manual). */
const RESET_MS = 50;
const POWER_MS = 500;

/**
 * Wires the pins to the keys; what was wired to them before is not any more. RESET counts when it is released after 50 ms or more, PWRKEY once
 * it has been pressed for 500 ms; anything shorter does nothing.
 */
export function wireKeys(
	{ reset, power, active = 1 }: KeyPins,
	{ onReset, onPower }: { readonly onReset: () => void; readonly onPower: () => void },
): void {
	if (reset !== undefined) watchReset(reset, active, onReset);
	if (power !== undefined) watchPower(power, active, onPower);
}

function watchReset(pin: number, active: number, onReset: () => void): void {
	let since: number | undefined;
	watch(pin, level => {
		const pressed = since;
		since = level === active ? (since ?? clock().now) : undefined;
		if (since === undefined && pressed !== undefined && clock().now - pressed >= RESET_MS) onReset();
	});
}

function watchPower(pin: number, active: number, onPower: () => void): void {
	const timers = new Timers();
	let timer: object | undefined;
	watch(pin, level => {
		if (level === active) timer ??= timers.set(onPower, POWER_MS);
		else {
			timers.clear(timer);
			timer = undefined;
		}
	});
}
