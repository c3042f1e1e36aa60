import test from "ava";
import fc from "fast-check";
import { crc32 } from "../../../modules/telemetry/crc32.js";
import { Outbox, OutboxError, type OutboxOptions } from "../../../modules/telemetry/outbox.js";
import { stepOf } from "../sampling.js";
import { type ErasePattern, MemoryFlash, PowerCut } from "./memory-flash.js";

const BLOCK = 256; // 176 bytes for records: 7 of 5 bytes of payload
const text = (value: string) => new Uint8Array(ArrayBuffer.fromString(value));
const string = (bytes: Uint8Array) => String.fromArrayBuffer(bytes.slice().buffer);
const open = (flash: MemoryFlash, options: Partial<OutboxOptions> = {}) =>
	new Outbox({ flash, payloadLimit: 64, ...options });

/** All that waits, as [sequence, text], without changing anything. */
function waiting(outbox: Outbox): [number, string][] {
	const found: [number, string][] = [];
	let after = 0;
	for (;;) {
		const message = outbox.peek(after);
		if (!message) return found;
		found.push([message.sequence, string(message.payload)]);
		after = message.sequence;
	}
}

function add(outbox: Outbox, value: string, stamp = 0): number | undefined {
	const sequence = outbox.nextSequence;
	return outbox.append(text(value), stamp) ? sequence : undefined;
}

/** Like a sample: append, erase ahead. */
function sample(outbox: Outbox, value: string): number | undefined {
	const sequence = add(outbox, value);
	outbox.maintain();
	return sequence;
}

test("CRC-32 gives the check value of the catalogue", t => {
	t.is(crc32(text("123456789")), 0xcbf43926);
	t.is(crc32(text("456789"), 0, 6, crc32(text("123"))), 0xcbf43926);
	t.is(crc32(new Uint8Array(0)), 0);
	// Each byte on its own is one look-up in the table: what is done four at a time comes to the same.
	const bytes = Uint8Array.from({ length: 300 }, (_, index) => (index * 167 + (index >> 3)) & 0xff);
	for (let start = 0; start < 8; start++)
		for (let end = start; end < bytes.length; end++) {
			let single = 0;
			for (let at = start; at < end; at++) single = crc32(bytes, at, at + 1, single);
			if (crc32(bytes, start, end) !== single) t.fail(`bytes ${start} to ${end}`);
		}
});

test("messages come out in order, with stamp, until acknowledged", t => {
	const outbox = open(new MemoryFlash(4, BLOCK));
	t.is(outbox.peek(), undefined);
	t.is(outbox.nextSequence, 1);
	t.is(add(outbox, "one", 0xfedcba98), 1);
	t.is(add(outbox, "two"), 2);
	t.is(outbox.waiting, 2);
	t.is(outbox.peek()?.stamp, 0xfedcba98);
	t.deepEqual(waiting(outbox), [
		[1, "one"],
		[2, "two"],
	]);
	t.true(outbox.acknowledge(1));
	t.false(outbox.acknowledge(1));
	t.false(outbox.acknowledge(7));
	t.deepEqual(waiting(outbox), [[2, "two"]]);
	t.true(outbox.acknowledge(2));
	t.is(outbox.peek(), undefined);
	t.is(outbox.waiting, 0);
});

test("messages may be acknowledged in any order", t => {
	const flash = new MemoryFlash(4, BLOCK);
	const outbox = open(flash);
	for (let i = 1; i <= 12; i++) add(outbox, `m${i}`);
	t.true(outbox.acknowledge(11));
	t.true(outbox.acknowledge(3));
	const expected = [1, 2, 4, 5, 6, 7, 8, 9, 10, 12].map(i => [i, `m${i}`] as [number, string]);
	t.deepEqual(waiting(outbox), expected);
	t.deepEqual(waiting(open(flash)), expected);
});

test("what waits is there after a restart, and the numbers go on", t => {
	const flash = new MemoryFlash(4, BLOCK);
	let outbox = open(flash);
	for (let i = 1; i <= 9; i++) add(outbox, `m${i}`);
	outbox.acknowledge(1);
	outbox = open(flash);
	t.is(outbox.waiting, 8);
	t.is(outbox.nextSequence, 10);
	for (let i = 2; i <= 9; i++) t.true(outbox.acknowledge(i));
	outbox = open(flash);
	t.is(outbox.waiting, 0);
	t.is(outbox.nextSequence, 10);
});

test("garbage in the partition is formatted", t => {
	const bytes = new Uint8Array(4 * BLOCK).map((_, i) => (i * 151) & 0xff);
	for (const fill of [bytes, new Uint8Array(4 * BLOCK), new Uint8Array(4 * BLOCK).fill(0xff)]) {
		const flash = new MemoryFlash(4, BLOCK, fill.slice());
		const outbox = open(flash);
		t.is(outbox.waiting, 0);
		for (let i = 1; i <= 20; i++) t.is(sample(outbox, `m${i}`), i);
		t.is(open(flash).nextSequence, 21);
	}
});

test("no append erases when maintain is called between, and wear is spread", t => {
	const flash = new MemoryFlash(4, BLOCK);
	const counts = new Map<number, number>();
	const eraseBlock = flash.eraseBlock.bind(flash);
	flash.eraseBlock = block => {
		counts.set(block, (counts.get(block) ?? 0) + 1);
		eraseBlock(block);
	};
	const outbox = open(flash);
	for (let i = 1; i <= 700; i++) {
		const { erases } = flash;
		add(outbox, "12345");
		t.is(flash.erases, i === 1 ? 1 : erases);
		outbox.acknowledge(i);
		outbox.maintain();
	}
	t.is(outbox.status().lateErases, 0);
	t.is(counts.size, 4);
	const erases = [...counts.values()];
	t.true(Math.max(...erases) - Math.min(...erases) <= 1, erases.join());
});

test("without maintain, an append erases as a last resort and counts it", t => {
	const outbox = open(new MemoryFlash(4, BLOCK));
	for (let i = 1; i <= 30; i++) {
		t.is(add(outbox, "12345"), i);
		outbox.acknowledge(i);
	}
	t.true(outbox.status().lateErases > 0);
});

test("a full outbox drops its oldest block: counted, and a hole in the sequence", t => {
	const flash = new MemoryFlash(4, BLOCK);
	const outbox = open(flash, { full: "oldest" });
	for (let i = 1; i <= 100; i++) t.is(sample(outbox, `${i}`), i);
	const left = waiting(outbox);
	t.is(left.length, outbox.waiting);
	t.is(outbox.dropped, 100 - left.length);
	t.deepEqual(
		left,
		left.map((_, i) => [outbox.dropped + i + 1, `${outbox.dropped + i + 1}`]),
	);
	t.true(outbox.waiting * 24 >= outbox.status().capacity - BLOCK, `${outbox.waiting}`);
	t.false(outbox.acknowledge(1));
	t.deepEqual(waiting(open(flash)), left);
});

test("a full outbox refuses the newest: counted, and a hole in the sequence, also after a restart", t => {
	const flash = new MemoryFlash(4, BLOCK);
	let outbox = open(flash, { full: "newest" });
	let accepted = 0;
	for (let i = 1; i <= 100; i++) if (sample(outbox, `${i}`) !== undefined) accepted++;
	t.is(accepted, outbox.waiting);
	t.is(outbox.dropped, 100 - accepted);
	t.is(outbox.nextSequence, 101);
	outbox = open(flash, { full: "newest" });
	t.is(outbox.nextSequence, 101);
	t.is(outbox.waiting, accepted);
	for (let i = 1; i <= 7; i++) t.true(outbox.acknowledge(i));
	t.true(outbox.maintain());
	t.is(sample(outbox, "again"), 101);
	t.is(open(flash).nextSequence, 102);
});

test("more refused messages than the tally holds are still counted", t => {
	const flash = new MemoryFlash(2, BLOCK);
	const outbox = open(flash, { full: "newest" });
	let refused = 0;
	for (let i = 0; i < 700; i++) if (sample(outbox, "12345") === undefined) refused++;
	t.is(outbox.dropped, refused);
	t.is(outbox.nextSequence, 701);
	t.is(open(flash).nextSequence, 701 - (refused - 512));
});

test("a message that flash does not give back is left out and counted", t => {
	const flash = new MemoryFlash(4, BLOCK);
	const outbox = open(flash);
	for (let i = 1; i <= 3; i++) add(outbox, `message ${i}`);
	flash.bytes[flash.bytes.indexOf("2".charCodeAt(0))] = 0;
	t.deepEqual(waiting(outbox), [
		[1, "message 1"],
		[3, "message 3"],
	]);
	t.is(outbox.status().corrupt, 1);
	t.is(outbox.waiting, 2);
	t.is(open(flash).waiting, 2);
});

test("a write that fails is not accepted, and its number is not given again", t => {
	const flash = new MemoryFlash(4, BLOCK);
	const outbox = open(flash);
	add(outbox, "one");
	const write = flash.write.bind(flash);
	flash.write = (buffer, offset) => {
		write(buffer, offset);
		throw new Error("flash failed");
	};
	t.throws(() => outbox.append(text("two")), { message: "flash failed" });
	flash.write = write;
	t.is(add(outbox, "three"), 3);
	t.deepEqual(waiting(outbox), [
		[1, "one"],
		[3, "three"],
	]);
	t.deepEqual(waiting(open(flash)), [
		[1, "one"],
		[3, "three"],
	]);
});

test("wrong options and wrong use are refused", t => {
	const flash = new MemoryFlash(4, BLOCK);
	t.throws(() => new Outbox({} as OutboxOptions), { instanceOf: TypeError });
	t.throws(() => open(flash, { full: "none" as "oldest" }), { instanceOf: RangeError });
	for (const payloadLimit of [0, 1.5, 65535, NaN])
		t.throws(() => open(flash, { payloadLimit }), { instanceOf: RangeError });
	t.throws(() => open(flash, { payloadLimit: 200 }), { instanceOf: OutboxError, message: /too small/ });
	t.throws(() => open(new MemoryFlash(1, BLOCK)), { instanceOf: OutboxError });
	t.is(flash.writes, 0);
	const outbox = open(flash);
	t.throws(() => outbox.append(new Uint8Array(0)), { instanceOf: OutboxError });
	t.throws(() => outbox.append(new Uint8Array(65)), {
		instanceOf: OutboxError,
		message: /65 bytes is not 1 to 64/,
	});
	t.is(outbox.nextSequence, 1);
	outbox.close();
	outbox.close();
	t.true(flash.isClosed);
	t.throws(() => outbox.peek(), { instanceOf: OutboxError, message: /closed/ });
});

// ---- power cuts ----

const random = (seed: number) => () => {
	seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
	return seed / 2 ** 32;
};
const noise = random(7);

/** What an erase may leave when it is cut off: early to late. */
const erasePatterns: ErasePattern[] = [
	(byte, i) => (i % 2 ? byte : byte | 0x11),
	(byte, i, length) => (i < length / 2 ? 0xff : byte),
	(byte, i, length) => (i < length / 2 ? byte : 0xff),
	byte => byte | (noise() * 256),
	(byte, i) => (i < 16 ? byte : 0xff),
	(byte, i, length) => (i === length - 1 ? byte : 0xff),
];

interface Ledger {
	accepted: Map<number, string>;
	begun: Map<number, string>; // append was under way at the cut
	acknowledged: Set<number>; // by the receiver, whether the outbox knows or not
	highest: number;
	dropped: Set<number>;
}

type Step = { kind: "sample"; size: number } | { kind: "acknowledge" } | { kind: "maintain" };

function run(outbox: Outbox, script: readonly Step[], ledger: Ledger): void {
	for (const step of script) {
		if (step.kind === "sample") {
			const sequence = outbox.nextSequence;
			const value = `${sequence}:`.padEnd(step.size, "x");
			ledger.begun.clear();
			ledger.begun.set(sequence, value);
			if (outbox.append(text(value))) ledger.accepted.set(sequence, value);
			ledger.highest = Math.max(ledger.highest, sequence);
			ledger.begun.clear();
		} else if (step.kind === "acknowledge") {
			const message = outbox.peek();
			if (!message) continue;
			ledger.acknowledged.add(message.sequence);
			outbox.acknowledge(message.sequence);
		} else {
			outbox.maintain();
		}
	}
}

/** Checks a reopened outbox against what was promised. `mayDrop`: the policy drops accepted messages from the oldest on. */
function verify(outbox: Outbox, ledger: Ledger, mayDrop: boolean): string | undefined {
	const left = waiting(outbox);
	if (left.length !== outbox.waiting) return `waiting is ${outbox.waiting}, found ${left.length}`;
	if (outbox.status().corrupt) return `${outbox.status().corrupt} corrupt`;
	if (outbox.nextSequence <= ledger.highest)
		return `number ${outbox.nextSequence} would repeat, ${ledger.highest} was given`;
	let last = 0;
	for (const [sequence, value] of left) {
		if (sequence <= last) return `${sequence} after ${last}`;
		last = sequence;
		if (sequence >= outbox.nextSequence) return `${sequence} waits but is next`;
		if ((ledger.accepted.get(sequence) ?? ledger.begun.get(sequence)) !== value)
			return `${sequence} was invented: ${value}`;
	}
	const found = new Set(left.map(([sequence]) => sequence));
	const oldest = left.length ? left[0][0] : Infinity;
	for (const sequence of ledger.accepted.keys()) {
		if (found.has(sequence) || ledger.acknowledged.has(sequence)) continue;
		if (!mayDrop || sequence > oldest) return `${sequence} was lost`;
	}
	return undefined;
}

const newLedger = (): Ledger => ({
	accepted: new Map(),
	begun: new Map(),
	acknowledged: new Set(),
	highest: 0,
	dropped: new Set(),
});

const cloneLedger = (ledger: Ledger): Ledger => ({
	accepted: new Map(ledger.accepted),
	begun: new Map(ledger.begun),
	acknowledged: new Set(ledger.acknowledged),
	highest: ledger.highest,
	dropped: new Set(ledger.dropped),
});

/** Runs until the power is cut, reopens, and verifies. */
function cutRun(
	flash: MemoryFlash,
	cutAt: number,
	script: readonly Step[],
	ledger: Ledger,
	full: "oldest" | "newest",
) {
	flash.erasePatterns = erasePatterns;
	flash.cutAt = cutAt;
	let isCut = false;
	try {
		run(open(flash, { full }), script, ledger);
	} catch (error) {
		if (!(error instanceof PowerCut)) throw error;
		isCut = true;
	}
	return isCut;
}

const script = (length: number, seed: number): Step[] => {
	const next = random(seed);
	return Array.from({ length }, (): Step => {
		const draw = next();
		if (draw < 0.5) return { kind: "sample", size: 4 + Math.floor(next() * 60) };
		return { kind: draw < 0.8 ? "acknowledge" : "maintain" };
	});
};

for (const full of ["oldest", "newest"] as const) {
	test(`a power cut at every byte of every write and in every erase loses and invents nothing (${full})`, t => {
		const steps = script(90, 3);
		const whole = new MemoryFlash(3, BLOCK);
		t.false(cutRun(whole, Infinity, steps, newLedger(), full));
		t.true(whole.erases > 5);
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

test("property: against a simple model, for any script, sizes and restarts", t => {
	const step = fc.oneof(
		{
			weight: 6,
			arbitrary: fc.record({ kind: fc.constant("sample" as const), size: fc.integer({ min: 4, max: 64 }) }),
		},
		{ weight: 4, arbitrary: fc.constant({ kind: "acknowledge" as const }) },
		{ weight: 2, arbitrary: fc.constant({ kind: "maintain" as const }) },
		{ weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
	);
	fc.assert(
		fc.property(
			fc.array(step, { maxLength: 120 }),
			fc.constantFrom("oldest" as const, "newest" as const),
			fc.integer({ min: 2, max: 5 }),
			(steps, full, blocks) => {
				const flash = new MemoryFlash(blocks, BLOCK);
				let outbox = open(flash, { full });
				let model: [number, string][] = [];
				let next = 1;
				let dropped = 0;
				for (const each of steps) {
					const before = outbox.dropped;
					if (each.kind === "restart") {
						outbox = open(flash, { full });
						dropped = 0;
					} else if (each.kind === "sample") {
						const value = `${next}:`.padEnd(each.size, "y");
						if (outbox.append(text(value))) model.push([next, value]);
						else dropped++;
						next++;
					} else if (each.kind === "acknowledge") {
						const message = outbox.peek();
						if (message?.sequence !== model.at(0)?.[0]) throw new Error("peek is not the oldest");
						if (message && !outbox.acknowledge(message.sequence)) throw new Error("not acknowledged");
						model.shift();
					} else {
						outbox.maintain();
					}
					if (full === "oldest" && each.kind !== "restart") {
						const lost = outbox.dropped - before;
						model = model.slice(lost);
						dropped += lost;
					}
					if (outbox.nextSequence !== next || outbox.dropped !== dropped) throw new Error("count");
				}
				t.deepEqual(waiting(outbox), model);
				t.is(outbox.waiting, model.length);
			},
		),
		{ numRuns: 400, seed: 1 },
	);
});
