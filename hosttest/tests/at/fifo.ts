import { type Framer, NONE } from "../../../modules/at/framer.js";
import type { ReceiveBuffer } from "../../../modules/at/receive-buffer.js";

/** Reads a piece as port and receiver do. @returns the first event */
export function readFrom(fifo: FakeFIFO, buffer: ReceiveBuffer, framer: Framer): number {
	const count = fifo.read(buffer.landing);
	if (!count) return NONE;
	try {
		if (!buffer.end) return framer.first(count);
	} catch {
		// It is no text.
	}
	return buffer.add(count) ? framer.next() : NONE;
}

/** A serial port of which the test fills the FIFO. */
export class FakeFIFO {
	#bytes = new Uint8Array(0);

	/** Bytes that wait. */
	get length(): number {
		return this.#bytes.length;
	}
	/** Puts bytes in, in place of those that are there. */
	hold(bytes: Uint8Array): void {
		this.#bytes = bytes.slice();
	}
	read(target: Uint8Array): number | undefined {
		const piece = this.#bytes.subarray(0, target.length);
		this.#bytes = this.#bytes.slice(piece.length);
		target.set(piece);
		return piece.length || undefined;
	}
	write(): void {
		throw new Error("not to be written to");
	}
	close(): void {
		throw new Error("not to be closed");
	}
}
