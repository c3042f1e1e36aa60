import { generate, parser, type IPublishPacket, type Packet, type Parser } from "mqtt-packet";
import { MqttError } from "./errors.js";
import type { Timers } from "./timers.js";

/** How one packet is sent until it is acknowledged (figure 1 of the note: T1, exceptions 1 and 2). */
export interface Exchange {
	/** The packet; `repetition` is 0 the first time. */
	packet(repetition: number): Buffer;
	readonly timeoutMs: number;
	readonly retries: number;
	onAcknowledge(packet: Packet): void;
	/** T1 ran out and the packet was sent again. */
	onRetry(repetition: number): void;
	/** T1 ran out for the last time. */
	onFail(): void;
}

export interface MqttClientEvents {
	write(bytes: Uint8Array): void;
	onMessage(packet: IPublishPacket): void;
	/** PINGREQ was not answered. */
	onSilence(): void;
	/** What came is no MQTT. */
	onMalformed(): void;
}

/** The bytes of a packet; MqttError where MQTT has no such packet. */
export function encode(packet: Packet): Buffer {
	try {
		return generate(packet);
	} catch {
		throw new MqttError("parameter");
	}
}

const confirm = (cmd: "puback" | "pubrec" | "pubrel" | "pubcomp", messageId: number): Buffer =>
	generate({ cmd, messageId });

/** The MQTT client of one connection: packets out until they are acknowledged, packets in, keep-alive. */
export class MqttClient {
	readonly #timers: Timers;
	readonly #events: MqttClientEvents;
	readonly #parser: Parser = parser();
	readonly #exchanges = new Map<string, { timer: object; exchange: Exchange }>();
	/** QoS 2 messages reported and not yet released by the broker. */
	readonly #unreleased = new Set<number>();
	#idleMs = 0;
	#pingLimitMs = 0;
	#idle: object | undefined;
	#pingLimit: object | undefined;
	#open = true;

	constructor(timers: Timers, events: MqttClientEvents) {
		this.#timers = timers;
		this.#events = events;
		this.#parser.on("packet", packet => this.#open && this.#receive(packet));
		this.#parser.on("error", () => this.#open && events.onMalformed());
	}

	/** From now on, sends PINGREQ after so many seconds without a packet sent (T2); 0: never. */
	keepAlive(seconds: number, pingLimitMs: number): void {
		this.#idleMs = seconds * 1000;
		this.#pingLimitMs = pingLimitMs;
		this.#restartIdle();
	}

	/** Bytes from the network. */
	receive(bytes: Uint8Array): void {
		if (this.#open) this.#parser.parse(Buffer.from(bytes));
	}

	send(packet: Buffer): void {
		this.#events.write(packet);
		this.#restartIdle();
	}

	/** Sends a packet until an acknowledgement of that kind and identifier comes. */
	exchange(acknowledgement: Packet["cmd"], messageId: number, exchange: Exchange): void {
		this.#attempt(`${acknowledgement} ${messageId}`, exchange, 0);
	}

	/** Nothing more goes out or comes in; the timers are the owner's to clear. */
	close(): void {
		this.#open = false;
	}

	#attempt(key: string, exchange: Exchange, repetition: number): void {
		this.send(exchange.packet(repetition));
		const timer = this.#timers.set(() => {
			if (repetition >= exchange.retries) {
				this.#exchanges.delete(key);
				exchange.onFail();
				return;
			}
			this.#attempt(key, exchange, repetition + 1);
			exchange.onRetry(repetition + 1);
		}, exchange.timeoutMs);
		this.#exchanges.set(key, { timer, exchange });
	}

	#receive(packet: Packet): void {
		if (packet.cmd === "publish") this.#receiveMessage(packet);
		else if (packet.cmd === "pubrel") this.#release(packet.messageId ?? 0);
		else if (packet.cmd === "pingresp") this.#answered();
		else this.#acknowledged(packet);
	}

	#acknowledged(packet: Packet): void {
		const key = `${packet.cmd} ${packet.messageId ?? 0}`;
		const waiting = this.#exchanges.get(key);
		if (!waiting) return;
		this.#exchanges.delete(key);
		this.#timers.clear(waiting.timer);
		waiting.exchange.onAcknowledge(packet);
	}

	#receiveMessage(packet: IPublishPacket): void {
		const messageId = packet.messageId ?? 0;
		const repeated = packet.qos === 2 && this.#unreleased.has(messageId);
		if (packet.qos === 2) this.#unreleased.add(messageId);
		if (!repeated) this.#events.onMessage(packet);
		if (packet.qos > 0) this.send(confirm(packet.qos === 1 ? "puback" : "pubrec", messageId));
	}

	#release(messageId: number): void {
		this.#unreleased.delete(messageId);
		this.send(confirm("pubcomp", messageId));
	}

	#restartIdle(): void {
		this.#timers.clear(this.#idle);
		if (this.#idleMs > 0) this.#idle = this.#timers.set(() => this.#sendPing(), this.#idleMs);
	}

	#answered(): void {
		this.#timers.clear(this.#pingLimit);
		this.#pingLimit = undefined;
	}

	#sendPing(): void {
		this.send(generate({ cmd: "pingreq" }));
		this.#pingLimit ??= this.#timers.set(() => this.#events.onSilence(), this.#pingLimitMs);
	}
}
