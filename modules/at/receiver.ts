import Time from "time";
import Timer from "timer";
import type { Callbacks } from "./callbacks.js";
import type { Dispatcher } from "./dispatcher.js";
import { type Exchange, FREE } from "./exchange.js";
import { type Framer, LINE, NONE, PROMPT } from "./framer.js";
import type { ReceiveBuffer } from "./receive-buffer.js";

/** The read path: takes what has come from the framer to whom it concerns, in portions, and watches for a line's silence. */
export class Receiver {
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
		// Who was told to wait for this turn waits no longer, whatever it found.
		if (!this.#handle(this.#framer.next()) && !this.#callbacks.closed) this.#onHandled();
	};
	/** Goes on with the lines that are left. */
	#turn: Timer | undefined;
	/** One for all silences: made once, scheduled again and again. */
	#silence: Timer | undefined;
	#waits = false;
	/** A line is being handled. */
	isReading = false;

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
		return !this.isReading && !this.#turn && !(this.#buffer.unseen && this.#hasLine());
	}
	/** Handles a piece, in portions so that the FIFO is emptied in between. @returns whether anything was handled */
	receive(count: number): boolean {
		const buffer = this.#buffer;
		// A final result code counts with its last byte, wherever the piece ends.
		if (buffer.end) return (buffer.add(count) || this.#exchange.state !== FREE) && this.#handleNow();
		const event = this.#framer.first(count);
		return event === NONE && this.#exchange.state !== FREE ? this.#handleNow() : this.#handle(event);
	}
	/** Handles a piece that is no text. */
	receiveNoise(count: number): void {
		this.#buffer.add(count);
		this.#handleNow();
	}
	/** Looks at what has come and was not looked at. */
	look(): void {
		if (this.#buffer.unseen) this.#handleNow();
	}
	close(): void {
		Timer.clear(this.#turn);
		Timer.clear(this.#silence);
	}

	/** What came while complete lines wait for their turn waits too. */
	#handleNow(): boolean {
		if (this.#turn && !this.#buffer.full) return false;
		return this.#handle(this.#framer.next());
	}
	/** @param event the first. @returns whether anything was handled */
	#handle(event: number): boolean {
		const framer = this.#framer;
		if (event === NONE) {
			if (framer.open) this.#watch();
			return false;
		}
		const buffer = this.#buffer;
		this.isReading = true;
		if (event === LINE) this.#dispatcher.line(framer.line, framer.prefix);
		else this.#other(event);
		// Most blocks are of one line, which never was in the buffer.
		if (buffer.end) this.#handleMore();
		this.isReading = false;
		if (this.#callbacks.closed) return false;
		if (!this.#turn) this.#onHandled();
		return true;
	}
	/** The events behind the first, as many as a turn may have; more only where the next piece might not fit. */
	#handleMore(): void {
		const buffer = this.#buffer;
		const framer = this.#framer;
		let left = this.#linesPerTurn;
		while (buffer.start < buffer.end && !this.#callbacks.closed) {
			if (--left <= 0 && buffer.length <= buffer.limit) {
				if (buffer.full) buffer.compact();
				this.#turn ??= Timer.set(this.#onTurn);
				return;
			}
			const event = framer.next();
			if (event === LINE) this.#dispatcher.line(framer.line, framer.prefix);
			else if (event !== NONE) this.#other(event);
			else {
				if (framer.open) this.#watch();
				return;
			}
		}
		buffer.clear();
	}
	#other(event: number): void {
		if (event === PROMPT) this.#exchange.prompted();
		else this.#callbacks.call(this.#callbacks.options.onGap, undefined);
	}
	/** Whether a complete line is in what nobody has looked at; it has its turn then. */
	#hasLine(): boolean {
		if (!this.#buffer.hasUnseenLine) return false;
		this.#turn ??= Timer.set(this.#onTurn);
		return true;
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
		if (!this.#framer.open) return;
		// The host may have been busy itself: what has come meanwhile is no silence.
		this.#drain();
		const framer = this.#framer;
		if (this.#turn || this.#callbacks.closed || !framer.open) return;
		const left = (framer.held ? HELD_MS : OPEN_MS) - Time.delta(this.#buffer.touched);
		if (left > 0) {
			this.#wait(left);
			return;
		}
		this.look();
		this.#settle();
	}
	/** Unless the application has closed the line, or other lines have to be handled first. */
	#settle(): void {
		if (this.#turn || this.#callbacks.closed) return;
		this.#framer.settle();
		this.#handleNow();
	}
}

/** A complete line waits so long for bytes that would make it longer, ms: some characters at 4800 baud. */
const HELD_MS = 50;
/**
 * A line that was begun and not ended is given up after so long without a byte, ms. Less than the time between two probes: a message
 * that has lost its closing quote must not swallow the answers to them for ever.
 */
const OPEN_MS = 250;
