import type { KindName, LogEntry } from "../simulator/faults/faults.js";
import { type Recovery, recoveries } from "../simulator/faults/recovery.js";
import { type Interval, axisWithout, outagesOf } from "./outages.js";

/** What is needed of one run. */
export interface Recoverable {
	readonly log: readonly LogEntry[];
	readonly deliveredAtMs: readonly number[];
	/** Times without power, ms. */
	readonly off: readonly Interval[];
	readonly simulatedMs: number;
}

/**
 * Time to recover by kind of fault, over several runs: from when it was over, or from when it happened where the firmware has to cure it, to
 * the next delivery; without the time in which the unit had no power, or a fault lasted that no firmware can do anything about.
 */
export function recoveredIn(runs: readonly Recoverable[]): ReadonlyMap<KindName, Recovery> {
	const log: LogEntry[] = [];
	const deliveredAtMs: number[] = [];
	// One run behind the other on a single axis. Each ends with a delivery, behind all of its faults.
	let offset = 0;
	for (const { log: entries, deliveredAtMs: times, off, simulatedMs } of runs) {
		const without = axisWithout(outagesOf(entries, off, times, simulatedMs));
		const from = offset;
		const axis = (timeMs: number): number => from + without(timeMs);
		for (const entry of entries)
			log.push({
				...entry,
				timeMs: axis(entry.timeMs),
				...(entry.endMs !== undefined && { endMs: axis(entry.endMs) }),
			});
		deliveredAtMs.push(...times.map(axis));
		offset = axis(simulatedMs);
	}
	return recoveries(log, deliveredAtMs);
}
