import { machine } from "./machine.js";
import { pause, resume } from "./meter.js";

const BLOCK_LENGTH = 4096;
const ERASED = 0xff;

/** The partition: it outlives the instances, as flash does. */
const content = new Uint8Array(machine.flash.size).fill(ERASED);

/** A partition of NOR flash in memory: `write` clears bits, `eraseBlock` sets those of a block. */
class Flash {
	eraseBlock(start: number, end = start + 1): void {
		const count = pause();
		machine.flash.erases++;
		content.fill(ERASED, start * BLOCK_LENGTH, end * BLOCK_LENGTH);
		resume(count);
	}
	read(target: number | Uint8Array, byteOffset: number): ArrayBuffer | number {
		const count = pause();
		machine.flash.reads++;
		let result: ArrayBuffer | number;
		if (typeof target === "number") result = content.slice(byteOffset, byteOffset + target).buffer;
		else {
			const view = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
			view.set(content.subarray(byteOffset, byteOffset + view.length));
			result = view.length;
		}
		resume(count);
		return result;
	}
	write(buffer: ArrayBuffer | Uint8Array, byteOffset: number): void {
		const count = pause();
		machine.flash.writes++;
		const data = buffer instanceof ArrayBuffer ? new Uint8Array(buffer) : buffer;
		for (let at = 0; at < data.length; at++) content[byteOffset + at] &= data[at];
		resume(count);
	}
	status(): { size: number; blockLength: number; blocks: number } {
		const { size } = machine.flash;
		return { size, blockLength: BLOCK_LENGTH, blocks: size / BLOCK_LENGTH };
	}
	close(): void {
		// holds nothing
	}
}

/** Module "embedded:storage/flash". */
export default { open: () => new Flash() };
