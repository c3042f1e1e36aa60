import test from "ava";
import { UsageError, numberOf, valuesOf } from "../../cli/command-line.js";

const OPTIONS = { count: { type: "string" }, quick: { type: "boolean" } } as const;

test("values by name; what is not given is not there", t => {
	const values = valuesOf(["--count", "3", "--quick"], OPTIONS);
	t.is(values.count, "3");
	t.is(values.quick, true);
	t.is(valuesOf([], OPTIONS).count, undefined);
});

for (const [argv, message] of [
	[["--nothing"], /^Unknown option '--nothing'$/],
	[["stray"], /^Unexpected argument 'stray'/],
	[["--count"], /--count/],
	[["--quick=3"], /--quick/],
] as const)
	test(`one line for ${argv.join(" ")}`, t => {
		const error = t.throws(() => valuesOf(argv, OPTIONS), { instanceOf: UsageError, message });
		t.notRegex(error.message, /\n/);
	});

for (const [text, range, expected] of [
	[undefined, { minimum: 1 }, 7],
	["0", { minimum: 0 }, 0],
	["12", { minimum: 1, maximum: 12 }, 12],
	["1.5", { minimum: 1, fractions: true }, 1.5],
	[".5", { minimum: 0, fractions: true }, 0.5],
] as const)
	test(`${text} with ${JSON.stringify(range)} is ${expected}`, t => {
		t.is(numberOf("--n", text, 7, range), expected);
	});

for (const [text, range, message] of [
	["0", { minimum: 1 }, "--n must be a whole number of at least 1"],
	["13", { minimum: 1, maximum: 12 }, "--n must be a whole number from 1 to 12"],
	["1.5", { minimum: 1 }, "--n must be a whole number of at least 1"],
	["0.5", { minimum: 1, fractions: true }, "--n must be a number of at least 1"],
	["-3", { minimum: 1 }, "--n must be a whole number of at least 1"],
	["1e3", { minimum: 1 }, "--n must be a whole number of at least 1"],
	["", { minimum: 0 }, "--n must be a whole number of at least 0"],
	["ten", { minimum: 0 }, "--n must be a whole number of at least 0"],
] as const)
	test(`"${text}" with ${JSON.stringify(range)} is refused`, t => {
		t.throws(() => numberOf("--n", text, 7, range), { instanceOf: UsageError, message });
	});
