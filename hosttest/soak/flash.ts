import { type FlashDevice } from "../../modules/telemetry/outbox-ring.js";
import storage, { type Flash, type FlashOptions } from "../shim/flash.js";
import { BLOCK_BYTES, waitingIn } from "./block.js";

/** Partitions of the host's flash, by size. */
export const partitions = { large: "outbox", small: "soak" } as const;

export type PartitionSize = keyof typeof partitions;

let partition: string = partitions.large;
let onDrop: (sequences: readonly number[]) => void = () => undefined;

/**
 * What the firmware's next opening of the flash gets.
 * @param dropped is told, before it happens, of the messages that wait in a block which the outbox gives up
 */
export function useFlash(size: PartitionSize, dropped: (sequences: readonly number[]) => void): void {
	partition = partitions[size];
	onDrop = dropped;
}

/** A partition whose blocks are looked at before they are given up: the outbox overwrites a block's header, then erases the block. */
class WatchedFlash implements FlashDevice {
	readonly #flash: Flash;

	constructor(flash: Flash) {
		this.#flash = flash;
	}
	read(buffer: Uint8Array, byteOffset: number): unknown {
		return this.#flash.read(buffer, byteOffset);
	}
	write(buffer: Uint8Array, byteOffset: number): void {
		if (byteOffset % BLOCK_BYTES === 0) this.#look(byteOffset);
		this.#flash.write(buffer, byteOffset);
	}
	eraseBlock(block: number): void {
		this.#look(block * BLOCK_BYTES);
		this.#flash.eraseBlock(block);
	}
	status(): { size: number; blockLength: number; blocks: number } {
		return this.#flash.status();
	}
	close(): void {
		this.#flash.close();
	}

	#look(byteOffset: number): void {
		const sequences = waitingIn(new Uint8Array(this.#flash.read(BLOCK_BYTES, byteOffset)));
		if (sequences.length > 0) onDrop(sequences);
	}
}

/** Module "embedded:storage/flash" of the soak: the host's, with the partition that `useFlash` has chosen in place of the one named. */
export default {
	open: (options: FlashOptions): WatchedFlash =>
		new WatchedFlash(storage.open({ ...options, path: partition })),
};
