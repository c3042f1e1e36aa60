import test from "ava";
import { type HerdOptions, herd } from "../../herd/run.js";
import { UsageError } from "../../cli/command-line.js";
import { herdOptions } from "../../herd/options.js";

const fleet: HerdOptions = { units: 20, seed: 1, interval: 30, away: 20 };

test.serial(
	"a small fleet: the broker goes and comes back, all units connect again, all messages arrive",
	async t => {
		const { attempts, goneAtMs, connectedInMs, arrivedInMs, ...account } = await herd(fleet);
		t.not(connectedInMs, undefined);
		t.not(arrivedInMs, undefined);
		t.is(account.lost, 0);
		t.is(account.corrupted, 0);
		t.is(account.delivered, account.accepted);
		// Before, during and after.
		t.true(account.accepted > fleet.units * 6);
		const before = attempts.count - attempts.perSecond(goneAtMs).reduce((sum, count) => sum + count, 0);
		t.is(before, fleet.units);
		// Each connects again at least once.
		t.true(attempts.count >= 2 * fleet.units);
		t.true(attempts.peak(goneAtMs) <= fleet.units);
	},
);

test.serial("the same seed gives the same attempts, another one others", async t => {
	const secondsOf = async (options: HerdOptions): Promise<number[]> =>
		(await herd(options)).attempts.perSecond(0);
	const first = await secondsOf(fleet);
	t.deepEqual(await secondsOf(fleet), first);
	t.notDeepEqual(await secondsOf({ ...fleet, seed: 2 }), first);
});

test.serial("a longer pause makes the peak lower", async t => {
	const peakOf = async (firstPause: number): Promise<number> => {
		const { attempts, goneAtMs } = await herd({ ...fleet, firstPause });
		return attempts.peak(goneAtMs);
	};
	t.true((await peakOf(60)) < (await peakOf(1)));
});

// Fails with the firmware's own first pause of 1 s (Backoff, firstMs): some 480 attempts in a second; with 60 s it holds.
test.serial("1,000 units: the peak stays below a twentieth of the fleet a second", async t => {
	t.timeout(600_000);
	const units = 1000;
	const { attempts, goneAtMs, lost } = await herd({ units, seed: 1, interval: 600, away: 30 });
	t.is(lost, 0);
	t.true(Math.max(...attempts.perSecond(goneAtMs)) < units / 20);
});

test("options", t => {
	t.deepEqual(herdOptions([]), { units: 1000, away: 30, interval: 60, seed: 1, firstPause: undefined });
	t.like(herdOptions(["--units", "50", "--pause", "40"]), { units: 50, firstPause: 40 });
	t.is(herdOptions(["--help"]), undefined);
	for (const args of [["--units", "0"], ["--seed", "x"], ["--wrong"]])
		t.throws(() => herdOptions(args), { instanceOf: UsageError });
});
