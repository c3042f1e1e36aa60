import test from "ava";
import { Deadline } from "../../../modules/at/deadline.js";
import { VirtualClock, useClock } from "../../shim/clock.js";

/** Where the tick counter begins: at 0, and before each of its wraps. */
const starts = [0, 2 ** 31 - 500, 2 ** 32 - 500];

for (const start of starts) {
	test.serial(`counts down from tick ${start}`, t => {
		const clock = new VirtualClock();
		clock.block(start);
		useClock(clock);
		const deadline = new Deadline();
		t.false(deadline.isSet);
		t.is(deadline.remaining, Infinity);
		deadline.set(1000);
		t.true(deadline.isSet);
		t.is(deadline.remaining, 1000);
		clock.block(999);
		t.is(deadline.remaining, 1);
		clock.block(1);
		t.is(deadline.remaining, 0);
		clock.block(5000);
		t.is(deadline.remaining, 0, "passed is passed");
		deadline.clear();
		t.is(deadline.remaining, Infinity);
		deadline.set(0);
		t.is(deadline.remaining, 0);
		deadline.set(-5);
		t.true(deadline.isSet);
		t.is(deadline.remaining, 0, "in the past is passed as well");
	});
}
