import {
	ID_OVERHEAD,
	type MQTTClient,
	PUBACK,
	PUBCOMP,
	PUBLISH,
	PUBLISH_OVERHEAD,
	type PacketIds,
	isMessageError,
	isOverflow,
} from "../common/mqtt-client.js";
import { OutcomeUnknownError, PublishQueueFullError, SessionError } from "./session-errors.js";

/** A message to publish. */
export interface OutgoingMessage {
	readonly topic: string;
	/** The queue's own. */
	readonly payload: Uint8Array;
	readonly QoS: number;
	readonly retain: boolean;
}

interface Waiting extends OutgoingMessage {
	/** Bytes that a PUBLISH takes besides the payload, at most. */
	readonly overhead: number;
	readonly resolve: () => void;
	readonly reject: (error: unknown) => void;
}

/** The messages that wait to be published, in their order; the first is on its way while there is a connection. */
export class PublishQueue {
	readonly #limit: number;
	readonly #ids: PacketIds;
	readonly #messages: Waiting[] = [];
	// Of the first message:
	#id = 0;
	#sent = 0;
	#isBegun = false;
	#isWritten = false;

	/** @param limit Messages, the one on its way included. */
	constructor(limit: number, ids: PacketIds) {
		this.#limit = limit;
		this.#ids = ids;
	}

	/** So many more messages can be added. */
	get writable(): number {
		return this.#limit - this.#messages.length;
	}

	get isEmpty(): boolean {
		return this.#messages.length === 0;
	}

	/** The client expects the rest of a message, and nothing else. */
	get isInPieces(): boolean {
		return this.#isBegun && !this.#isWritten;
	}

	/** @throws (rejects) PublishQueueFullError; what became of the message later */
	add(message: OutgoingMessage): Promise<void> {
		if (this.writable <= 0) return Promise.reject(new PublishQueueFullError(this.#limit));
		const { byteLength } = ArrayBuffer.fromString(message.topic);
		const overhead = PUBLISH_OVERHEAD + byteLength + (message.QoS ? ID_OVERHEAD : 0);
		return new Promise((resolve, reject) => this.#messages.push({ ...message, overhead, resolve, reject }));
	}

	/**
	 * Writes what there is room for.
	 * @returns the room left
	 * @throws what the client throws, unless it is about the message, which is rejected in any case
	 */
	push(client: MQTTClient, room: number): number {
		while (room > 0 && this.#messages.length) {
			const message = this.#messages[0];
			if (!this.#isWritten) {
				this.#id ||= this.#ids.next();
				room = this.#write(client, message, room);
			} else if (message.QoS) break;
			// With QoS 0 the message has left when there is room for the next.
			if (room > 0 && this.#isWritten && !message.QoS) this.#shift().resolve();
		}
		return room;
	}

	/** A PUBACK or PUBCOMP has come. Returns whether it was of the message on its way. */
	acknowledge(operation: number, id: number | undefined): boolean {
		if (!this.#isWritten || id !== this.#id) return false;
		if (operation !== (this.#messages[0].QoS === 2 ? PUBCOMP : PUBACK)) return false;
		this.#shift().resolve();
		return true;
	}

	/** A message was refused and not sent, and the connection stays. Returns whether it was the message on its way. */
	refuse(id: number, cause: unknown): boolean {
		if (!this.#isBegun || id !== this.#id) return false;
		const { topic, reject } = this.#shift();
		reject(
			cause instanceof Error
				? cause
				: new SessionError(`message to ${topic} was refused and not sent: publish it again, or another`, {
						cause,
					}),
		);
		return true;
	}

	/** The connection is over. A message that was not written whole cannot be with the broker: it waits for the next. */
	lose(cause: unknown): void {
		if (this.#isWritten) {
			const message = this.#shift();
			message.reject(new OutcomeUnknownError(message.topic, cause));
		} else this.#rewind();
	}

	/** The client has not taken the first message in all the time that it had: it might never, and stand in the way of the others. */
	giveUp(error: unknown): void {
		if (this.#messages.length && !this.#isWritten) this.#shift().reject(error);
	}

	/** Rejects what waits; what is on its way too if `all`. */
	cancel(error: unknown, all: boolean): void {
		if (all) this.lose(error);
		const kept = this.#isBegun ? 1 : 0;
		for (const message of this.#messages.splice(kept)) message.reject(error);
	}

	#write(client: MQTTClient, message: Waiting, room: number): number {
		const { topic, payload, QoS, retain, overhead } = message;
		const isFirst = !this.#isBegun;
		const length = isFirst ? Math.max(room - overhead, 0) : room;
		const piece = payload.subarray(this.#sent, this.#sent + length);
		const options = isFirst
			? { operation: PUBLISH, id: this.#id, topic, QoS, retain, byteLength: payload.length }
			: null;
		try {
			room = client.write(piece, options);
		} catch (error) {
			if (isOverflow(error)) return 0; // until the next onWritable
			this.#shift().reject(error);
			if (isFirst && isMessageError(error)) return room;
			throw error;
		}
		this.#isBegun = true;
		this.#sent += piece.length;
		this.#isWritten = this.#sent === payload.length;
		return room;
	}

	#shift(): Waiting {
		this.#rewind();
		return this.#messages.shift() as Waiting;
	}

	#rewind(): void {
		this.#id = this.#sent = 0;
		this.#isBegun = this.#isWritten = false;
	}
}
