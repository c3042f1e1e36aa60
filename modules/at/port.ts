import Timer from "timer";
import { ATError } from "./errors.js";
import type { ReceiveBuffer } from "./receive-buffer.js";

/** What the engine needs of an ECMA-419 serial instance with `format: "buffer"`. */
export interface SerialLike {
	close(): void;
	/** Fills the buffer and returns the count; undefined where there is nothing. */
	read(buffer: Uint8Array): number | undefined;
	/** Throws if the data exceed the room last told by `onWritable`. */
	write(buffer: Uint8Array): void;
}

/** Who handles what the port has read. */
export interface ReceiverLike {
	/** A piece has been read to where it was to land. @returns whether that took so long that more may have come */
	receive(count: number): boolean;
	/** As `receive`, where that threw: the piece is no text. */
	receiveNoise(count: number): void;
	/** Inside one of these. */
	readonly isReading: boolean;
}

/** An ECMA-419 serial IO constructor with its options: `{io: Serial, receive, transmit, baud, port}`. */
export interface SerialOptions {
	readonly io: new (options: never) => SerialLike;
	readonly [option: string]: unknown;
}

/**
 * A serial port as a buffer to read from and a place to send pieces of any length to. Sends as much at a time as the transmit
 * FIFO takes and goes on when it is writable again.
 */
export class Port {
	readonly #serial: SerialLike;
	/** Gets what comes: to be set before anything can. */
	declare receiver: ReceiverLike;
	readonly #buffer: ReceiveBuffer;
	readonly #onSent: () => void;
	#room = 0;
	#bytes: Uint8Array | undefined;
	#from = 0;
	#to = 0;
	#closed = false;
	/** Inside `onWritable`. */
	#isWriting = false;

	/** Reads what is there, without waiting to be told of it: before anyone concludes that nothing has come. */
	readonly receive = (): void => {
		let count: number | undefined;
		try {
			count = this.#serial.read(this.#buffer.landing);
			if (!count || !this.receiver.receive(count)) return;
			// The interrupt is masked, and forgotten, until `onReadable` has run: leave nothing behind of what came while lines were handled.
			count = 0;
			count = this.#serial.read(this.#buffer.landing);
			if (count) this.receiver.receive(count);
		} catch {
			// A port that throws says nothing: time-outs find out, and whoever made it opens another.
			if (count && !this.#buffer.text) this.receiver.receiveNoise(count);
		}
	};

	/**
	 * @param serial constructor and options of the port; `format`, `onReadable` and `onWritable` are the engine's
	 * @param buffer has the place for what comes
	 * @param onSent called when all that `send` was given is in the FIFO
	 * @throws what the serial constructor throws, such as Error "in use"
	 */
	constructor(serial: SerialOptions, buffer: ReceiveBuffer, onSent: () => void) {
		this.#buffer = buffer;
		this.#onSent = onSent;
		const { io: Serial, ...options } = serial;
		this.#serial = new Serial({
			...options,
			format: "buffer",
			onReadable: this.receive,
			onWritable: (count: number) => {
				this.#isWriting = true;
				this.#writable(count);
				this.#isWriting = false;
			},
		} as never);
	}
	/** Whether bytes given to `send` still wait for the FIFO. */
	get sending(): boolean {
		return this.#bytes !== undefined;
	}
	/**
	 * Sends `bytes[from..to)`. The bytes must stay as they are until `onSent`, or until `sending` is false.
	 * @returns whether all of them are in the FIFO already; `onSent` is then not called
	 * @throws ATError while an earlier send is under way
	 */
	send(bytes: Uint8Array, from: number, to: number): boolean {
		if (this.#bytes) throw new ATError("the port is sending");
		this.#bytes = bytes;
		this.#from = from;
		this.#to = to;
		return this.#transmit();
	}
	/** Forgets what has not gone into the FIFO yet. */
	abort(): void {
		this.#bytes = undefined;
	}
	/** Gives the pins back. May be called twice; no callback comes after it. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#bytes = undefined;
		// The ESP32's class must not be closed inside its callbacks.
		if (this.#isWriting || this.receiver.isReading) Timer.set(() => this.#release());
		else this.#release();
	}

	#release(): void {
		try {
			this.#serial.close();
		} catch {
			// It is given up in any case.
		}
	}
	#write(bytes: Uint8Array): boolean {
		try {
			this.#serial.write(bytes);
			return true;
		} catch {
			return false;
		}
	}
	#writable(count: number): void {
		if (this.#closed) return;
		this.#room = count;
		if (this.#bytes && this.#transmit()) this.#onSent();
	}
	#transmit(): boolean {
		const bytes = this.#bytes;
		if (!bytes || this.#closed) return false;
		const count = Math.min(this.#to - this.#from, this.#room);
		if (count > 0) {
			if (!this.#write(bytes.subarray(this.#from, this.#from + count))) return false;
			this.#from += count;
			this.#room -= count;
		}
		if (this.#from < this.#to) return false;
		this.#bytes = undefined;
		return true;
	}
}
