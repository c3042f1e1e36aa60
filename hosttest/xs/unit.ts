import { clock } from "../shim/clock.js";
import Serial from "../shim/serial.js";
import type { SerialOptions } from "../shim/serial.js";
import { CALL, HEAD_BYTES, READABLE, REPLY_HEAD_BYTES, TICK, WRITABLE } from "./shim/messages.js";
import { type Reply, XSWorker } from "./worker.js";

/** What a turn of the firmware cost, and what it did. */
export interface Turn {
	readonly kind: "call" | "tick" | "readable" | "writable";
	readonly computrons: number;
	/** Slots in use behind it. */
	readonly slots: number;
	/** Bytes that came, or that there is room for. */
	readonly count: number;
	readonly received: Uint8Array;
	readonly sent: Uint8Array;
	readonly flashReads: number;
	readonly flashWrites: number;
	readonly flashErases: number;
	/** Names of the events that it told. */
	readonly events: readonly string[];
}

/** Options of {@link Unit}. */
export interface UnitOptions {
	readonly onTurn?: (turn: Turn) => void;
	/** What the firmware tells, by name. */
	readonly onEvent?: (name: string, value: unknown) => void;
}

const KINDS = ["call", "tick", "readable", "writable"] as const;
const FIFO_BYTES = 128;
const NONE = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A unit whose firmware runs on XS: its UART is the one of hosttest/shim, wired as ever, and its time is `clock()`. Each event of the
 * chip's loop is a message to the worker.
 */
export class Unit {
	readonly #worker = new XSWorker();
	readonly #clock = clock();
	readonly #options: UnitOptions;
	#serial: Serial | undefined;
	#due = Infinity;
	#event: object | undefined;

	/**
	 * @param program of `bundle`: one that calls `listen`
	 */
	constructor(program: string, options: UnitOptions = {}) {
		this.#options = options;
		this.loaded = this.#worker.evaluate(program);
	}
	/** What loading the program cost. */
	readonly loaded: Reply;

	/** Calls the program's `onCall`. @returns what it returned */
	call(name: string, value?: unknown): unknown {
		const bytes = encoder.encode(JSON.stringify({ name, value }));
		let result: unknown;
		this.#turn(CALL, bytes, bytes.length, (event, value) => {
			if (event === name) result = value;
		});
		return result;
	}
	/** Evaluates a program besides, such as `gc()`. */
	evaluate(program: string): Reply {
		return this.#worker.evaluate(program);
	}
	/** Writes an image of the heap, collected, to a file. */
	snapshot(path: string): void {
		this.#worker.snapshot(path);
	}
	/** Ends it at once, as a power cut does. */
	close(): void {
		this.#serial?.close();
		this.#serial = undefined;
		this.#clock.clear(this.#event);
		this.#worker.close();
	}

	#turn(kind: number, body: Uint8Array, count: number, onEvent?: UnitOptions["onEvent"]): void {
		const message = new Uint8Array(HEAD_BYTES + body.length);
		const view = new DataView(message.buffer);
		view.setUint8(0, kind);
		view.setFloat64(1, this.#clock.now);
		view.setFloat64(9, this.#clock.date);
		message.set(body, HEAD_BYTES);
		const { bytes, computrons, slots } = this.#worker.command(message);
		const reply = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		const written = REPLY_HEAD_BYTES + reply.getUint32(8);
		const sent = bytes.subarray(REPLY_HEAD_BYTES, written);
		const events =
			written < bytes.length
				? (JSON.parse(decoder.decode(bytes.subarray(written))) as [name: string, value: unknown][])
				: [];
		this.#options.onTurn?.({
			kind: KINDS[kind],
			computrons,
			slots,
			count,
			received: kind === READABLE ? body : NONE,
			sent,
			flashReads: reply.getUint32(12),
			flashWrites: reply.getUint32(16),
			flashErases: reply.getUint32(20),
			events: events.map(([name]) => name),
		});
		for (const [name, value] of events) {
			if (name === "open") this.#open(value as SerialOptions);
			else if (name === "close") this.#closeSerial();
			onEvent?.(name, value);
			this.#options.onEvent?.(name, value);
		}
		if (sent.length) this.#serial?.write(sent);
		this.#schedule(reply.getFloat64(0));
	}
	#schedule(due: number): void {
		if (due === this.#due && this.#event) return;
		this.#clock.clear(this.#event);
		this.#due = due;
		this.#event = undefined;
		if (due === Infinity) return;
		const tick = () => {
			this.#event = undefined;
			this.#turn(TICK, new Uint8Array(0), 0);
		};
		this.#event = this.#clock.set(tick, due - this.#clock.now);
	}
	#open(options: SerialOptions): void {
		const room = new DataView(new ArrayBuffer(4));
		this.#serial = new Serial({
			...options,
			onReadable: () => {
				const fifo = new Uint8Array(FIFO_BYTES);
				const count = this.#serial?.read(fifo) ?? 0;
				if (count) this.#turn(READABLE, fifo.subarray(0, count), count);
			},
			onWritable: count => {
				room.setUint32(0, count);
				this.#turn(WRITABLE, new Uint8Array(room.buffer), count);
			},
		});
	}
	#closeSerial(): void {
		this.#serial?.close();
		this.#serial = undefined;
	}
}
