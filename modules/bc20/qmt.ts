import { ParameterError } from "../at/errors.js";
import { type ExecuteOptions, execute } from "../at/execute.js";
import type { Line } from "../at/line.js";
import type { Value } from "../at/request.js";
import type { Scheduler } from "../at/scheduler.js";
import { ILL_FORMED, type Text, bytesOf, isWellFormed } from "../at/text.js";
import { DATA_LIMIT, MQTT, type QMTCommand } from "./qmt-commands.js";
import { QMTConfiguration } from "./qmt-configuration.js";
import { CloseError, ConnectionRefusedError, OpenError, PacketError, ResponseError } from "./qmt-errors.js";
import { type Supported, isTestResponse, supportedOf } from "./qmt-responses.js";

/** A network connection that is open. */
export interface Opened {
	readonly id: number;
	readonly host: string;
	readonly port: number;
}

/** Where the client of an identifier stands: 1 initial, 2 connecting, 3 connected, 4 disconnecting (`CLIENT_STATES` in codes.ts). */
export interface ClientState {
	readonly id: number;
	readonly state: number;
}

/** Who connects. Each up to 255 bytes. */
export interface Credentials {
	/** May be empty with MQTT 3.1.1. */
	readonly clientId: Text;
	readonly user?: Text | undefined;
	readonly password?: Text | undefined;
}

export interface Subscription {
	/** Topic filter, 1 to 255 bytes. */
	readonly topic: Text;
	/** 0, 1 or 2. */
	readonly QoS: number;
}

/** How a message goes to the module. */
export type PublishForm = "inline" | "hex" | "data";

export interface Publication {
	/** 1 to 255 bytes. */
	readonly topic: Text;
	/**
	 * - `inline`: up to 700 bytes within the command, without control characters; the identifier's data format is text
	 * - `hex`: up to 350 bytes of any kind within the command; its data format is hex; later firmware
	 * - `data`: up to 1024 bytes behind the prompt, without 0x1A and 0x1B; its data format is text; later firmware
	 */
	readonly message: Text;
	readonly form: PublishForm;
	/** 0, 1 or 2. */
	readonly QoS: number;
	readonly retain: boolean;
}

export interface PacketOptions {
	/** Longest time to the result, ms, instead of what `timeout` has configured. */
	readonly packetTime?: number | undefined;
	/** The module has sent the packet again, for the so-manieth time. Only where `timeout` has configured a notice. */
	readonly onRetransmission?: ((count: number) => void) | undefined;
}

/**
 * The commands of the BC20 MQTT application note, one method for each command and form, on any scheduler. It keeps no state but the
 * packet time-outs, and chooses nothing: the MQTT client class does.
 *
 * `id` is the module's MQTT identifier, 0 to 5; several may be at work at once. All methods reject with ParameterError, before anything is
 * sent, where the note's limits are not kept; with CommandError (`+CME ERROR` with its code and meaning, `ERROR`), TimeoutError and the
 * other errors of the AT engine; and with the errors named at each method, which carry the note's code and what to do.
 */
export class QMT extends QMTConfiguration {
	readonly #scheduler: Scheduler;
	readonly #waits: boolean;

	/**
	 * @param waits commands wait for room however many wait already (`ExecuteOptions.waits`); false by default: then they reject with
	 *   QueueFullError
	 */
	constructor(scheduler: Scheduler, waits = false) {
		super(scheduler, waits);
		this.#scheduler = scheduler;
		this.#waits = waits;
	}
	/** `AT+QMTOPEN=?`: identifiers, host_name, port. */
	openRange(): Promise<Supported[]> {
		return this.#test(MQTT.open);
	}
	/** `AT+QMTOPEN?`: the network connections that are open. */
	async opened(): Promise<Opened[]> {
		const opened: Opened[] = [];
		await this.#send(MQTT.open, "read", [], {
			onInformation: line => {
				const id = line.integer(0);
				const host = line.string(1);
				const port = line.integer(2);
				if (id !== undefined && host !== undefined && port !== undefined) opened.push({ id, host, port });
			},
		});
		return opened;
	}
	/**
	 * `AT+QMTOPEN`: opens the network connection to a broker; up to 75 s. It closes one that no `connect` follows within some seconds.
	 * @param host name or address, 1 to 100 bytes
	 * @param port 1 to 65535
	 * @param onOpened it is open; called before any line behind the result is looked at, such as a `+QMTSTAT` of this connection
	 * @throws (rejects) OpenError
	 */
	async open(id: number, host: string, port: number, onOpened?: () => void): Promise<void> {
		const read = (line: Line) => {
			if (line.integer(1) === 0) onOpened?.();
		};
		const result = await this.#result(MQTT.open, [id, host, port], undefined, read);
		if (result !== 0) throw new OpenError(result, host, port);
	}
	/** `AT+QMTCLOSE=?`: identifiers. */
	closeRange(): Promise<Supported[]> {
		return this.#test(MQTT.close);
	}
	/** `AT+QMTCLOSE`: closes the network connection, without DISCONNECT: the broker publishes the will. @throws (rejects) CloseError */
	async close(id: number): Promise<void> {
		const result = await this.#result(MQTT.close, [id]);
		if (result !== 0) throw new CloseError("AT+QMTCLOSE", result);
	}
	/** `AT+QMTCONN=?`: identifiers, clientID, username, password. */
	connectRange(): Promise<Supported[]> {
		return this.#test(MQTT.connect);
	}
	/** `AT+QMTCONN?`: the clients whose network connection is open. */
	async clientStates(): Promise<ClientState[]> {
		const states: ClientState[] = [];
		await this.#send(MQTT.connect, "read", [], {
			onInformation: line => {
				const id = line.integer(0);
				const state = line.integer(1);
				// A late result has a third field.
				if (id !== undefined && state !== undefined && line.fields === 2) states.push({ id, state });
			},
		});
		return states;
	}
	/**
	 * `AT+QMTCONN`: connects the client to the broker whose network connection is open.
	 * @param options without `packetTime` as long as `timeout` has configured
	 * @throws (rejects) ConnectionRefusedError with the broker's return code; PacketError
	 */
	async connect(id: number, credentials: Credentials, options?: PacketOptions): Promise<void> {
		const { clientId, user, password } = credentials;
		const values: Value[] = [id, clientId];
		if (user !== undefined || password !== undefined) values.push(user ?? "");
		if (password !== undefined) values.push(password);
		let returnCode = 0;
		const read = (line: Line) => (returnCode = line.integer(2) ?? 0);
		const result = await this.#result(MQTT.connect, values, this.#awaiting(MQTT.connect, id, options), read);
		if (returnCode !== 0) throw new ConnectionRefusedError(returnCode);
		if (result !== 0) throw new PacketError("CONNECT", result);
	}
	/** `AT+QMTDISC=?`: identifiers. */
	disconnectRange(): Promise<Supported[]> {
		return this.#test(MQTT.disconnect);
	}
	/** `AT+QMTDISC`: sends DISCONNECT. `close` should follow, and may fail. @throws (rejects) CloseError */
	async disconnect(id: number): Promise<void> {
		const result = await this.#result(MQTT.disconnect, [id]);
		if (result !== 0) throw new CloseError("AT+QMTDISC", result);
	}
	/** `AT+QMTSUB=?`: identifiers, msgID, topic, qos, and again topic, qos. */
	subscribeRange(): Promise<Supported[]> {
		return this.#test(MQTT.subscribe);
	}
	/**
	 * `AT+QMTSUB`: subscribes to one or more topics.
	 * @param msgID packet identifier, 1 to 65535; not one that is under way
	 * @returns the granted QoS of each topic; 128 where the broker refused that topic
	 * @throws (rejects) PacketError
	 */
	async subscribe(
		id: number,
		msgID: number,
		subscriptions: readonly Subscription[],
		options?: PacketOptions,
	): Promise<number[]> {
		const values: Value[] = [id, msgID];
		for (const { topic, QoS } of subscriptions) values.push(topic, QoS);
		const granted: number[] = [];
		await this.#packet(
			"SUBSCRIBE",
			MQTT.subscribe,
			values,
			this.#awaiting(MQTT.subscribe, id, options),
			line => {
				for (let field = 3, value = line.integer(field); value !== undefined; value = line.integer(++field))
					granted.push(value);
			},
		);
		return granted;
	}
	/** `AT+QMTUNS=?`: identifiers, msgID, topic, and again topic. */
	unsubscribeRange(): Promise<Supported[]> {
		return this.#test(MQTT.unsubscribe);
	}
	/** `AT+QMTUNS`: unsubscribes from one or more topics; `msgID` as in `subscribe`. @throws (rejects) PacketError */
	unsubscribe(id: number, msgID: number, topics: readonly Text[], options?: PacketOptions): Promise<void> {
		const execution = this.#awaiting(MQTT.unsubscribe, id, options);
		return this.#packet("UNSUBSCRIBE", MQTT.unsubscribe, [id, msgID, ...topics], execution);
	}
	/** `AT+QMTPUB=?`: identifiers, msgID, qos, retain, topic, msg. */
	publishRange(): Promise<Supported[]> {
		return this.#test(MQTT.publish);
	}
	/**
	 * `AT+QMTPUB`: publishes a message; one at a time for each identifier.
	 * @param msgID packet identifier, 1 to 65535; 0 with QoS 0
	 * @returns when the broker has acknowledged it; with QoS 0 when it is sent
	 * @throws (rejects) PacketError
	 */
	async publish(id: number, msgID: number, publication: Publication, options?: PacketOptions): Promise<void> {
		const { topic, message, form, QoS, retain } = publication;
		if (msgID === 0 && QoS !== 0)
			throw new ParameterError("AT+QMTPUB", "msgID", "must be from 1 to 65535 with QoS 1 and 2");
		const command = PUBLISH[form];
		const values: Value[] = [id, msgID, QoS, retain ? 1 : 0, topic];
		// With QoS 2 two packets have to be acknowledged, each with its retries (application note, figure 1).
		const execution = this.#awaiting(command, id, options, QoS === 2 ? 2 : 1);
		if (form !== "data") return this.#packet("PUBLISH", command, [...values, message], execution);
		if (typeof message === "string" && !isWellFormed(message))
			throw new ParameterError("AT+QMTPUB", "msg", ILL_FORMED);
		const data = bytesOf(message);
		if (data.length > DATA_LIMIT)
			throw new ParameterError("AT+QMTPUB", "msg", `has ${data.length} bytes; the limit is ${DATA_LIMIT}`);
		return this.#packet("PUBLISH", command, values, { ...execution, data });
	}

	async #test(command: QMTCommand): Promise<Supported[]> {
		let supported: Supported[] | undefined;
		await this.#send(command, "test", [], {
			onInformation: line => {
				if (isTestResponse(line)) supported = supportedOf(line.value);
			},
		});
		if (!supported) throw new ResponseError(`AT${command.name}=?`);
		return supported;
	}
	/** Sends a packet and reads its result. */
	async #packet(
		packet: string,
		command: QMTCommand,
		values: readonly Value[],
		options: ExecuteOptions,
		read?: (line: Line) => void,
	): Promise<void> {
		if (values.length < (command.parameters?.length ?? 0))
			throw new ParameterError(`AT${command.name}`, "topic", "is missing: there must be one at least");
		const result = await this.#result(command, values, options, read);
		if (result !== 0) throw new PacketError(packet, result);
	}
	/** @returns `<result>`, the first field behind the keys */
	async #result(
		command: QMTCommand,
		values: readonly Value[],
		options?: ExecuteOptions,
		read?: (line: Line) => void,
	): Promise<number> {
		let result = -1;
		await this.#send(command, "write", values, {
			...options,
			onResult: line => {
				result = line.integer(command.result?.keys ?? 1) ?? -1;
				read?.(line);
			},
		});
		return result;
	}
	/** @param packets how many have to be acknowledged, one after the other */
	#awaiting(
		command: QMTCommand,
		id: number,
		{ packetTime, onRetransmission }: PacketOptions = {},
		packets = 1,
	): ExecuteOptions {
		const resultTimeout = packetTime ?? packets * (this.resultTime(command, id) ?? 0);
		const count = (command.result?.keys ?? 1) + 1;
		return { resultTimeout, onProgress: line => onRetransmission?.(line.integer(count) ?? 1) };
	}
	#send(
		command: QMTCommand,
		form: "test" | "read" | "write",
		values: readonly Value[],
		options: ExecuteOptions,
	): Promise<void> {
		return execute(this.#scheduler, command, form, values, { ...options, waits: this.#waits });
	}
}

const PUBLISH: Readonly<Record<PublishForm, QMTCommand>> = {
	inline: MQTT.publish,
	hex: MQTT.publishHex,
	data: MQTT.publishData,
};
