import type { Turn } from "../xs/unit.js";
import { Firmware } from "./firmware.js";

/** Entry of a program that does nothing. */
export const EMPTY = new URL("./firmware-empty-xs.ts", import.meta.url);
const DURATION_MS = 30_000;

/** What the harness itself takes, measured with a program that does nothing: it is no part of the firmware. */
export class Harness {
	/** Slots of a turn of each kind, all garbage. */
	readonly #slots = new Map<Turn["kind"], number>();
	/** Slots of each event that is told. */
	#event = 0;

	static async measure(): Promise<Harness> {
		const harness = new Harness();
		const firmware = await Firmware.load({ entry: EMPTY });
		firmware.start();
		await firmware.clock.advance(DURATION_MS);
		let last = 0;
		for (const { kind, slots, events } of firmware.take().turns) {
			const taken = slots - last;
			last = slots;
			if (taken < 0) continue;
			if (events.length === 1 && kind === "tick") harness.#event = taken;
			else if (!events.length) harness.#slots.set(kind, taken);
		}
		await firmware.close();
		harness.#event -= harness.#slots.get("tick") ?? 0;
		return harness;
	}
	/** Slots that the harness took in these turns. */
	slotsOf(turns: readonly Turn[]): number {
		let sum = 0;
		for (const { kind, events } of turns) sum += (this.#slots.get(kind) ?? 0) + events.length * this.#event;
		return sum;
	}
}
