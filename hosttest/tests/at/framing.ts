import fc from "fast-check";
import { Framer, GAP, LINE, NONE, PROMPT } from "../../../modules/at/framer.js";
import type { Line } from "../../../modules/at/line.js";
import { COMPLETE, OPEN, PrefixTable } from "../../../modules/at/prefixes.js";
import { PIECE_BYTES, ReceiveBuffer } from "../../../modules/at/receive-buffer.js";
import { FakeFIFO, readFrom } from "./fifo.js";
import { latin1, latin1Of } from "../bytes.js";

const QUOTE = 0x22;

/** Where the payload of `+QMTRECV: <id>,<msgID>,"<topic>","<payload>"` begins: behind the first `","`. */
export function receivedEnds(line: Line): number {
	const comma = line.indexOf(",", line.prefixLength);
	const topic = comma < 0 ? -1 : line.indexOf(",", comma + 1) + 1;
	if (topic <= 0 || line.at(topic) !== QUOTE) return COMPLETE;
	const separator = line.indexOf('","', topic + 1);
	return separator < 0 || separator + 2 >= line.length ? OPEN : separator + 2;
}

export interface FramingOptions {
	capacity?: number;
	armed?: boolean;
	/** Lines as Latin-1: each byte is seen. */
	raw?: boolean;
}

/** A framer that knows `+QMTRECV`, fed by pieces. */
export class Framing {
	readonly buffer: ReceiveBuffer;
	readonly framer: Framer;
	/** `<line>`, `PROMPT` or `GAP`, in order. */
	readonly events: string[] = [];
	readonly #fifo = new FakeFIFO();

	readonly #raw: boolean;

	constructor({ capacity = 512, armed = false, raw = false }: FramingOptions = {}) {
		this.#raw = raw;
		const prefixes = new PrefixTable();
		prefixes.add("+QMTRECV").ends = receivedEnds;
		prefixes.add("OK").final = true;
		this.buffer = new ReceiveBuffer(capacity);
		this.framer = new Framer(this.buffer, prefixes);
		this.framer.promptArmed = armed;
	}
	/** Feeds bytes in pieces of the given sizes, over and over; all at once, as far as the FIFO allows, by default. */
	feed(data: string | Uint8Array, sizes: readonly number[] = []): this {
		const bytes = typeof data === "string" ? latin1(data) : data;
		for (let from = 0, turn = 0; from < bytes.length; turn++) {
			const size = Math.min(sizes.length ? sizes[turn % sizes.length] : PIECE_BYTES, PIECE_BYTES);
			this.#fifo.hold(bytes.subarray(from, from + size));
			from += size;
			this.#drain(readFrom(this.#fifo, this.buffer, this.framer));
			if (this.#fifo.length) throw new Error("the buffer has overflown");
		}
		return this;
	}
	/** The line has been silent. */
	settle(): this {
		if (this.buffer.unseen) this.#drain();
		this.framer.settle();
		this.#drain();
		return this;
	}
	#text(line: Line): string {
		return this.#raw ? latin1Of(new Uint8Array(line.slice(0, line.length))) : line.text;
	}
	#drain(first = this.framer.next()): void {
		for (let event = first; event !== NONE; event = this.framer.next())
			this.events.push(event === LINE ? this.#text(this.framer.line) : EVENTS[event]);
	}
}

const EVENTS: Record<number, string> = { [PROMPT]: "PROMPT", [GAP]: "GAP" };

/** The events of a stream in pieces, after which the line is silent. */
export function eventsOf(
	data: string | Uint8Array,
	sizes?: readonly number[],
	options?: FramingOptions,
): string[] {
	return new Framing(options).feed(data, sizes).settle().events;
}

/** Sizes of pieces: single bytes, some, or as much as there is. */
export const pieces = fc.oneof(
	fc.constant([1]),
	fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
	fc.array(fc.integer({ min: 1, max: 128 }), { minLength: 1, maxLength: 8 }),
);
