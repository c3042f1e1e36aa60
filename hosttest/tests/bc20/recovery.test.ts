import test from "ava";
import fc from "fast-check";
import { VirtualClock, useClock } from "../../shim/clock.js";
import { seededRandom } from "../../shim/random.js";
import {
	FAILURES,
	type FailureName,
	RUNGS,
	type RungName,
	indexOfRung,
} from "../../../modules/bc20/ladder.js";
import { Recovery } from "../../../modules/bc20/recovery.js";
import { stepOf } from "../sampling.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type Keys = readonly ("reset" | "power")[];

/** A recovery on a virtual clock; `last` draws the longest delay each time, 0 the shortest. */
function bench(keys: Keys = ["reset", "power"], random: () => number = () => 0.999_999) {
	const clock = new VirtualClock();
	useClock(clock);
	let changes = 0;
	const recovery = new Recovery({ isWired: key => keys.includes(key), onChanged: () => changes++, random });
	/** Tells of the failure until a rung is due, waits for it, takes it. */
	const next = async (failure: FailureName): Promise<RungName> => {
		for (let fails = 0; recovery.remaining === Infinity; fails++) {
			if (fails > 10) throw new Error("dead end");
			recovery.fail(failure);
		}
		await clock.advance(recovery.remaining);
		const rung = recovery.take();
		if (!rung) throw new Error("nothing due");
		return rung;
	};
	const climb = async (failure: FailureName, count: number) => {
		const rungs: RungName[] = [];
		while (rungs.length < count) rungs.push(await next(failure));
		return rungs;
	};
	return { clock, recovery, next, climb, changes: () => changes };
}

test("the table: each rung has a limit, bounds that make sense; failures name rungs that are there", t => {
	for (const { limit, firstMs, capMs } of RUNGS) {
		t.true(limit >= 1);
		t.true(capMs >= firstMs);
	}
	for (const [name, { again, first, lowest, restMs }] of Object.entries(FAILURES)) {
		for (const rung of [again, first, lowest]) if (rung) t.true(indexOfRung(rung) >= 0, name);
		t.is(first === undefined, lowest === undefined, name);
		if (first && lowest) t.true(indexOfRung(lowest) <= indexOfRung(first), name);
		t.true(restMs >= 0);
	}
	for (const rung of ["context", "radio", "restart", "reset", "power"] as const) {
		const { capMs } = RUNGS[indexOfRung(rung)];
		t.true(capMs >= 10 * MINUTE, `${rung} interrupts connections`);
	}
});

const ALL: Keys = ["reset", "power"];
const climbs: readonly [FailureName, Keys, RungName[]][] = [
	["link", ALL, ["context", "radio", "restart", "reset", "reset", "power", "power", "context", "radio"]],
	["link", ["power"], ["context", "radio", "restart", "power", "power", "context"]],
	["link", [], ["context", "radio", "restart", "context", "radio", "restart"]],
	["coverage", ALL, ["radio", "restart", "reset", "reset", "power", "power", "radio"]],
	["coverage", [], ["radio", "restart", "radio"]],
	["sim", ALL, ["radio", "restart", "reset", "reset", "power", "power", "radio"]],
	["bringUp", ["reset"], ["radio", "restart", "reset", "reset", "radio"]],
	["silent", ALL, ["reset", "reset", "power", "power", "reset"]],
	["silent", ["power"], ["power", "power", "power", "power"]],
	["silent", ["reset"], ["reset", "reset", "reset", "reset"]],
	["absent", ALL, ["power", "power", "reset", "reset", "power"]],
	["absent", ["reset"], ["reset", "reset", "reset"]],
];
for (const [failure, keys, expected] of climbs)
	test.serial(`${failure}, keys ${keys.join() || "none"}: ${expected.join(", ")}`, async t => {
		const { climb } = bench(keys);
		t.deepEqual(await climb(failure, expected.length), expected);
	});

for (const [failure, keys] of [
	["silent", []],
	["absent", []],
	["port", ALL],
	["restarted", ALL],
] as const)
	test.serial(`${failure}, keys ${keys.join() || "none"}: nothing but bringing up again, for ever`, t => {
		const { recovery } = bench(keys);
		const delays = Array.from({ length: 50 }, () => recovery.fail(failure));
		t.is(recovery.remaining, Infinity);
		t.is(recovery.take(), undefined);
		t.is(recovery.rung, "probe");
		t.is(recovery.counts.probe, 50);
		t.deepEqual(delays.slice(0, 8), [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
		t.true(delays.slice(6).every(delay => delay === MINUTE));
	});

test.serial(
	"a connection is tried three times before the context is cycled, and again between all rungs",
	async t => {
		const { recovery, clock } = bench();
		const fails = () => {
			let count = 0;
			for (; recovery.remaining === Infinity; count++) t.is(recovery.fail("link"), 0);
			return count;
		};
		t.is(fails(), 3);
		t.is(recovery.rung, "reopen");
		await clock.advance(recovery.remaining);
		t.is(recovery.take(), "context");
		t.is(recovery.rung, "context");
		t.is(fails(), 3);
		t.is(recovery.rung, "context", "until the next is used");
		t.deepEqual([recovery.counts.reopen, recovery.counts.context], [6, 1]);
	},
);

test.serial("local failures: two climb, or one behind another; one alone where a rung was used", async t => {
	const { recovery, clock } = bench();
	recovery.fail("link", true);
	t.is(recovery.remaining, Infinity, "one may be noise");
	recovery.fail("link", true);
	await clock.advance(recovery.remaining);
	t.is(recovery.take(), "context");
	recovery.fail("link", true);
	await clock.advance(recovery.remaining);
	t.is(recovery.take(), "radio");
	recovery.fail("link");
	recovery.fail("link");
	t.is(recovery.remaining, Infinity, "others are counted as ever");
	recovery.recovered();
	recovery.fail("link");
	t.is(recovery.remaining, Infinity);
	recovery.fail("link", true);
	t.not(recovery.remaining, Infinity);
});

test.serial("not before its time", async t => {
	const { recovery, clock } = bench();
	recovery.fail("coverage");
	const wait = recovery.remaining;
	t.is(wait, FAILURES.coverage.restMs + 30_000);
	await clock.advance(wait - 1);
	t.is(recovery.take(), undefined);
	recovery.fail("coverage");
	t.is(recovery.remaining, 1, "another failure does not put it off");
	await clock.advance(1);
	t.is(recovery.take(), "radio");
});

test.serial("a failure that enters higher goes before one that waits; a lower one waits", async t => {
	const { recovery, clock } = bench();
	recovery.fail("coverage");
	recovery.fail("silent");
	t.is(recovery.failure, "silent");
	t.true(recovery.remaining <= 1000);
	recovery.fail("coverage");
	t.is(recovery.failure, "silent");
	await clock.advance(1000);
	t.is(recovery.take(), "reset");
});

test.serial("full jitter: from nothing to the bound, which doubles to its cap", async t => {
	for (const [failure, rung] of [
		["silent", "reset"],
		["link", "context"],
		["coverage", "radio"],
	] as const) {
		const { firstMs, capMs } = RUNGS[indexOfRung(rung)];
		const { restMs } = FAILURES[failure];
		const shares: number[] = [];
		for (let seed = 1; seed <= 200; seed += stepOf(20)) {
			const draws = bench(["reset"], seededRandom(seed));
			let bound = firstMs;
			for (let uses = 0; uses < 20;) {
				for (let fails = 0; draws.recovery.remaining === Infinity && fails < 5; fails++)
					draws.recovery.fail(failure);
				const delay = draws.recovery.remaining - restMs;
				await draws.clock.advance(draws.recovery.remaining);
				if (draws.recovery.take() !== rung) continue;
				t.true(delay >= 1 && delay <= bound, `${delay} of ${bound}`);
				shares.push(delay / bound);
				bound = Math.min(capMs, 2 * bound);
				uses++;
			}
		}
		const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
		t.true(Math.abs(mean - 0.5) < 1.5 / Math.sqrt(shares.length), `uniform: ${mean}`);
		t.true(Math.min(...shares) < 0.05 && Math.max(...shares) > 0.95);
	}
});

test.serial("health: back to the bottom, delays begin anew, counts stay", async t => {
	const { recovery, climb, changes } = bench();
	const first = await climb("link", 4);
	t.is(recovery.rung, "reset");
	recovery.recovered();
	t.is(recovery.rung, undefined);
	t.is(recovery.remaining, Infinity);
	const before = changes();
	recovery.recovered();
	t.is(changes(), before, "told once");
	t.deepEqual(await climb("link", 4), first);
	t.is(recovery.counts.context, 2);
	recovery.recovered();
	for (let fails = 0; fails < 3; fails++) recovery.fail("link");
	t.is(recovery.remaining, 5000);
});

test.serial("health takes back what waits", t => {
	const { recovery } = bench();
	for (let fails = 0; fails < 3; fails++) recovery.fail("link");
	t.not(recovery.remaining, Infinity);
	recovery.recovered();
	t.is(recovery.remaining, Infinity);
	t.is(recovery.take(), undefined);
	recovery.fail("link");
	t.is(recovery.remaining, Infinity, "it counts from the beginning");
});

test.serial("state: rung, since when, counts", async t => {
	const { recovery, clock, next } = bench();
	await clock.advance(5000);
	t.is(recovery.rung, undefined);
	recovery.use("repeat");
	t.is(recovery.rung, undefined);
	await next("silent");
	t.is(recovery.since, clock.now);
	t.deepEqual(recovery.counts, {
		repeat: 1,
		probe: 1,
		reopen: 0,
		context: 0,
		radio: 0,
		restart: 0,
		reset: 1,
		power: 0,
	});
});

for (const keys of [[], ["reset"], ["power"], ALL] as Keys[])
	test.serial(
		`three days without coverage, keys ${keys.join() || "none"}: some interruptions a day`,
		async t => {
			for (let seed = 1; seed <= 20; seed++) {
				const { recovery, clock } = bench(keys, seededRandom(seed));
				const used: number[] = [];
				// Reported every 3 minutes.
				while (clock.now < 72 * HOUR) {
					recovery.fail("coverage");
					if (recovery.take()) used.push(clock.now);
					await clock.advance(Math.min(3 * MINUTE, recovery.remaining));
				}
				for (let index = 1; index < used.length; index++)
					t.true(used[index] - used[index - 1] >= 30 * MINUTE, "at least half an hour apart");
				const lastDay = used.filter(at => at >= 48 * HOUR).length;
				t.true(lastDay >= 5 && lastDay <= 36, `seed ${seed}: ${lastDay} on the third day`);
			}
		},
	);

test.serial(
	"a dead module for three days: keys at first each few seconds, then a few times an hour",
	async t => {
		for (let seed = 1; seed <= 20; seed++) {
			const { recovery, clock } = bench(ALL, seededRandom(seed));
			const used: number[] = [];
			while (clock.now < 72 * HOUR) {
				const delay = recovery.fail("silent");
				// Ten probes.
				await clock.advance(Math.min(5000 + delay, recovery.remaining));
				if (recovery.take()) used.push(clock.now);
			}
			t.true(used[0] <= 1000);
			t.true(used.filter(at => at < HOUR).length <= 60);
			const lastDay = used.filter(at => at >= 48 * HOUR).length;
			t.true(lastDay >= 24 && lastDay <= 100, `seed ${seed}: ${lastDay} on the third day`);
		}
	},
);

const anyFailure = fc.constantFrom(...(Object.keys(FAILURES) as FailureName[]));
const anyEvent = fc.oneof(
	{ weight: 8, arbitrary: anyFailure },
	{ weight: 2, arbitrary: fc.constant("take" as const) },
	{ weight: 1, arbitrary: fc.constant("recovered" as const) },
	{ weight: 1, arbitrary: fc.constant("relax" as const) },
	{ weight: 3, arbitrary: fc.integer({ min: 0, max: 4 * HOUR }) },
);

test.serial(
	"never a dead end: whatever has happened, a failure that goes on uses all of its rungs, for ever",
	async t => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(anyEvent, { maxLength: 60 }),
				fc.constantFrom<Keys>([], ["reset"], ["power"], ALL),
				fc.constantFrom<FailureName>("link", "coverage", "sim", "bringUp", "silent", "absent"),
				fc.integer(),
				async (events, keys, failure, seed) => {
					const { recovery, clock, next } = bench(keys, seededRandom(seed));
					for (const event of events)
						if (typeof event === "number") await clock.advance(event);
						else if (event === "take" || event === "recovered" || event === "relax") recovery[event]();
						else if (recovery.fail(event) > MINUTE) return false;
					const { lowest = "probe" } = FAILURES[failure];
					const possible = RUNGS.slice(indexOfRung(lowest)).filter(({ key }) => !key || keys.includes(key));
					if (!possible.length) return recovery.fail(failure) >= 1;
					const seen = new Set<RungName>();
					for (let uses = 0; uses < 40; uses++) {
						const start = clock.now;
						seen.add(await next(failure));
						if (clock.now - start > 30 * MINUTE + 4 * HOUR) return false;
					}
					return possible.every(({ name }) => seen.has(name));
				},
			),
			{ numRuns: 300, seed: 7 },
		);
		t.pass();
	},
);
