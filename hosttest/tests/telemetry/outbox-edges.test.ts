// The outbox where lengths just fit, blocks are stale or damaged, and the erasing ahead is due.
import test from "ava";
import {
	BLOCK_HEADER,
	DIRTY,
	FREE,
	RECORD_HEADER,
	TAIL_LENGTH,
	TALLY_LENGTH,
	blockState,
	encodeBlock,
	encodeFree,
	isErasedHeader,
	tallyByte,
	tallyCount,
} from "../../../modules/telemetry/outbox-format.js";

import { Outbox, OutboxError, type OutboxOptions } from "../../../modules/telemetry/outbox.js";
import { MemoryFlash } from "./memory-flash.js";

const BLOCK = 256;
const ROOM = BLOCK - BLOCK_HEADER - TAIL_LENGTH;
/** Payload of a record that takes a seventh of a block's room, nearly. */
const SHORT = 4;
const IN_A_BLOCK = 7;

const open = (flash: MemoryFlash, options: Partial<OutboxOptions> = {}) =>
	new Outbox({ flash, payloadLimit: 64, ...options });
const message = (length = SHORT) => new Uint8Array(length).fill(0x61);
function sequences(outbox: Outbox): number[] {
	const found: number[] = [];
	for (let it = outbox.peek(); it; it = outbox.peek(it.sequence)) found.push(it.sequence);
	return found;
}
const generation = (flash: MemoryFlash, block: number) =>
	new DataView(flash.bytes.buffer).getUint32(block * BLOCK + 4, true);
const ERASED = 0xffffffff;

test("a header of a free block is one only if the rest of it is erased", t => {
	const bytes = new Uint8Array(BLOCK_HEADER).fill(0xff);
	const view = new DataView(bytes.buffer);
	t.is(blockState(bytes, view), DIRTY);
	encodeFree(view);
	t.is(blockState(bytes, view), FREE);
	for (let at = 4; at < BLOCK_HEADER; at++) {
		bytes[at] = 0xfe;
		t.is(blockState(bytes, view), DIRTY, `byte ${at}`);
		bytes[at] = 0xff;
	}
	bytes[0] ^= 1;
	t.is(blockState(bytes, view), DIRTY);
});

test("an erased header: all of its bytes, and none behind it", t => {
	const bytes = new Uint8Array(BLOCK_HEADER + 4).fill(0xff, 0, BLOCK_HEADER);
	const view = new DataView(bytes.buffer);
	t.true(isErasedHeader(view));
	t.true(isErasedHeader(new DataView(bytes.buffer, 0, BLOCK_HEADER)));
	for (let at = 0; at < BLOCK_HEADER; at++) {
		bytes[at] = 0xfe;
		t.false(isErasedHeader(view), `byte ${at}`);
		bytes[at] = 0xff;
	}
});

test("the tally: each number clears one more bit", t => {
	const tally = new Uint8Array(TALLY_LENGTH).fill(0xff);
	for (let index = 0; index < 8 * TALLY_LENGTH; index++) {
		t.is(tallyCount(tally), index);
		tally[index >> 3] &= tallyByte(index);
	}
	t.is(tallyCount(tally), 8 * TALLY_LENGTH);
});

test("a new partition, and one's own, are not reformatted; anything else is, wherever it lies", t => {
	const flash = new MemoryFlash(4, BLOCK);
	t.false(open(flash).status().reformatted);
	t.false(open(flash).status().reformatted);
	for (const block of [0, 1, 3]) {
		const foreign = new MemoryFlash(4, BLOCK);
		foreign.bytes[block * BLOCK + 5] = 0x7f;
		t.true(open(foreign).status().reformatted, `block ${block}`);
	}
});

test("a restart goes on in the block that was begun, up to the last record that fits exactly", t => {
	const flash = new MemoryFlash(3, BLOCK);
	open(flash);
	const perRecord = RECORD_HEADER + SHORT;
	const last = ROOM - (IN_A_BLOCK - 1) * perRecord - RECORD_HEADER;
	for (let count = 1; count < IN_A_BLOCK; count++) t.true(open(flash).append(message()));
	t.true(open(flash).append(message(last)));
	t.is(generation(flash, 1), ERASED);
	t.deepEqual(sequences(open(flash)), [1, 2, 3, 4, 5, 6, 7]);
	const outbox = open(flash);
	t.true(outbox.append(message(1)));
	t.is(generation(flash, 1), 2);
	t.deepEqual(sequences(open(flash)), [1, 2, 3, 4, 5, 6, 7, 8]);
});

test("a restart does not write where anything has been written, up to the block's end", t => {
	for (const at of [BLOCK_HEADER, BLOCK_HEADER + 40, BLOCK_HEADER + 41, BLOCK - TAIL_LENGTH - 1]) {
		const flash = new MemoryFlash(3, BLOCK);
		open(flash);
		flash.bytes[at] = 0xfe;
		const outbox = open(flash);
		t.true(outbox.append(message()));
		t.is(generation(flash, 1), 2, `byte ${at}`);
		t.deepEqual(sequences(outbox), [1]);
	}
});

test("one number that was refused is one number after a restart, and so are many, with a short payload limit", t => {
	for (const [payloadLimit, refused] of [
		[64, 1],
		[64, 9],
		[8, 100],
	]) {
		const flash = new MemoryFlash(2, BLOCK);
		const outbox = open(flash, { full: "newest", payloadLimit });
		let count = 0;
		while (count < refused) if (!outbox.append(message())) count++;
		const { nextSequence } = outbox;
		t.is(nextSequence, 2 * IN_A_BLOCK + refused + 1);
		t.is(open(flash, { full: "newest", payloadLimit }).nextSequence, nextSequence);
	}
});

test("a block of another time, whose generation does not fit its place, is not read", t => {
	const flash = new MemoryFlash(3, BLOCK);
	const outbox = open(flash);
	for (let count = 0; count <= IN_A_BLOCK; count++) outbox.append(message());
	// Block 2 was before block 0 once; as if it were much older.
	const stale = flash.copy();
	stale.bytes.copyWithin(2 * BLOCK, 0, BLOCK);
	const header = stale.bytes.subarray(2 * BLOCK, 2 * BLOCK + BLOCK_HEADER);
	encodeBlock(header, new DataView(header.buffer, header.byteOffset), 1, 1);
	const reopened = open(stale);
	t.is(reopened.waiting, IN_A_BLOCK + 1);
	t.deepEqual(sequences(reopened), [1, 2, 3, 4, 5, 6, 7, 8]);
});

test("a record whose length is not its complement's is none, and nothing behind it", t => {
	const flash = new MemoryFlash(3, BLOCK);
	const outbox = open(flash);
	for (let count = 0; count < 3; count++) outbox.append(message());
	flash.bytes[BLOCK_HEADER + RECORD_HEADER + SHORT + 2] &= 0x0f;
	t.deepEqual(sequences(open(flash)), [1]);
});

test("capacity: what surely fits", t => {
	t.is(open(new MemoryFlash(4, BLOCK)).status().capacity, 3 * ROOM);
});

test("erasing ahead is due for what is acknowledged at once, for what waits when the head is half full", t => {
	const flash = new MemoryFlash(2, BLOCK);
	const outbox = open(flash);
	t.true(outbox.isEraseDue);
	t.true(outbox.maintain());
	t.false(outbox.isEraseDue);
	t.false(outbox.maintain());
	t.is(flash.erases, 2);
	for (let count = 0; count <= IN_A_BLOCK; count++) outbox.append(message());
	// Block 0 is full of messages that wait, and block 1 has one.
	const due: boolean[] = [];
	for (let count = 1; count < IN_A_BLOCK; count++) {
		due.push(outbox.isEraseDue);
		outbox.append(message());
	}
	// 16 + 24 n bytes are above 128 from the fifth record on.
	t.deepEqual(due, [false, false, false, false, true, true]);
	const other = open(flash.copy());
	for (let sequence = 1; sequence <= IN_A_BLOCK; sequence++) other.acknowledge(sequence);
	t.true(other.isEraseDue);
	t.true(other.maintain());
	t.is(other.dropped, 0);
	t.true(outbox.maintain());
	t.is(outbox.dropped, IN_A_BLOCK);
	const newest = open(new MemoryFlash(2, BLOCK), { full: "newest" });
	for (let count = 0; count < 2 * IN_A_BLOCK; count++) newest.append(message());
	t.false(newest.isEraseDue);
});

test("acknowledged messages at once: the next block is due although the head is new", t => {
	const outbox = open(new MemoryFlash(2, BLOCK));
	for (let count = 0; count <= IN_A_BLOCK; count++) outbox.append(message());
	t.false(outbox.isEraseDue);
	for (let sequence = 1; sequence <= IN_A_BLOCK; sequence++) outbox.acknowledge(sequence);
	t.true(outbox.isEraseDue);
});

test("looking for the oldest message again does not read those before it again", t => {
	const flash = new MemoryFlash(4, BLOCK);
	const outbox = open(flash);
	for (let count = 0; count < IN_A_BLOCK; count++) outbox.append(message());
	for (let sequence = 1; sequence < IN_A_BLOCK; sequence++) outbox.acknowledge(sequence);
	let reads = 0;
	const read = flash.read.bind(flash);
	flash.read = (buffer, offset) => {
		reads++;
		return read(buffer, offset);
	};
	t.is(outbox.peek()?.sequence, IN_A_BLOCK);
	reads = 0;
	t.is(outbox.peek()?.sequence, IN_A_BLOCK);
	t.true(reads <= 2, `${reads} reads`);
});

test("errors have a name, a code and say what is wrong", t => {
	const flash = new MemoryFlash(4, BLOCK);
	t.throws(() => new Outbox({} as OutboxOptions), { instanceOf: TypeError, message: /flash is required/ });
	t.throws(() => open(flash, { full: "none" as "oldest" }), { message: /"none" is not oldest or newest/ });
	t.throws(() => open(flash, { payloadLimit: 0 }), { message: /payloadLimit 0 is not 1 to 65534/ });
	const tooSmall = {
		name: "OutboxError",
		code: "flash",
		message: /2 or more of 280 are needed for messages of 180$/,
	};
	t.throws(() => open(flash, { payloadLimit: 180 }), tooSmall);
	const outbox = open(flash);
	t.throws(() => outbox.append(message(65)), { instanceOf: OutboxError, name: "OutboxError", code: "size" });
	outbox.close();
	t.throws(() => outbox.append(message()), { name: "OutboxError", code: "closed" });
});

test("a block of more than 255 messages that wait", t => {
	const flash = new MemoryFlash(2, 8192);
	const outbox = open(flash, { payloadLimit: 1 });
	const count = Math.floor((8192 - BLOCK_HEADER - TAIL_LENGTH) / (RECORD_HEADER + 4));
	t.true(count > 0xff);
	for (let left = count; left > 0; left--) outbox.append(message(1));
	t.is(outbox.waiting, count);
	t.is(open(flash, { payloadLimit: 1 }).waiting, count);
	for (let sequence = 1; sequence <= count; sequence++) t.true(outbox.acknowledge(sequence));
	t.is(outbox.waiting, 0);
});

test("a message as long as a block's room", t => {
	const payloadLimit = ROOM - RECORD_HEADER;
	const outbox = open(new MemoryFlash(2, BLOCK), { payloadLimit });
	t.true(outbox.append(message(payloadLimit)));
	t.is(outbox.peek()?.payload.length, payloadLimit);
});
