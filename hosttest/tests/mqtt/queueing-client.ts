import Timer from "timer";
import { type Text, bytesOf } from "../../../modules/at/text.js";
import MQTTClient, { type ControlMessage, type WriteOptions } from "../../../modules/mqtt/client.js";
import type { MQTTClientOptions } from "../../../modules/mqtt/options.js";

/** Fixed header, length of the topic, msgID: what such consumers reckon besides topic and message. */
const OVERHEAD = 7;
const MSG_ID = 2;
const RECONNECT_MS = 1000;
const { CONNACK, PUBACK, PUBCOMP, PUBREC, PUBREL, SUBACK, SUBSCRIBE, UNSUBACK, UNSUBSCRIBE } = MQTTClient;

interface Waiting {
	data: DataView | null;
	/** Null for the further pieces of a message. */
	options: WriteOptions | null;
	overhead: number;
}

const lengthOf = (text: Text) => bytesOf(text).length;

type Message = WriteOptions & { readonly topic: string };
type Settings = Omit<MQTTClientOptions, "onReadable" | "onWritable" | "onControl" | "onError">;

/**
 * A consumer of the class as those of the Moddable SDK and of node-red-mcu are: it queues without end, writes in a loop for as long as
 * its own reckoning of the room allows, counts identifiers without end, reads only inside of `onReadable`, and after `onError` makes
 * another client from the same frozen options one second later, without having closed the first.
 */
export class QueueingClient {
	readonly events: string[] = [];
	readonly messages: [topic: string, payload: string][] = [];
	/** Answers, by operation and identifier. */
	readonly answers: string[] = [];
	readonly granted = new Map<number, readonly number[]>();
	/** Rooms that `write` and `onWritable` told. */
	readonly rooms: number[] = [];
	readonly #options: MQTTClientOptions;
	readonly #queue: Waiting[] = [];
	/** What is not acknowledged yet. */
	readonly #unacknowledged = new Map<
		number,
		{ data: DataView; options: WriteOptions; isReceived: boolean }
	>();
	#client: MQTTClient | undefined;
	#room = 0;
	#id: number;

	constructor(settings: Settings, firstId = 1) {
		this.#id = firstId - 1;
		this.#options = Object.freeze({
			...settings,
			onControl: message => this.#control(message),
			onReadable: (count, { topic }) => {
				if (!count) return;
				const data = this.#client?.read(count);
				if (data) this.messages.push([topic, Buffer.from(data).toString("latin1")]);
			},
			onWritable: count => this.#writable(count),
			onError: error => {
				this.events.push(error.name);
				this.#client = undefined;
				this.#room = 0;
				this.#restore();
				Timer.set(() => this.#connect(), RECONNECT_MS);
			},
		} satisfies MQTTClientOptions);
		this.#connect();
	}
	publish(topic: string, text: string | Uint8Array, { QoS = 0, retain = false } = {}): number {
		const bytes = typeof text === "string" ? Buffer.from(text, "latin1") : text;
		// Copied: Node's small buffers share one.
		const data = new DataView(new Uint8Array(bytes).buffer);
		const id = ++this.#id;
		const options: Message = { topic, id, QoS, retain, byteLength: data.byteLength };
		if (QoS) this.#unacknowledged.set(id, { data, options, isReceived: false });
		this.#write(data, options);
		return id;
	}
	subscribe(...topics: string[]): number {
		const id = ++this.#id;
		this.#write(null, { operation: SUBSCRIBE, id, items: topics.map(topic => ({ topic, QoS: 1 })) });
		return id;
	}
	unsubscribe(...topics: string[]): number {
		const id = ++this.#id;
		this.#write(null, { operation: UNSUBSCRIBE, id, items: topics.map(topic => ({ topic })) });
		return id;
	}
	/** Ends without DISCONNECT, whatever is under way. */
	end(): void {
		this.#client?.close();
		this.#client = undefined;
	}
	reconnect(): void {
		this.#connect();
	}
	/** Nothing waits, and all is acknowledged. */
	get idle(): boolean {
		return !this.#queue.length && !this.#unacknowledged.size;
	}

	#connect(): void {
		this.#client = new MQTTClient(this.#options);
	}
	#restore(): void {
		const again = [...this.#unacknowledged];
		this.#queue.length = 0;
		for (const [id, { data, options, isReceived }] of again)
			if (isReceived) this.#write(null, { operation: PUBREL, id });
			else this.#write(data, { ...options, duplicate: true });
	}
	#control({ operation, id = 0, payload }: ControlMessage): void {
		if (operation === CONNACK) this.events.push("connected");
		else this.answers.push(`${operation} ${id}`);
		if (operation === PUBACK || operation === PUBCOMP) this.#unacknowledged.delete(id);
		const message = this.#unacknowledged.get(id);
		if (operation === PUBREC && message) message.isReceived = true;
		if (operation === SUBACK && payload) this.granted.set(id, payload);
		if (operation === UNSUBACK) this.granted.delete(id);
	}
	#write(data: DataView | null, options: WriteOptions): void {
		let overhead = OVERHEAD + (options.QoS ? MSG_ID : 0) + lengthOf(options.topic ?? "");
		for (const { topic } of options.items ?? []) overhead += 3 + lengthOf(topic);
		this.#queue.push({ data, options, overhead });
		this.#writable(this.#room);
	}
	#writable(count: number): void {
		this.rooms.push(count);
		this.#room = count;
		for (let waiting = this.#queue.at(0); waiting && this.#client; waiting = this.#queue.at(0)) {
			const { data, options, overhead } = waiting;
			const room = this.#room - overhead;
			const length = data?.byteLength ?? 0;
			if (this.#room > 0 && length <= room) {
				this.#room = this.#client.write(data, options);
				this.rooms.push(this.#room);
				this.#queue.shift();
			} else if (data && length && room > 0) {
				this.#room = this.#client.write(new DataView(data.buffer, data.byteOffset, room), options);
				Object.assign(waiting, {
					data: new DataView(data.buffer, data.byteOffset + room),
					options: null,
					overhead: 0,
				});
				break;
			} else break;
		}
	}
}
