import test from "ava";
import fc from "fast-check";
import { ModemResetError } from "../../../modules/bc20/errors.js";
import { CommandError } from "../../../modules/at/errors.js";
import { LinkError, OpenError } from "../../../modules/bc20/qmt-errors.js";
import { Backoff } from "../../../modules/common/backoff.js";
import { NotOpenedError } from "../../../modules/mqtt/errors.js";

test("the bound doubles from the first to the maximum, and begins anew after reset", t => {
	const backoff = new Backoff({ firstMs: 1_000, maximumMs: 5_000, random: () => 0.999_999 });
	const delays = () => [backoff.next(), backoff.next(), backoff.next(), backoff.next(), backoff.next()];
	t.deepEqual(delays(), [1_000, 2_000, 4_000, 5_000, 5_000]);
	backoff.reset();
	t.deepEqual(delays(), [1_000, 2_000, 4_000, 5_000, 5_000]);
});

test("property: full jitter: any random value gives a whole delay from 1 to the bound", t => {
	fc.assert(
		fc.property(
			fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
			fc.integer({ min: 0, max: 40 }),
			fc.double({ min: 1, max: 4, noNaN: true }),
			(value, count, factor) => {
				const backoff = new Backoff({ firstMs: 100, maximumMs: 60_000, factor, random: () => value });
				let bound = 100;
				for (let i = 0; i < count; i++) {
					const delay = backoff.next();
					if (!Number.isInteger(delay) || delay < 1 || delay > Math.ceil(bound)) return false;
					bound = Math.min(bound * factor, 60_000);
				}
				return true;
			},
		),
		{ seed: 1 },
	);
	t.pass();
});

test("by default a fleet spreads over a minute at first", t => {
	const backoff = new Backoff({ random: () => 0.999_999 });
	t.deepEqual(
		[backoff.next(), backoff.next(), backoff.next(), backoff.next()],
		[60_000, 120_000, 240_000, 300_000],
	);
	t.is(new Backoff({ maximumMs: 5_000, random: () => 0.999_999 }).next(), 5_000);
});

test("behind a failure of this unit alone the delay is short, and the bound stays", t => {
	const backoff = new Backoff({ random: () => 0.999_999 });
	t.is(backoff.next(new ModemResetError("F1")), 1_000);
	t.is(backoff.next(new LinkError(1)), 60_000);
	t.is(backoff.next(new ModemResetError("F1")), 1_000);
	t.is(backoff.next("gone"), 120_000);
	t.is(new Backoff({ firstMs: 10, random: () => 0.999_999 }).next(new ModemResetError("F1")), 10);
});

test("behind a failure that the broker has no part in the delay is the first, and the bound stays", t => {
	const backoff = new Backoff({ random: () => 0.999_999 });
	const open = (code: number) => new OpenError(code, "broker.test", 1883);
	const refused = new NotOpenedError(new CommandError("AT+QMTOPEN", "ERROR"));
	t.is(backoff.next(open(4)), 60_000, "DNS may fail for a fleet");
	t.is(backoff.next(open(-1)), 120_000);
	for (const error of [open(3), open(5), refused]) t.is(backoff.next(error), 60_000);
	t.is(backoff.next(open(-1)), 240_000);
});

test("Math.random is looked up at each call", t => {
	const { random } = Math;
	t.teardown(() => (Math.random = random));
	const backoff = new Backoff({ firstMs: 1_000 });
	Math.random = () => 0.25;
	t.is(backoff.next(), 251);
	Math.random = () => 0.5;
	t.is(backoff.next(), 1_001);
});

test("wrong options are refused", t => {
	for (const options of [
		{ firstMs: 0 },
		{ firstMs: NaN },
		{ firstMs: 10, maximumMs: 9 },
		{ factor: 0.5 },
		{ maximumMs: Infinity },
	])
		t.throws(() => new Backoff(options), { instanceOf: RangeError });
});
