// The outbox on flash that fails, that holds what the outbox never writes, and how often it reads.
import test from "ava";
import {
	BLOCK_HEADER,
	RECORD_HEADER,
	TAIL_LENGTH,
	encodeRecord,
	recordLength,
} from "../../../modules/telemetry/outbox-format.js";
import { BlockRing } from "../../../modules/telemetry/outbox-ring.js";
import { MemoryFlash } from "./memory-flash.js";
import { BLOCK, open, text, waiting } from "./outbox-script.js";

const LIMIT = BLOCK - TAIL_LENGTH;
/** Records of 4 bytes in a block. */
const IN_A_BLOCK = 7;
const RECORD = recordLength(4);

function filled(
	count: number,
	blocks = 3,
	payload = "1234",
): { flash: MemoryFlash; outbox: ReturnType<typeof open> } {
	const flash = new MemoryFlash(blocks, BLOCK);
	const outbox = open(flash);
	for (let left = count; left > 0; left--) outbox.append(text(payload));
	return { flash, outbox };
}

/** Makes the next write fail that has so many before it, and `count` in all, `after` it was done or before. */
function fail(flash: MemoryFlash, skip: number, count: number, isDone: boolean): () => void {
	const write = flash.write.bind(flash);
	let calls = 0;
	flash.write = (bytes, offset) => {
		const isFailing = calls >= skip && calls < skip + count;
		calls++;
		if (!isFailing || isDone) write(bytes, offset);
		if (isFailing) throw new Error("flash failed");
	};
	return () => (flash.write = write);
}

test("a write that fails costs no message that was accepted, whichever write it is", t => {
	for (const skip of [0, 1])
		for (const isDone of [false, true])
			for (const count of [1, 2, 3]) {
				const name = `write ${skip}, ${count} fail, done: ${isDone}`;
				const { flash, outbox } = filled(2, 4);
				const mend = fail(flash, skip, count, isDone);
				t.throws(() => outbox.append(text("lost")), { message: "flash failed" }, name);
				mend();
				t.true(outbox.append(text("more")), name);
				const found = waiting(outbox);
				const expected = [
					[1, "1234"],
					[2, "1234"],
					[4, "more"],
				];
				// One that reached flash, of which the outbox was told otherwise twice, may come out.
				t.deepEqual(
					found.filter(([sequence]) => sequence !== 3),
					expected as typeof found,
					name,
				);
				for (const [sequence] of found) t.true(outbox.acknowledge(sequence), name);
				// One that was neither written nor could be withdrawn is waited for until the next opening.
				t.true(outbox.waiting <= (count > 1 ? 1 : 0), `${name}: ${outbox.waiting}`);
				t.is(open(flash).waiting, 0, name);
			}
});

test("a message that could not be written does not hold the block of others", t => {
	const { flash, outbox } = filled(2, 2);
	const mend = fail(flash, 1, 1, false);
	t.throws(() => outbox.append(text("lost")));
	mend();
	outbox.append(text("more"));
	t.is(outbox.waiting, 3);
	t.deepEqual(
		waiting(outbox).map(([sequence]) => sequence),
		[1, 2, 4],
	);
	t.is(outbox.status().corrupt, 0);
	t.is(outbox.waiting, 3);
	t.false(outbox.maintain(), "block 0 waits, the head is not half full");
});

test("a block that cannot be erased costs nothing: the sample is refused with the error, and taken later", t => {
	const { flash, outbox } = filled(IN_A_BLOCK);
	for (let sequence = 1; sequence <= IN_A_BLOCK; sequence++) outbox.acknowledge(sequence);
	const eraseBlock = flash.eraseBlock.bind(flash);
	flash.eraseBlock = () => {
		throw new Error("no erase");
	};
	const { nextSequence } = outbox;
	t.throws(() => outbox.append(text("1234")), { message: "no erase" });
	flash.eraseBlock = eraseBlock;
	t.is(outbox.nextSequence, nextSequence);
	t.true(outbox.append(text("5678")));
	t.deepEqual(waiting(open(flash)), [[nextSequence, "5678"]]);
});

test("a length that reaches past the records' end is none: not opening, and not looking for a message", t => {
	for (const block of [0, 1]) {
		const { flash } = filled(IN_A_BLOCK + 5);
		const place = block * BLOCK + BLOCK_HEADER + 3 * RECORD;
		const room = LIMIT - (BLOCK_HEADER + 3 * RECORD) - RECORD_HEADER;
		const view = new DataView(flash.bytes.buffer);
		for (const length of [room + 1, 1000, 0xfffe]) {
			view.setUint16(place, length, true);
			view.setUint16(place + 2, ~length, true);
			const outbox = open(flash.copy());
			const left = block ? IN_A_BLOCK + 3 : 3 + 5;
			t.is(outbox.waiting, left, `block ${block}, length ${length}`);
			t.is(waiting(outbox).length, left);
			t.is(outbox.status().corrupt, 0);
			t.is(outbox.waiting, left);
		}
	}
});

test("a record that ends where the room for records does, and one that is longer than messages may be now", t => {
	const { flash, outbox } = filled(IN_A_BLOCK - 1, 4);
	const rest = LIMIT - BLOCK_HEADER - (IN_A_BLOCK - 1) * RECORD - RECORD_HEADER;
	t.true(outbox.append(new Uint8Array(rest).fill(0x78)));
	t.true(outbox.append(text("y".repeat(64))));
	t.true(outbox.append(text("next")));
	const found = waiting(outbox);
	t.is(found.length, IN_A_BLOCK + 2);
	const shorter = open(flash, { payloadLimit: 4 });
	t.is(shorter.waiting, IN_A_BLOCK + 2);
	t.deepEqual(waiting(shorter), found);
	t.is(shorter.nextSequence, IN_A_BLOCK + 3);
	t.throws(() => shorter.append(text("12345")), { name: "OutboxError", code: "size" });
	t.is(shorter.nextSequence, IN_A_BLOCK + 3, "no number is used up");
	t.true(shorter.append(text("1234")));
	t.deepEqual(waiting(open(flash)), [...found, [IN_A_BLOCK + 3, "1234"]]);
});

test("records to the end of the partition's last block", t => {
	const { flash } = filled(3 * IN_A_BLOCK, 3);
	const outbox = open(flash);
	t.is(outbox.waiting, 3 * IN_A_BLOCK);
	t.is(waiting(outbox).length, 3 * IN_A_BLOCK);
});

test("a block that was erased ahead is still free after a restart", t => {
	const { flash, outbox } = filled(1);
	t.true(outbox.maintain());
	const reopened = open(flash);
	t.false(reopened.isEraseDue);
	const { erases } = flash;
	for (let count = 0; count < IN_A_BLOCK; count++) reopened.append(text("1234"));
	t.is(flash.erases, erases);
	t.is(reopened.status().lateErases, 0);
});

test("the next number, where the last record of the head is torn, acknowledged or not", t => {
	for (const isSettled of [false, true]) {
		const { flash } = filled(3);
		const place = BLOCK_HEADER + 2 * RECORD;
		flash.bytes[place + RECORD_HEADER + 1] = 0;
		if (isSettled) flash.bytes.fill(0, place + 16, place + 20);
		for (const outbox of [open(flash), open(flash)]) {
			t.is(outbox.nextSequence, 3);
			t.is(outbox.waiting, 2);
		}
	}
});

test("the last record of a block that is complete, torn: of a write that failed before a restart", t => {
	const { flash, outbox } = filled(2, 4);
	const mend = fail(flash, 1, 2, false);
	t.throws(() => outbox.append(text("lost")));
	mend();
	outbox.append(text("more"));
	const reopened = open(flash);
	t.is(reopened.waiting, 3);
	t.is(waiting(reopened).length, 3);
	t.is(reopened.status().corrupt, 0);
});

/** Reads of flash, in order: where and how many bytes. */
function readsOf(flash: MemoryFlash, action: () => unknown): [offset: number, length: number][] {
	const reads: [number, number][] = [];
	const read = flash.read.bind(flash);
	flash.read = (buffer, offset) => {
		reads.push([offset, buffer.length]);
		return read(buffer, offset);
	};
	action();
	flash.read = read;
	return reads;
}

test("opening reads the headers of records in pieces, and a payload only where it may be torn", t => {
	const flash = new MemoryFlash(3, 4096);
	const outbox = open(flash);
	const inABlock = Math.floor((4096 - BLOCK_HEADER - TAIL_LENGTH) / RECORD);
	for (let count = 0; count < inABlock + 2; count++) outbox.append(text("1234"));
	const pieces = (reads: readonly [number, number][], block: number) =>
		reads.filter(([offset, length]) => offset >> 12 === block && length > TAIL_LENGTH).length;
	const payloads = (reads: readonly [number, number][]) => reads.filter(([, length]) => length === 4).length;
	const waitingReads = readsOf(flash, () => open(flash));
	// Each piece of 512 bytes holds 21 records' headers: they begin 504 bytes apart, up to the end of the records.
	t.is(pieces(waitingReads, 0), Math.ceil((4096 - BLOCK_HEADER - TAIL_LENGTH) / (21 * RECORD)));
	t.is(payloads(waitingReads), 2);
	for (let sequence = 1; sequence <= inABlock; sequence++) outbox.acknowledge(sequence);
	t.is(payloads(readsOf(flash, () => open(flash))), 1, "of what is acknowledged and complete, none");
	t.is(waitingReads.filter(([offset]) => offset === 2 * 4096).length, 1, "the next block's header, once");
	for (const [offset, length] of waitingReads) t.true((offset % 4096) + length <= 4096, `${offset}`);
});

test("a piece is read again only where a header is not wholly in it", t => {
	// 31 records of 16 bytes of header and payload would end in the middle; of 512 bytes, a record begins at 492.
	const flash = new MemoryFlash(2, 4096);
	const outbox = open(flash);
	outbox.append(new Uint8Array(64));
	for (let count = 0; count < 20; count++) outbox.append(text("1234"));
	const offsets = readsOf(flash, () => open(flash))
		.filter(([, length]) => length === 512)
		.map(([offset]) => offset);
	// From 16: 84 + 17 × 24 = 492 bytes, and the header of the next one fits exactly.
	t.is(offsets[0], 16);
	t.is(offsets[1], 16 + 84 + 18 * 24);
});

test("looking for messages reads nothing of blocks in which none waits, and goes on where the last one was", t => {
	const { flash, outbox } = filled(3 * IN_A_BLOCK - 1, 4);
	for (let sequence = 1; sequence <= 2 * IN_A_BLOCK; sequence++) outbox.acknowledge(sequence);
	const reads = readsOf(flash, () => outbox.peek());
	t.true(
		reads.every(([offset]) => offset >= 2 * BLOCK),
		JSON.stringify(reads),
	);
	for (let sequence = 2 * IN_A_BLOCK + 1; sequence < 3 * IN_A_BLOCK - 1; sequence++)
		outbox.acknowledge(sequence);
	t.is(outbox.peek()?.sequence, 3 * IN_A_BLOCK - 1);
	outbox.append(text("1234"));
	outbox.append(text("1234")); // in the next block
	t.is(readsOf(flash, () => t.is(outbox.peek()?.sequence, 3 * IN_A_BLOCK - 1)).length, 2);
	const { sequence = 0 } = outbox.peek() ?? {};
	outbox.acknowledge(sequence);
	outbox.acknowledge(sequence + 1);
	outbox.acknowledge(sequence + 2);
	t.deepEqual(
		readsOf(flash, () => t.is(outbox.peek(), undefined)),
		[],
	);
});

test("behind the last record of the head nothing is looked for", t => {
	const { flash, outbox } = filled(2);
	t.deepEqual(
		readsOf(flash, () => outbox.peek(2)),
		[
			[BLOCK_HEADER, RECORD_HEADER],
			[BLOCK_HEADER + RECORD, RECORD_HEADER],
		],
	);
	// Not even where there is a whole record, which this outbox has not written.
	const header = new Uint8Array(RECORD_HEADER).fill(0xff);
	const payload = text("evil");
	encodeRecord(header, new DataView(header.buffer), 9, 0, payload);
	flash.bytes.set(header, BLOCK_HEADER + 2 * RECORD);
	flash.bytes.set(payload, BLOCK_HEADER + 2 * RECORD + RECORD_HEADER);
	t.is(waiting(outbox).length, 2);
});

test("erasing what waits is due when more than half of the head is used, not at the half", t => {
	const { outbox } = filled(2 * IN_A_BLOCK, 3);
	outbox.append(new Uint8Array(64));
	t.false(outbox.isEraseDue); // at 100
	outbox.append(new Uint8Array(8));
	t.false(outbox.isEraseDue); // at 128 of 256
	outbox.append(new Uint8Array(4));
	t.true(outbox.isEraseDue);
});

test("RAM: a byte for each block's messages where no more than 255 fit, else two", t => {
	const ring = (blockLength: number) => new BlockRing(new MemoryFlash(2, blockLength), 2, blockLength, 64);
	const most = 255 * RECORD + TAIL_LENGTH;
	t.true(ring(BLOCK).waitingIn instanceof Uint8Array);
	t.true(ring(most).waitingIn instanceof Uint8Array);
	t.true(ring(most + 4).waitingIn instanceof Uint16Array);
});

test("a closed outbox refuses all use by name, and holds what it held", t => {
	const { flash, outbox } = filled(3);
	const before = flash.bytes.slice();
	outbox.close();
	outbox.close();
	const closed = { name: "OutboxError", code: "closed" };
	t.throws(() => outbox.append(text("late")), closed);
	t.throws(() => outbox.append(new Uint8Array(0)), closed);
	t.throws(() => outbox.acknowledge(1), closed);
	t.throws(() => outbox.peek(), closed);
	t.throws(() => outbox.maintain(), closed);
	t.deepEqual(flash.bytes, before);
	t.is(open(flash.reopened()).waiting, 3);
});

test("a message of no bytes, and one that is too long, are refused by name and cost no number and nothing that waits", t => {
	const { flash, outbox } = filled(3);
	const before = flash.bytes.slice();
	for (const length of [0, 65, 4096])
		t.throws(() => outbox.append(new Uint8Array(length)), {
			name: "OutboxError",
			code: "size",
			message: `outbox: a message of ${length} bytes is not 1 to 64`,
		});
	t.deepEqual(flash.bytes, before);
	t.is(outbox.nextSequence, 4);
	t.is(waiting(outbox).length, 3);
});
