import test from "ava";
import { VirtualClock, useClock } from "../../shim/clock.js";
import { ProgressWatch } from "../../../modules/common/progress.js";

const HOUR = 3_600_000;

function bench(limitMs?: number) {
	const clock = new VirtualClock();
	useClock(clock);
	const state = { progress: 0, isDue: true, restarts: 0 };
	const watch = new ProgressWatch({
		...(limitMs !== undefined && { limitMs }),
		progress: () => state.progress,
		isDue: () => state.isDue,
		restart: () => state.restarts++,
	});
	return { clock, state, watch };
}

test.serial(
	"no progress for six hours while it is due: a restart, and again where that did not help",
	async t => {
		const { clock, state } = bench();
		await clock.advance(6 * HOUR);
		t.is(state.restarts, 0);
		await clock.advance(1.5 * HOUR);
		t.is(state.restarts, 1);
		await clock.advance(7.5 * HOUR);
		t.is(state.restarts, 2);
	},
);

test.serial("a little progress in each limit is enough", async t => {
	const { clock, state } = bench();
	for (let hours = 0; hours < 240; hours += 5) {
		await clock.advance(5 * HOUR);
		state.progress++;
	}
	t.is(state.restarts, 0);
	await clock.advance(9 * HOUR);
	t.is(state.restarts, 1);
});

test.serial("no time passes while progress is not due", async t => {
	const { clock, state } = bench(HOUR);
	state.isDue = false;
	await clock.advance(100 * HOUR);
	t.is(state.restarts, 0);
	state.isDue = true;
	await clock.advance(HOUR - 1);
	t.is(state.restarts, 0);
	await clock.advance(0.5 * HOUR);
	t.is(state.restarts, 1);
});

test.serial("what restart throws leaves the callback: that is what restarts the chip", async t => {
	const clock = new VirtualClock();
	useClock(clock);
	const watch = new ProgressWatch({
		limitMs: 4000,
		progress: () => 0,
		isDue: () => true,
		restart: () => {
			throw new Error("restart");
		},
	});
	await t.throwsAsync(clock.advance(10_000), { message: "restart" });
	watch.close();
});

test.serial("closed: no timer is left; wrong limits are refused", async t => {
	const { clock, state, watch } = bench(1000);
	watch.close();
	watch.close();
	await t.throwsAsync(
		clock.run(() => false, 0),
		{ message: /no event is left/ },
	);
	t.is(state.restarts, 0);
	for (const limitMs of [0, 999, NaN, Infinity]) t.throws(() => bench(limitMs), { instanceOf: RangeError });
});
