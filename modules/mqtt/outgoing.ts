import { TOPIC_LIMIT, DATA_LIMIT } from "../bc20/commands.js";
import { OverflowError } from "./errors.js";

/** Bytes of an MQTT packet around topic and message, as consumers of the class count them: 5 + 2 + 2 for a msgID. */
const OVERHEAD = 9;

/**
 * The one message that is on its way, in a fixed buffer: filled by `write` in one or more pieces, read by the AT command,
 * emptied by its result.
 */
export class Outgoing {
	readonly #bytes = new Uint8Array(DATA_LIMIT);
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
	begin(byteLength: number): void {
		this.#length = 0;
		this.#byteLength = byteLength;
	}
	/** @throws OverflowError if it is more than is missing */
	append(data: Uint8Array): void {
		if (data.length > this.remaining) throw new OverflowError();
		this.#bytes.set(data, this.#length);
		this.#length += data.length;
	}
	/** The message. */
	get message(): Uint8Array {
		return this.#bytes.subarray(0, this.#length);
	}
}
