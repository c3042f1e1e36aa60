import test from "ava";
import type { Figure } from "../../bench/figure.js";
import { committedOf, keyOf, problems } from "../../bench/guard.js";

const cost: Figure = { group: "g", name: "cost", value: 1000, unit: "computrons", deterministic: true };
const rate: Figure = { ...cost, name: "rate", value: 95, unit: "%", goal: { atLeast: 95 } };
const time: Figure = { ...cost, name: "time", deterministic: false };

test("what is committed are the deterministic figures", t => {
	t.is(keyOf(cost), "g: cost");
	t.deepEqual(committedOf([cost, rate, time]), { "g: cost": 1000, "g: rate": 95 });
});

test("the same, better, and up to 3 % worse pass", t => {
	const committed = committedOf([cost, rate]);
	t.deepEqual(problems([cost, rate, time], committed), []);
	t.deepEqual(
		problems(
			[
				{ ...cost, value: 1 },
				{ ...rate, value: 100 },
			],
			committed,
		),
		[],
	);
	t.deepEqual(
		problems(
			[
				{ ...cost, value: 1030 },
				{ ...rate, value: 92.15 },
			],
			committed,
		),
		[],
	);
});

test("more than 3 % worse is told with the old and the new value, in the direction of the goal", t => {
	const committed = committedOf([cost, rate]);
	t.deepEqual(
		problems(
			[
				{ ...cost, value: 1031 },
				{ ...rate, value: 92.1 },
			],
			committed,
		),
		["g: cost: was 1000, is 1031 computrons", "g: rate: was 95, is 92.1 %"],
	);
});

test("a figure that was 0 may not grow at all", t => {
	const growth = { ...cost, value: 0 };
	t.deepEqual(problems([growth], committedOf([growth])), []);
	t.deepEqual(problems([{ ...growth, value: 16 }], committedOf([growth])), [
		"g: cost: was 0, is 16 computrons",
	]);
});

test("3 % of a negative figure are no gain", t => {
	const saved = { ...cost, value: -100 };
	t.deepEqual(problems([{ ...saved, value: -97 }], committedOf([saved])), []);
	t.is(problems([{ ...saved, value: -96 }], committedOf([saved])).length, 1);
});

test("a new figure and a missing one are told", t => {
	t.deepEqual(problems([cost, rate], committedOf([cost])), [
		"g: rate: 95 is new, not in the committed figures",
	]);
	t.deepEqual(problems([cost], committedOf([cost, rate])), ["g: rate: was 95, is missing"]);
});

test("a figure that is not deterministic any more is missing", t => {
	t.deepEqual(problems([{ ...cost, deterministic: false }], committedOf([cost])), [
		"g: cost: was 1000, is missing",
	]);
});

test("figures of groups that were not measured are not missed", t => {
	const other = { ...cost, group: "h" };
	const committed = committedOf([cost, rate, other]);
	t.deepEqual(problems([cost, rate], committed, new Set(["g"])), []);
	t.deepEqual(problems([cost], committed, new Set(["g"])), ["g: rate: was 95, is missing"]);
});
