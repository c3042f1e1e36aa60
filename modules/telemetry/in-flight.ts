import {
	ID_OVERHEAD,
	type MQTTClient,
	PUBACK,
	PUBCOMP,
	PUBLISH,
	PUBLISH_OVERHEAD,
	PacketIds,
	isOverflow,
} from "../common/mqtt-client.js";
import type { OutboxMessage } from "./outbox.js";

/** What all messages are published with. */
export interface PublishOptions {
	/** Topic of all messages. */
	readonly topic: string;
	/** 0, 1 (default) or 2. */
	readonly QoS?: number | undefined;
	/** Whether the broker keeps the last message for later subscribers (default false). */
	readonly retain?: boolean | undefined;
}

/** A message is given up after so many refusals, each on a connection of its own. */
const REFUSALS = 3;

/** The one message of an outbox that is on its way to the broker: written in as many pieces as the client has room for. */
export class InFlight {
	readonly #options: PublishOptions;
	readonly #QoS: number;
	/** Bytes that a PUBLISH takes besides the payload, at most. */
	readonly #overhead: number;
	readonly #ids = new PacketIds();
	#message: OutboxMessage | undefined;
	/** Its first piece, which may be empty, is written. */
	#isBegun = false;
	/** Bytes of it that are written. */
	#sent = 0;
	#isWritten = false;
	// Of the last message, over all connections:
	#id = 0;
	#sequence = 0;
	/** It has been written in part at least. */
	#isStarted = false;
	/** How often in a row it was refused. */
	#refusals = 0;

	constructor(options: PublishOptions) {
		this.#options = options;
		this.#QoS = options.QoS ?? 1;
		const topicLength = ArrayBuffer.fromString(options.topic).byteLength;
		this.#overhead = PUBLISH_OVERHEAD + topicLength + (this.#QoS ? ID_OVERHEAD : 0);
	}

	get message(): OutboxMessage | undefined {
		return this.#message;
	}

	/** Nobody is going to acknowledge it: with QoS 0 the broker has a message when it has left the client. */
	get isDoneWhenWritten(): boolean {
		return this.#isWritten && this.#QoS === 0;
	}

	/** @param message To be written next, as often as it takes; the same again after a lost link. */
	begin(message: OutboxMessage): void {
		if (message.sequence !== this.#sequence) {
			this.#sequence = message.sequence;
			this.#id = this.#ids.next();
			this.#isStarted = false;
			this.#refusals = 0;
		}
		this.#message = message;
		this.#sent = 0;
		this.#isBegun = this.#isWritten = false;
	}

	/** It is with the broker, or goes back to the outbox, where it still is. */
	end(): void {
		this.#message = undefined;
	}

	/**
	 * Writes what there is room for.
	 * @returns the room left
	 * @throws what the client throws, overflow excepted
	 */
	push(client: MQTTClient, room: number): number {
		const payload = this.#message?.payload;
		while (payload && !this.#isWritten && room > 0) room = this.#write(client, payload, room);
		return room;
	}

	/** Whether an acknowledgement means that the broker has the message. */
	isAcknowledgedBy(operation: number, id: number | undefined): boolean {
		return (
			this.#isWritten &&
			this.#QoS > 0 &&
			operation === (this.#QoS === 2 ? PUBCOMP : PUBACK) &&
			id === this.#id
		);
	}

	/** Whether a refusal with this id is of the message. */
	isRefusedBy(id: number): boolean {
		return this.#message !== undefined && this.#isBegun && id === this.#id;
	}

	/** Counts a refusal. Returns whether it was the last one: no client takes the message, and it must not hold up all others. */
	refuse(): boolean {
		return ++this.#refusals >= REFUSALS;
	}

	/** Writes a piece, or the part of it that the client takes. Returns the room left, 0 when the client takes nothing. */
	#write(client: MQTTClient, payload: Uint8Array, room: number): number {
		const isFirst = !this.#isBegun;
		const { topic, retain = false } = this.#options;
		const options = isFirst
			? {
					operation: PUBLISH,
					id: this.#id,
					topic,
					QoS: this.#QoS,
					retain,
					duplicate: this.#isStarted && this.#QoS > 0, // MQTT 3.1.1, 3.3.1.1
					byteLength: payload.length,
				}
			: null;
		let length = Math.min(isFirst ? Math.max(room - this.#overhead, 0) : room, payload.length - this.#sent);
		for (; length > 0 || isFirst; length >>= 1) {
			try {
				const isWhole = length === payload.length;
				const piece = isWhole ? payload : payload.subarray(this.#sent, this.#sent + length);
				room = client.write(piece, options);
			} catch (error) {
				if (!isOverflow(error)) throw error;
				if (length === 0) break;
				continue;
			}
			this.#isBegun = this.#isStarted = true;
			this.#sent += length;
			this.#isWritten = this.#sent === payload.length;
			return room;
		}
		return 0; // until the next onWritable
	}
}
