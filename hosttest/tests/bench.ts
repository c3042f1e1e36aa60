import { VirtualClock, useClock } from "../shim/clock.js";
import { Scheduler, type SchedulerOptions } from "../../modules/at/scheduler.js";
import { latin1, latin1Of } from "./bytes.js";

export { latin1 } from "./bytes.js";

/** Bytes of the UART's FIFOs. */
const FIFO_BYTES = 128;

/**
 * A serial class whose far end is the test: `sent` is what the firmware wrote, `receive` puts bytes on the line. As strict as the
 * chip's: what exceeds the room told last throws "output full", and so does any use after `close`.
 */
export class TestSerial {
	static last: TestSerial;
	readonly #options: {
		onReadable: (count: number) => void;
		onWritable: (count: number) => void;
	};
	#incoming: Uint8Array[] = [];
	#room = 0;
	sent = "";
	/** Told of each piece that is written. */
	onSent: ((text: string) => void) | undefined;
	closed = false;

	constructor(options: { onReadable: (count: number) => void; onWritable: (count: number) => void }) {
		this.#options = options;
		TestSerial.last = this;
	}
	/** Tells the firmware that there is room for so many bytes. */
	writable(count = FIFO_BYTES): void {
		this.#room = count;
		if (!this.closed) this.#options.onWritable(count);
	}
	/** Puts bytes on the line, as many at a time as the FIFO holds. */
	receive(data: string | Uint8Array): void {
		const bytes = typeof data === "string" ? latin1(data) : data;
		for (let from = 0; from < bytes.length; from += FIFO_BYTES) {
			const piece = bytes.slice(from, from + FIFO_BYTES);
			this.hold(piece);
			this.readable(piece.length);
		}
	}
	/** Tells the firmware of bytes in the FIFO. */
	readable(count: number): void {
		if (!this.closed) this.#options.onReadable(count);
	}
	/** Puts bytes into the FIFO while the host is too busy to be told of them. */
	hold(data: string | Uint8Array): void {
		this.#incoming.push(typeof data === "string" ? latin1(data) : data);
	}
	read(buffer: Uint8Array): number | undefined {
		if (this.closed) throw new Error("closed");
		const piece = this.#incoming.shift();
		if (!piece?.length) return undefined;
		const count = Math.min(piece.length, buffer.length);
		buffer.set(piece.subarray(0, count));
		if (count < piece.length) this.#incoming.unshift(piece.subarray(count));
		return count;
	}
	write(bytes: Uint8Array): void {
		if (this.closed) throw new Error("closed");
		if (bytes.length > this.#room) throw new Error("output full");
		this.#room -= bytes.length;
		const text = latin1Of(bytes);
		this.sent += text;
		this.onSent?.(text);
	}
	close(): void {
		if (this.closed) throw new Error("closed twice");
		this.closed = true;
	}
	/** What was sent since the last call. */
	take(): string {
		const { sent } = this;
		this.sent = "";
		return sent;
	}
}

export interface Bench {
	clock: VirtualClock;
	serial: TestSerial;
	scheduler: Scheduler;
}

/** A scheduler on a test's serial line and a virtual clock of its own, which starts at `startMs`. */
export function bench(options: Partial<SchedulerOptions> = {}, startMs = 0): Bench {
	const clock = new VirtualClock();
	clock.block(startMs);
	useClock(clock);
	const scheduler = new Scheduler({ ...options, serial: { io: TestSerial } });
	const serial = TestSerial.last;
	serial.writable();
	return { clock, serial, scheduler };
}

/** The same, past its first synchronisation. */
export async function synchronisedBench(
	options: Partial<SchedulerOptions> = {},
	startMs = 0,
): Promise<Bench> {
	const all = bench(options, startMs);
	await synchronise(all);
	return all;
}

/** Answers as a modem does that has nothing else to say, until the line is clean. */
export async function synchronise({ clock, serial }: Bench): Promise<void> {
	await clock.advance(0);
	await clock.advance(300);
	serial.writable();
	serial.receive("\r\nOK\r\n");
	await clock.advance(1);
	serial.writable();
	serial.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n");
	await clock.advance(1);
	serial.writable();
	serial.take();
}
