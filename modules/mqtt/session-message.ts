import type { ReadableOptions } from "../common/mqtt-client.js";
import { MessageTooLongError } from "./session-errors.js";

/** Puts a received message together from its pieces. */
export class MessageAssembly {
	readonly #limit: number;
	#bytes: Uint8Array<ArrayBuffer> | undefined;
	#length = 0;
	#isDropping = false;
	topic = "";
	QoS = 0;

	/** @param limit Bytes of the longest message. */
	constructor(limit: number) {
		this.#limit = limit;
	}

	/** Forgets the pieces that there are: the rest is not coming. */
	reset(): void {
		this.#bytes = undefined;
		this.#length = 0;
		this.#isDropping = false;
	}

	/**
	 * Adds a piece. Returns the payload when it was the last; topic and QoS are properties.
	 * @throws MessageTooLongError once for a message above the limit: its further pieces are dropped
	 */
	add(
		piece: ArrayBuffer,
		{ topic, QoS = 0, byteLength, more = false }: ReadableOptions,
	): ArrayBuffer | undefined {
		if (topic !== undefined) {
			this.reset();
			this.topic = topic;
			this.QoS = QoS;
		}
		const length = this.#length + piece.byteLength;
		if (!this.#isDropping && Math.max(length, byteLength ?? 0) > this.#limit) {
			this.reset();
			this.#isDropping = more;
			throw new MessageTooLongError(this.topic, Math.max(length, byteLength ?? 0), this.#limit);
		}
		if (this.#isDropping) {
			this.#isDropping = more;
			return undefined;
		}
		if (!more && this.#length === 0) return piece;
		this.#bytes ??= new Uint8Array(byteLength ?? this.#limit);
		this.#bytes.set(new Uint8Array(piece), this.#length);
		this.#length = length;
		if (more) return undefined;
		const payload = this.#bytes.buffer.slice(0, length);
		this.reset();
		return payload;
	}
}
