import type { ReceiveBuffer } from "../../../modules/at/receive-buffer.js";

/** Reads a piece as a port does. */
export function readFrom(fifo: FakeFIFO, buffer: ReceiveBuffer): boolean {
	try {
		return buffer.read(fifo);
	} catch {
		return buffer.recover();
	}
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
