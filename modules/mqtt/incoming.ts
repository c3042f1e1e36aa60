import type { Line } from "../at/line.js";
import { DATA_LIMIT, TOPIC_LIMIT } from "../bc20/commands.js";
import { Received } from "../bc20/received.js";
import { bytesOfHex } from "./hex.js";

/** Bytes of messages that have come and are not read: two of the longest. */
const CAPACITY = 2 * DATA_LIMIT;
/** Messages that may wait. */
const MESSAGES = 16;

/** A message that has come. */
interface Message {
	readonly topic: string;
	/** 0; or 1 for QoS 1 and 2, which the module does not tell apart. */
	readonly QoS: number;
	readonly data: ArrayBuffer;
	/** Where its unread bytes begin. */
	at: number;
	/** The one that came behind it. */
	next: Message | undefined;
}

/**
 * Messages that have come from the module, until they are read: each is copied once, from its line, and handed over as it is where it is
 * read at once. The module cannot be held back: what is too much is dropped and counted.
 */
export class Incoming {
	readonly #received = new Received();
	#first: Message | undefined;
	#last: Message | undefined;
	#count = 0;
	/** Bytes that are not read. */
	#unread = 0;
	#dropped = 0;

	/** The oldest message that is not read, if there is one. */
	get first(): Message | undefined {
		return this.#first;
	}
	get dropped(): number {
		return this.#dropped;
	}
	/**
	 * Takes the message of a `+QMTRECV` line.
	 * @param hex whether its payload is in hex digits
	 * @returns whether it was taken; false if it is malformed or finds no room
	 */
	take(line: Line, hex: boolean): boolean {
		const message = this.#messageOf(line, hex);
		if (!message) {
			this.#dropped++;
			return false;
		}
		if (this.#last) this.#last.next = message;
		else this.#first = message;
		this.#last = message;
		this.#count++;
		this.#unread += message.data.byteLength;
		return true;
	}
	/** Reads from the oldest message. @param count at most so many bytes; a message read to its end is gone */
	read(count: number): ArrayBuffer {
		const message = this.#first;
		if (!message) return new ArrayBuffer(0);
		const { data, at } = message;
		const end = Math.min(at + Math.trunc(count), data.byteLength);
		this.#unread -= end - at;
		message.at = end;
		if (end < data.byteLength) return data.slice(at, end);
		this.skip();
		return at ? data.slice(at) : data;
	}
	/** Forgets the oldest message. */
	skip(): void {
		const message = this.#first;
		if (!message) return;
		this.#unread -= message.data.byteLength - message.at;
		this.#first = message.next;
		if (!message.next) this.#last = undefined;
		this.#count--;
	}

	#messageOf(line: Line, hex: boolean): Message | undefined {
		const received = this.#received;
		if (this.#count >= MESSAGES || !received.parse(line, hex)) return undefined;
		const { msgID, topic, topicLength, payload, payloadLength } = received;
		const byteLength = hex ? payloadLength / 2 : payloadLength;
		if (byteLength > CAPACITY - this.#unread || topicLength > TOPIC_LIMIT) return undefined;
		const data = hex ? bytesOfHex(line.textAt(payload, payloadLength)) : line.slice(payload, payloadLength);
		if (!data) return undefined;
		return { topic: line.textAt(topic, topicLength), QoS: msgID ? 1 : 0, data, at: 0, next: undefined };
	}
}
