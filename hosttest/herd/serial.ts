import { Uart, type FarEnd, type UartStatistics } from "../shim/uart.js";

/** Options of {@link UnitSerial}. */
interface UnitSerialOptions {
	/** What is at the other end. */
	readonly farEnd: FarEnd;
	readonly baud: number;
	readonly onReadable: (this: UnitSerial, count: number) => void;
	readonly onWritable: (this: UnitSerial, count: number) => void;
}

/** An ECMA-419 serial class on the host's UART, without the three ports and the pins that a chip has: each unit has its own. */
export class UnitSerial {
	readonly #uart: Uart;
	#isClosed = false;

	constructor({ farEnd, baud, onReadable, onWritable }: UnitSerialOptions) {
		const statistics: UartStatistics = { received: 0, dropped: 0, pieces: 0, sent: 0 };
		this.#uart = new Uart({
			baud,
			farEnd,
			behaviour: {},
			statistics,
			onReadable: count => onReadable.call(this, count),
			onWritable: count => onWritable.call(this, count),
		});
	}
	/** Fills a buffer and returns the count; undefined when there is nothing. */
	read(buffer: Uint8Array): number | undefined {
		if (this.#isClosed) throw new SyntaxError("closed");
		const count = Math.min(buffer.length, this.#uart.readable);
		if (count === 0) return undefined;
		this.#uart.read(buffer.subarray(0, count));
		return count;
	}
	/** Throws Error "output full" where there is less room. */
	write(bytes: Uint8Array): void {
		if (this.#isClosed) throw new SyntaxError("closed");
		if (bytes.length > this.#uart.writable) throw new Error("output full");
		this.#uart.write(bytes);
	}
	/** Ends callbacks. May be called twice. */
	close(): void {
		if (!this.#isClosed) this.#uart.close();
		this.#isClosed = true;
	}
}
