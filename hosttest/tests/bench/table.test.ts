import test from "ava";
import type { Figure } from "../../bench/figure.js";
import { goalText, isMet, markdown, numberText, table } from "../../bench/table.js";

const figure: Figure = { group: "g", name: "n", value: 5, unit: "bytes", deterministic: true };

test("a figure meets a goal that it reaches exactly", t => {
	t.is(isMet(figure), undefined);
	t.true(isMet({ ...figure, goal: { atMost: 5 } }));
	t.false(isMet({ ...figure, goal: { atMost: 4.9 } }));
	t.true(isMet({ ...figure, goal: { atLeast: 5 } }));
	t.false(isMet({ ...figure, goal: { atLeast: 5.1 } }));
});

test("goals as text", t => {
	t.is(goalText(figure), "");
	t.is(goalText({ ...figure, goal: { atMost: 32768 } }), "≤ 32,768");
	t.is(goalText({ ...figure, goal: { atLeast: 0.5 } }), "≥ 0.5");
});

for (const [value, text] of [
	[0, "0"],
	[0.0512345, "0.0512"],
	[9.999, "10"],
	[15.284, "15.3"],
	[99.96, "100"],
	[123.4, "123"],
	[-2, "-2"],
	[1_265_866, "1,265,866"],
] as const)
	test(`${value} is shown as ${text}`, t => t.is(numberText(value), text));

test("the table has a paragraph for each group, and the columns stand below each other", t => {
	const lines = table([
		{ ...figure, goal: { atMost: 4 }, note: "why" },
		{ ...figure, name: "longer name", value: 12_345 },
		{ ...figure, group: "h" },
	]).split("\n");
	t.deepEqual(lines, [
		"figure        value  unit   goal  met  note",
		"",
		"g:",
		"n                 5  bytes   ≤ 4  NO   why",
		"longer name  12,345  bytes",
		"",
		"h:",
		"n                 5  bytes",
	]);
});

test("the table of Markdown names each group once and keeps bars apart from its own", t => {
	const lines = markdown([
		{ ...figure, goal: { atMost: 5 }, note: "0|1" },
		{ ...figure, name: "m" },
	]).split("\n");
	t.deepEqual(lines, [
		"| group | figure | value | unit | goal | met | note |",
		"| --- | --- | ---: | --- | ---: | --- | --- |",
		"| g | n | 5 | bytes | ≤ 5 | yes | 0\\|1 |",
		"|  | m | 5 | bytes |  |  |  |",
	]);
});
