import { TOPIC_LIMIT, DATA_LIMIT } from "../bc20/commands.js";
import { OverflowError } from "./errors.js";

/** Bytes of an MQTT packet around topic and message, as consumers of the class count them: 5 + 2 + 2 for a msgID. */
const OVERHEAD = 9;

/**
 * The one message that is on its way: filled by `write` in one or more pieces, read by the AT command, let go of behind its result. It takes
 * as much memory as it is long, and none while there is none.
 */
export class Outgoing {
	#bytes: Uint8Array | undefined;
	#length = 0;
	#byteLength = 0;
	/** What a consumer may write: topic, message and packet overhead together. */
	static get room(): number {
		return TOPIC_LIMIT + DATA_LIMIT + OVERHEAD;
	}
	/** Bytes that are still to be written. */
	get remaining(): number {
		return this.#byteLength - this.#length;
	}
	/** Begins a message with its first piece, which is copied. @param byteLength of the whole message, no less than that of the piece */
	begin(data: Uint8Array, byteLength: number): void {
		const { length, byteOffset } = data;
		this.#length = length;
		this.#byteLength = byteLength;
		if (length === byteLength) {
			// The cheapest copy on XS.
			this.#bytes = new Uint8Array((data.buffer as ArrayBuffer).slice(byteOffset, byteOffset + length));
			return;
		}
		this.#bytes = new Uint8Array(byteLength);
		this.#bytes.set(data);
	}
	/** @throws OverflowError if it is more than is missing */
	append(data: Uint8Array): void {
		if (data.length > this.remaining) throw new OverflowError();
		this.#bytes?.set(data, this.#length);
		this.#length += data.length;
	}
	/** The whole message. */
	get message(): Uint8Array {
		return this.#bytes ?? new Uint8Array(0);
	}
	end(): void {
		this.#bytes = undefined;
	}
}
