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
	/** There is something in the buffer to handle. @returns whether that took so long that more may have come */
	receive(): boolean;
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
	readonly #buffer: ReceiveBuffer;
	readonly #receiver: ReceiverLike;
	readonly #onSent: () => void;
	#room = 0;
	#bytes: Uint8Array | undefined;
	#from = 0;
	#to = 0;
	#closed = false;
	/** Inside a callback of the serial instance: the ESP32's class must not be closed there. */
	#called = false;

	/**
	 * @param serial constructor and options of the port; `format`, `onReadable` and `onWritable` are the engine's
	 * @param buffer gets what comes
	 * @param receiver handles it
	 * @param onSent called when all that `send` was given is in the FIFO
	 * @throws what the serial constructor throws, such as Error "in use"
	 */
	constructor(serial: SerialOptions, buffer: ReceiveBuffer, receiver: ReceiverLike, onSent: () => void) {
		this.#buffer = buffer;
		this.#receiver = receiver;
		this.#onSent = onSent;
		const { io: Serial, ...options } = serial;
		this.#serial = new Serial({
			...options,
			format: "buffer",
			onReadable: () => {
				this.#called = true;
				this.receive();
				this.#called = false;
			},
			onWritable: (count: number) => {
				this.#called = true;
				this.#writable(count);
				this.#called = false;
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
	/** Reads what is there, without waiting to be told of it: before anyone concludes that nothing has come. */
	receive(): void {
		const buffer = this.#buffer;
		try {
			// The interrupt is masked, and forgotten, until `onReadable` has run: leave nothing behind of what came while lines were handled.
			if (buffer.read(this.#serial) && this.#receiver.receive() && !this.#closed && buffer.read(this.#serial))
				this.#receiver.receive();
		} catch {
			// A port that throws says nothing: time-outs find out, and whoever made it opens another.
			if (!buffer.text && buffer.recover()) this.#receiver.receive();
		}
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
		if (this.#called) Timer.set(() => this.#release());
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
