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
	isUnsent,
} from "../common/mqtt-client.js";
import { OutcomeUnknownError, PublishQueueFullError, SessionError } from "./session-errors.js";
import { checkTopicName } from "./topic-filter.js";

/** A message to publish. */
interface Waiting {
	readonly topic: string;
	/** The queue's own. */
	readonly payload: Uint8Array;
	readonly QoS: number;
	readonly retain: boolean;
	/** What `add` returned. */
	readonly done: Promise<void>;
	readonly resolve: () => void;
	readonly reject: (error: unknown) => void;
	/** The one behind it. */
	next: Waiting | undefined;
}

/** The messages that wait to be published, in their order; the first is on its way while there is a connection. */
export class PublishQueue {
	readonly #limit: number;
	readonly #ids: PacketIds;
	readonly #onRejected: (error: unknown) => void;
	#first: Waiting | undefined;
	#last: Waiting | undefined;
	#length = 0;
	/** The topic that was checked last, and what a PUBLISH to it takes besides payload and identifier, at most. */
	#topic: string | undefined;
	#overhead = 0;
	// Of the first message:
	#id = 0;
	#sent = 0;
	#isBegun = false;
	#isWritten = false;

	/**
	 * @param limit Messages, the one on its way included.
	 * @param onRejected Handles the rejection of each promise, since nobody else may. It is attached when there is one: a promise that
	 * resolves has cost no more than itself.
	 */
	constructor(limit: number, ids: PacketIds, onRejected: (error: unknown) => void) {
		this.#limit = limit;
		this.#ids = ids;
		this.#onRejected = onRejected;
	}

	/** So many more messages can be added. */
	get writable(): number {
		return this.#limit - this.#length;
	}

	get isEmpty(): boolean {
		return !this.#first;
	}

	/** A message is with the client, and its acknowledgement is due. */
	get awaitsAnswer(): boolean {
		return this.#isWritten;
	}

	/** The client expects the rest of a message, and nothing else. */
	get isInPieces(): boolean {
		return this.#isBegun && !this.#isWritten;
	}

	/**
	 * @param payload Is the queue's from now on.
	 * @throws TopicError, PublishQueueFullError; (rejects) what became of the message later
	 */
	add(topic: string, payload: Uint8Array, QoS: number, retain: boolean): Promise<void> {
		this.#overheadOf(topic);
		if (this.#length >= this.#limit) throw new PublishQueueFullError(this.#limit);
		let resolve!: () => void;
		let reject!: (error: unknown) => void;
		const done = new Promise<void>((onResolve, onReject) => {
			resolve = onResolve;
			reject = onReject;
		});
		const message: Waiting = { topic, payload, QoS, retain, done, resolve, reject, next: undefined };
		if (this.#last) this.#last.next = message;
		else this.#first = message;
		this.#last = message;
		this.#length++;
		return done;
	}

	/**
	 * Writes what there is room for.
	 * @returns the room left
	 * @throws what the client throws, unless it is about the message, which is rejected in any case
	 */
	push(client: MQTTClient, room: number): number {
		for (let message = this.#first; room > 0 && message; message = this.#first) {
			if (!this.#isWritten) {
				this.#id ||= this.#ids.next();
				room = this.#write(client, message, room);
			} else if (message.QoS) break;
			// With QoS 0 the message has left when there is room for the next.
			if (room > 0 && this.#isWritten && !message.QoS) this.#shift()?.resolve();
		}
		return room;
	}

	/** A PUBACK or PUBCOMP has come. Returns whether it was of the message on its way. */
	acknowledge(operation: number, id: number | undefined): boolean {
		if (!this.#isWritten || id !== this.#id) return false;
		if (operation !== (this.#first?.QoS === 2 ? PUBCOMP : PUBACK)) return false;
		this.#shift()?.resolve();
		return true;
	}

	/** A message was refused and not sent, and the connection stays. Returns whether it was the message on its way. */
	refuse(id: number, cause: unknown): boolean {
		if (!this.#isBegun || id !== this.#id) return false;
		const message = this.#shift();
		const problem = `message to ${message?.topic} was refused and not sent: publish it again, or another`;
		this.#reject(message, cause instanceof Error ? cause : new SessionError(problem, { cause }));
		return true;
	}

	/** The connection is over. A message that was not written whole cannot be with the broker: it waits for the next. */
	lose(cause: unknown): void {
		if (this.#isWritten) {
			const message = this.#shift();
			this.#reject(message, isUnsent(cause) ? cause : new OutcomeUnknownError(message?.topic ?? "", cause));
		} else this.#rewind();
	}

	/** The client has not taken the first message in all the time that it had: it might never, and stand in the way of the others. */
	giveUp(error: unknown): void {
		if (!this.#isWritten) this.#reject(this.#shift(), error);
	}

	/** Rejects what waits; what is on its way too if `all`. */
	cancel(error: unknown, all: boolean): void {
		if (all) this.lose(error);
		const kept = this.#isBegun ? this.#first : undefined;
		let message = kept ? kept.next : this.#first;
		this.#first = this.#last = kept;
		this.#length = kept ? 1 : 0;
		if (kept) kept.next = undefined;
		for (; message; message = message.next) this.#reject(message, error);
	}

	#write(client: MQTTClient, message: Waiting, room: number): number {
		const { topic, payload, QoS, retain } = message;
		const { length } = payload;
		const isFirst = !this.#isBegun;
		const fits = isFirst ? Math.max(room - this.#overheadOf(topic) - (QoS ? ID_OVERHEAD : 0), 0) : room;
		const end = Math.min(this.#sent + fits, length);
		const options = isFirst
			? { operation: PUBLISH, id: this.#id, topic, QoS, retain, byteLength: length }
			: null;
		try {
			room = client.write(isFirst && end === length ? payload : payload.subarray(this.#sent, end), options);
		} catch (error) {
			if (isOverflow(error)) return 0; // until the next onWritable
			this.#reject(this.#shift(), error);
			if (isFirst && isMessageError(error)) return room;
			throw error;
		}
		this.#isBegun = true;
		this.#sent = end;
		this.#isWritten = end === length;
		return room;
	}

	/** @throws TopicError */
	#overheadOf(topic: string): number {
		if (!this.#overhead || topic !== this.#topic) {
			this.#overhead = PUBLISH_OVERHEAD + checkTopicName(topic);
			this.#topic = topic;
		}
		return this.#overhead;
	}

	#reject(message: Waiting | undefined, error: unknown): void {
		message?.done.catch(this.#onRejected);
		message?.reject(error);
	}

	#shift(): Waiting | undefined {
		this.#rewind();
		const message = this.#first;
		if (!message) return undefined;
		this.#first = message.next;
		if (!message.next) this.#last = undefined;
		this.#length--;
		return message;
	}

	#rewind(): void {
		this.#id = this.#sent = 0;
		this.#isBegun = this.#isWritten = false;
	}
}
