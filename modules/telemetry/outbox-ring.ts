import {
	ACKNOWLEDGE_OFFSET,
	BLOCK_HEADER,
	CLAIM_LENGTH,
	DIRTY,
	FREE,
	GENERATION_OFFSET,
	RECORD_HEADER,
	TAIL_LENGTH,
	TALLY_LENGTH,
	USED,
	encodeBlock,
	encodeFree,
	encodeNumber,
	encodeRecord,
	isErasedIn,
	isIntact,
	numberIn,
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
 * Errors that the flash throws pass through. Its own steps are methods like the others: on XS a private one takes memory in each instance.
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
	/** Bytes of the longest payload that is taken; records may hold longer ones, of another time. */
	readonly longest: number;
	/** Of each block. */
	readonly state: Uint8Array;
	/** Messages that wait in each block. */
	readonly waitingIn: Uint8Array | Uint16Array;
	/** In all of them. */
	waiting = 0;
	/** Messages that waited in a block that was erased, and those that were refused: since the opening, and by an erase before it that was cut off. */
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
		this.limit = blockLength - TAIL_LENGTH;
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
		this.read(this.header, block, offset);
		const length = numberIn(this.view, 0);
		return offset + recordLength(length) <= this.limit ? length : 0;
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
		try {
			this.write(this.header.subarray(0, ACKNOWLEDGE_OFFSET), this.head, offset);
			this.write(payload, this.head, offset + RECORD_HEADER);
		} catch (error) {
			this.withdraw(offset);
			throw error;
		}
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
		this.write(this.header.subarray(0, 1), this.head, this.limit + (index >> 3));
	}

	/** Marks a message that waits as acknowledged. */
	settle(block: number, offset: number): void {
		this.writeZeros(block, offset + ACKNOWLEDGE_OFFSET, 4);
		this.waiting--;
		this.waitingIn[block]--;
	}

	/** Makes a free block the head. */
	begin(block: number): void {
		this.state[block] = DIRTY; // until its header is complete
		encodeBlock(this.header, this.view, this.generation + 1, this.next);
		this.write(this.header.subarray(GENERATION_OFFSET, BLOCK_HEADER), block, GENERATION_OFFSET);
		this.state[block] = USED;
		this.generation++;
		this.head = block;
		this.offset = BLOCK_HEADER;
		this.refused = 0;
	}

	/** Erases a block; what waits in it is dropped. */
	reclaim(block: number): void {
		const lost = this.waitingIn[block];
		if (this.state[block] === USED) this.claim(lost);
		this.state[block] = DIRTY;
		this.waitingIn[block] = 0;
		this.waiting -= lost;
		this.dropped += lost;
		this.writeZeros(block, 0, BLOCK_HEADER);
		this.#flash.eraseBlock(block);
		encodeFree(this.view);
		this.write(this.header.subarray(0, GENERATION_OFFSET), block, 0);
		this.state[block] = FREE;
	}

	/** Sees to it that what was written of a record is not taken for one of those counted as waiting. */
	withdraw(offset: number): void {
		try {
			this.writeZeros(this.head, offset + ACKNOWLEDGE_OFFSET, 4);
		} catch {
			this.count(this.head); // as long as it can be found, it waits
		}
	}

	/**
	 * Notes in the head how many messages the next block is about to lose, for an opening after a power cut. A claim that was made
	 * before and came to nothing is put right, unless that happens twice in the life of a head.
	 */
	claim(lost: number): void {
		const { header, view, head } = this;
		let at = this.limit + TALLY_LENGTH;
		this.read(header.subarray(0, 2 * CLAIM_LENGTH), head, at);
		if (numberIn(view, 0) === lost) return;
		if (!isErasedIn(view, 0)) {
			if (!isErasedIn(view, CLAIM_LENGTH)) return;
			at += CLAIM_LENGTH;
		}
		encodeNumber(view, lost);
		this.write(header.subarray(0, CLAIM_LENGTH), head, at);
	}

	write(bytes: Uint8Array, block: number, offset: number): void {
		this.#flash.write(bytes, block * this.blockLength + offset);
	}

	writeZeros(block: number, offset: number, length: number): void {
		this.header.set(ZEROS);
		this.write(this.header.subarray(0, length), block, offset);
	}
}
