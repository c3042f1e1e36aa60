import type { FarEnd } from "../../shim/serial.js";

/** A far end that keeps what it got, and sends what a test tells it to. */
export class RecordingEnd implements FarEnd {
	readonly paced: boolean;
	readonly events: string[] = [];
	written: number[] = [];
	send: (bytes: Uint8Array) => void = () => undefined;

	constructor(paced = true) {
		this.paced = paced;
	}

	open(baud: number, deliver: (bytes: Uint8Array) => void): void {
		this.events.push(`open ${baud}`);
		this.send = deliver;
	}

	write(bytes: Uint8Array): void {
		this.written.push(...bytes);
	}

	close(): void {
		this.events.push("close");
	}
}

/** `count` bytes 0, 1, 2 … from `first` on. */
export const counting = (count: number, first = 0) => Uint8Array.from({ length: count }, (_, i) => first + i);
