import { type CommandError, ParameterError } from "../at/errors.js";
import { Request, type Value } from "../at/request.js";
import type { CheckedText, Text } from "../at/text.js";
import { DATA_LIMIT, MQTT, TOPIC_LIMIT, packetTime } from "../bc20/commands.js";
import { NotSentError, OverflowError, PacketError, PublishRefusedError } from "./errors.js";
import type { AnyLink } from "./link.js";
import type { Settings } from "./options.js";
import { Outgoing } from "./outgoing.js";
import { msgIdOf } from "./packet-id.js";
import { DATA, type PublishForm, payloadError, publishForm } from "./publish-form.js";
import { isAboutCommand, isRefused, isRefusedAlone } from "./refusal.js";
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

/** Who hears what becomes of a message. */
export interface PublishOwner {
	/** It is with the broker (QoS 0: sent), or not: with a named error. */
	published(error: Error | undefined): void;
	/** The module did not take it, and is still connected. */
	refused(id: number, error: PublishRefusedError): void;
}

/** Nothing is under way. */
const IDLE = 0;
/** The first piece of a message is there, not the last. */
const PARTIAL = 1;
/** The message is with the modem. */
const SENT = 2;
/** The module has refused it, and is asked whether it is still connected. */
const ASKING = 3;

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
	readonly #link: AnyLink;
	readonly #owner: PublishOwner;
	readonly #survivesRefusal: boolean;
	readonly #outgoing = new Outgoing();
	/** The command of all messages, and its values. */
	readonly #request = new Request(MQTT.publish);
	readonly #values: Value[] = [];
	#state = IDLE;
	/** The topic last published to serves again. */
	#topic: string | undefined;
	#checkedTopic: CheckedText | undefined;
	#id = 0;
	#QoS = 0;
	#result = 0;
	/** Closed while a message of QoS 0 is going out: called behind it. */
	#onClosed: (() => void) | undefined;

	/** @param survivesRefusal `refused` is wanted; otherwise `published` comes with the module's error */
	constructor(settings: Settings, link: AnyLink, owner: PublishOwner, survivesRefusal: boolean) {
		this.#settings = settings;
		this.#link = link;
		this.#owner = owner;
		this.#survivesRefusal = survivesRefusal;
		this.#request.onResult = line => (this.#result = line.integer(2) ?? -1);
		this.#request.onDone = error => this.#ended(error);
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
		const checkedTopic = this.#topicOf(topic);
		const { identifier, later } = this.#link;
		publishForm(byteLength, later, this.#settings.hex);
		this.#id = id;
		this.#QoS = QoS;
		const values = this.#values;
		values[0] = identifier;
		values[1] = QoS ? msgIdOf(id) : 0;
		values[2] = QoS;
		values[3] = options.retain ? 1 : 0;
		values[4] = checkedTopic;
		this.#outgoing.begin(data, byteLength);
		this.#go();
	}
	/** Takes a further piece. @throws OverflowError if it is more than remains; PayloadError: the whole message is given up then */
	append(data: Uint8Array): void {
		this.#outgoing.append(data);
		this.#go();
	}
	/** Forgets the message; nothing is told of it. */
	cancel(): void {
		const isSent = this.#state === SENT;
		this.#state = IDLE;
		if (isSent) this.#link.scheduler?.cancel(this.#request);
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

	#go(): void {
		if (this.remaining) this.#state = PARTIAL;
		else this.#submit();
	}
	/** Sends the message. What its form cannot carry is found here, by the one look at its bytes. */
	#submit(): void {
		this.#state = IDLE;
		const { scheduler, later } = this.#link;
		const { packetTimeout, retries, hex } = this.#settings;
		const { message } = this.#outgoing;
		const form = publishForm(message.length, later, hex);
		const request = this.#request;
		const values = this.#values;
		const isData = form === DATA;
		request.spec = COMMANDS[form];
		if (isData) values.length = TOPIC_VALUES;
		else values[TOPIC_VALUES] = message;
		request.values = values;
		request.data = isData ? message : undefined;
		request.resultTimeout = packetTime(packetTimeout, retries) * (this.#QoS === 2 ? LONGEST_PACKETS : 1);
		this.#result = 0;
		try {
			scheduler?.submit(request);
		} catch (error) {
			this.#outgoing.end();
			throw error instanceof ParameterError ? payloadError(message, form, later) : error;
		}
		this.#state = SENT;
	}
	#ended(error: Error | undefined): void {
		this.#outgoing.end();
		this.#request.data = undefined;
		this.#values.length = TOPIC_VALUES;
		if (this.#onClosed) this.#onClosed();
		else if (isRefused(error)) void this.#refused(error);
		else this.#done(error ?? (this.#result ? new PacketError("PUBLISH", this.#result) : undefined));
	}
	#done(error?: Error): void {
		this.#state = IDLE;
		this.#owner.published(error);
	}
	/** If the module is still connected it has refused the message alone. */
	async #refused(error: CommandError): Promise<void> {
		if (!this.#survivesRefusal || !isAboutCommand(error)) {
			this.#done(new NotSentError(error));
			return;
		}
		this.#state = ASKING;
		const isAlone = await isRefusedAlone(this.#link);
		// Cancelled meanwhile.
		if (this.#state !== ASKING) return;
		if (!isAlone) this.#done(new NotSentError(error));
		else {
			this.#state = IDLE;
			this.#owner.refused(this.#id, new PublishRefusedError(error));
		}
	}
	#topicOf(topic: Text): CheckedText {
		if (!this.#checkedTopic || topic !== this.#topic) {
			this.#checkedTopic = checkTopic("topic", topic);
			// A buffer may be filled with another one.
			this.#topic = typeof topic === "string" ? topic : undefined;
		}
		return this.#checkedTopic;
	}
}

/** The command of each form. */
const COMMANDS: Readonly<
	Record<PublishForm, typeof MQTT.publish | typeof MQTT.publishData | typeof MQTT.publishHex>
> = {
	inline: MQTT.publish,
	data: MQTT.publishData,
	hex: MQTT.publishHex,
};
/** Values up to the topic: the data form has no more. */
const TOPIC_VALUES = 5;
