import test from "ava";
import { Attempts, plot } from "../../herd/attempts.js";

function attemptsAt(...timesMs: number[]): Attempts {
	const attempts = new Attempts();
	for (const timeMs of timesMs) attempts.add(timeMs);
	return attempts;
}

test("attempts in each second from a time on", t => {
	const attempts = attemptsAt(100, 5000, 5999.9, 6000, 8500, 8500);
	t.is(attempts.count, 6);
	t.deepEqual(attempts.perSecond(5000), [2, 1, 0, 2]);
	t.deepEqual(attempts.perSecond(5500), [2, 0, 0, 2]);
	t.deepEqual(attempts.perSecond(9000), []);
});

test("the peak is that of any stretch of one second, and a stretch has one end only", t => {
	t.is(attemptsAt(0, 600, 1200, 1599, 1600, 9000).peak(0), 3);
	t.is(attemptsAt(0, 600, 1200, 1599, 9000).peak(0), 3);
	t.is(attemptsAt(0, 1000, 2000).peak(0), 1);
	t.is(attemptsAt(0, 1, 2, 5000).peak(10), 1);
	t.is(attemptsAt(0).peak(10), 0);
	t.is(attemptsAt().peak(0), 0);
});

test("rows hold the highest second and the sum of theirs", t => {
	const attempts = attemptsAt(0, 1, 1500, 2100, 2200, 2300);
	t.deepEqual(attempts.rows(0, 2), [
		{ second: 0, peak: 2, count: 3 },
		{ second: 2, peak: 3, count: 3 },
	]);
});

test("the plot: bars in proportion, the limit marked where a bar does not reach it", t => {
	const rows = [
		{ second: 0, peak: 40, count: 50 },
		{ second: 1, peak: 10, count: 10 },
		{ second: 2, peak: 0, count: 0 },
	];
	const lines = plot(rows, 20).split("\n");
	t.is(lines.length, 4);
	t.is(lines[1], `     0        50      40  ${"#".repeat(60)}`);
	t.is(lines[2], `     1        10      10  ${"#".repeat(15)}${" ".repeat(15)}|`);
	t.is(lines[3], `     2         0       0  ${" ".repeat(30)}|`);
	t.is(plot([], 20).split("\n").length, 1);
});
