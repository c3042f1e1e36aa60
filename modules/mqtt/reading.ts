import Timer from "timer";
import type { Line } from "../at/line.js";
import { Incoming } from "./incoming.js";
import { type ReadableOptions, viewOf } from "./packets.js";

/** Reading: the messages that have come are told of one by one, each when the one before it is read. */
export class Reading<Owner> {
	readonly #incoming = new Incoming();
	readonly #owner: Owner;
	readonly #onReadable: (owner: Owner, count: number, options: ReadableOptions) => void;
	/** The message that `onReadable` told of last. */
	#told: Incoming["first"];
	#isBegun = false;
	#isClosed = false;
	#timer: Timer | undefined;

	/** @param onReadable throws nothing */
	constructor(owner: Owner, onReadable: (owner: Owner, count: number, options: ReadableOptions) => void) {
		this.#owner = owner;
		this.#onReadable = onReadable;
	}
	/** Messages that found no room, or were malformed. */
	get dropped(): number {
		return this.#incoming.dropped;
	}
	/** The client is connected: messages are told of, those that have come before CONNACK too. */
	begin(): void {
		this.#isBegun = true;
		this.#deliver();
	}
	/** Takes the message of a `+QMTRECV` line. @param hex whether its payload is in hex digits @returns whether it was taken */
	receive(line: Line, hex: boolean): boolean {
		const isWaiting = this.#incoming.first !== undefined;
		const isTaken = this.#incoming.take(line, hex);
		if (!isTaken) trace("MQTTClient: a message was dropped\n");
		else if (!isWaiting && this.#isBegun) this.#deliver();
		return isTaken;
	}
	/** As `MQTTClient.read`. */
	read(target: number | ArrayBuffer | ArrayBufferView): ArrayBuffer | number | undefined {
		const incoming = this.#incoming;
		if (typeof target === "number" && !(target >= 0)) throw new RangeError("count must be 0 or more");
		if (!incoming.first || this.#isClosed) return undefined;
		const view = typeof target === "number" ? undefined : viewOf(target);
		const data = incoming.read(view ? view.length : (target as number));
		this.#goOn();
		if (!view) return data;
		view.set(new Uint8Array(data));
		return data.byteLength;
	}
	/** Nothing is told any more, and nothing can be read. */
	close(): void {
		this.#isClosed = true;
		Timer.clear(this.#timer);
	}

	/** Tells of the next message, if there is one, but not from inside `read`. */
	#goOn(): void {
		const { first } = this.#incoming;
		if (first === this.#told) return;
		if (first) {
			this.#timer ??= Timer.set(() => {
				this.#timer = undefined;
				this.#deliver();
			});
		} else this.#told = undefined;
	}
	/** Tells of each message that waits, once, until one is left unread. */
	#deliver(): void {
		for (let message = this.#incoming.first; message !== this.#told; message = this.#incoming.first) {
			this.#told = message;
			if (!message || this.#isClosed) return;
			const { topic, QoS, data } = message;
			const { byteLength } = data;
			this.#onReadable(this.#owner, byteLength, { topic, QoS, byteLength, more: false });
			// An empty one has nothing to read.
			if (message === this.#incoming.first && message.at === byteLength) this.#incoming.skip();
		}
	}
}
