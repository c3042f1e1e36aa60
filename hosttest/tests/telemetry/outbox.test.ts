import test from "ava";
import fc from "fast-check";
import { crc32 } from "../../../modules/telemetry/crc32.js";
import { Outbox, OutboxError, type OutboxOptions } from "../../../modules/telemetry/outbox.js";
import { MemoryFlash } from "./memory-flash.js";
import { BLOCK, open, text, waiting } from "./outbox-script.js";

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
	t.is(open(flash).nextSequence, 701 - (refused - 448));
	t.deepEqual(flash.bytes.slice(2 * BLOCK - 8), new Uint8Array(8).fill(0xff), "behind the tally");
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
