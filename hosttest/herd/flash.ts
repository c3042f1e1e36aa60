import type { FlashDevice } from "../../modules/telemetry/outbox-ring.js";

const BLOCK_BYTES = 4096;

/** A small NOR flash in memory: `write` clears bits, `eraseBlock` sets all of a block. */
export class UnitFlash implements FlashDevice {
	readonly #bytes: Uint8Array;

	constructor(blocks: number) {
		this.#bytes = new Uint8Array(blocks * BLOCK_BYTES).fill(0xff);
	}
	read(buffer: Uint8Array, byteOffset: number): void {
		buffer.set(this.#bytes.subarray(byteOffset, byteOffset + buffer.length));
	}
	write(buffer: Uint8Array, byteOffset: number): void {
		for (let at = 0; at < buffer.length; at++) this.#bytes[byteOffset + at] &= buffer[at];
	}
	eraseBlock(block: number): void {
		this.#bytes.fill(0xff, block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
	}
	status(): { size: number; blockLength: number; blocks: number } {
		const { length: size } = this.#bytes;
		return { size, blockLength: BLOCK_BYTES, blocks: size / BLOCK_BYTES };
	}
	close(): void {
		// holds nothing
	}
}
