import type { DelaysName } from "../simulator/delays.js";
import type { LogEntry } from "../simulator/faults/faults.js";
import type { ProfileName } from "../simulator/profiles.js";
import { Random } from "../simulator/random.js";
import type { PartitionSize } from "./flash.js";
import type { Verdict } from "./ledger.js";

export const DAY_MS = 86_400_000;

/** The unit that a seed makes. */
export interface UnitKind {
	readonly profile: ProfileName;
	readonly delays: DelaysName;
	readonly flash: PartitionSize;
}

/** What one seed came to. */
export interface RunResult {
	readonly seed: number;
	readonly unit: UnitKind;
	readonly verdict: Verdict;
	/** Messages that the firmware has reported as dropped by a full outbox, and how many it did drop. */
	readonly reportedDropped: number;
	readonly actuallyDropped: number;
	/** Of these, in the turn in which the power was cut, before anything could be reported. */
	readonly cutBeforeReport: number;
	/** Everything that must not be, in words; empty: passed. */
	readonly failures: readonly string[];
	readonly log: readonly LogEntry[];
	/** Times of deliveries, ms. */
	readonly deliveredAtMs: readonly number[];
	/** Times without power, ms. */
	readonly off: readonly (readonly [number, number])[];
	/** How often the firmware was started. */
	readonly starts: number;
	/** How often each rung of the recovery was used; empty where the firmware has none. */
	readonly rungs: Readonly<Record<string, number>>;
	/** What the firmware's errors were, by name. */
	readonly errors: Readonly<Record<string, number>>;
	readonly simulatedMs: number;
	/** From the healing until nothing was missing; undefined where something still was. */
	readonly drainedMs: number | undefined;
	/** Of all events with their times: the same for the same options. */
	readonly digest: string;
}

/** What a seed makes of the unit. */
export function unitOf(seed: number): UnitKind {
	const random = Random.for(seed, "unit");
	return {
		profile: random.next() < 0.5 ? "A" : "B",
		delays: random.next() < 0.5 ? "short" : "real",
		flash: random.next() < 0.5 ? "small" : "large",
	};
}

/** What of the verdict must not be, in words. */
export function failuresOf({ lost, corrupted, repeated }: Verdict): string[] {
	const failures: string[] = [];
	if (lost.length > 0) failures.push(`lost: ${lost.length} messages (${lost.slice(0, 10).join(", ")} …)`);
	for (const { sequence, expected, delivered } of corrupted.slice(0, 10))
		failures.push(`corrupted: ${sequence ?? "?"}: ${delivered} in place of ${expected ?? "nothing"}`);
	if (corrupted.length > 10) failures.push(`corrupted: ${corrupted.length} messages in all`);
	if (repeated.length > 0) failures.push(`sequence numbers given twice: ${repeated.slice(0, 10).join(", ")}`);
	return failures;
}

/** `3d 04:05:06.789` */
export function timeText(ms: number): string {
	const time = new Date(ms % DAY_MS).toISOString().slice(11, 23);
	return `${Math.floor(ms / DAY_MS)}d ${time}`;
}
