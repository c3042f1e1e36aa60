import { Request } from "../at/request.js";
import type { Scheduler } from "../at/scheduler.js";
import type { Text } from "../at/text.js";
import { MQTT, packetTime } from "../bc20/commands.js";
import { OverflowError, PacketError } from "./errors.js";
import type { Settings } from "./options.js";
import { Outgoing } from "./outgoing.js";
import { msgIdOf } from "./packet-id.js";
import { DATA, type PublishForm, publishForm } from "./publish-form.js";
import { checkTopic } from "./topic.js";

/** What a message is published with. */
export interface PublishOptions {
	/** 1 to 255 bytes, without quotes and control characters. */
	readonly topic?: Text;
	/** 0 (default), 1 or 2. */
	readonly QoS?: number;
	readonly retain?: boolean;
	/** Length of the message where the data are only its first piece. */
	readonly byteLength?: number;
}

/** The one message of a client that is on its way to the module, and the command that carries it. */
export class Publishing {
	readonly #settings: Settings;
	readonly #onDone: (error?: Error) => void;
	readonly #outgoing = new Outgoing();
	readonly #requests: Readonly<Record<PublishForm, Request>>;
	#request: Request | undefined;
	#values: (number | Text)[] = [];
	/** The topic last published to: its bytes serve again. */
	#topic: string | undefined;
	#topicBytes: Uint8Array = new Uint8Array(0);
	#id = 0;
	#QoS = 0;
	#result = 0;

	/** @param onDone the message is with the broker (QoS 0: sent), or not: with a named error */
	constructor(settings: Settings, onDone: (error?: Error) => void) {
		this.#settings = settings;
		this.#onDone = onDone;
		this.#requests = {
			inline: this.#requestOf(MQTT.publish),
			data: this.#requestOf(MQTT.publishData),
			hex: this.#requestOf(MQTT.publishHex),
		};
	}
	/** What a consumer may write: topic, message and packet overhead together. */
	static get room(): number {
		return Outgoing.room;
	}
	/** Packet identifier of the message, as the consumer gave it. */
	get id(): number {
		return this.#id;
	}
	get QoS(): number {
		return this.#QoS;
	}
	/** Bytes of the message that are still to be written. */
	get remaining(): number {
		return this.#outgoing.remaining;
	}
	/**
	 * Takes the first piece.
	 * @param id packet identifier, above 0 unless QoS is 0
	 * @param later whether the module has the later firmware's forms
	 * @throws OverflowError, PayloadError, RangeError or TypeError that names the parameter; nothing is taken then
	 */
	begin(data: Uint8Array, options: PublishOptions, identifier: number, id: number, later: boolean): void {
		const { topic = "", QoS = 0, byteLength = data.length } = options;
		if (!Number.isInteger(byteLength)) throw new RangeError("byteLength must be a whole number");
		if (data.length > byteLength) throw new OverflowError();
		const topicBytes = this.#topicOf(topic);
		// Only the length is known of what is still to come; its bytes are looked at when they are all there.
		publishForm(data, byteLength, later, this.#settings.hex);
		this.#id = id;
		this.#QoS = QoS;
		this.#values = [identifier, QoS ? msgIdOf(id) : 0, QoS, options.retain ? 1 : 0, topicBytes];
		this.#outgoing.begin(byteLength);
		this.#outgoing.append(data);
	}
	/** Takes a further piece. @throws OverflowError if it is more than remains */
	append(data: Uint8Array): void {
		this.#outgoing.append(data);
	}
	/** Sends the complete message. @throws PayloadError, QueueFullError: it is given up then */
	submit(scheduler: Scheduler, later: boolean): void {
		const { message } = this.#outgoing;
		const form = publishForm(message, message.length, later, this.#settings.hex);
		const request = this.#requests[form];
		request.values = form === DATA ? this.#values : [...this.#values, message];
		request.data = form === DATA ? message : undefined;
		// With QoS 2 two packets have to be acknowledged, each with its retries (application note, figure 1).
		const { packetTimeout, retries } = this.#settings;
		request.resultTimeout = packetTime(packetTimeout, retries) * (this.#QoS === 2 ? 2 : 1);
		this.#result = 0;
		scheduler.submit(request);
		this.#request = request;
	}
	/** Forgets the message; `onDone` does not come. */
	cancel(scheduler: Scheduler): void {
		if (this.#request) scheduler.cancel(this.#request);
		this.#request = undefined;
	}

	#requestOf(spec: (typeof MQTT)["publish" | "publishData" | "publishHex"]): Request {
		const request = new Request(spec);
		request.onResult = line => (this.#result = line.integer(2) ?? -1);
		request.onDone = error => {
			this.#request = undefined;
			if (!error && this.#result !== 0) this.#onDone(new PacketError("PUBLISH", this.#result));
			else this.#onDone(error);
		};
		return request;
	}
	#topicOf(topic: Text): Uint8Array {
		if (typeof topic !== "string" || topic !== this.#topic) {
			this.#topicBytes = checkTopic("topic", topic);
			this.#topic = typeof topic === "string" ? topic : undefined;
		}
		return this.#topicBytes;
	}
}
