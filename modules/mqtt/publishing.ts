import { CommandError } from "../at/errors.js";
import { Request } from "../at/request.js";
import type { Text } from "../at/text.js";
import { DATA_LIMIT, MQTT, TOPIC_LIMIT, packetTime } from "../bc20/commands.js";
import { QMT } from "../bc20/qmt.js";
import { OverflowError, PacketError, PublishRefusedError } from "./errors.js";
import type { Link } from "./link.js";
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

/** What becomes of a message. */
export interface PublishEvents {
	/** It is with the broker (QoS 0: sent), or not: with a named error. */
	readonly onDone: (error?: Error) => void;
	/** The module did not take it, and is still connected. Where nobody wants to know, `onDone` comes with the module's error. */
	readonly onRefused: ((id: number, error: PublishRefusedError) => void) | undefined;
}

/** Nothing is under way. */
const IDLE = 0;
/** The first piece of a message is there, not the last. */
const PARTIAL = 1;
/** The message is with the modem. */
const SENT = 2;
/** The module has refused it, and is asked whether it is still connected. */
const ASKING = 3;

/** `<state>` of QMTCONN: connected (application note 3.2.4). */
const CLIENT_CONNECTED = 3;
/** Final result codes by which the module says that it did not take a command. */
const REFUSALS: readonly string[] = ["ERROR", "+CME ERROR"];

/** With QoS 2 two packets have to be acknowledged, each with its retries (application note, figure 1). */
const LONGEST_PACKETS = 2;
/** The command's own time: to the prompt, and from Ctrl-Z to `OK`, with a generous time for topic and message to leave a slow port, ms. */
const COMMAND_MS = 2 * MQTT.publishData.timeout + 4 * (TOPIC_LIMIT + DATA_LIMIT);

/** Longest from a packet's turn on the line to its result, or to the error of a result that does not come, ms. */
export function acknowledgeLimit({ packetTimeout, retries }: Settings): number {
	return LONGEST_PACKETS * packetTime(packetTimeout, retries) + COMMAND_MS;
}

/** The one message of a client that is on its way to the module, and the command that carries it. */
export class Publishing {
	readonly #settings: Settings;
	readonly #link: Link;
	readonly #events: PublishEvents;
	readonly #outgoing = new Outgoing();
	readonly #requests: Readonly<Record<PublishForm, Request>>;
	#state = IDLE;
	#request: Request | undefined;
	#values: (number | Text)[] = [];
	/** The topic last published to: its bytes serve again. */
	#topic: string | undefined;
	#topicBytes: Uint8Array = new Uint8Array(0);
	#id = 0;
	#QoS = 0;
	#result = 0;
	/** Closed while a message of QoS 0 is going out: called behind it. */
	#onClosed: (() => void) | undefined;

	constructor(settings: Settings, link: Link, events: PublishEvents) {
		this.#settings = settings;
		this.#link = link;
		this.#events = events;
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
	/** Whether another message may be written. */
	get isIdle(): boolean {
		return this.#state === IDLE;
	}
	/** Whether the rest of a message has to be written. */
	get isPartial(): boolean {
		return this.#state === PARTIAL;
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
	 * Takes a message or its first piece, and sends it when it is complete.
	 * @param id packet identifier, above 0 unless QoS is 0
	 * @throws OverflowError, PayloadError, RangeError or TypeError that names the parameter; nothing is taken then
	 */
	begin(data: Uint8Array, options: PublishOptions, id: number): void {
		const { topic = "", QoS = 0, byteLength = data.length } = options;
		if (!Number.isInteger(byteLength)) throw new RangeError("byteLength must be a whole number");
		if (data.length > byteLength) throw new OverflowError();
		const topicBytes = this.#topicOf(topic);
		const { identifier, later } = this.#link;
		// Only the length is known of what is still to come; its bytes are looked at when they are all there.
		publishForm(data, byteLength, later, this.#settings.hex);
		this.#id = id;
		this.#QoS = QoS;
		this.#values = [identifier, QoS ? msgIdOf(id) : 0, QoS, options.retain ? 1 : 0, topicBytes];
		this.#outgoing.begin(byteLength);
		this.append(data);
	}
	/** Takes a further piece. @throws OverflowError if it is more than remains; PayloadError: the whole message is given up then */
	append(data: Uint8Array): void {
		this.#outgoing.append(data);
		if (this.remaining) this.#state = PARTIAL;
		else this.#submit();
	}
	/** Forgets the message; nothing is told of it. */
	cancel(): void {
		this.#state = IDLE;
		if (this.#request) this.#link.scheduler?.cancel(this.#request);
		this.#request = undefined;
	}
	/**
	 * Forgets the message. But one of QoS 0 that is with the modem goes out: nothing could have told that it has not.
	 * @param onClosed called when it has, or at once
	 */
	close(onClosed: () => void): void {
		if (this.#state === SENT && this.#QoS === 0) this.#onClosed = onClosed;
		else {
			this.cancel();
			onClosed();
		}
	}

	#submit(): void {
		this.#state = IDLE;
		const { scheduler, later } = this.#link;
		const { message } = this.#outgoing;
		const form = publishForm(message, message.length, later, this.#settings.hex);
		const request = this.#requests[form];
		request.values = form === DATA ? this.#values : [...this.#values, message];
		request.data = form === DATA ? message : undefined;
		const { packetTimeout, retries } = this.#settings;
		request.resultTimeout = packetTime(packetTimeout, retries) * (this.#QoS === 2 ? LONGEST_PACKETS : 1);
		this.#result = 0;
		scheduler?.submit(request);
		this.#request = request;
		this.#state = SENT;
	}
	#requestOf(spec: (typeof MQTT)["publish" | "publishData" | "publishHex"]): Request {
		const request = new Request(spec);
		request.onResult = line => (this.#result = line.integer(2) ?? -1);
		request.onDone = error => this.#ended(error);
		return request;
	}
	#ended(error: Error | undefined): void {
		this.#request = undefined;
		if (this.#onClosed) this.#onClosed();
		else if (this.#events.onRefused && error instanceof CommandError && REFUSALS.includes(error.final))
			void this.#ask(error);
		else this.#done(error ?? (this.#result ? new PacketError("PUBLISH", this.#result) : undefined));
	}
	#done(error?: Error): void {
		this.#state = IDLE;
		this.#events.onDone(error);
	}
	/** If the module is still connected it has refused the message alone. */
	async #ask(error: CommandError): Promise<void> {
		this.#state = ASKING;
		const { scheduler, identifier } = this.#link;
		let isConnected = false;
		try {
			const states = scheduler ? await new QMT(scheduler).clientStates() : [];
			isConnected = states.some(({ id, state }) => id === identifier && state === CLIENT_CONNECTED);
		} catch {
			// What went wrong first says more.
		}
		// Cancelled meanwhile.
		if (this.#state !== ASKING) return;
		if (!isConnected) this.#done(error);
		else {
			this.#state = IDLE;
			this.#events.onRefused?.(this.#id, new PublishRefusedError(error));
		}
	}
	#topicOf(topic: Text): Uint8Array {
		if (typeof topic !== "string" || topic !== this.#topic) {
			this.#topicBytes = checkTopic("topic", topic);
			this.#topic = typeof topic === "string" ? topic : undefined;
		}
		return this.#topicBytes;
	}
}
