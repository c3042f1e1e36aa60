import type { Line } from "../at/line.js";
import { textOf } from "../at/text.js";
import { DATA_LIMIT, TOPIC_LIMIT } from "../bc20/commands.js";
import { Received } from "../bc20/received.js";

/** Bytes for messages that have come and are not read: two of the longest. */
const CAPACITY = 2 * DATA_LIMIT;
/** Messages that may wait. */
const MESSAGES = 16;

/** A message that has come. */
interface Message {
	readonly topic: string;
	/** 0; or 1 for QoS 1 and 2, which the module does not tell apart. */
	readonly QoS: number;
	readonly byteLength: number;
	/** Where its unread bytes begin. */
	at: number;
	unread: number;
}

/**
 * Messages that have come from the module, in a fixed buffer until they are read. The module cannot be held back: what finds
 * no room is dropped and counted.
 */
export class Incoming {
	/** Made when the first message comes: a client that only publishes needs none. */
	#bytes: Uint8Array | undefined;
	/** Holds a topic, or some of a payload's hex digits. */
	readonly #piece = new Uint8Array(TOPIC_LIMIT);
	readonly #received = new Received();
	readonly #messages: Message[] = [];
	#end = 0;
	#dropped = 0;

	/** The oldest message that is not read, if there is one. */
	get first(): Message | undefined {
		return this.#messages[0];
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
		const taken = this.#take(line, hex);
		if (!taken) this.#dropped++;
		return taken;
	}
	/** Reads from the oldest message into `target`. @returns how many bytes; a message read to its end is gone */
	read(target: Uint8Array): number {
		const [message] = this.#messages;
		if ((message as Message | undefined) === undefined || !this.#bytes) return 0;
		const count = Math.min(target.length, message.unread);
		target.set(this.#bytes.subarray(message.at, message.at + count));
		message.at += count;
		message.unread -= count;
		if (!message.unread) this.skip();
		return count;
	}
	/** Forgets the oldest message. */
	skip(): void {
		this.#messages.shift();
		if (!this.#messages.length) this.#end = 0;
	}

	#take(line: Line, hex: boolean): boolean {
		const received = this.#received;
		if (this.#messages.length >= MESSAGES || !received.parse(line, hex)) return false;
		const { payload, payloadLength: length, topicLength } = received;
		const byteLength = hex ? length / 2 : length;
		const bytes = (this.#bytes ??= new Uint8Array(CAPACITY));
		if (byteLength > CAPACITY - this.#end) this.#compact();
		if (byteLength > CAPACITY - this.#end || topicLength > TOPIC_LIMIT) return false;
		if (!hex) line.copy(payload, length, bytes, this.#end);
		else if (!this.#takeHex(line, payload, length, bytes)) return false;
		line.copy(received.topic, topicLength, this.#piece);
		this.#messages.push({
			topic: textOf(this.#piece.subarray(0, topicLength)),
			QoS: received.msgID ? 1 : 0,
			byteLength,
			at: this.#end,
			unread: byteLength,
		});
		this.#end += byteLength;
		return true;
	}
	#takeHex(line: Line, from: number, length: number, bytes: Uint8Array): boolean {
		const most = this.#piece.length & ~1;
		for (let done = 0; done < length; done += most) {
			const digits = this.#piece.subarray(0, Math.min(most, length - done));
			line.copy(from + done, digits.length, digits);
			if (!fromHex(digits, bytes, this.#end + done / 2)) return false;
		}
		return true;
	}
	/** Moves what is not read to the start. */
	#compact(): void {
		const [message] = this.#messages;
		if ((message as Message | undefined) === undefined) return;
		const { at } = message;
		this.#bytes?.copyWithin(0, at, this.#end);
		this.#end -= at;
		for (const other of this.#messages) other.at -= at;
	}
}

/** Turns hex digits into bytes. @returns false if one is no hex digit, or half a byte is left */
function fromHex(digits: Uint8Array, target: Uint8Array, at: number): boolean {
	if (digits.length % 2) return false;
	for (let from = 0; from < digits.length; from += 2) {
		const high = digitOf(digits[from]);
		const low = digitOf(digits[from + 1]);
		if (high > 15 || low > 15) return false;
		target[at++] = (high << 4) | low;
	}
	return true;
}

/** Value of a hex digit; above 15 for any other byte. */
function digitOf(byte: number): number {
	if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
	const letter = (byte | 0x20) - 0x61;
	return letter >= 0 && letter < 6 ? letter + 10 : 16;
}
