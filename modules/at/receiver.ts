import Time from "time";
import Timer from "timer";
import type { Callbacks } from "./callbacks.js";
import type { Dispatcher } from "./dispatcher.js";
import type { Exchange } from "./exchange.js";
import { type Framer, LINE, NONE, PROMPT } from "./framer.js";
import { type ReceiveBuffer, UNKNOWN } from "./receive-buffer.js";

/** The read path: takes what has come from the framer to whom it concerns, in portions, and watches for a line's silence. */
export class Receiver {
	/** Lines so far. */
	lines = 0;
	readonly #buffer: ReceiveBuffer;
	readonly #framer: Framer;
	readonly #dispatcher: Dispatcher;
	readonly #exchange: Exchange;
	readonly #callbacks: Callbacks;
	readonly #linesPerTurn: number;
	readonly #onHandled: () => void;
	readonly #drain: () => void;
	readonly #onTurn = () => {
		this.#turn = undefined;
		this.receive();
	};
	/** Goes on with the lines that are left. */
	#turn: Timer | undefined;
	/** One for all silences: made once, scheduled again and again. */
	#silence: Timer | undefined;
	#waits = false;
	#reading = false;

	/**
	 * @param linesPerTurn lines handled before other work gets its turn
	 * @param onHandled called when something was handled, and nothing is left that could be
	 * @param drain reads from the port what it was not told of yet
	 */
	constructor(
		buffer: ReceiveBuffer,
		framer: Framer,
		dispatcher: Dispatcher,
		exchange: Exchange,
		callbacks: Callbacks,
		linesPerTurn: number,
		onHandled: () => void,
		drain: () => void,
	) {
		this.#buffer = buffer;
		this.#framer = framer;
		this.#dispatcher = dispatcher;
		this.#exchange = exchange;
		this.#callbacks = callbacks;
		this.#linesPerTurn = linesPerTurn;
		this.#onHandled = onHandled;
		this.#drain = drain;
	}
	/** Whether what has come is handled, but for what is held or not complete. */
	get isDone(): boolean {
		return !this.#reading && !this.#turn;
	}
	/** Handles what has come, in portions so that the FIFO is emptied in between. @returns whether anything was handled */
	receive(): boolean {
		const buffer = this.#buffer;
		if (this.#turn) {
			// There are line ends before those of this piece.
			buffer.lineEnd = UNKNOWN;
			if (!buffer.full) return false;
		}
		const framer = this.#framer;
		let event = framer.next();
		if (event === NONE) {
			if (framer.open) this.#watch();
			return false;
		}
		let left = buffer.full ? Infinity : this.#linesPerTurn;
		this.#reading = true;
		for (;;) {
			if (event === LINE) {
				this.lines++;
				this.#dispatcher.line(framer.line, framer.prefix);
			} else if (event === PROMPT) this.#exchange.prompted();
			else this.#callbacks.call(this.#callbacks.options.onGap, undefined);
			if (buffer.start >= buffer.end || --left <= 0 || this.#callbacks.closed) break;
			event = framer.next();
			if (event === NONE) break;
		}
		this.#reading = false;
		if (this.#callbacks.closed) return false;
		if (buffer.start >= buffer.end) this.#onHandled();
		else if (framer.open) {
			this.#watch();
			this.#onHandled();
		} else this.#turn ??= Timer.set(this.#onTurn);
		return true;
	}
	close(): void {
		Timer.clear(this.#turn);
		Timer.clear(this.#silence);
	}

	/** Waits until the line that has begun has been silent; not anew for each piece. */
	#watch(): void {
		this.#buffer.touched = Time.ticks;
		if (this.#framer.held) this.#wait(HELD_MS);
		else if (!this.#waits) this.#wait(OPEN_MS);
	}
	#wait(span: number): void {
		this.#waits = true;
		if (this.#silence) Timer.schedule(this.#silence, span, span);
		else this.#silence = Timer.set(() => this.#silent(), span, span);
	}
	#silent(): void {
		const silence = this.#silence;
		if (silence) Timer.schedule(silence);
		this.#waits = false;
		// The host may have been busy itself: what has come meanwhile is no silence.
		this.#drain();
		const framer = this.#framer;
		if (this.#turn || this.#callbacks.closed || !framer.open) return;
		const left = (framer.held ? HELD_MS : OPEN_MS) - Time.delta(this.#buffer.touched);
		if (left > 0) this.#wait(left);
		else {
			framer.settle();
			this.receive();
		}
	}
}

/** A complete line waits so long for bytes that would make it longer, ms: some characters at 4800 baud. */
const HELD_MS = 50;
/**
 * A line that was begun and not ended is given up after so long without a byte, ms. Less than the time between two probes: a message
 * that has lost its closing quote must not swallow the answers to them for ever.
 */
const OPEN_MS = 250;
