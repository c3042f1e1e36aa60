import { type OpenPort, machine } from "./machine.js";
import { pause, resume } from "./meter.js";

/** Options of the class that the firmware gives. */
interface SerialOptions {
	readonly onReadable: (count: number) => void;
	readonly onWritable: (count: number) => void;
}

const EMPTY = new Uint8Array(0);

/** Module "embedded:io/serial": the bytes come with the messages of the world outside, where the UART's model is, and go with the replies. */
export default class Serial implements OpenPort {
	readonly #options: SerialOptions;
	#room = 0;

	constructor(options: SerialOptions) {
		if (machine.port) throw new Error("in use");
		this.#options = options;
		machine.port = this;
		// JSON leaves the callbacks out.
		machine.events.push(["open", options]);
	}
	onReadable(count: number): void {
		this.#options.onReadable.call(this, count);
	}
	onWritable(count: number): void {
		this.#room = count;
		this.#options.onWritable.call(this, count);
	}
	read(buffer: Uint8Array): number | undefined {
		this.#check();
		const computrons = pause();
		const { received } = machine;
		const count = Math.min(received.length, buffer.length);
		buffer.set(count < received.length ? received.subarray(0, count) : received);
		machine.received = count < received.length ? received.subarray(count) : EMPTY;
		resume(computrons);
		return count || undefined;
	}
	write(bytes: Uint8Array): void {
		this.#check();
		if (bytes.length > this.#room) throw new Error("output full");
		const computrons = pause();
		this.#room -= bytes.length;
		machine.output.set(bytes, machine.written);
		machine.written += bytes.length;
		resume(computrons);
	}
	close(): void {
		this.#check();
		machine.port = undefined;
		machine.events.push(["close", undefined]);
	}

	#check(): void {
		if (machine.port !== this) throw new SyntaxError("Serial: closed");
	}
}
