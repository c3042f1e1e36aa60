// Opening the outbox: finds out from flash what the ring of blocks holds, whatever a power cut left.
import {
	BLOCK_HEADER,
	DIRTY,
	RECORD_HEADER,
	TALLY_LENGTH,
	USED,
	blockState,
	isErasedHeader,
	lengthIn,
	recordLength,
	sequenceIn,
	tallyCount,
	waitsIn,
} from "./outbox-format.js";
import type { BlockRing } from "./outbox-ring.js";

/** Bytes that are read at a time: some headers of records, and the whole of a short record. */
const WINDOW_BYTES = 512;

/**
 * Fills in a new ring from what flash holds, or formats the partition if it holds no outbox. Reads all record headers.
 * @returns whether the partition held something else, or an outbox that was damaged beyond use
 */
export function scan(ring: BlockRing): boolean {
	const generations = new Uint32Array(ring.blocks);
	const isForeign = readBlocks(ring, generations);
	if (!ring.generation) {
		ring.reclaim(0);
		ring.begin(0);
		return isForeign;
	}
	const { blocks, head, state } = ring;
	const window = new Window(ring);
	for (let block = 0; block < blocks; block++) {
		if (state[block] !== USED) continue;
		const distance = (head - block + blocks) % blocks;
		if (generations[block] !== ring.generation - distance) state[block] = DIRTY;
		else if (block !== head) countBlock(ring, window, block);
	}
	openHead(ring, window);
	return false;
}

/**
 * Reads the headers of all blocks. The head is the block with the highest generation.
 * @param generations filled in for those that are used
 * @returns whether a header is neither erased nor ours
 */
function readBlocks(ring: BlockRing, generations: Uint32Array): boolean {
	const { header, view, state } = ring;
	let isForeign = false;
	for (let block = 0; block < ring.blocks; block++) {
		ring.read(header, block, 0);
		// Most blocks of a new partition.
		if (isErasedHeader(view)) continue;
		state[block] = blockState(header, view);
		if (state[block] !== USED) {
			isForeign = true;
			continue;
		}
		const generation = (generations[block] = view.getUint32(4, true));
		if (generation <= ring.generation) continue;
		ring.generation = generation;
		ring.head = block;
		ring.next = view.getUint32(8, true);
	}
	return isForeign;
}

/** A part of a block, read at once. */
class Window {
	readonly view: DataView;
	readonly bytes = new Uint8Array(WINDOW_BYTES);
	readonly #ring: BlockRing;
	#block = -1;
	#from = 0;
	#to = 0;

	constructor(ring: BlockRing) {
		this.#ring = ring;
		this.view = new DataView(this.bytes.buffer);
	}
	/** Sees to it that a record's header is in it. @returns where it is; -1 where a block has no room for one */
	find(block: number, offset: number): number {
		const end = offset + RECORD_HEADER;
		if (end > this.#ring.limit) return -1;
		if (block !== this.#block || offset < this.#from || end > this.#to) {
			this.#block = block;
			this.#from = offset;
			this.#to = Math.min(offset + WINDOW_BYTES, this.#ring.limit);
			const length = this.#to - offset;
			this.#ring.read(length < WINDOW_BYTES ? this.bytes.subarray(0, length) : this.bytes, block, offset);
		}
		return offset - this.#from;
	}
}

function openHead(ring: BlockRing, window: Window): void {
	const end = countBlock(ring, window, ring.head);
	ring.offset = isErased(ring, window, end) ? end : ring.limit;
	const tally = window.bytes.subarray(0, TALLY_LENGTH);
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
function countBlock(ring: BlockRing, window: Window, block: number): number {
	const { view } = window;
	const { longest, limit } = ring;
	const isHead = block === ring.head;
	let lastLength = 0;
	let last = 0;
	let sequence = 0;
	let isWaiting = false;
	let offset = BLOCK_HEADER;
	for (;;) {
		const at = window.find(block, offset);
		const length = at < 0 ? 0 : lengthIn(view, at);
		const end = offset + recordLength(length);
		if (!length || length > longest || end > limit) break;
		if (isHead) {
			if (last) learn(ring, sequence); // of the record before
			sequence = sequenceIn(view, at);
		}
		isWaiting = waitsIn(view, at);
		if (isWaiting) ring.count(block);
		last = offset;
		lastLength = length;
		offset = end;
	}
	// In a block that is complete only what waits matters.
	if (!last || !(isHead || isWaiting)) return offset;
	ring.recordAt(block, last);
	if (ring.readPayload(block, last, lastLength)) {
		if (isHead) learn(ring, sequence);
		return offset;
	}
	if (isWaiting) ring.settle(block, last);
	return limit;
}

function learn(ring: BlockRing, sequence: number): void {
	ring.next = Math.max(ring.next, sequence + 1);
}

/** Whether the head is erased from an offset to the tally: not so behind a record that was torn in its header. */
function isErased(ring: BlockRing, { bytes }: Window, offset: number): boolean {
	while (offset < ring.limit) {
		const length = Math.min(WINDOW_BYTES, ring.limit - offset);
		const part = bytes.subarray(0, length);
		ring.read(part, ring.head, offset);
		if (!isFilledWithOnes(part)) return false;
		offset += length;
	}
	return true;
}

/** @param bytes begin at a multiple of 4, as all records do */
function isFilledWithOnes({ buffer, byteOffset, length }: Uint8Array): boolean {
	const words = new Int32Array(buffer, byteOffset, length >> 2);
	for (let at = 0; at < words.length; at++) if (words[at] !== -1) return false;
	return true;
}
