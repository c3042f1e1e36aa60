// The outbox, when the power is cut: at every byte of every write, and at every point of every erase.
import test from "ava";
import { GENERATION_OFFSET } from "../../../modules/telemetry/outbox-format.js";
import { stepOf } from "../sampling.js";
import { MemoryFlash, PowerCut } from "./memory-flash.js";
import {
	BLOCK,
	type Ledger,
	type Step,
	cloneLedger,
	cutRun,
	newLedger,
	open,
	script,
	text,
	verify,
	waiting,
} from "./outbox-script.js";

const POLICIES = ["oldest", "newest"] as const;
type Policy = (typeof POLICIES)[number];

/** Accepted messages that are neither here nor acknowledged: a full outbox has dropped them. */
function missing(ledger: Ledger, left: readonly [number, string][]): number {
	const found = new Set(left.map(([sequence]) => sequence));
	return [...ledger.accepted.keys()].filter(
		sequence => !found.has(sequence) && !ledger.acknowledged.has(sequence),
	).length;
}

for (const full of POLICIES) {
	test(`a power cut at every byte of every write and in every erase loses and invents nothing (${full})`, t => {
		const steps = script(90, 3);
		const whole = new MemoryFlash(3, BLOCK);
		const wholeLedger = newLedger();
		t.false(cutRun(whole, Infinity, steps, wholeLedger, full));
		t.true(whole.erases > 5);
		t.true(wholeLedger.dropped > 0, "the outbox is full at times");
		let cuts = 0;
		for (let cutAt = 0; cutAt < whole.steps; cutAt += stepOf(13)) {
			const flash = new MemoryFlash(3, BLOCK);
			const ledger = newLedger();
			t.true(cutRun(flash, cutAt, steps, ledger, full));
			// What the refused-newest tally had under way at the cut was given to nobody.
			const problem = verify(open(flash.reopened(), { full }), ledger, full === "oldest");
			if (problem) t.fail(`cut at step ${cutAt}: ${problem}`);
			cuts++;
		}
		t.log(`${cuts} cuts, ${whole.erases} erases`);
	});

	test(`a power cut at every byte of what opening repairs after a power cut loses and invents nothing (${full})`, t => {
		const steps = script(90, 3);
		const whole = new MemoryFlash(3, BLOCK);
		cutRun(whole, Infinity, steps, newLedger(), full);
		let cuts = 0;
		let repairs = 0;
		for (let cutAt = 0; cutAt < whole.steps; cutAt += stepOf(23)) {
			const flash = new MemoryFlash(3, BLOCK);
			const ledger = newLedger();
			cutRun(flash, cutAt, steps, ledger, full);
			const opened = flash.copy();
			cutRun(opened, Infinity, [], newLedger(), full);
			if (opened.steps) repairs++;
			for (let secondCut = 0; secondCut < opened.steps; secondCut++) {
				const again = flash.copy();
				t.true(cutRun(again, secondCut, [], newLedger(), full));
				const problem = verify(open(again.reopened(), { full }), ledger, full === "oldest");
				if (problem) t.fail(`cuts at ${cutAt} and, opening, ${secondCut}: ${problem}`);
				cuts++;
			}
		}
		t.log(`${cuts} cuts in ${repairs} repairs`);
		t.true(repairs * stepOf(23) > 500);
	});

	test(`after a power cut the outbox goes on, and a second cut at every step changes nothing (${full})`, t => {
		const steps = script(60, 11);
		const first = new MemoryFlash(3, BLOCK);
		cutRun(first, Infinity, steps, newLedger(), full);
		const more = script(8, 5);
		let cuts = 0;
		for (let cutAt = 3; cutAt < first.steps; cutAt += 37) {
			const flash = new MemoryFlash(3, BLOCK);
			const ledger = newLedger();
			cutRun(flash, cutAt, steps, ledger, full);
			for (const [sequence, value] of ledger.begun) ledger.accepted.set(sequence, value);
			const kept = new Set(waiting(open(flash.copy(), { full })).map(([sequence]) => sequence));
			for (const sequence of ledger.begun.keys()) if (!kept.has(sequence)) ledger.accepted.delete(sequence);
			const whole = flash.copy();
			cutRun(whole, Infinity, more, cloneLedger(ledger), full);
			for (let secondCut = 0; secondCut <= whole.steps; secondCut += stepOf(13)) {
				const again = flash.copy();
				const secondLedger = cloneLedger(ledger);
				cutRun(again, secondCut, more, secondLedger, full);
				const problem = verify(open(again.reopened(), { full }), secondLedger, full === "oldest");
				if (problem) t.fail(`cuts at ${cutAt} and ${secondCut}: ${problem}`);
				cuts++;
			}
		}
		t.log(`${cuts} second cuts`);
		t.true(cuts * stepOf(13) > 1000);
	});
}

/** Cuts the power in an erase that drops `lost` messages, at each step of it. Returns what is open then, and how often the magic was gone. */
function cutInDrop(lost: number, tell: (flash: MemoryFlash, isGone: boolean, step: number) => void): void {
	const before = new MemoryFlash(3, BLOCK);
	const outbox = open(before);
	while (outbox.nextSequence <= 19) outbox.append(text("1234"));
	for (let sequence = 1; sequence <= 7 - lost; sequence++) outbox.acknowledge(sequence);
	const whole = before.copy();
	whole.erasePatterns = [byte => byte | 0x0f, (byte, i) => (i % 3 ? byte : 0xff)];
	if (!open(whole).maintain()) throw new Error("nothing to erase");
	for (let cutAt = 0; cutAt <= whole.steps; cutAt++) {
		const flash = before.copy();
		flash.erasePatterns = whole.erasePatterns;
		flash.cutAt = cutAt;
		try {
			open(flash).maintain();
		} catch (error) {
			if (!(error instanceof PowerCut)) throw error;
		}
		const magic = flash.bytes.subarray(0, GENERATION_OFFSET);
		tell(flash.reopened(), String.fromCharCode(...magic) !== "OBX1", cutAt);
	}
}

test("messages dropped by an erase that a power cut ended are counted by the next opening, whatever step it was", t => {
	for (let lost = 1; lost <= 7; lost++) {
		let counted = 0;
		let kept = 0;
		cutInDrop(lost, (flash, isGone, step) => {
			const outbox = open(flash);
			const { waiting: left } = outbox;
			t.is(outbox.dropped, isGone ? lost : 0, `${lost} lost, step ${step}`);
			if (isGone) counted++;
			else if (left === 12 + lost) kept++;
			else t.is(left, 12, "it was dropped, and that was told");
		});
		// 16 bytes of zeros but for the first place, the erase, and all but the last of 4 bytes of magic.
		t.is(counted, 16 + 3 + 3, `${lost} lost`);
		t.true(kept >= 4, "before the first of the zeros");
	}
});

test("a claim that came to nothing is put right before the block is erased after all", t => {
	for (const acknowledged of [0, 2, 7])
		cutInDrop(7, (flash, isGone, step) => {
			const first = open(flash);
			if (isGone || first.waiting !== 19) return;
			for (let sequence = 1; sequence <= acknowledged; sequence++) first.acknowledge(sequence);
			const second = flash.copy();
			second.erasePatterns = [byte => byte | 0xf0];
			// Behind the zeros: in the erase.
			const whole = second.copy();
			whole.erasePatterns = second.erasePatterns;
			t.true(open(whole).maintain());
			second.cutAt = whole.steps - 5;
			t.throws(() => open(second).maintain(), { instanceOf: PowerCut });
			t.is(open(second.reopened()).dropped, 7 - acknowledged, `step ${step}, ${acknowledged} acknowledged`);
		});
});

test("messages dropped by an erase that a power cut ended are counted until it is done, by each opening", t => {
	cutInDrop(7, (flash, isGone, step) => {
		if (!isGone) return;
		const whole = flash.copy();
		t.true(open(whole).maintain());
		for (let cutAt = 0; cutAt <= whole.steps; cutAt++) {
			const again = flash.copy();
			again.cutAt = cutAt;
			try {
				open(again).maintain();
			} catch (error) {
				t.true(error instanceof PowerCut);
			}
			const { dropped, waiting: left } = open(again.reopened());
			t.is(dropped, cutAt < whole.steps ? 7 : 0, `cut at ${step} and ${cutAt}`);
			t.is(left, 12);
		}
	});
});

test("two claims are all that a head has: a third changes nothing, and the block is erased", t => {
	const flash = new MemoryFlash(3, BLOCK);
	const outbox = open(flash);
	while (outbox.nextSequence <= 19) outbox.append(text("1234"));
	const claims = flash.bytes.subarray(3 * BLOCK - 8);
	claims.set([1, 0, 0xfe, 0xff, 2, 0, 0xfd, 0xff]);
	const before = claims.slice();
	t.true(open(flash).maintain());
	t.deepEqual(claims, before);
	t.is(open(flash).waiting, 12);
	t.is(open(flash).dropped, 0);
});

test("no claim where nothing waits, and none where no erase was begun", t => {
	const flash = new MemoryFlash(3, BLOCK);
	const outbox = open(flash);
	while (outbox.nextSequence <= 19) outbox.append(text("1234"));
	for (let sequence = 1; sequence <= 7; sequence++) outbox.acknowledge(sequence);
	t.true(outbox.maintain());
	t.deepEqual(flash.bytes.slice(3 * BLOCK - 8), new Uint8Array(8).fill(0xff));
	t.is(outbox.dropped, 0);
});

test("what is dropped is counted, cut for cut: what was told before it, and what the next opening tells", t => {
	for (const full of POLICIES) exactCounts(full).forEach(problem => t.fail(problem));
	t.pass();
});

/** Of a script in which no append has to erase, since blocks are erased ahead. */
function exactCounts(full: Policy): string[] {
	const problems: string[] = [];
	const steps = script(80, 21, 0.05).flatMap((step): Step[] =>
		step.kind === "sample" ? [{ kind: "sample", size: 4 + (step.size % 20) }, { kind: "maintain" }] : [step],
	);
	const whole = new MemoryFlash(4, BLOCK);
	const all = newLedger();
	cutRun(whole, Infinity, steps, all, full);
	if (!all.dropped || (full === "newest") !== all.refused > 0) problems.push(`${full}: not full`);
	for (let cutAt = 0; cutAt < whole.steps; cutAt += stepOf(17)) {
		const flash = new MemoryFlash(4, BLOCK);
		const ledger = newLedger();
		cutRun(flash, cutAt, steps, ledger, full);
		const outbox = open(flash.reopened(), { full });
		const lost = missing(ledger, waiting(outbox)) + ledger.refused;
		const told = ledger.dropped + outbox.dropped;
		if (lost !== told) problems.push(`${full}, cut at step ${cutAt}: ${lost} lost, ${told} told`);
	}
	return problems;
}
