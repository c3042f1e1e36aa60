import test from "ava";
import type { KindName, LogEntry } from "../../simulator/faults/faults.js";
import { axisWithout, outagesOf } from "../../soak/outages.js";
import { recoveredIn } from "../../soak/recovered.js";

const entry = (kind: KindName, timeMs: number, endMs?: number): LogEntry => ({
	kind,
	timeMs,
	parameters: {},
	by: "seed",
	...(endMs !== undefined && { endMs }),
});

test("an axis on which nothing passes during intervals, overlapping ones too", t => {
	const axis = axisWithout([
		[300, 500],
		[100, 200],
		[450, 600],
		[310, 320],
	]);
	const times = [0, 100, 150, 200, 250, 300, 400, 600, 700];
	t.deepEqual(times.map(axis), [0, 100, 100, 100, 150, 200, 200, 200, 300]);
	t.is(axisWithout([])(42), 42);
});

test("outages: of what no firmware can cure, without power, behind the last delivery in them", t => {
	const log = [
		entry("coverage.lost", 100, 200),
		entry("module.hung", 210, 220),
		entry("dns.fails", 300, 400),
		entry("sim.lost", 900),
	];
	const outages = outagesOf(log, [[500, 600]], [50, 310, 320, 700], 1000);
	t.deepEqual(outages, [
		[100, 200],
		[320.001, 400],
		[900, 1000],
		[500, 600],
	]);
});

test("time to recover over several runs: each by its own deliveries, less its own outages", t => {
	const first = {
		log: [entry("module.reset", 100), entry("coverage.lost", 150, 400)],
		off: [],
		deliveredAtMs: [50, 450, 1000],
		simulatedMs: 1000,
	};
	const second = {
		log: [entry("module.reset", 10)],
		off: [[20, 40] as const],
		deliveredAtMs: [5, 60],
		simulatedMs: 100,
	};
	const recovered = recoveredIn([first, second]);
	// 450 - 100 less 250 of no coverage; 60 - 10 less 20 without power.
	t.deepEqual(recovered.get("module.reset"), {
		count: 2,
		never: 0,
		median: 30,
		percentile95: 100,
		worst: 100,
	});
	t.is(recovered.get("coverage.lost")?.worst, 50);
});
