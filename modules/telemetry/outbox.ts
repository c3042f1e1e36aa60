import {
	ACKNOWLEDGE_OFFSET,
	BLOCK_HEADER,
	DIRTY,
	FREE,
	GENERATION_OFFSET,
	RECORD_HEADER,
	TALLY_LENGTH,
	USED,
	blockState,
	encodeBlock,
	encodeFree,
	encodeRecord,
	isIntact,
	payloadLength,
	recordLength,
	tallyByte,
	tallyCount,
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

/** Options of {@link Outbox}. */
export interface OutboxOptions {
	/** The partition; the outbox uses all of it and closes it. Flash encryption has to be off (words are written twice). */
	flash: FlashDevice;
	/** What is dropped when the outbox is full: the "oldest" block of messages (default), or the "newest" message. */
	full?: "oldest" | "newest";
	/** Largest message in bytes, 1 or more (default 1024): the size of the one buffer that the outbox keeps. */
	payloadLimit?: number;
}

/** A message in the outbox. */
export interface OutboxMessage {
	sequence: number;
	/** The value given to `append`, as an unsigned 32-bit integer. */
	stamp: number;
	/** In the outbox's own buffer: valid until the next `peek`. */
	payload: Uint8Array;
}

/** Figures of an outbox; counts since it was opened. */
export interface OutboxStatus {
	/** Messages that wait for their acknowledgement. */
	waiting: number;
	/** Messages that were dropped or refused because the outbox was full. */
	dropped: number;
	/** Messages that flash did not give back as they were written. */
	corrupt: number;
	/** Whether the partition held something else when it was opened, or was damaged beyond use: numbers began anew. */
	reformatted: boolean;
	/** Blocks that had to be erased while a message was appended. */
	lateErases: number;
	/** Bytes that fit at least; a message takes its length + 20, rounded up to a multiple of 4. */
	capacity: number;
}

/** An outbox that cannot do what it was asked for. `code` is "flash" (the partition is too small), "size" or "closed". */
export class OutboxError extends Error {
	override name = "OutboxError";
	readonly code: "flash" | "size" | "closed";

	constructor(code: OutboxError["code"], message: string) {
		super(message);
		this.code = code;
	}
}

const ZEROS: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/**
 * Persistent queue of messages in NOR flash: an append-only log in a ring of blocks (layout in outbox-format.ts).
 *
 * A message is in the outbox when `append` has returned and leaves it by `acknowledge`; a power cut at any moment
 * between loses none and invents none (one whose acknowledgement was cut off waits again). Sequence numbers count
 * from 1, one for each `append`, accepted or not, and never repeat over the life of the partition: the newest block
 * holds the next one and is never erased. (32 bits: 8,000 years of a message a minute.) Of refused messages that no
 * accepted one follows before a reset, the first 512 keep their numbers.
 *
 * RAM: the buffer for one payload and 3 bytes for each block. Opening reads all record headers.
 * Errors that the flash throws pass through.
 */
export class Outbox {
	#flash: FlashDevice | undefined;
	readonly #full: "oldest" | "newest";
	readonly #blocks: number;
	readonly #blockLength: number;
	/** Offset in a block behind the last record. */
	readonly #limit: number;
	readonly #header = new Uint8Array(RECORD_HEADER);
	readonly #view = new DataView(this.#header.buffer);
	readonly #payload: Uint8Array;
	readonly #state: Uint8Array;
	readonly #waitingIn: Uint16Array;
	#waiting = 0;
	#dropped = 0;
	#corrupt = 0;
	#reformatted = false;
	#lateErases = 0;
	#next = 1;
	#refused = 0; // bits of the head's tally in use

	// The block that is written to, and where the next record goes; #limit when it takes no more.
	#head = 0;
	#generation = 0;
	#offset = 0;

	// No message waits before this place.
	#cursorBlock = 0;
	#cursorOffset = BLOCK_HEADER;

	// The place of the message that #seek found.
	#foundBlock = 0;
	#foundOffset = 0;

	/**
	 * Opens the outbox, or formats the partition if it holds none.
	 * @throws TypeError or RangeError for wrong options; OutboxError "flash" when the partition has fewer than 2 blocks
	 * or a message does not fit into a block.
	 */
	constructor(options: OutboxOptions) {
		const { flash, full = "oldest", payloadLimit = 1024 } = options;
		// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- called from JavaScript too
		if (!flash) throw new TypeError("outbox: flash is required");
		// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
		if (full !== "oldest" && full !== "newest")
			throw new RangeError(`outbox: full "${String(full)}" is not oldest or newest`);
		if (!(Number.isInteger(payloadLimit) && payloadLimit >= 1 && payloadLimit < 0xffff))
			throw new RangeError(`outbox: payloadLimit ${payloadLimit} is not 1 to 65534`);
		const { blocks, blockLength } = flash.status();
		this.#limit = blockLength - TALLY_LENGTH;
		if (blocks < 2 || BLOCK_HEADER + recordLength(payloadLimit) > this.#limit)
			throw new OutboxError(
				"flash",
				`outbox: ${blocks} blocks of ${blockLength} bytes are too small: 2 or more of` +
					` ${BLOCK_HEADER + recordLength(payloadLimit) + TALLY_LENGTH} are needed for messages of ${payloadLimit}`,
			);
		this.#full = full;
		this.#blocks = blocks;
		this.#blockLength = blockLength;
		this.#payload = new Uint8Array(payloadLimit);
		this.#state = new Uint8Array(blocks);
		this.#waitingIn = new Uint16Array(blocks);
		this.#flash = flash;
		this.#open();
	}

	/** Closes the partition. */
	close(): void {
		this.#flash?.close();
		this.#flash = undefined;
	}

	/** Number of messages that wait. */
	get waiting(): number {
		return this.#waiting;
	}

	/** Number of messages dropped or refused since the outbox was opened. */
	get dropped(): number {
		return this.#dropped;
	}

	/** The sequence number that the next `append` will use. */
	get nextSequence(): number {
		return this.#next;
	}

	status(): OutboxStatus {
		return {
			waiting: this.#waiting,
			dropped: this.#dropped,
			corrupt: this.#corrupt,
			reformatted: this.#reformatted,
			lateErases: this.#lateErases,
			capacity: (this.#blocks - 1) * (this.#limit - BLOCK_HEADER),
		};
	}

	/**
	 * Puts a message into the outbox, as number `nextSequence`. Erases only if no block was erased ahead.
	 * @param payload 1 byte to payloadLimit bytes; copied.
	 * @param stamp Any 32-bit value to keep with the message.
	 * @returns false when the outbox is full and drops the newest: the number is used up.
	 * @throws OutboxError "size" (no number is used up), "closed". When the flash throws, the message is not accepted
	 * and its number is used up.
	 */
	append(payload: Uint8Array, stamp = 0): boolean {
		const flash = this.#device();
		const { length } = payload;
		if (length < 1 || length > this.#payload.length)
			throw new OutboxError(
				"size",
				`outbox: a message of ${length} bytes is not 1 to ${this.#payload.length}`,
			);
		const size = recordLength(length);
		if (this.#offset + size > this.#limit && !this.#advance()) {
			this.#refuse();
			return false;
		}
		const sequence = this.#next++;
		const offset = this.#offset;
		const position = this.#head * this.#blockLength + offset;
		this.#offset = this.#limit; // a write that fails leaves the rest of the block in an unknown state
		encodeRecord(this.#header, this.#view, sequence, stamp, payload);
		flash.write(this.#header.subarray(0, ACKNOWLEDGE_OFFSET), position);
		flash.write(payload, position + RECORD_HEADER);
		this.#offset = offset + size;
		this.#waiting++;
		this.#waitingIn[this.#head]++;
		return true;
	}

	/**
	 * The oldest message that waits, or undefined.
	 * @param after Only messages with a sequence number above this one (default: all).
	 */
	peek(after = 0): OutboxMessage | undefined {
		this.#device();
		for (;;) {
			const length = this.#seek(sequence => sequence > after);
			if (!length) return undefined;
			const sequence = this.#view.getUint32(4, true);
			const stamp = this.#view.getUint32(8, true);
			const payload = this.#readPayload(this.#foundBlock, this.#foundOffset, length);
			if (payload) {
				if (!after) {
					this.#cursorBlock = this.#foundBlock;
					this.#cursorOffset = this.#foundOffset;
				}
				return { sequence, stamp, payload };
			}
			this.#corrupt++;
			this.#settle();
		}
	}

	/**
	 * Takes a message out of the outbox.
	 * @returns false when no message with this number waits (it was dropped, or acknowledged before).
	 */
	acknowledge(sequence: number): boolean {
		this.#device();
		if (!this.#seek(candidate => candidate === sequence)) return false;
		this.#settle();
		return true;
	}

	/** Whether `maintain` has something to do. */
	get isEraseDue(): boolean {
		const next = this.#after(this.#head);
		if (this.#state[next] === FREE || !this.#isReclaimable(next)) return false;
		// Messages that wait are dropped late: not before the head is half full.
		return this.#waitingIn[next] === 0 || this.#offset > this.#blockLength / 2;
	}

	/**
	 * Erases one block ahead, so that no `append` has to: tens of milliseconds in which the chip stands still, for the
	 * application to choose. In a full outbox that drops the oldest, this drops them.
	 * @returns Whether a block was erased.
	 */
	maintain(): boolean {
		this.#device();
		if (!this.isEraseDue) return false;
		this.#reclaim(this.#after(this.#head));
		return true;
	}

	#device(): FlashDevice {
		if (!this.#flash) throw new OutboxError("closed", "outbox: closed");
		return this.#flash;
	}

	#after(block: number): number {
		return block + 1 === this.#blocks ? 0 : block + 1;
	}

	#readHeader(position: number): void {
		this.#device().read(this.#header, position);
	}

	/** Reads a payload into the buffer; undefined when it does not belong to the record header in #header. */
	#readPayload(block: number, offset: number, length: number): Uint8Array | undefined {
		const payload = this.#payload.subarray(0, length);
		this.#device().read(payload, block * this.#blockLength + offset + RECORD_HEADER);
		return isIntact(this.#header, this.#view, payload) ? payload : undefined;
	}

	/** Reads the record header at a place; length of its payload, 0 if there is no record. */
	#recordAt(block: number, offset: number): number {
		if (offset + RECORD_HEADER > this.#limit) return 0;
		this.#readHeader(block * this.#blockLength + offset);
		const length = payloadLength(this.#view);
		return length <= this.#payload.length && offset + recordLength(length) <= this.#limit ? length : 0;
	}

	/** Finds the first waiting message from the cursor on: length of its payload, 0 if there is none. */
	#seek(matches: (sequence: number) => boolean): number {
		let block = this.#cursorBlock;
		let offset = this.#cursorOffset;
		for (;;) {
			const isHead = block === this.#head;
			const isPast = this.#state[block] !== USED || this.#waitingIn[block] === 0;
			const length = isPast || (isHead && offset >= this.#offset) ? 0 : this.#recordAt(block, offset);
			if (length) {
				if (this.#isWaiting() && matches(this.#view.getUint32(4, true))) {
					this.#foundBlock = block;
					this.#foundOffset = offset;
					return length;
				}
				offset += recordLength(length);
			} else {
				if (isHead) return 0;
				block = this.#after(block);
				offset = BLOCK_HEADER;
			}
		}
	}

	/** Marks the message that #seek found as acknowledged. */
	#settle(): void {
		this.#writeZeros(this.#foundBlock * this.#blockLength + this.#foundOffset + ACKNOWLEDGE_OFFSET, 4);
		this.#waiting--;
		this.#waitingIn[this.#foundBlock]--;
	}

	#writeZeros(position: number, length: number): void {
		this.#header.set(ZEROS);
		this.#device().write(this.#header.subarray(0, length), position);
	}

	/** Begins the next block. False when that would drop what may not be dropped. */
	#advance(): boolean {
		const next = this.#after(this.#head);
		if (this.#state[next] !== FREE) {
			if (!this.#isReclaimable(next)) return false;
			this.#lateErases++;
			this.#reclaim(next);
		}
		this.#begin(next);
		return true;
	}

	#begin(block: number): void {
		this.#state[block] = DIRTY; // until its header is complete
		encodeBlock(this.#header, this.#view, this.#generation + 1, this.#next);
		const position = block * this.#blockLength + GENERATION_OFFSET;
		this.#device().write(this.#header.subarray(GENERATION_OFFSET, BLOCK_HEADER), position);
		this.#state[block] = USED;
		this.#generation++;
		this.#head = block;
		this.#offset = BLOCK_HEADER;
		this.#refused = 0;
		if (this.#cursorBlock !== block) return;
		this.#cursorBlock = this.#after(block);
		this.#cursorOffset = BLOCK_HEADER;
	}

	#isReclaimable(block: number): boolean {
		return this.#waitingIn[block] === 0 || this.#full === "oldest";
	}

	/** Erases a block; what waits in it is dropped. */
	#reclaim(block: number): void {
		const flash = this.#device();
		const lost = this.#waitingIn[block];
		this.#state[block] = DIRTY;
		this.#waitingIn[block] = 0;
		this.#waiting -= lost;
		this.#dropped += lost;
		const position = block * this.#blockLength;
		this.#writeZeros(position, BLOCK_HEADER);
		flash.eraseBlock(block);
		encodeFree(this.#view);
		flash.write(this.#header.subarray(0, GENERATION_OFFSET), position);
		this.#state[block] = FREE;
	}

	/** Uses up a sequence number, and the head with it, for a message that is not accepted. */
	#refuse(): void {
		this.#dropped++;
		this.#next++;
		this.#offset = this.#limit;
		const index = this.#refused;
		if (index >= TALLY_LENGTH * 8) return;
		this.#refused++;
		this.#header[0] = tallyByte(index);
		const position = this.#head * this.#blockLength + this.#limit + (index >> 3);
		this.#device().write(this.#header.subarray(0, 1), position);
	}

	#open(): void {
		const isForeign = this.#findHead();
		if (!this.#generation) {
			this.#reformatted = isForeign;
			this.#reclaim(0);
			this.#begin(0);
			return;
		}
		for (let block = 0; block < this.#blocks; block++) {
			const distance = (this.#head - block + this.#blocks) % this.#blocks;
			this.#readHeader(block * this.#blockLength);
			let state = blockState(this.#header, this.#view);
			if (state === USED && this.#view.getUint32(4, true) !== this.#generation - distance) state = DIRTY;
			this.#state[block] = state;
			if (state === USED && block !== this.#head) this.#count(block);
		}
		this.#openHead();
		this.#cursorBlock = this.#after(this.#head);
	}

	/** The head is the block with the highest generation. @returns whether a header is neither erased nor ours */
	#findHead(): boolean {
		let isForeign = false;
		for (let block = 0; block < this.#blocks; block++) {
			this.#readHeader(block * this.#blockLength);
			if (blockState(this.#header, this.#view) !== USED) {
				isForeign ||= this.#header.some(byte => byte !== 0xff);
				continue;
			}
			const generation = this.#view.getUint32(4, true);
			if (generation <= this.#generation) continue;
			this.#generation = generation;
			this.#head = block;
			this.#next = this.#view.getUint32(8, true);
		}
		return isForeign;
	}

	#openHead(): void {
		const end = this.#count(this.#head);
		this.#offset = this.#isErased(end) ? end : this.#limit;
		const tally =
			this.#payload.length >= TALLY_LENGTH
				? this.#payload.subarray(0, TALLY_LENGTH)
				: new Uint8Array(TALLY_LENGTH);
		this.#device().read(tally, this.#head * this.#blockLength + this.#limit);
		this.#refused = tallyCount(tally);
		if (!this.#refused) return;
		this.#next += this.#refused;
		this.#offset = this.#limit;
	}

	/**
	 * Counts the messages that wait in a block and, if it is the head, learns the next sequence number. Only the last
	 * record of a block can be torn: its header is there but its payload is not. Returns the offset behind the records.
	 */
	#count(block: number): number {
		let lastLength = 0;
		let last = 0;
		let offset = BLOCK_HEADER;
		for (;;) {
			const sequence = this.#view.getUint32(4, true); // of the record before, unless this is the first
			const length = this.#recordAt(block, offset);
			if (!length) break;
			if (last) this.#learn(block, sequence);
			if (this.#isWaiting()) {
				this.#waiting++;
				this.#waitingIn[block]++;
			}
			last = offset;
			lastLength = length;
			offset += recordLength(length);
		}
		if (!last) return offset;
		this.#recordAt(block, last);
		if (this.#readPayload(block, last, lastLength)) {
			this.#learn(block, this.#view.getUint32(4, true));
			return offset;
		}
		this.#foundBlock = block;
		this.#foundOffset = last;
		if (this.#isWaiting()) this.#settle();
		return this.#limit;
	}

	#learn(block: number, sequence: number): void {
		if (block === this.#head) this.#next = Math.max(this.#next, sequence + 1);
	}

	/** Whether the record in #header waits. */
	#isWaiting(): boolean {
		return this.#view.getUint32(ACKNOWLEDGE_OFFSET, true) !== 0;
	}

	/** Whether the head is erased from an offset to the tally: not so behind a record that was torn in its header. */
	#isErased(offset: number): boolean {
		const piece = this.#payload;
		while (offset < this.#limit) {
			const length = Math.min(piece.length, this.#limit - offset);
			const bytes = piece.subarray(0, length);
			this.#device().read(bytes, this.#head * this.#blockLength + offset);
			if (bytes.some(byte => byte !== 0xff)) return false;
			offset += length;
		}
		return true;
	}
}
