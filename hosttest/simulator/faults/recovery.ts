import type { KindName, LogEntry } from "./faults.js";

/** How long it took until things worked again, milliseconds. */
export interface Recovery {
	readonly count: number;
	/** How many were not followed by anything that worked. */
	readonly never: number;
	readonly median: number;
	readonly percentile95: number;
	readonly worst: number;
}

/**
 * The time to recover by kind of fault: from the end of each (from when it happened, if it does not last or something else cured it) to the
 * first of the times at which things worked.
 *
 * @param worksAtMs times of the clock in use, ascending: when a message was delivered
 */
export function recoveries(
	log: readonly LogEntry[],
	worksAtMs: readonly number[],
): ReadonlyMap<KindName, Recovery> {
	const times = new Map<KindName, (number | undefined)[]>();
	for (const { kind, timeMs, endMs = timeMs } of log) {
		const worked = firstFrom(worksAtMs, endMs);
		const all = times.get(kind) ?? [];
		times.set(kind, all);
		all.push(worked === undefined ? undefined : worked - endMs);
	}
	return new Map([...times].map(([kind, all]) => [kind, summary(all)]));
}

function summary(all: readonly (number | undefined)[]): Recovery {
	const times = all.filter(time => time !== undefined).sort((a, b) => a - b);
	/** The smallest time that so large a share does not exceed; 0 where nothing recovered. */
	const quantile = (share: number): number => times[Math.max(0, Math.ceil(share * times.length) - 1)] ?? 0;
	return {
		count: all.length,
		never: all.length - times.length,
		median: quantile(0.5),
		percentile95: quantile(0.95),
		worst: quantile(1),
	};
}

/** The first of ascending numbers that is not below `least`. */
function firstFrom(ascending: readonly number[], least: number): number | undefined {
	let from = 0;
	let to = ascending.length;
	while (from < to) {
		const middle = (from + to) >> 1;
		if (ascending[middle] < least) from = middle + 1;
		else to = middle;
	}
	return ascending.at(from);
}
