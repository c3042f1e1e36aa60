import test from "ava";
import type { LogEntry } from "../../simulator/faults/faults.js";
import { recoveries } from "../../simulator/faults/recovery.js";

const entry = (kind: LogEntry["kind"], timeMs: number, endMs?: number): LogEntry => ({
	kind,
	timeMs,
	parameters: {},
	by: "seed",
	...(endMs !== undefined && { endMs }),
});

test("time to recover: from the end of a fault to what works next", t => {
	const log = [
		entry("module.reset", 100),
		entry("coverage.lost", 150, 400),
		entry("module.reset", 200),
		entry("module.reset", 950),
		entry("module.reset", 1001),
	];
	const result = recoveries(log, [150, 300, 500, 1000]);
	t.deepEqual([...result.keys()], ["module.reset", "coverage.lost"]);
	t.deepEqual(result.get("module.reset"), { count: 4, never: 1, median: 50, percentile95: 100, worst: 100 });
	t.deepEqual(result.get("coverage.lost"), {
		count: 1,
		never: 0,
		median: 100,
		percentile95: 100,
		worst: 100,
	});
});

test("time to recover: percentiles of many, nothing that worked, nothing that failed", t => {
	const log = Array.from({ length: 100 }, (_, n) => entry("line.noise", 1000 - n));
	const { median, percentile95, worst } = recoveries(log, [1001]).get("line.noise") ?? {};
	t.deepEqual([median, percentile95, worst], [50, 95, 100]);
	t.is(recoveries(log, []).get("line.noise")?.never, 100);
	t.is(recoveries([], [1]).size, 0);
});
