import {
	ACKNOWLEDGE_OFFSET,
	BLOCK_HEADER,
	DIRTY,
	FREE,
	GENERATION_OFFSET,
	RECORD_HEADER,
	TALLY_LENGTH,
	USED,
	encodeBlock,
	encodeFree,
	encodeRecord,
	isIntact,
	lengthIn,
	recordLength,
	sequenceIn,
	tallyByte,
	waitsIn,
} from "./outbox-format.js";

/** What the outbox needs of a flash partition: an instance of `embedded:storage/flash`, opened with mode "r+". */
export interface FlashDevice {
	read(buffer: Uint8Array, byteOffset: number): unknown;
	/** Clears bits only, as NOR flash does. */
	write(buffer: Uint8Array, byteOffset: number): void;
	eraseBlock(block: number): void;
	status(): { size: number; blockLength: number; blocks: number };
	close(): void;
}

const ZEROS: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/**
 * The partition as a ring of blocks: what is in each, which one is written to (the head), and the steps that change them; each is safe
 * against a power cut at any moment (outbox-format.ts). For the outbox and its scan alone, which share the header.
 * Errors that the flash throws pass through.
 */
export class BlockRing {
	readonly #flash: FlashDevice;
	readonly blocks: number;
	readonly blockLength: number;
	/** Offset in a block behind the last record. */
	readonly limit: number;
	/** The header that was read last, or is being written. */
	readonly header = new Uint8Array(RECORD_HEADER);
	readonly view = new DataView(this.header.buffer);
	/** Bytes of the longest payload. */
	readonly longest: number;
	/** Of each block. */
	readonly state: Uint8Array;
	/** Messages that wait in each block. */
	readonly waitingIn: Uint8Array | Uint16Array;
	/** In all of them. */
	waiting = 0;
	/** Messages that waited in a block that was erased, and those that were refused. */
	dropped = 0;
	/** The next sequence number. */
	next = 1;
	/** Bits of the head's tally in use. */
	refused = 0;

	// The block that is written to, and where the next record goes; `limit` when it takes no more.
	head = 0;
	generation = 0;
	offset = 0;

	constructor(flash: FlashDevice, blocks: number, blockLength: number, payloadLimit: number) {
		this.#flash = flash;
		this.blocks = blocks;
		this.blockLength = blockLength;
		this.limit = blockLength - TALLY_LENGTH;
		this.longest = payloadLimit;
		this.state = new Uint8Array(blocks);
		const most = this.limit / recordLength(1);
		this.waitingIn = most > 0xff ? new Uint16Array(blocks) : new Uint8Array(blocks);
	}

	after(block: number): number {
		return block + 1 === this.blocks ? 0 : block + 1;
	}

	read(bytes: Uint8Array, block: number, offset: number): void {
		this.#flash.read(bytes, block * this.blockLength + offset);
	}

	/** Reads the record header at a place; length of its payload, 0 if there is no record. */
	recordAt(block: number, offset: number): number {
		if (offset + RECORD_HEADER > this.limit) return 0;
		this.read(this.header, block, offset);
		const length = lengthIn(this.view, 0);
		return length <= this.longest && offset + recordLength(length) <= this.limit ? length : 0;
	}

	/** Sequence number of the record in the header. */
	get sequence(): number {
		return sequenceIn(this.view, 0);
	}

	/** Whether the record in the header waits. */
	get isWaiting(): boolean {
		return waitsIn(this.view, 0);
	}

	/** Reads a payload; undefined when it does not belong to the record in the header. */
	readPayload(block: number, offset: number, length: number): Uint8Array | undefined {
		const payload = new Uint8Array(length);
		this.read(payload, block, offset + RECORD_HEADER);
		return isIntact(this.header, this.view, payload) ? payload : undefined;
	}

	/** Counts a message that waits in a block. */
	count(block: number): void {
		this.waiting++;
		this.waitingIn[block]++;
	}

	/** Writes a record to the head, where it has to fit. When the flash throws, its number is used up. */
	append(payload: Uint8Array, stamp: number): void {
		const sequence = this.next++;
		const { offset } = this;
		this.offset = this.limit; // a write that fails leaves the rest of the block in an unknown state
		encodeRecord(this.header, this.view, sequence, stamp, payload);
		this.#write(this.header.subarray(0, ACKNOWLEDGE_OFFSET), this.head, offset);
		this.#write(payload, this.head, offset + RECORD_HEADER);
		this.offset = offset + recordLength(payload.length);
		this.count(this.head);
	}

	/** Uses up a sequence number, and the head with it, for a message that is not accepted. */
	refuse(): void {
		this.dropped++;
		this.next++;
		this.offset = this.limit;
		const index = this.refused;
		if (index >= TALLY_LENGTH * 8) return;
		this.refused++;
		this.header[0] = tallyByte(index);
		this.#write(this.header.subarray(0, 1), this.head, this.limit + (index >> 3));
	}

	/** Marks a message that waits as acknowledged. */
	settle(block: number, offset: number): void {
		this.#writeZeros(block, offset + ACKNOWLEDGE_OFFSET, 4);
		this.waiting--;
		this.waitingIn[block]--;
	}

	/** Makes a free block the head. */
	begin(block: number): void {
		this.state[block] = DIRTY; // until its header is complete
		encodeBlock(this.header, this.view, this.generation + 1, this.next);
		this.#write(this.header.subarray(GENERATION_OFFSET, BLOCK_HEADER), block, GENERATION_OFFSET);
		this.state[block] = USED;
		this.generation++;
		this.head = block;
		this.offset = BLOCK_HEADER;
		this.refused = 0;
	}

	/** Erases a block; what waits in it is dropped. */
	reclaim(block: number): void {
		const lost = this.waitingIn[block];
		this.state[block] = DIRTY;
		this.waitingIn[block] = 0;
		this.waiting -= lost;
		this.dropped += lost;
		this.#writeZeros(block, 0, BLOCK_HEADER);
		this.#flash.eraseBlock(block);
		encodeFree(this.view);
		this.#write(this.header.subarray(0, GENERATION_OFFSET), block, 0);
		this.state[block] = FREE;
	}

	#write(bytes: Uint8Array, block: number, offset: number): void {
		this.#flash.write(bytes, block * this.blockLength + offset);
	}

	#writeZeros(block: number, offset: number, length: number): void {
		this.header.set(ZEROS);
		this.#write(this.header.subarray(0, length), block, offset);
	}
}
