import test from "ava";
import fc from "fast-check";
import { clock, useClock, VirtualClock, WallClock } from "../../shim/clock.js";

test("events run by time, those of the same time in the order in which they were set; none at once", async t => {
	const time = new VirtualClock();
	const ran: string[] = [];
	const note = (name: string, delayMs: number) => time.set(() => ran.push(`${name}@${time.now}`), delayMs);
	note("c", 5);
	note("a", 2.5);
	note("d", 5);
	note("b", 2.5);
	time.set(() => note("now", -1), 5);
	note("late", 5.5);
	t.deepEqual(ran, []);
	await time.advance(5);
	t.deepEqual(ran, ["a@2.5", "b@2.5", "c@5", "d@5", "now@5"]);
	t.is(time.now, 5);
	await time.advance(0.5);
	t.is(ran.at(-1), "late@5.5");
});

test("the heap orders and forgets like a stable sort", async t => {
	const cases = fc.array(fc.record({ delayMs: fc.nat(20), cleared: fc.boolean() }), { maxLength: 200 });
	await fc.assert(
		fc.asyncProperty(cases, async events => {
			const time = new VirtualClock({ turns: 1 });
			const ran: number[] = [];
			const handles = events.map(({ delayMs }, i) => time.set(() => ran.push(i), delayMs));
			events.forEach(({ cleared }, i) => {
				if (cleared) time.clear(handles[i]);
			});
			await time.advance(20);
			const expected = events
				.map(({ delayMs, cleared }, i) => ({ delayMs, cleared, i }))
				.filter(({ cleared }) => !cleared)
				.sort((a, b) => a.delayMs - b.delayMs)
				.map(({ i }) => i);
			t.deepEqual(ran, expected);
		}),
		{ seed: 1, numRuns: 100 },
	);
});

test("a handle can be cleared twice, after it ran, and as undefined", async t => {
	const time = new VirtualClock();
	let runs = 0;
	const first = time.set(() => runs++, 1);
	const second = time.set(() => runs++, 1);
	time.clear(second);
	time.clear(second);
	time.clear(undefined);
	await time.advance(2);
	time.clear(first);
	t.is(runs, 1);
});

test("promises and setImmediate settle between events", async t => {
	const time = new VirtualClock();
	const ran: string[] = [];
	time.set(() => {
		void Promise.resolve().then(() =>
			setImmediate(() => void Promise.resolve().then(() => ran.push("settled"))),
		);
	}, 1);
	time.set(() => ran.push("next"), 1);
	await time.advance(1);
	t.deepEqual(ran, ["settled", "next"]);
});

test("run stops where the predicate holds and rejects at the limit", async t => {
	const time = new VirtualClock();
	let count = 0;
	const tick = () => {
		count++;
		time.set(tick, 10);
	};
	time.set(tick, 10);
	await time.run(() => count === 3, 1000);
	t.is(time.now, 30);
	await t.throwsAsync(
		time.run(() => false, 25),
		{ message: "not within 25 ms of virtual time (now 55 ms)" },
	);
	t.is(count, 5);
	await t.throwsAsync(
		new VirtualClock().run(() => false, 7),
		{ message: /now 7 ms, and no event is left/ },
	);
});

test("an exception that leaves a callback rejects, and the clock goes on", async t => {
	const time = new VirtualClock();
	let ran = false;
	time.set(() => {
		throw new Error("restart");
	}, 1);
	time.set(() => (ran = true), 1);
	await t.throwsAsync(time.advance(1), { message: "restart" });
	t.false(ran);
	await time.advance(0);
	t.true(ran);
});

test("advance inside advance is refused", async t => {
	const time = new VirtualClock();
	const running = time.advance(1);
	await t.throwsAsync(time.advance(1), { message: /running already/ });
	await running;
});

test("block moves the time and runs nothing; what fell due runs late", async t => {
	const time = new VirtualClock();
	const ran: string[] = [];
	time.set(() => ran.push(`due 20 at ${time.now}`), 20);
	time.set(() => {
		time.block(50);
		ran.push(`blocked until ${time.now}`);
	}, 10);
	await time.advance(30);
	t.deepEqual(ran, ["blocked until 60", "due 20 at 60"]);
	t.is(time.now, 60);
});

test.serial(
	"Date.now follows the clock in use, also when it is set, and is Node's again on a wall clock",
	async t => {
		const node = Date.now;
		const time = new VirtualClock({ date: 1000.5 });
		useClock(time);
		t.is(clock(), time);
		t.is(Date.now(), 1000);
		await time.advance(2);
		t.is(Date.now(), 1002);
		time.date = 5e9;
		t.is(time.now, 2);
		t.is(Date.now(), 5e9);
		useClock(new WallClock());
		t.is(Date.now, node);
	},
);

test("the wall clock runs a callback no earlier than asked, and not at once", async t => {
	const time = new WallClock();
	for (const delayMs of [0, 0.3, 1, 3.7]) {
		const start = time.now;
		let isLater = false;
		const early = await new Promise<number>(resolve => {
			time.set(() => resolve(start + delayMs - time.now), delayMs);
			isLater = true;
		});
		t.true(isLater);
		t.true(early <= 0, `${early} ms early`);
	}
	const ran: string[] = [];
	time.clear(time.set(() => ran.push("cleared"), 0));
	time.clear(time.set(() => ran.push("cleared"), 1));
	await new Promise<void>(resolve => time.set(resolve, 3));
	t.deepEqual(ran, []);
	const before = time.now;
	time.block(2);
	t.true(time.now > before);
});

test("a handle of another clock clears nothing", async t => {
	const one = new VirtualClock();
	const other = new VirtualClock();
	const ran: string[] = [];
	const handle = one.set(() => ran.push("one"), 1);
	other.set(() => ran.push("other"), 1);
	other.clear(handle);
	await one.advance(1);
	await other.advance(1);
	t.deepEqual(ran, ["one", "other"]);
});
