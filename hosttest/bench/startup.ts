import type { Figure } from "./figure.js";
import { Firmware, computronsOf, timesOf } from "./firmware.js";

const LIMIT_MS = 60_000;

/** From the first line of main.ts to the first AT byte. Modules are loaded at build time on the chip (preload), and cost nothing here. */
export async function startup(): Promise<Figure[]> {
	const firmware = await Firmware.load();
	firmware.start();
	await firmware.clock.run(() => firmware.line.sent > 0, LIMIT_MS);
	const { turns } = firmware.take();
	const first = turns.findIndex(({ sent }) => sent.length > 0);
	const until = turns.slice(0, first + 1);
	await firmware.close();
	const [start] = until;
	const figure = { group: "start-up", unit: "computrons", deterministic: true };
	return [
		{
			...figure,
			name: "load to the first AT byte",
			value: computronsOf(until),
			note: `${until.length} turns; the port is opened by the second`,
		},
		{
			...figure,
			name: "of it in main()",
			value: start.computrons,
			note: `mounts the outbox of 1 MB, empty: ${start.flashReads} reads of flash; the port is not open yet; ${timesOf(start.computrons)}`,
		},
	];
}
