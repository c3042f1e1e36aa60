import test from "ava";
import fc from "fast-check";
import { type RecordReport, inspect, isDamaged } from "../../outbox/inspect.js";
import { jsonLines, lines, textOf } from "../../outbox/print.js";
import { MemoryFlash } from "../telemetry/memory-flash.js";
import { BLOCK, cutRun, newLedger, open, script, text, waiting } from "../telemetry/outbox-script.js";

const ALL = { hex: false, waiting: false };
const report = (flash: MemoryFlash) => inspect(flash.bytes, BLOCK);
const printed = (flash: MemoryFlash, options = ALL) => [...lines(report(flash), options)].join("\n");
const recordsOf = (flash: MemoryFlash): RecordReport[] =>
	report(flash).blocks.flatMap(({ records }) => records);

function filled(count: number, blocks = 3): { flash: MemoryFlash; outbox: ReturnType<typeof open> } {
	const flash = new MemoryFlash(blocks, BLOCK);
	const outbox = open(flash);
	for (let number = 1; number <= count; number++)
		outbox.append(text(`m${number}`.padEnd(4, ".")), 1000 + number);
	return { flash, outbox };
}

test("records with number, state, place, stamp and payload; blocks with state, order and bytes used", t => {
	const { flash, outbox } = filled(9);
	outbox.acknowledge(2);
	outbox.maintain();
	const { blocks, summary } = report(flash);
	t.deepEqual(
		blocks.map(({ block, state, isHead }) => [block, state, isHead]),
		[
			[2, "free", undefined],
			[0, "used", false],
			[1, "used", true],
		],
	);
	t.like(blocks[2], { version: "OBX1", generation: 2, firstSequence: 8, usedBytes: 48, room: 176 });
	const records = recordsOf(flash);
	t.deepEqual(
		records.map(({ sequence }) => sequence),
		[1, 2, 3, 4, 5, 6, 7, 8, 9],
	);
	t.deepEqual(records[1], {
		state: "acknowledged",
		block: 0,
		offset: 16 + 24,
		sequence: 2,
		length: 4,
		stamp: 1002,
		payload: text("m2.."),
	});
	t.is(records[8].state, "waiting");
	t.like(summary, {
		capacity: 352,
		free: 176 + 176 - 48,
		waiting: 8,
		acknowledged: 1,
		torn: 0,
		damaged: 0,
		damagedBlocks: 0,
		holes: [],
		nextSequence: 10,
	});
	t.is(outbox.status().capacity, summary.capacity);
	t.false(isDamaged(summary));
});

test("what is shown as free is what can be appended before anything has to be dropped", t => {
	for (const count of [0, 1, 6, 7, 9, 14]) {
		const { flash } = filled(count);
		const outbox = open(flash.copy(), { full: "newest" });
		let taken = 0;
		while (outbox.append(text("1234"))) taken++;
		// Of each block, 8 bytes are too few for a record.
		const blocks = 3 - Math.floor(Math.max(count - 1, 0) / 7);
		t.is(report(flash).summary.free, 24 * taken + 8 * blocks, `${count} messages`);
	}
});

test("what a full outbox refused is shown with its numbers, and as a hole", t => {
	const flash = new MemoryFlash(2, BLOCK);
	const outbox = open(flash, { full: "newest" });
	for (let count = 0; count < 17; count++) outbox.append(text("1234"));
	t.deepEqual(report(flash).summary.holes, [[15, 17]]);
	t.is(report(flash).summary.refused, 3);
	t.regex(printed(flash), /15–17 refused: the outbox was full/);
	for (let sequence = 1; sequence <= 7; sequence++) outbox.acknowledge(sequence);
	outbox.append(text("next"));
	const { blocks, summary } = report(flash);
	t.deepEqual(blocks[0].refused, [15, 17]);
	t.deepEqual(summary.holes, [[15, 17]]);
	t.is(summary.nextSequence, 19);
	t.regex(printed(flash), /holes +3 numbers: 15–17/);
});

test("what was to be dropped when the power was cut is shown, and counted once the erase was begun", t => {
	const { flash } = filled(19);
	const whole = flash.copy();
	t.true(open(whole).maintain());
	for (let cutAt = 0; cutAt < whole.steps; cutAt++) {
		const cut = flash.copy();
		cut.cutAt = cutAt;
		t.throws(() => open(cut).maintain());
		const { dropped } = open(cut.copy());
		const { summary, blocks } = report(cut);
		t.is(summary.droppedByCut, dropped);
		// Its fourth byte is erased.
		t.is(blocks[2].claimed, cutAt < 3 ? undefined : 7, `cut at ${cutAt}`);
		if (dropped) t.regex(printed(cut), /dropped +7 by an erase that a power cut ended/);
	}
});

test("damaged: a payload, a header, a block of another time, one that was begun, and what is no outbox", t => {
	const payload = filled(3).flash;
	payload.bytes[16 + 24 + 20] ^= 1;
	t.is(recordsOf(payload)[1].state, "damaged");
	t.like(report(payload).summary, { waiting: 2, damaged: 1, nextSequence: 4 });
	const header = filled(3).flash;
	header.bytes[16 + 24 + 2] = 0;
	t.deepEqual(
		recordsOf(header).map(({ state, sequence }) => [state, sequence]),
		[
			["waiting", 1],
			["torn", undefined],
		],
	);
	t.true(isDamaged(report(header).summary));
	const last = filled(3).flash;
	last.bytes[16 + 48 + 20] ^= 1;
	t.is(recordsOf(last)[2].state, "torn");
	t.is(report(last).summary.nextSequence, 3, "as the outbox will give it");

	const reasonAfter = (change: (bytes: Uint8Array) => void) => {
		const { flash } = filled(8);
		change(flash.bytes);
		const { blocks, summary } = report(flash);
		t.is(summary.damagedBlocks, 1);
		return blocks.find(({ state }) => state === "damaged")?.reason ?? "";
	};
	t.regex(
		reasonAfter(bytes => bytes.fill(0, 0, 16)),
		/given up/,
	);
	t.regex(
		reasonAfter(bytes => (bytes[8] = 0)),
		/header is torn, or its checksum/,
	);
	t.regex(
		reasonAfter(bytes => bytes.fill(0xff, 0, 16)),
		/no header, and not erased/,
	);
	t.regex(
		reasonAfter(bytes => bytes.set(text("XBO9"))),
		/neither/,
	);
	t.regex(
		reasonAfter(bytes => {
			bytes.fill(0xff, 2 * BLOCK);
			bytes.set(text("OBX1"), 2 * BLOCK);
			bytes[3 * BLOCK - 1] = 0;
		}),
		/written to/,
	);
	t.regex(
		reasonAfter(bytes => bytes.copyWithin(2 * BLOCK, 0, BLOCK)),
		/of another time/,
	);
});

test("an erased partition and garbage hold no outbox: the one is sound, the other is not", t => {
	const flash = new MemoryFlash(4, BLOCK);
	t.is(report(flash).summary.nextSequence, undefined);
	t.false(isDamaged(report(flash).summary));
	t.regex(printed(flash), /^blocks 0–3 {2}erased\n/);
	t.regex(printed(flash), /there is no outbox here/);
	flash.bytes.forEach((_, at) => (flash.bytes[at] = (at * 151) & 0xff));
	t.like(report(flash).summary, { nextSequence: undefined, damagedBlocks: 4, waiting: 0 });
});

for (const full of ["oldest", "newest"] as const)
	test(`after a power cut at any step it shows as waiting what the outbox then has, and changes nothing (${full})`, t => {
		const steps = script(90, 3);
		const whole = new MemoryFlash(3, BLOCK);
		cutRun(whole, Infinity, steps, newLedger(), full);
		let torn = 0;
		for (let cutAt = 0; cutAt < whole.steps; cutAt++) {
			const flash = new MemoryFlash(3, BLOCK);
			cutRun(flash, cutAt, steps, newLedger(), full);
			const before = flash.bytes.slice();
			const { blocks, summary } = report(flash);
			const shown = blocks
				.flatMap(({ records }) => records)
				.filter(({ state }) => state === "waiting")
				.map(({ sequence, payload }) => [sequence, textOf(payload ?? new Uint8Array(0))]);
			if (Buffer.compare(before, flash.bytes)) t.fail(`cut at ${cutAt}: changed`);
			const outbox = open(flash.reopened(), { full });
			if (JSON.stringify(shown) !== JSON.stringify(waiting(outbox)))
				t.fail(`cut at ${cutAt}: ${shown.join()}`);
			if (summary.waiting !== outbox.waiting) t.fail(`cut at ${cutAt}: ${summary.waiting} waiting`);
			if (summary.nextSequence !== undefined && summary.nextSequence !== outbox.nextSequence)
				t.fail(`cut at ${cutAt}: next is ${summary.nextSequence}`);
			torn += summary.torn + summary.damagedBlocks;
		}
		t.true(torn > 500, `${torn}`);
	});

test("property: any bytes can be shown", t => {
	fc.assert(
		fc.property(
			fc.uint8Array({ minLength: 3 * BLOCK, maxLength: 3 * BLOCK }),
			fc.boolean(),
			(bytes, isHeaded) => {
				const flash = isHeaded ? filled(8).flash : new MemoryFlash(3, BLOCK);
				bytes.forEach((byte, at) => {
					if (!isHeaded || (at % BLOCK > 40 && byte < 40)) flash.bytes[at] = byte;
				});
				const found = report(flash);
				const json = [...jsonLines(found, ALL)].map(line => JSON.parse(line) as { kind: string });
				t.is(json.at(-1)?.kind, "summary");
				t.true([...lines(found, ALL)].every(line => !/\p{Cc}/u.test(line)));
			},
		),
		{ numRuns: 300, seed: 1 },
	);
});

test("payloads as text on one line: what could steer a terminal is escaped, and so is the escape", t => {
	t.is(textOf(text('{"t":21.5}')), '{"t":21.5}');
	t.is(textOf(text("a\r\n\tb\\ü😀")), "a\\r\\n\\tb\\\\ü😀");
	t.is(
		textOf(text("\u0000\u001b[2J\u007f\u0085\u202e\ufeff")),
		"\\u{0}\\u{1b}[2J\\u{7f}\\u{85}\\u{202e}\\u{feff}",
	);
	t.is(textOf(Uint8Array.of(0x41, 0xff, 0x00, 0x5c, 0x7e, 0x7f)), "A\\xff\\x00\\\\~\\x7f");
});

test("--hex and --waiting, as lines and as JSON", t => {
	const { flash, outbox } = filled(3);
	outbox.acknowledge(2);
	const hex = printed(flash, { hex: true, waiting: true });
	t.regex(hex, /\n +1 {2}waiting +4 +0x10 {2}6d312e2e\n +3 {2}waiting/);
	t.notRegex(hex, /^ +2 /m);
	const objects = (options: typeof ALL) =>
		[...jsonLines(report(flash), options)].map(line => JSON.parse(line) as Record<string, unknown>);
	const records = objects(ALL).filter(({ kind }) => kind === "record");
	t.is(records.length, 3);
	t.like(records[0], { sequence: 1, state: "waiting", text: "m1..", stamp: 1001, offset: 16, length: 4 });
	const waitingOnly = objects({ hex: true, waiting: true }).filter(({ kind }) => kind === "record");
	t.deepEqual(
		waitingOnly.map(({ sequence, hex: digits }) => [sequence, digits]),
		[
			[1, "6d312e2e"],
			[3, "6d332e2e"],
		],
	);
	t.is(objects(ALL).filter(({ kind }) => kind === "block").length, 3);
	t.like(objects(ALL).at(-1), { kind: "summary", waiting: 2 });
	const bytes = new MemoryFlash(2, BLOCK);
	open(bytes).append(Uint8Array.of(0xff, 0));
	t.regex([...jsonLines(report(bytes), ALL)].join("\n"), /"hex":"ff00"/);
});
