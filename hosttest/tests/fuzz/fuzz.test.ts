import test from "ava";
import { WRITTEN } from "../../fuzz/corpus.js";
import { CountingClock } from "../../fuzz/counting-clock.js";
import { fuzz } from "../../fuzz/fuzz.js";
import { type Piece, bytesOf } from "../../fuzz/pieces.js";
import { type Outcome, RoundFailure, play } from "../../fuzz/round.js";
import { shortest } from "../../fuzz/shrink.js";
import { Unit } from "../../fuzz/unit.js";

const UNIT = {
	seed: 1,
	mode: ["B", "text"],
	receiveBuffer: 1024,
	latencyCharacters: 24,
	early: 0.5,
} as const;

test.serial("200,000 bytes of garbage, and correct exchanges in between", async t => {
	const outcomes: Outcome[] = [];
	const failure = await fuzz({
		...{ seed: 5, bytes: 200_000, pieces: 500, shrinkSeconds: 20 },
		onRound: (_, outcome) => outcomes.push(outcome),
	});
	t.is(failure, undefined, failure && `${failure.message}\n${JSON.stringify(failure.bytes)}`);
	const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, it) => total + of(it), 0);
	// The garbage did reach the firmware.
	t.true(sum(it => it.gaps) > 10);
	t.true(sum(it => it.clients) > 2 * outcomes.length);
	t.true(sum(it => it.exchanges) > outcomes.length);
	t.log(`${sum(it => it.bytes)} bytes, ${sum(it => it.exchanges)} exchanges, ${sum(it => it.gaps)} gaps`);
});

test.serial("the same seed gives the same round", async t => {
	const outcomes: Outcome[] = [];
	for (let time = 0; time < 2; time++)
		await fuzz({ seed: 9, bytes: 1, pieces: 100, onRound: (_, outcome) => outcomes.push(outcome) });
	t.is(outcomes.length, 2);
	t.deepEqual(outcomes[0], outcomes[1]);
});

test.serial("what fails is made as short as it can be, and named", async t => {
	const failure = await fuzz({
		...{ seed: 3, round: 4, bytes: Infinity, pieces: 300 },
		play: ({ pieces }, corpus) => {
			const has = (text: string) => pieces.some(piece => bytesOf(piece, corpus).includes(text));
			if (has("ABORTED") && has("+QMTSTAT: 0,2")) throw new RoundFailure("both", pieces.length);
			return Promise.resolve({ bytes: pieces.length } as Outcome);
		},
	});
	t.like(failure, { seed: 3, message: "both" });
	t.true((failure?.round ?? 0) >= 4);
	t.true((failure?.shortest.pieces.length ?? 0) <= 2);
	t.regex(failure?.bytes ?? "", /ABORTED/);
});

test.serial("a correct exchange that does not come about fails the round", async t => {
	const unit = await Unit.start(UNIT);
	await t.throwsAsync(unit.exchange(10), { message: /no correct exchange \(connection/ });
	await unit.close();
});

test.serial("what is contained is found: a callback that threw", async t => {
	const unit = await Unit.start(UNIT);
	await unit.exchange(60_000);
	t.is(unit.problem(), undefined);
	trace("BC20: a callback threw TypeError\n");
	t.is(unit.problem(), "BC20: a callback threw TypeError");
	t.is(await unit.close(), "BC20: a callback threw TypeError");
});

test.serial("what is left behind is found: a timer that nobody clears", async t => {
	const unit = await Unit.start(UNIT);
	await unit.exchange(60_000);
	unit.clock.set(() => undefined, 1e9);
	t.is(await unit.close(), "1 events wait on the clock at the end");
});

test.serial("an unhandled rejection fails the round", async t => {
	const piece: Piece = { base: { kind: "conversation", entry: 0 }, mutations: [], pauseMs: 10 };
	const pieces = new Proxy([piece], {
		get(target, key, receiver) {
			// Ava has a listener of its own, which is not to hear of it.
			const [last] = process.listeners("unhandledRejection").slice(-1);
			if (key === "0") last(new Error("nobody looks"), Promise.resolve());
			return Reflect.get(target, key, receiver) as unknown;
		},
	});
	await t.throwsAsync(play({ unit: UNIT, pieces }, WRITTEN), {
		instanceOf: RoundFailure,
		message: /unhandled rejection: Error: nobody looks/,
	});
});

test("events that go round in circles are found", async t => {
	const clock = new CountingClock();
	const again = () => void clock.set(again, 0);
	again();
	await t.throwsAsync(clock.advance(1), { message: /no time has passed/ });
});

test("the clock counts what waits, and the work of one event", async t => {
	const clock = new CountingClock();
	clock.set(() => {
		clock.work();
		clock.work();
	}, 1);
	clock.set(() => clock.work(), 2);
	clock.clear(clock.set(() => undefined, 3));
	t.is(clock.waiting, 2);
	await clock.advance(5);
	t.is(clock.waiting, 0);
	t.is(clock.mostWork, 2);
	t.is(clock.events, 2);
});

test("shortest: the fewest items that still fail", async t => {
	const items = Array.from({ length: 100 }, (_, index) => index);
	let tries = 0;
	const fails = (some: readonly number[]) =>
		Promise.resolve(++tries > 0 && [3, 50, 97].every(it => some.includes(it)));
	t.deepEqual(await shortest(items, fails, () => false), [3, 50, 97]);
	t.true(tries < 150, `${tries} tries`);
	t.deepEqual(await shortest(items, fails, () => true), items);
});
