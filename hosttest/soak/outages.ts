import type { KindName, LogEntry } from "../simulator/faults/faults.js";

/** While these last, no firmware can bring a message to the broker. */
const outages: readonly KindName[] = [
	"coverage.lost",
	"registration.denied",
	"sim.lost",
	"dns.fails",
	"broker.unreachable",
	"broker.refuses",
	"broker.halfOpen",
	"broker.restarts",
];

/** A stretch of time, milliseconds; its end is open while it is not known. */
export type Interval = readonly [startMs: number, endMs: number];

/** Behind a delivery, in milliseconds. */
const INSTANT_MS = 1e-3;

/**
 * The stretches of time in which one fault or another made it impossible to deliver, or the unit had no power: each begins behind the last
 * delivery in it, since a fault that only hinders new connections does not matter before.
 *
 * @param off times without power
 * @param deliveredAtMs ascending
 * @param untilMs the end of what has not ended
 */
export function outagesOf(
	log: readonly LogEntry[],
	off: readonly Interval[],
	deliveredAtMs: readonly number[],
	untilMs: number,
): Interval[] {
	const lasted = log
		.filter(({ kind }) => outages.includes(kind))
		.map(({ timeMs, endMs = untilMs }): Interval => [timeMs, endMs]);
	return [...lasted, ...off].flatMap(([start, end]): Interval[] => {
		const last = deliveredAtMs.findLast(timeMs => timeMs < end) ?? -Infinity;
		const from = last < start ? start : last + INSTANT_MS;
		return from < end ? [[from, end]] : [];
	});
}

/**
 * A time axis on which nothing passes during these intervals: `axis(t)` is how much of the time before t was outside of all of them.
 * What is measured on it does not count what another fault made impossible.
 */
export function axisWithout(intervals: readonly Interval[]): (timeMs: number) => number {
	const joined = union(intervals);
	const before: number[] = [];
	let sum = 0;
	for (const [start, end] of joined) {
		before.push(sum);
		sum += end - start;
	}
	return timeMs => {
		const next = joined.findIndex(([start]) => start >= timeMs);
		const last = (next < 0 ? joined.length : next) - 1;
		if (last < 0) return timeMs;
		const [start, end] = joined[last];
		return timeMs - before[last] - (Math.min(timeMs, end) - start);
	};
}

/** In order, and where they overlap made one. */
function union(intervals: readonly Interval[]): Interval[] {
	const joined: Interval[] = [];
	for (const [start, end] of intervals.toSorted((a, b) => a[0] - b[0])) {
		const last = joined.at(-1);
		if (last && start <= last[1]) joined[joined.length - 1] = [last[0], Math.max(last[1], end)];
		else joined.push([start, end]);
	}
	return joined;
}
