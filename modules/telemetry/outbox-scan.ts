// Opening the outbox: finds out from flash what the ring of blocks holds, whatever a power cut left.
import {
	BLOCK_HEADER,
	DIRTY,
	RECORD_HEADER,
	TAIL_LENGTH,
	TALLY_LENGTH,
	USED,
	blockState,
	claimIn,
	hasMagic,
	isErasedHeader,
	numberIn,
	recordLength,
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
	#block = 0;
	#from = 0;
	#to = 0;

	constructor(ring: BlockRing) {
		this.#ring = ring;
		this.view = new DataView(this.bytes.buffer);
	}
	enter(block: number): void {
		this.#block = block;
		this.#to = 0;
	}
	/** Sees to it that a record's header is in it; from one call to the next the offset grows. @returns where it is */
	find(offset: number): number {
		if (offset + RECORD_HEADER > this.#to) {
			const { blockLength } = this.#ring;
			this.#from = offset;
			this.#to = Math.min(offset + WINDOW_BYTES, blockLength);
			this.#ring.read(this.bytes.subarray(0, this.#to - offset), this.#block, offset);
		}
		return offset - this.#from;
	}
}

function openHead(ring: BlockRing, window: Window): void {
	const { head, limit } = ring;
	const end = countBlock(ring, window, head);
	ring.offset = isErased(ring, window, end) ? end : limit;
	const { bytes, view } = window;
	ring.read(bytes.subarray(0, TAIL_LENGTH), head, limit);
	ring.dropped = droppedByCut(ring, claimIn(view, TALLY_LENGTH));
	ring.refused = tallyCount(bytes.subarray(0, TALLY_LENGTH));
	if (!ring.refused) return;
	ring.next += ring.refused;
	ring.offset = limit;
}

/** Messages that were dropped by an erase which the power cut ended, where the head claims some: nobody was told. */
function droppedByCut(ring: BlockRing, claimed: number): number {
	if (!claimed) return 0;
	ring.read(ring.header, ring.after(ring.head), 0);
	return hasMagic(ring.view) ? 0 : claimed;
}

/**
 * Counts the messages that wait in a block and, if it is the head, the sequence numbers in use: those of a block follow each other. Only
 * the last record of a block can be torn: its header is there but its payload is not. Returns the offset behind the records.
 */
function countBlock(ring: BlockRing, window: Window, block: number): number {
	const { view } = window;
	const { limit } = ring;
	const isHead = block === ring.head;
	let count = 0;
	let lastLength = 0;
	let last = 0;
	let isWaiting = false;
	let offset = BLOCK_HEADER;
	window.enter(block);
	for (;;) {
		const at = window.find(offset);
		const length = numberIn(view, at);
		const end = offset + recordLength(length);
		if (!length || end > limit) break;
		isWaiting = waitsIn(view, at);
		if (isWaiting) ring.count(block);
		count++;
		last = offset;
		lastLength = length;
		offset = end;
	}
	// In a block that is complete only what waits matters.
	if (count && (isHead || isWaiting)) {
		ring.recordAt(block, last);
		if (!ring.readPayload(block, last, lastLength)) {
			if (isWaiting) ring.settle(block, last);
			count--;
			offset = limit;
		}
	}
	if (isHead) ring.next += count;
	return offset;
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
