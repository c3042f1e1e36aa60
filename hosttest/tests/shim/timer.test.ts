import test from "ava";
import { useClock, VirtualClock } from "../../shim/clock.js";
import Time from "../../shim/time.js";
import Timer from "../../shim/timer.js";

let time: VirtualClock;
let ran: string[];

test.beforeEach(() => {
	useClock((time = new VirtualClock()));
	ran = [];
});

const note = (name: string) => () => void ran.push(`${name}@${time.now}`);

test.serial("set: interval 0 by default, never at once, whole milliseconds, order of setting", async t => {
	Timer.set(note("b"), 3);
	Timer.set(note("a"));
	Timer.set(note("c"), 3.9);
	Timer.set(note("past"), -5);
	t.deepEqual(ran, []);
	await time.advance(10);
	t.deepEqual(ran, ["a@0", "past@0", "b@3", "c@3"]);
});

test.serial("set with repeat, repeat: they do not drift, and get their timer", async t => {
	const first = Timer.set(timer => ran.push(`${timer === first}@${time.now}`), 10, 4);
	await time.advance(19);
	t.deepEqual(ran, ["true@10", "true@14", "true@18"]);
	Timer.clear(first);
	ran = [];
	const second = Timer.repeat(note("repeat"), 5);
	await time.advance(11);
	t.deepEqual(ran, ["repeat@24", "repeat@29"]);
	Timer.clear(second);
	await time.advance(100);
	t.is(ran.length, 2);
});

test.serial("a repeat of 0 is one shot; a blocked repeat catches up", async t => {
	Timer.repeat(note("once"), 0);
	await time.advance(5);
	t.deepEqual(ran, ["once@0"]);
	ran = [];
	const timer = Timer.repeat(note("repeat"), 10);
	Timer.set(() => Timer.delay(26), 5);
	await time.advance(40);
	Timer.clear(timer);
	t.deepEqual(ran, ["repeat@36", "repeat@36", "repeat@36", "repeat@45"]);
});

test.serial("clear inside its own callback, of others, twice, of ended ones, undefined and null", async t => {
	const repeating = Timer.repeat(timer => {
		ran.push("repeating");
		Timer.clear(timer);
		Timer.clear(timer);
	}, 1);
	const other = Timer.set(note("never"), 3);
	const once = Timer.set(() => Timer.clear(other), 2);
	await time.advance(10);
	[repeating, other, once, undefined, null].forEach(timer => Timer.clear(timer));
	t.deepEqual(ran, ["repeating"]);
});

test.serial("schedule: anew, with repeat, and unscheduled until scheduled again", async t => {
	const timer = Timer.set(note("timer"), 1000);
	Timer.schedule(timer, 5, 2);
	await time.advance(8);
	t.deepEqual(ran, ["timer@5", "timer@7"]);
	Timer.schedule(timer);
	await time.advance(100);
	t.is(ran.length, 2);
	Timer.schedule(timer, 1);
	await time.advance(10);
	t.deepEqual(ran, ["timer@5", "timer@7", "timer@109"]);
	t.throws(() => Timer.schedule(timer, 1), { instanceOf: SyntaxError });
});

test.serial(
	"in its own callback: schedule(timer) keeps a one-shot, schedule(timer, 5) does not, as on the chip",
	async t => {
		const kept = Timer.set(timer => {
			note("kept")();
			Timer.schedule(timer);
		}, 1);
		const ended = Timer.set(timer => {
			note("ended")();
			Timer.schedule(timer, 5);
		}, 1);
		const repeating = Timer.set(timer => {
			note("repeating")();
			Timer.schedule(timer, 5, 5);
		}, 1);
		await time.advance(7);
		Timer.clear(repeating);
		t.deepEqual(ran, ["kept@1", "ended@1", "repeating@1", "repeating@6"]);
		Timer.schedule(kept, 3);
		t.throws(() => Timer.schedule(ended, 3), { instanceOf: SyntaxError });
		await time.advance(3);
		t.is(ran.at(-1), "kept@10");
	},
);

test.serial("an exception that leaves a callback surfaces", async t => {
	Timer.set(() => {
		throw new Error("restart");
	}, 1);
	await t.throwsAsync(time.advance(1), { message: "restart" });
});

test.serial("timers come from set only, and schedule takes timers only", t => {
	t.throws(() => new Timer(Symbol(), () => undefined), { instanceOf: TypeError });
	const object: unknown = {};
	t.throws(() => Timer.schedule(object as Timer, 1), { instanceOf: SyntaxError });
	t.notThrows(() => Timer.clear(object as Timer));
});

test.serial("ticks is a signed 32-bit number that wraps; delta is right over the wrap", async t => {
	t.is(Time.ticks, 0);
	await time.advance(2 ** 31 - 1.5);
	const start = Time.ticks;
	t.is(start, 2 ** 31 - 2);
	await time.advance(4);
	t.is(Time.ticks, -(2 ** 31) + 2);
	t.is(Time.delta(start), 4);
	t.is(Time.delta(start, Time.ticks), 4);
	t.is(Time.delta(5, 3), -2);
	t.is(Time.delta(5, undefined), -5);
	await time.advance(2 ** 31);
	t.is(Time.ticks, 2);
	t.is(Time.delta(-3), 5);
});

test.serial("delay is a block: the time moves, timers run late", async t => {
	Timer.set(note("late"), 1);
	Timer.delay(7.9);
	t.is(Time.ticks, 7);
	t.deepEqual(ran, []);
	await time.advance(0);
	t.deepEqual(ran, ["late@7"]);
});
