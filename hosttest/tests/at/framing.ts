import fc from "fast-check";
import { Framer, GAP, LINE, NONE, PROMPT } from "../../../modules/at/framer.js";
import type { Line } from "../../../modules/at/line.js";
import { COMPLETE, HELD, OPEN, PrefixTable } from "../../../modules/at/prefixes.js";
import { ByteRing } from "../../../modules/at/ring.js";
import { latin1 } from "../bench.js";

const QUOTE = 0x22;
const COMMA = 0x2c;

/**
 * Whether `+QMTRECV: <id>,<msgID>,"<topic>","<payload>"` is complete at a line end: the payload begins behind the first `","`, and ends
 * at a quote before a line end behind which another block begins.
 */
export function receivedEnds(line: Line): number {
	const comma = line.indexOf(COMMA, line.prefixLength);
	const topic = comma < 0 ? -1 : line.indexOf(COMMA, comma + 1) + 1;
	if (topic <= 0 || line.at(topic) !== QUOTE) return COMPLETE;
	for (let quote = line.indexOf(QUOTE, topic + 1); quote >= 0; quote = line.indexOf(QUOTE, quote + 1)) {
		if (quote + 2 >= line.length || line.at(quote + 1) !== COMMA || line.at(quote + 2) !== QUOTE) continue;
		return line.length > quote + 3 && line.at(line.length - 1) === QUOTE ? HELD : OPEN;
	}
	return OPEN;
}

export interface FramingOptions {
	capacity?: number;
	landing?: number;
	armed?: boolean;
}

/** A framer that knows `+QMTRECV`, fed by pieces. */
export class Framing {
	readonly ring: ByteRing;
	readonly framer: Framer;
	/** `<line>`, `PROMPT` or `GAP`, in order. */
	readonly events: string[] = [];

	constructor({ capacity = 512, landing = 128, armed = false }: FramingOptions = {}) {
		const prefixes = new PrefixTable();
		prefixes.add("+QMTRECV").ends = receivedEnds;
		prefixes.add("OK").final = true;
		this.ring = new ByteRing(capacity, landing);
		this.framer = new Framer(this.ring, prefixes);
		this.framer.promptArmed = armed;
	}
	/** Feeds bytes in pieces of the given sizes, over and over; all at once, as far as the FIFO allows, by default. */
	feed(data: string | Uint8Array, sizes: readonly number[] = []): this {
		const bytes = typeof data === "string" ? latin1(data) : data;
		const { landing } = this.ring;
		for (let from = 0, turn = 0; from < bytes.length; turn++) {
			const size = Math.min(sizes.length ? sizes[turn % sizes.length] : landing.length, landing.length);
			const piece = bytes.subarray(from, from + size);
			landing.set(piece);
			if (this.ring.commit(piece.length) !== piece.length) throw new Error("the ring has overflown");
			from += piece.length;
			this.#drain();
		}
		return this;
	}
	/** The line has been silent. */
	settle(): this {
		this.framer.settle();
		this.#drain();
		return this;
	}
	#drain(): void {
		for (let event = this.framer.next(); event !== NONE; event = this.framer.next())
			this.events.push(event === LINE ? this.framer.line.text : EVENTS[event]);
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
