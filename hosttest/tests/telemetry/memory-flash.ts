import type { FlashDevice } from "../../../modules/telemetry/outbox-ring.js";

/** Thrown when the power of a {@link MemoryFlash} is cut, and by each use of it after that. */
export class PowerCut extends Error {}

/** What an erase that was cut off leaves of a block's bytes. */
export type ErasePattern = (byte: number, index: number, length: number) => number;

/** NOR flash in memory: writes clear bits, erases work by the block, and the power can be cut at any step of either. */
export class MemoryFlash implements FlashDevice {
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly blocks: number;
	readonly blockLength: number;
	erases = 0;
	writes = 0;
	/** Steps done: each byte of a write, and `eraseSteps` for an erase. */
	steps = 0;
	/** Step before which the power is cut. */
	cutAt = Infinity;
	erasePatterns: ErasePattern[] = [];
	isClosed = false;

	constructor(blocks: number, blockLength: number, bytes = new Uint8Array(blocks * blockLength).fill(0xff)) {
		this.blocks = blocks;
		this.blockLength = blockLength;
		this.bytes = bytes;
	}

	/** The same contents with the power on again. */
	reopened(): MemoryFlash {
		return new MemoryFlash(this.blocks, this.blockLength, this.bytes);
	}

	copy(): MemoryFlash {
		return new MemoryFlash(this.blocks, this.blockLength, this.bytes.slice());
	}

	read(buffer: Uint8Array, byteOffset: number): number {
		this.#check(byteOffset, buffer.length);
		buffer.set(this.bytes.subarray(byteOffset, byteOffset + buffer.length));
		return buffer.length;
	}

	write(buffer: Uint8Array, byteOffset: number): void {
		this.#check(byteOffset, buffer.length);
		this.writes++;
		buffer.forEach((byte, index) => {
			this.#step();
			this.bytes[byteOffset + index] &= byte;
		});
	}

	eraseBlock(block: number): void {
		const start = block * this.blockLength;
		this.#check(start, this.blockLength);
		this.erases++;
		const old = this.bytes.slice(start, start + this.blockLength);
		for (const pattern of this.erasePatterns) {
			this.#step();
			this.bytes.set(
				old.map((byte, index) => pattern(byte, index, old.length)),
				start,
			);
		}
		this.#step();
		this.bytes.fill(0xff, start, start + this.blockLength);
	}

	status() {
		return { size: this.bytes.length, blockLength: this.blockLength, blocks: this.blocks };
	}

	close(): void {
		this.isClosed = true;
	}

	#check(offset: number, length: number): void {
		if (this.isClosed) throw new Error("flash is closed");
		if (this.steps > this.cutAt) throw new PowerCut();
		if (!Number.isInteger(offset) || offset < 0 || offset + length > this.bytes.length)
			throw new RangeError(`${offset}+${length} is outside of the flash`);
	}

	#step(): void {
		if (this.steps++ >= this.cutAt) throw new PowerCut();
	}
}
