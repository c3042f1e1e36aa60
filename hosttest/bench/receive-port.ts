import Timer from "timer";

/** xsnap's meter: returns the computrons so far and goes on from `index`. Node has none. */
type ResetMeter = (limit: number, index: number) => number;

const resetMeter: ResetMeter = (globalThis as { resetMeter?: ResetMeter }).resetMeter ?? (() => 0);

/** Computrons since `resumeAt`. */
export function pause(): number {
	return resetMeter(0, 0);
}
/** Lets the meter go on from a count. */
export function resumeAt(computrons: number): void {
	resetMeter(0, computrons);
}

interface PortOptions {
	readonly onReadable: (this: ReceivePort, count: number) => void;
	readonly onWritable?: (this: ReceivePort, count: number) => void;
}

const FIFO_BYTES = 128;
/** A module's answer to a command takes so long, ms. */
const ANSWER_MS = 5;

/**
 * A serial class whose bytes come from a log. What the chip's class does in C is not metered: `read` costs what the call of a native does,
 * once `calibrate` was called. While `answer` is set it answers commands.
 */
export class ReceivePort {
	static last: ReceivePort;
	/** The module's answer to a command; undefined for none. */
	static answer: ((command: string) => string | undefined) | undefined;
	/** Computrons of `read` that a native would not have taken: its frame and the meter's. */
	static harnessComputrons = 0;
	readonly #options: PortOptions;
	#piece: Uint8Array | undefined;
	#command = "";

	constructor(options: PortOptions) {
		this.#options = options;
		ReceivePort.last = this;
		Timer.set(() => this.#writable());
	}
	/** Finds out what of `read` is the harness's. */
	static calibrate(): void {
		const buffer = new Uint8Array(1);
		const port = new ReceivePort({ onReadable: () => undefined });
		resumeAt(0);
		port.read(buffer);
		const computrons = pause();
		resumeAt(0);
		buffer.at(0);
		ReceivePort.harnessComputrons += computrons - pause();
	}
	/** Hands a piece over, as `onReadable` of the chip's class does. */
	receive(piece: Uint8Array): void {
		this.#piece = piece;
		this.#options.onReadable.call(this, piece.length);
	}
	/** Fills the buffer and returns the count; without one, returns an ArrayBuffer. */
	read(): ArrayBuffer | undefined;
	read(buffer: Uint8Array): number | undefined;
	read(buffer?: Uint8Array): ArrayBuffer | number | undefined {
		const computrons = pause();
		const piece = this.#piece;
		this.#piece = undefined;
		let result;
		if (piece && buffer) {
			buffer.set(piece);
			result = piece.length;
		} else if (piece) {
			// An ArrayBuffer and no view: what the chip's class makes.
			const { buffer: bytes, byteOffset, length } = piece as Uint8Array<ArrayBuffer>;
			result = bytes.slice(byteOffset, byteOffset + length);
		}
		resumeAt(computrons - ReceivePort.harnessComputrons);
		return result;
	}
	write(bytes: Uint8Array): void {
		Timer.set(() => this.#writable());
		const { answer } = ReceivePort;
		if (!answer) return;
		this.#command += String.fromArrayBuffer(bytes.slice().buffer);
		const ends = this.#command.split("\r");
		this.#command = ends.pop() ?? "";
		for (const command of ends) {
			const text = answer(command);
			if (text !== undefined) Timer.set(() => this.#answer(text), ANSWER_MS);
		}
	}
	close(): void {
		this.#piece = undefined;
	}

	#answer(text: string): void {
		const bytes = new Uint8Array(ArrayBuffer.fromString(text));
		for (let from = 0; from < bytes.length; from += FIFO_BYTES)
			this.receive(bytes.subarray(from, from + FIFO_BYTES));
	}
	#writable(): void {
		this.#options.onWritable?.call(this, FIFO_BYTES);
	}
}
