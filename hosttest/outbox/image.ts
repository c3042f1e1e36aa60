import type { FlashDevice } from "../../modules/telemetry/outbox-ring.js";

/** A partition in memory, for the outbox's own code to read, and to change where it opens an outbox: give it a copy. */
export class Image implements FlashDevice {
	readonly #bytes: Uint8Array;
	readonly #blockLength: number;

	/** @param bytes a multiple of blockLength */
	constructor(bytes: Uint8Array, blockLength: number) {
		this.#bytes = bytes;
		this.#blockLength = blockLength;
	}
	read(buffer: Uint8Array, byteOffset: number): void {
		buffer.set(this.#bytes.subarray(byteOffset, byteOffset + buffer.length));
	}
	write(buffer: Uint8Array, byteOffset: number): void {
		for (const [index, byte] of buffer.entries()) this.#bytes[byteOffset + index] &= byte;
	}
	eraseBlock(block: number): void {
		const start = block * this.#blockLength;
		this.#bytes.fill(0xff, start, start + this.#blockLength);
	}
	status(): { size: number; blockLength: number; blocks: number } {
		const { length: size } = this.#bytes;
		return { size, blockLength: this.#blockLength, blocks: size / this.#blockLength };
	}
	close(): void {
		// It is memory.
	}
}
