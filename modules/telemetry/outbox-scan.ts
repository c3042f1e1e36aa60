// Opening the outbox: finds out from flash what the ring of blocks holds, whatever a power cut left.
import {
	BLOCK_HEADER,
	DIRTY,
	TALLY_LENGTH,
	USED,
	blockState,
	recordLength,
	tallyCount,
} from "./outbox-format.js";
import type { BlockRing } from "./outbox-ring.js";

/**
 * Fills in a new ring from what flash holds, or formats the partition if it holds no outbox. Reads all record headers.
 * @returns whether the partition held something else, or an outbox that was damaged beyond use
 */
export function scan(ring: BlockRing): boolean {
	const isForeign = findHead(ring);
	if (!ring.generation) {
		ring.reclaim(0);
		ring.begin(0);
		return isForeign;
	}
	const { blocks, head } = ring;
	for (let block = 0; block < blocks; block++) {
		const distance = (head - block + blocks) % blocks;
		ring.read(ring.header, block, 0);
		let state = blockState(ring.header, ring.view);
		if (state === USED && ring.view.getUint32(4, true) !== ring.generation - distance) state = DIRTY;
		ring.state[block] = state;
		if (state === USED && block !== head) countBlock(ring, block);
	}
	openHead(ring);
	return false;
}

/** The head is the block with the highest generation. @returns whether a header is neither erased nor ours */
function findHead(ring: BlockRing): boolean {
	let isForeign = false;
	for (let block = 0; block < ring.blocks; block++) {
		ring.read(ring.header, block, 0);
		if (blockState(ring.header, ring.view) !== USED) {
			isForeign ||= ring.header.some(byte => byte !== 0xff);
			continue;
		}
		const generation = ring.view.getUint32(4, true);
		if (generation <= ring.generation) continue;
		ring.generation = generation;
		ring.head = block;
		ring.next = ring.view.getUint32(8, true);
	}
	return isForeign;
}

function openHead(ring: BlockRing): void {
	const { payload } = ring;
	const end = countBlock(ring, ring.head);
	ring.offset = isErased(ring, end) ? end : ring.limit;
	const tally =
		payload.length >= TALLY_LENGTH ? payload.subarray(0, TALLY_LENGTH) : new Uint8Array(TALLY_LENGTH);
	ring.read(tally, ring.head, ring.limit);
	ring.refused = tallyCount(tally);
	if (!ring.refused) return;
	ring.next += ring.refused;
	ring.offset = ring.limit;
}

/**
 * Counts the messages that wait in a block and, if it is the head, learns the next sequence number. Only the last
 * record of a block can be torn: its header is there but its payload is not. Returns the offset behind the records.
 */
function countBlock(ring: BlockRing, block: number): number {
	let lastLength = 0;
	let last = 0;
	let offset = BLOCK_HEADER;
	for (;;) {
		const { sequence } = ring; // of the record before, unless this is the first
		const length = ring.recordAt(block, offset);
		if (!length) break;
		if (last) learn(ring, block, sequence);
		if (ring.isWaiting) ring.count(block);
		last = offset;
		lastLength = length;
		offset += recordLength(length);
	}
	if (!last) return offset;
	ring.recordAt(block, last);
	if (ring.readPayload(block, last, lastLength)) {
		learn(ring, block, ring.sequence);
		return offset;
	}
	if (ring.isWaiting) ring.settle(block, last);
	return ring.limit;
}

function learn(ring: BlockRing, block: number, sequence: number): void {
	if (block === ring.head) ring.next = Math.max(ring.next, sequence + 1);
}

/** Whether the head is erased from an offset to the tally: not so behind a record that was torn in its header. */
function isErased(ring: BlockRing, offset: number): boolean {
	while (offset < ring.limit) {
		const length = Math.min(ring.payload.length, ring.limit - offset);
		const bytes = ring.payload.subarray(0, length);
		ring.read(bytes, ring.head, offset);
		if (bytes.some(byte => byte !== 0xff)) return false;
		offset += length;
	}
	return true;
}
