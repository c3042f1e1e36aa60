import { BLOCK_HEADER, FREE, TAIL_LENGTH, recordLength } from "./outbox-format.js";
import { BlockRing, type FlashDevice } from "./outbox-ring.js";
import { scan } from "./outbox-scan.js";

/** Options of {@link Outbox}. */
export interface OutboxOptions {
	/** The partition; the outbox uses all of it and closes it. Flash encryption has to be off (words are written twice). */
	flash: FlashDevice;
	/** What is dropped when the outbox is full: the "oldest" block of messages (default), or the "newest" message. */
	full?: "oldest" | "newest";
	/** Largest message in bytes, 1 or more (default 1024). */
	payloadLimit?: number;
}

/** A message in the outbox. */
export interface OutboxMessage {
	sequence: number;
	/** The value given to `append`, as an unsigned 32-bit integer. */
	stamp: number;
	/** Read for the caller. */
	payload: Uint8Array;
}

/** Figures of an outbox; counts since it was opened. */
export interface OutboxStatus {
	/** Messages that wait for their acknowledgement. */
	waiting: number;
	/**
	 * Messages that were dropped or refused because the outbox was full: since it was opened, and by an erase before that
	 * which a power cut ended.
	 */
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

/**
 * Persistent queue of messages in NOR flash: an append-only log in a ring of blocks (layout in outbox-format.ts).
 *
 * A message is in the outbox when `append` has returned and leaves it by `acknowledge`; a power cut at any moment
 * between loses none and invents none (one whose acknowledgement was cut off waits again). Sequence numbers count
 * from 1, one for each `append`, accepted or not, and never repeat over the life of the partition: the newest block
 * holds the next one and is never erased. (32 bits: 8,000 years of a message a minute.) Of refused messages that no
 * accepted one follows before a reset, the first 448 keep their numbers. What a full outbox drops is counted, also where
 * the power is cut while it is dropped: then by the next opening.
 *
 * RAM: 2 bytes for each block, 3 where a block holds more than 255 of the shortest messages. Opening reads all record headers.
 * Errors that the flash throws pass through.
 */
export class Outbox {
	#flash: FlashDevice | undefined;
	readonly #full: "oldest" | "newest";
	readonly #blocks: BlockRing;
	readonly #reformatted: boolean;
	#corrupt = 0;
	#lateErases = 0;

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
		// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- called from JavaScript too
		if (full !== "oldest" && full !== "newest")
			throw new RangeError(`outbox: full "${String(full)}" is not oldest or newest`);
		if (!(Number.isInteger(payloadLimit) && payloadLimit >= 1 && payloadLimit < 0xffff))
			throw new RangeError(`outbox: payloadLimit ${payloadLimit} is not 1 to 65534`);
		const { blocks, blockLength } = flash.status();
		const needed = BLOCK_HEADER + recordLength(payloadLimit) + TAIL_LENGTH;
		if (blocks < 2 || needed > blockLength)
			throw new OutboxError(
				"flash",
				`outbox: ${blocks} blocks of ${blockLength} bytes are too small: 2 or more of ${needed}` +
					` are needed for messages of ${payloadLimit}`,
			);
		this.#full = full;
		this.#flash = flash;
		this.#blocks = new BlockRing(flash, blocks, blockLength, payloadLimit);
		this.#reformatted = scan(this.#blocks);
		this.#cursorBlock = this.#blocks.after(this.#blocks.head);
	}

	/** Closes the partition. */
	close(): void {
		this.#flash?.close();
		this.#flash = undefined;
	}

	/** Number of messages that wait. */
	get waiting(): number {
		return this.#blocks.waiting;
	}

	/** Number of messages dropped or refused since the outbox was opened. */
	get dropped(): number {
		return this.#blocks.dropped;
	}

	/** The sequence number that the next `append` will use. */
	get nextSequence(): number {
		return this.#blocks.next;
	}

	status(): OutboxStatus {
		const { waiting, dropped, blocks, limit } = this.#blocks;
		return {
			waiting,
			dropped,
			corrupt: this.#corrupt,
			reformatted: this.#reformatted,
			lateErases: this.#lateErases,
			capacity: (blocks - 1) * (limit - BLOCK_HEADER),
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
		const blocks = this.#opened();
		const { length } = payload;
		if (length < 1 || length > blocks.longest)
			throw new OutboxError("size", `outbox: a message of ${length} bytes is not 1 to ${blocks.longest}`);
		if (blocks.offset + recordLength(length) > blocks.limit && !this.#advance()) {
			blocks.refuse();
			return false;
		}
		blocks.append(payload, stamp);
		return true;
	}

	/**
	 * The oldest message that waits, or undefined.
	 * @param after Only messages with a sequence number above this one (default: all).
	 */
	peek(after = 0): OutboxMessage | undefined {
		const blocks = this.#opened();
		for (;;) {
			const length = this.#seek(after + 1, Infinity);
			if (!length) return undefined;
			const { sequence } = blocks;
			const stamp = blocks.view.getUint32(8, true);
			const payload = blocks.readPayload(this.#foundBlock, this.#foundOffset, length);
			if (payload) {
				if (!after) {
					this.#cursorBlock = this.#foundBlock;
					this.#cursorOffset = this.#foundOffset;
				}
				return { sequence, stamp, payload };
			}
			this.#corrupt++;
			blocks.settle(this.#foundBlock, this.#foundOffset);
		}
	}

	/**
	 * Takes a message out of the outbox.
	 * @returns false when no message with this number waits (it was dropped, or acknowledged before).
	 */
	acknowledge(sequence: number): boolean {
		const blocks = this.#opened();
		if (!this.#seek(sequence, sequence)) return false;
		blocks.settle(this.#foundBlock, this.#foundOffset);
		return true;
	}

	/** Whether `maintain` has something to do. */
	get isEraseDue(): boolean {
		const { state, waitingIn, head, offset, blockLength } = this.#blocks;
		const next = this.#blocks.after(head);
		if (state[next] === FREE || !this.#isReclaimable(next)) return false;
		// Messages that wait are dropped late: not before the head is half full.
		return waitingIn[next] === 0 || offset > blockLength / 2;
	}

	/**
	 * Erases one block ahead, so that no `append` has to: tens of milliseconds in which the chip stands still, for the
	 * application to choose. In a full outbox that drops the oldest, this drops them.
	 * @returns Whether a block was erased.
	 */
	maintain(): boolean {
		const blocks = this.#opened();
		if (!this.isEraseDue) return false;
		blocks.reclaim(blocks.after(blocks.head));
		return true;
	}

	/** @throws OutboxError "closed" */
	#opened(): BlockRing {
		if (!this.#flash) throw new OutboxError("closed", "outbox: closed");
		return this.#blocks;
	}

	/** Finds the first waiting message with such a number, from the cursor on: length of its payload, 0 if there is none. */
	#seek(least: number, most: number): number {
		const blocks = this.#blocks;
		let block = this.#cursorBlock;
		let offset = this.#cursorOffset;
		for (;;) {
			const isHead = block === blocks.head;
			const isPast = blocks.waitingIn[block] === 0;
			const length = isPast || (isHead && offset >= blocks.offset) ? 0 : blocks.recordAt(block, offset);
			if (length) {
				const { sequence } = blocks;
				if (blocks.isWaiting && sequence >= least && sequence <= most) {
					this.#foundBlock = block;
					this.#foundOffset = offset;
					return length;
				}
				offset += recordLength(length);
			} else {
				if (isHead) return 0;
				block = blocks.after(block);
				offset = BLOCK_HEADER;
			}
		}
	}

	/** Begins the next block. False when that would drop what may not be dropped. */
	#advance(): boolean {
		const blocks = this.#blocks;
		const next = blocks.after(blocks.head);
		if (blocks.state[next] !== FREE) {
			if (!this.#isReclaimable(next)) return false;
			this.#lateErases++;
			blocks.reclaim(next);
		}
		blocks.begin(next);
		if (this.#cursorBlock !== next) return true;
		this.#cursorBlock = blocks.after(next);
		this.#cursorOffset = BLOCK_HEADER;
		return true;
	}

	#isReclaimable(block: number): boolean {
		return this.#blocks.waitingIn[block] === 0 || this.#full === "oldest";
	}
}
