import Timer from "timer";
import { OverflowError, type PublishRefusedError } from "./errors.js";
import type { AnyLink } from "./link.js";
import type { Settings } from "./options.js";
import { nextId } from "./packet-id.js";
import { type ControlMessage, Packet, type WriteOptions } from "./packets.js";
import { type PublishOwner, Publishing } from "./publishing.js";
import { type SubscribeOwner, Subscribing } from "./subscribing.js";

/** What writing tells its client; never from inside a method but `ready`. None of them throws. One frozen table in flash serves all. */
export interface WritingEvents<Client> {
	readonly onControl: (client: Client, message: ControlMessage) => void;
	readonly onWritable: (client: Client, count: number) => void;
	/** The module has refused one message. */
	readonly onRefused: (client: Client, id: number, error: PublishRefusedError) => void;
	/** A packet failed: the end. */
	readonly onError: (client: Client, error: Error) => void;
}

/**
 * Writing: messages and subscriptions on their way, their acknowledgements, and when there is room for the next message. Room takes a message
 * that may be written and a place in the queue of AT commands, which all of the modem's clients and the application share.
 */
export class Writing<Client> implements PublishOwner, SubscribeOwner {
	readonly #link: AnyLink;
	readonly #client: Client;
	readonly #events: WritingEvents<Client>;
	readonly #publishing: Publishing;
	readonly #subscribing: Subscribing;
	/** PUBREL that wait for their answer. */
	readonly #releases: number[] = [];
	/** No room has been told, though no message is under way: `onWritable` is due when there is. */
	#isHeld = false;
	#lastId = 0;
	/** Of the message of QoS 2 that was completed last. */
	#completedId: number | undefined;
	#timer: Timer | undefined;
	/** Made when the queue of AT commands is full for the first time. */
	#onRoom: (() => void) | undefined;

	/** @param survivesRefusal a message that the module refuses is told by `onRefused`; otherwise that is the end */
	constructor(
		settings: Settings,
		link: AnyLink,
		client: Client,
		events: WritingEvents<Client>,
		survivesRefusal: boolean,
	) {
		this.#link = link;
		this.#client = client;
		this.#events = events;
		this.#publishing = new Publishing(settings, link, this, survivesRefusal);
		this.#subscribing = new Subscribing(settings, link, this);
	}
	/** Writes a message, or its first piece. @returns the room left. @throws as `MQTTClient.write` */
	publish(data: Uint8Array, options: WriteOptions): number {
		const { QoS = 0, byteLength = data.length } = options;
		if (!this.#publishing.isIdle) throw new OverflowError();
		if (QoS !== 0 && QoS !== 1 && QoS !== 2) throw new RangeError("QoS must be 0, 1 or 2");
		if (data.length >= byteLength) this.#checkPlace();
		const id = QoS ? this.#idOf(options) : (options.id ?? 0);
		this.#publishing.begin(data, options, id);
		if (QoS) this.#count(options, id);
		return this.#rest();
	}
	/** Writes a further piece. @returns and @throws as `publish` */
	append(data: Uint8Array): number {
		// A piece of no message.
		if (!this.#publishing.isPartial) throw new OverflowError();
		if (data.length === this.#publishing.remaining) this.#checkPlace();
		this.#publishing.append(data);
		return this.#rest();
	}
	/** Writes a SUBSCRIBE or UNSUBSCRIBE. @returns the room for a message. @throws as `MQTTClient.write` */
	subscribe(options: WriteOptions): number {
		const { operation, items = [] } = options;
		const id = this.#idOf(options);
		if (!this.#subscribing.isBusy) this.#checkPlace();
		if (operation === Packet.SUBSCRIBE) this.#subscribing.subscribe(id, items);
		else this.#subscribing.unsubscribe(id, items);
		this.#count(options, id);
		return this.room();
	}
	/** Writes a PUBREL: answered, since the module has seen to it, unless it is already. @returns the room for a message */
	release(id: number): number {
		if (id !== this.#completedId) {
			this.#releases.push(id);
			this.#later();
		}
		return this.room();
	}
	/** The room for a message, or for the rest of one. Where it is 0, `onWritable` follows. */
	room(): number {
		const { isConnected, scheduler } = this.#link;
		if (!isConnected || !scheduler) return 0;
		if (this.#publishing.isPartial) return this.#publishing.remaining;
		if (!this.#publishing.isIdle) return 0;
		if (this.#subscribing.full) this.#isHeld = true;
		else if (scheduler.full) this.#awaitPlace();
		else return Publishing.room;
		return 0;
	}
	/** Tells of the room, if there is any: a callback may have written already, or ended it all. */
	ready(): void {
		const room = this.room();
		if (!room) return;
		// The last piece of a message may be waiting for its place.
		if (!this.#publishing.isPartial) this.#isHeld = false;
		this.#events.onWritable(this.#client, room);
	}
	/**
	 * Nothing is told any more, and what is under way is forgotten. But a message of QoS 0 that `publish` has taken still goes out.
	 * @param onClosed called when it has, or at once
	 */
	close(onClosed: () => void): void {
		this.#forget();
		this.#publishing.close(onClosed);
	}
	/** As `close`, and no message goes out. */
	cancel(): void {
		this.#forget();
		this.#publishing.cancel();
	}

	#forget(): void {
		Timer.clear(this.#timer);
		if (this.#onRoom) this.#link.scheduler?.forget(this.#onRoom);
		this.#subscribing.cancel();
	}
	/** Asks for the rest of a message that is not complete. @returns the room left */
	#rest(): number {
		if (!this.#publishing.isPartial) return 0;
		this.#later();
		return this.#publishing.remaining;
	}
	/** What is to be written now takes a place in the queue of AT commands. @throws OverflowError if there is none; `onWritable` follows */
	#checkPlace(): void {
		if (!this.#link.scheduler?.full) return;
		this.#awaitPlace();
		throw new OverflowError();
	}
	#awaitPlace(): void {
		this.#isHeld = true;
		this.#onRoom ??= () => {
			if (this.#isHeld) this.ready();
		};
		this.#link.scheduler?.whenRoom(this.#onRoom);
	}
	/** The identifier that is given, or the next. */
	#idOf({ id = nextId(this.#lastId) }: WriteOptions): number {
		if (!(Number.isSafeInteger(id) && id >= 0)) throw new RangeError("id must be a whole number, 0 or more");
		return id;
	}
	/** The packet is taken: its identifier is used up, unless it was given. */
	#count(options: WriteOptions, id: number): void {
		if (options.id === undefined) this.#lastId = id;
	}
	/** Calls back soon, since `write` may not. */
	#later(): void {
		this.#timer ??= Timer.set(() => {
			this.#timer = undefined;
			for (const id of this.#releases.splice(0)) this.#control({ operation: Packet.PUBCOMP, id });
			if (this.#publishing.isPartial) this.ready();
		});
	}
	#control(message: ControlMessage): void {
		this.#events.onControl(this.#client, message);
	}

	// What publishing and subscribing tell

	published(error: Error | undefined): void {
		if (error) {
			this.#events.onError(this.#client, error);
			return;
		}
		const { id, QoS } = this.#publishing;
		if (QoS === 1) this.#control({ operation: Packet.PUBACK, id });
		else if (QoS === 2) {
			// The consumer may answer PUBREC by PUBREL.
			this.#completedId = id;
			this.#control({ operation: Packet.PUBREC, id });
			this.#control({ operation: Packet.PUBCOMP, id });
		}
		this.ready();
	}
	refused(id: number, error: PublishRefusedError): void {
		this.#events.onRefused(this.#client, id, error);
		this.ready();
	}
	subscribed(id: number, granted: number[] | undefined, error: Error | undefined): void {
		if (error) {
			this.#events.onError(this.#client, error);
			return;
		}
		if (granted) this.#control({ operation: Packet.SUBACK, id, payload: granted });
		else this.#control({ operation: Packet.UNSUBACK, id });
		if (this.#isHeld && !this.#subscribing.full) this.ready();
	}
}
