import test from "ava";
import { soakOptions } from "../../soak/options.js";
import { duration, failureReport, report } from "../../soak/report.js";
import type { RunResult } from "../../soak/result.js";

const result: RunResult = {
	seed: 2,
	unit: { profile: "A", delays: "real", flash: "small" },
	verdict: {
		accepted: 100,
		delivered: 90,
		lost: [],
		corrupted: [],
		duplicates: 7,
		dropped: 10,
		repeated: [],
		unconfirmed: 0,
	},
	reportedDropped: 8,
	actuallyDropped: 11,
	cutBeforeReport: 3,
	failures: [],
	log: [{ kind: "stat", timeMs: 1000, parameters: {}, by: "seed" }],
	deliveredAtMs: [13_300],
	off: [],
	starts: 5,
	rungs: { probe: 2, reset: 1 },
	errors: { LinkError: 4 },
	simulatedMs: 60_000,
	drainedMs: 90_000,
	digest: "0123",
};

const linesOf = (text: string): string[] => text.split("\n").map(line => line.trim().replace(/ +/g, " "));

test("the report adds up what the seeds came to", t => {
	const lines = linesOf(report([result, { ...result, seed: 3 }]));
	for (const line of [
		"2 A real small 100 90 10 0 0 7 1 5 1.5 min 0123",
		"messages accepted 200",
		"delivered 180, and 14 duplicates",
		"lost 0",
		"not delivered, dropped by a full outbox: 20",
		"dropped by a full outbox, delivered before or not: 22; reported by the firmware: 16; power cut before it could: 6",
		"stat 2 12.3 s 12.3 s 12.3 s",
		"probe 4",
		"reset 2",
		"LinkError 8",
	])
		t.true(lines.includes(line), line);
	t.true(report([{ ...result, rungs: {} }]).includes("the firmware has no counters of it"));
});

test("a failed seed comes with the command that replays it", t => {
	const options = soakOptions(["--seeds", "3", "--days", "2", "--only", "stat"]);
	if (!options) throw new Error("no options");
	const text = failureReport(
		options,
		new Map([
			[1, { result }],
			[2, { result: { ...result, failures: ["lost: 1 messages (5 …)"] } }],
			[3, { failure: "its process ended without a result" }],
		]),
	);
	t.deepEqual(linesOf(text), [
		"seed 2 FAILED:",
		"lost: 1 messages (5 …)",
		"replay: npm run soak -- --seed 2 --days 2 --interval 60 --rates 1 --only stat",
		"",
		"seed 3 FAILED:",
		"its process ended without a result",
		"replay: npm run soak -- --seed 3 --days 2 --interval 60 --rates 1 --only stat",
	]);
	t.is(failureReport(options, new Map([[1, { result }]])), "");
});

test("times for people", t => {
	t.deepEqual([0, 999, 61_000, 7_200_000, 2.5 * 86_400_000].map(duration), [
		"0.0 s",
		"1.0 s",
		"1.0 min",
		"2.0 h",
		"2.5 d",
	]);
});
