import { clock, WallClock } from "./clock.js";
import { ReceiveLine } from "./receive-line.js";
import { seededRandom } from "./random.js";

/** What is connected to the pins of a UART port. */
export interface FarEnd {
	/** The host opened the port at `baud`; `deliver(bytes)` (copied) sends to the host. An exception fails the host's constructor. */
	open(baud: number, deliver: (bytes: Uint8Array) => void): void;
	/** Bytes that have left the host's UART, at its pace. */
	write(bytes: Uint8Array): void;
	/** The host closed the port. `open` may follow. */
	close(): void;
	/**
	 * false: the bytes of `deliver` took their time already (a real tty); they are fed into the FIFO as it has room, and none is
	 * lost. Otherwise they take the line's time from when `deliver` is called, and overrun the FIFO when nobody reads.
	 */
	readonly paced?: boolean;
}

/** How a UART behaves within what the chip may do. */
export interface UartBehaviour {
	/** Seed of everything random here; 1 by default. */
	seed?: number;
	/** Bytes in the receive FIFO that raise the interrupt, 1 to 128; 96 by default, as on the ESP32. */
	fullThreshold?: number;
	/**
	 * 0 to 1, by default 0.5: how often the interrupt comes at a random lower threshold, as it does when the far end pauses
	 * within a line. It makes pieces of all sizes.
	 */
	early?: number;
	/**
	 * The longest time from an interrupt to its callback, in characters at the baud rate; each is random up to that. 24 by
	 * default: what `fullThreshold` leaves room for, less a margin. 0 by default with a far end that is not paced.
	 */
	latencyCharacters?: number;
}

/** What has happened on a port since it was wired. */
export interface UartStatistics {
	/** Bytes that reached the receive FIFO. */
	received: number;
	/** Bytes that found the receive FIFO full and were lost. */
	dropped: number;
	/** Calls of onReadable. */
	pieces: number;
	/** Bytes that left the transmit FIFO. */
	sent: number;
}

/** What {@link Uart} is made from. Without a callback its interrupt stays off. */
export interface UartOptions {
	baud: number;
	farEnd: FarEnd | undefined;
	behaviour: UartBehaviour;
	statistics: UartStatistics;
	onReadable: ((count: number) => void) | undefined;
	onWritable: ((count: number) => void) | undefined;
}

/** Bits of a character at 8N1, with start and stop bit. */
const BITS_PER_CHARACTER = 10;
/** Bytes of each FIFO. */
const FIFO_BYTES = 128;
/** The transmit interrupt comes when so many bytes, or fewer, are left in the FIFO. */
const TRANSMIT_THRESHOLD = 10;
const FULL_THRESHOLD = 96;
const LATENCY_CHARACTERS = 24;

/**
 * The UART of the ESP32 as the SDK's class drives it (modules/io/serial/esp32/serial.c): FIFOs, line, interrupts, and the
 * message by which an interrupt becomes a callback. At most one event waits on the clock; bytes are counted in bulk.
 *
 * On the wall clock, time of the UART stands still while Node is late with that event or runs the callbacks: what a busy
 * desktop does is not the firmware's fault. On the virtual clock it is, as on the chip.
 */
export class Uart {
	readonly #clock = clock();
	readonly #farEnd: FarEnd | undefined;
	readonly #behaviour: UartBehaviour;
	readonly #statistics: UartStatistics;
	readonly #onReadable: UartOptions["onReadable"];
	readonly #onWritable: UartOptions["onWritable"];
	readonly #random: () => number;
	readonly #characterMs: number;
	readonly #line: ReceiveLine;
	#isClosed = false;
	#isFarEndClosed = false;

	#event: object | undefined;
	#due = Infinity; // of the event
	#lateness = 0; // of the UART's time behind the wall clock
	#isTicking = false;

	#receiveMasked = false;
	#threshold: number;
	#isReadable = false; // the interrupt came, the callback did not yet
	#isWritable = false;
	#callbackAt = Infinity;

	#transmitInterruptEnabled: boolean;
	#transmitEnd = -Infinity; // when the last byte written has left
	#transmitted: Uint8Array[] = []; // written, and not yet handed to the far end
	#transmittedLength = 0;

	constructor({ baud, farEnd, behaviour, statistics, onReadable, onWritable }: UartOptions) {
		this.#farEnd = farEnd;
		this.#behaviour = behaviour;
		this.#statistics = statistics;
		this.#onReadable = onReadable;
		this.#onWritable = onWritable;
		this.#random = seededRandom(behaviour.seed ?? 1);
		this.#characterMs = (BITS_PER_CHARACTER * 1000) / baud;
		this.#line = new ReceiveLine(FIFO_BYTES, this.#characterMs, farEnd?.paced !== false, statistics);
		this.#threshold = this.#drawThreshold();
		this.#transmitInterruptEnabled = onWritable !== undefined;
		farEnd?.open(baud, bytes => this.#deliver(bytes));
		this.#schedule();
	}

	/** Bytes in the receive FIFO. */
	get readable(): number {
		return this.#line.count(this.#now);
	}

	/** Room in the transmit FIFO. */
	get writable(): number {
		return FIFO_BYTES - this.#transmitCount(this.#now);
	}

	/** Takes bytes out of the receive FIFO into `target`, which must not ask for more than there are; enables its interrupt. */
	read(target: Uint8Array): void {
		this.#catchUp();
		this.#line.read(target, this.#now);
		if (this.#onReadable) this.#enableReceiveInterrupt();
		this.#schedule();
	}

	/** Puts a copy of `bytes`, for which there must be room, into the transmit FIFO; enables its interrupt. */
	write(bytes: Uint8Array): void {
		this.#catchUp();
		this.#transmitEnd = Math.max(this.#transmitEnd, this.#now) + bytes.length * this.#characterMs;
		if (bytes.length > 0) this.#transmitted.push(bytes.slice());
		this.#transmittedLength += bytes.length;
		this.#transmitInterruptEnabled = this.#onWritable !== undefined;
		this.#schedule();
	}

	/** Ends interrupts and callbacks. What is in the transmit FIFO still leaves, as on the chip; then the far end is closed. */
	close(): void {
		this.#isClosed = true;
		this.#line.clear();
		if (this.#transmittedLength > 0) this.#schedule();
		else this.reset();
	}

	/** Closes at once, and drops what is left in the transmit FIFO, as the next opening of the port does on the chip. */
	reset(): void {
		this.#isClosed = true;
		this.#line.clear();
		this.#transmitted = [];
		this.#transmittedLength = 0;
		this.#schedule();
		if (!this.#isFarEndClosed) this.#farEnd?.close();
		this.#isFarEndClosed = true;
	}

	get #now(): number {
		if (!(this.#clock instanceof WallClock)) return this.#clock.now;
		return Math.min(this.#clock.now - this.#lateness, this.#due);
	}

	// Times are sums of fractions: what is nearer than this is now.
	get #tolerance(): number {
		return this.#characterMs / 1000;
	}

	#deliver(bytes: Uint8Array): void {
		if (this.#isClosed) return;
		this.#line.add(bytes, this.#now);
		this.#schedule();
	}

	#drawThreshold(): number {
		const { fullThreshold = FULL_THRESHOLD, early = 0.5 } = this.#behaviour;
		return this.#random() < early ? 1 + Math.floor(this.#random() * fullThreshold) : fullThreshold;
	}

	#drawLatency(): number {
		const { latencyCharacters = this.#farEnd?.paced === false ? 0 : LATENCY_CHARACTERS } = this.#behaviour;
		return this.#random() * latencyCharacters * this.#characterMs;
	}

	#transmitCount(now: number): number {
		return Math.max(0, Math.ceil((this.#transmitEnd - now - this.#tolerance) / this.#characterMs));
	}

	#enableReceiveInterrupt(): void {
		if (this.#receiveMasked) this.#threshold = this.#drawThreshold();
		this.#receiveMasked = false;
		this.#line.enableInterrupt(this.#now);
	}

	#receiveInterruptAt(now: number): number {
		if (!this.#onReadable || this.#receiveMasked || this.#isClosed) return Infinity;
		return this.#line.interruptAt(this.#threshold, now);
	}

	#transmitInterruptAt(): number {
		if (!this.#transmitInterruptEnabled || this.#isClosed) return Infinity;
		return this.#transmitEnd - TRANSMIT_THRESHOLD * this.#characterMs;
	}

	#schedule(): void {
		if (this.#isTicking) return;
		const now = this.#now;
		const due = Math.min(
			this.#line.feedAt(now),
			this.#receiveInterruptAt(now),
			this.#transmitInterruptAt(),
			this.#transmittedLength > 0 ? this.#transmitEnd : Infinity,
			this.#isClosed ? Infinity : this.#callbackAt,
		);
		if (due === this.#due && this.#event) return;
		if (this.#clock instanceof WallClock) this.#lateness = this.#clock.now - now;
		this.#clock.clear(this.#event);
		this.#event = undefined;
		this.#due = Infinity;
		if (due === Infinity) return;
		this.#due = Math.max(due, now);
		this.#event = this.#clock.set(this.#tick, this.#due - now);
	}

	// An interrupt that came during block() was served then, before what the caller does next.
	#catchUp(): void {
		const now = this.#now;
		if (this.#due <= now) this.#interrupt(now);
	}

	readonly #tick = (): void => {
		this.#event = undefined;
		this.#isTicking = true;
		try {
			const now = this.#now;
			this.#line.feed(now);
			this.#transmit(now);
			this.#interrupt(now);
			if (this.#callbackAt <= now + this.#tolerance) this.#callBack();
		} finally {
			this.#isTicking = false;
			if (this.#clock instanceof WallClock) this.#lateness = this.#clock.now - this.#due;
			this.#due = Infinity;
			this.#schedule();
		}
	};

	#transmit(now: number): void {
		const left = this.#transmittedLength - this.#transmitCount(now);
		if (left > 0) {
			const bytes = Buffer.concat(this.#transmitted);
			this.#transmittedLength -= left;
			this.#transmitted = this.#transmittedLength > 0 ? [bytes.subarray(left)] : [];
			this.#statistics.sent += left;
			this.#farEnd?.write(new Uint8Array(bytes.buffer, bytes.byteOffset, left));
		}
		if (this.#isClosed && this.#transmittedLength === 0) this.reset();
	}

	#interrupt(now: number): void {
		const limit = now + this.#tolerance;
		if (this.#receiveInterruptAt(now) <= limit) {
			this.#receiveMasked = true;
			this.#post(!this.#isReadable, now);
			this.#isReadable = true;
		}
		if (this.#transmitInterruptAt() <= limit) {
			this.#transmitInterruptEnabled = false;
			this.#post(!this.#isWritable, now);
			this.#isWritable = true;
		}
	}

	#post(isNew: boolean, now: number): void {
		if (isNew) this.#callbackAt = Math.min(this.#callbackAt, now + this.#drawLatency());
	}

	#callBack(): void {
		this.#callbackAt = Infinity;
		if (this.#isReadable && !this.#isClosed) {
			this.#isReadable = false;
			const count = this.readable;
			if (count > 0) {
				this.#statistics.pieces++;
				this.#onReadable?.(count);
			}
			this.#catchUp();
			this.#enableReceiveInterrupt();
		}
		if (this.#isWritable && !this.#isClosed) {
			this.#isWritable = false;
			const count = this.writable;
			if (count > 0) this.#onWritable?.(count);
		}
	}
}
