import { generate, type IConnackPacket, type ISubackPacket, type QoS } from "mqtt-packet";
import { clock } from "../shim/clock.js";
import { utf8Of } from "./bytes.js";
import { defaultConfiguration, type Configuration } from "./configuration.js";
import type { Delays } from "./delays.js";
import { MqttError } from "./errors.js";
import type { Fate } from "./faults/kind.js";
import { Link } from "./link.js";
import { encode, MqttClient, type Exchange } from "./mqtt-client.js";
import type { CloseCause, Network } from "./network.js";
import type { Variants } from "./options.js";
import { connectPacket, receivedLine } from "./packets.js";
import type { Random, Range } from "./random.js";
import { Timers } from "./timers.js";

/** What a session needs of the module around it. */
export interface SessionHost {
	readonly network: Network;
	readonly delays: Delays;
	readonly variants: Variants;
	readonly random: Random;
	/** Data can pass: registered, with an address. */
	isOnline(): boolean;
	/** Data passes: keeps the radio connected. */
	traffic(): void;
	urc(text: string): void;
	/** What a fault makes of a command that is about to use the network. */
	fate<Name extends "open" | "connect" | "publish">(point: Name, id: number): Fate<Name> | undefined;
}

/** Takes the result line of a command, such as `+QMTPUB: 0,1,0`. */
export type Report = (line: string) => void;

export type SessionState = "closed" | "opening" | "open" | "connecting" | "connected" | "disconnecting";

/** What AT+QMTPUB publishes; the topic holds one character for each byte. */
export interface Publication {
	readonly messageId: number;
	readonly qos: QoS;
	readonly retain: boolean;
	readonly topic: string;
	readonly payload: Buffer;
}

/** One command under way that will report: its name with identifiers, and how it ends. */
interface Operation {
	/** Reports progress or the result: `report("0,2")` of `+QMTSUB: 0,1` is `+QMTSUB: 0,1,0,2`. */
	report(tail: string): void;
	finish(tail: string): void;
}

/** Result codes of +QMTSTAT (note 5.1). */
const Stat = { peer: 1, ping: 2, connect: 3, connack: 4, afterDisconnect: 5, sending: 6, link: 7 } as const;

const OPEN_LIMIT_MS = 75_000;

/** One of the six MQTT identifiers: a TCP connection and the MQTT client on it (note, chapter 3 and figure 1). */
export class Session {
	readonly id: number;
	configuration: Configuration;

	readonly #host: SessionHost;
	readonly #timers = new Timers();
	readonly #operations = new Map<string, Operation>();
	#state: SessionState = "closed";
	#address = "";
	#link: Link | undefined;
	#client: MqttClient | undefined;
	#lastUplinkMs = 0;
	/** DISCONNECT was sent and the connection left open. */
	#rested = false;
	#wedged = false;
	/** Ends the QMTOPEN, QMTCLOSE or QMTDISC under way when the connection ends first. */
	#onEnd: ((cause: CloseCause) => void) | undefined;

	constructor(id: number, host: SessionHost) {
		this.id = id;
		this.#host = host;
		this.configuration = defaultConfiguration(host.variants);
	}

	get state(): SessionState {
		return this.#state;
	}
	/** `"host",port` as opened. */
	get address(): string {
		return this.#address;
	}

	/** See `wedge`. */
	get wedged(): boolean {
		return this.#wedged;
	}

	/** AT+QMTOPEN on a closed identifier. */
	open(host: string, port: number, report: Report): void {
		const finish = (result: number): void => {
			if (this.#state !== "opening") return;
			this.#onEnd = undefined;
			this.#timers.clear(limit);
			if (result === 0) this.#state = "open";
			else this.#drop();
			report(`+QMTOPEN: ${this.id},${result}`);
		};
		this.#state = "opening";
		this.#address = `"${host}",${port}`;
		const limit = this.#timers.set(() => finish(-1), OPEN_LIMIT_MS);
		this.#onEnd = cause => finish(openResult(cause, this.#host.variants));
		this.#uplink(this.#host.delays.open, () => {
			const fate = this.#host.fate("open", this.id);
			if (fate !== undefined) finish(fate);
			else if (this.#host.isOnline()) this.#dial(utf8Of(host), port, () => finish(0));
			else finish(3);
		});
	}

	/** AT+QMTCLOSE: TCP goes down without DISCONNECT, so the broker publishes the will. */
	close(report: Report): void {
		if (this.#state === "disconnecting" && !this.#rested) throw new MqttError("not allowed");
		this.#endBy(report, `+QMTCLOSE: ${this.id},0`, () => undefined);
	}

	/** AT+QMTDISC: sends DISCONNECT and (see `disconnectCloses`) closes the connection. */
	disconnect(report: Report): void {
		this.#require("connected");
		this.#endBy(report, `+QMTDISC: ${this.id},0`, () => {
			this.#send(generate({ cmd: "disconnect" }));
			if (this.#host.variants.disconnectCloses) return;
			this.#timers.clearAll();
			this.#operations.clear();
			this.#client?.close();
			this.#rested = true;
		});
	}

	/** AT+QMTCONN; without user name and password those of "aliauth" are computed. */
	connect(id: string, user: string | undefined, password: string | undefined, report: Report): void {
		if (this.#rested) throw new MqttError("not allowed");
		this.#require("open");
		const packet = encode(connectPacket(this.configuration, id, user, password));
		const operation = this.#begin("connect", `+QMTCONN: ${this.id}`, report);
		this.#state = "connecting";
		this.#uplink(this.#host.delays.request, () => {
			const fate = this.#host.fate("connect", this.id);
			if (fate !== undefined) {
				this.#state = "open";
				if (fate === "2") this.#unanswered(operation);
				else operation.finish(fate);
				return;
			}
			this.#client?.exchange("connack", 0, {
				packet: () => packet,
				timeoutMs: this.#packetTimeoutMs,
				retries: 0,
				onRetry: () => undefined,
				onAcknowledge: connack => this.#connected(connack as IConnackPacket, operation),
				onFail: () => this.#unanswered(operation),
			});
		});
	}

	/** AT+QMTSUB */
	subscribe(messageId: number, topics: readonly (readonly [string, QoS])[], report: Report): void {
		this.#require("connected");
		const subscriptions = topics.map(([topic, qos]) => ({ topic: utf8Of(topic), qos }));
		const packet = encode({ cmd: "subscribe", messageId, subscriptions });
		const operation = this.#begin(`sub ${messageId}`, `+QMTSUB: ${this.id},${messageId}`, report);
		this.#uplink(this.#host.delays.request, () =>
			this.#exchange("suback", messageId, operation, () => packet, {
				onAcknowledge: suback => operation.finish(`0,${grantedOf(suback as ISubackPacket)}`),
			}),
		);
	}

	/** AT+QMTUNS */
	unsubscribe(messageId: number, topics: readonly string[], report: Report): void {
		this.#require("connected");
		const packet = encode({ cmd: "unsubscribe", messageId, unsubscriptions: topics.map(utf8Of) });
		const operation = this.#begin(`uns ${messageId}`, `+QMTUNS: ${this.id},${messageId}`, report);
		this.#uplink(this.#host.delays.request, () =>
			this.#exchange("unsuback", messageId, operation, () => packet, {
				onAcknowledge: () => operation.finish("0"),
			}),
		);
	}

	/** Throws where the state forbids to publish: before the module asks for the payload. */
	checkPublish(): void {
		this.#require("connected");
		if (this.#operations.has("publish")) throw new MqttError("not allowed");
	}

	/** AT+QMTPUB; one at a time (reference 3.5.5). */
	publish({ messageId, qos, retain, topic, payload }: Publication, report: Report): void {
		this.checkPublish();
		const make = (repetition: number): Buffer =>
			encode({ cmd: "publish", messageId, qos, retain, dup: repetition > 0, topic: utf8Of(topic), payload });
		const first = make(0);
		const operation = this.#begin("publish", `+QMTPUB: ${this.id},${messageId}`, report);
		const done = { onAcknowledge: () => operation.finish("0") };
		const release = (): void =>
			this.#exchange("pubcomp", messageId, operation, () => generate({ cmd: "pubrel", messageId }), done);
		this.#uplink(this.#host.delays.publish, () => {
			if (this.#host.fate("publish", this.id)) this.#failed(operation);
			else if (qos === 0) {
				this.#send(first);
				operation.finish("0");
			} else if (qos === 1) this.#exchange("puback", messageId, operation, make, done);
			else this.#exchange("pubrec", messageId, operation, make, { onAcknowledge: release });
		});
	}

	/** The air carries data again, or no more. */
	carries(carries: boolean): void {
		if (this.#link) this.#link.carries = carries;
	}

	/** The PDN is gone, and the connection with it. */
	detach(): void {
		if (this.#state !== "closed") this.#ended("lost");
	}

	/** The connection is closed by the module, if there is one: +QMTSTAT with that code. */
	fail(stat: number): void {
		if (this.#state !== "closed") this.#lose(stat);
	}

	/** Does nothing any more, says nothing of it and keeps its state, until AT+QMTCLOSE or a reset. */
	wedge(): void {
		if (this.#state === "closed") return;
		this.#link?.vanish("silent");
		this.#link = undefined;
		this.#timers.clearAll();
		this.#onEnd = undefined;
		this.#wedged = true;
		if (this.#state === "disconnecting") this.#state = "connected";
	}

	/** A closed identifier is open, by nobody's doing. */
	occupy(): void {
		if (this.#state !== "closed") return;
		this.#state = "open";
		this.#address = '"0.0.0.0",0';
	}

	/** The module loses power or is reset: no result, no URC. */
	reset(): void {
		this.#link?.vanish(this.#host.variants.connectionsAtReset);
		this.#link = undefined;
		this.#drop();
		if (!this.#host.variants.keepConfiguration)
			this.configuration = defaultConfiguration(this.#host.variants);
	}

	get #packetTimeoutMs(): number {
		return this.configuration.packetTimeoutSeconds * 1000;
	}

	#require(state: SessionState): void {
		if (this.#state !== state) throw new MqttError("not allowed");
	}

	/** QMTCLOSE and QMTDISC: after a moment `action`, the end of the connection unless it rests, and the result. */
	#endBy(report: Report, result: string, action: () => void): void {
		const finish = (): void => {
			if (!this.#rested) this.#drop();
			report(result);
		};
		this.#state = "disconnecting";
		this.#wedged = false;
		this.#onEnd = finish;
		this.#uplink(this.#host.delays.close, () => {
			this.#onEnd = undefined;
			this.#rested = false;
			action();
			finish();
		});
	}

	#begin(key: string, name: string, to: Report): Operation {
		if (this.#operations.has(key)) throw new MqttError("not allowed");
		const report = (tail: string): void => to(`${name},${tail}`);
		const finish = (tail: string): void => {
			this.#operations.delete(key);
			report(tail);
		};
		const operation = { report, finish };
		this.#operations.set(key, operation);
		return operation;
	}

	/** Does something after the module's delay, never before what was begun earlier. */
	#uplink(delay: Range, action: () => void): void {
		const now = clock().now;
		this.#lastUplinkMs = Math.max(this.#lastUplinkMs, now + this.#host.random.between(delay));
		if (!this.#wedged) this.#timers.set(action, this.#lastUplinkMs - now);
	}

	#dial(host: string, port: number, onConnect: () => void): void {
		const { network, delays, random } = this.#host;
		this.#client = new MqttClient(this.#timers, {
			write: bytes => this.#write(bytes),
			onMessage: packet =>
				this.#host.urc(receivedLine(this.id, packet, this.configuration, this.#host.variants)),
			onSilence: () => this.#lose(Stat.ping),
			onMalformed: () => this.#lose(Stat.link),
		});
		const air = { timers: this.#timers, random, delay: delays.network };
		this.#link = new Link(network, host, port, air, {
			onConnect,
			onData: bytes => {
				this.#host.traffic();
				this.#client?.receive(bytes);
			},
			onClose: cause => this.#ended(cause),
		});
	}

	#send(packet: Buffer): void {
		this.#client?.send(packet);
	}

	#write(bytes: Uint8Array): void {
		this.#host.traffic();
		this.#link?.write(bytes);
	}

	#exchange(
		acknowledgement: "suback" | "unsuback" | "puback" | "pubrec" | "pubcomp",
		messageId: number,
		operation: Operation,
		packet: (repetition: number) => Buffer,
		on: Pick<Exchange, "onAcknowledge">,
	): void {
		const { retries, timeoutNotice } = this.configuration;
		this.#client?.exchange(acknowledgement, messageId, {
			packet,
			timeoutMs: this.#packetTimeoutMs,
			retries,
			onAcknowledge: on.onAcknowledge,
			onRetry: repetition => timeoutNotice && operation.report(`1,${repetition}`),
			onFail: () => this.#failed(operation),
		});
	}

	#failed(operation: Operation): void {
		operation.finish("2");
		if (this.#host.variants.closeAfterRetries) this.#lose(Stat.sending);
	}

	#connected({ returnCode = 0 }: IConnackPacket, operation: Operation): void {
		this.#state = returnCode === 0 ? "connected" : "open";
		if (returnCode === 0) this.#client?.keepAlive(this.configuration.keepAliveSeconds, this.#packetTimeoutMs);
		operation.finish(`0,${returnCode}`);
	}

	#unanswered(operation: Operation): void {
		const { connectTimeout } = this.#host.variants;
		const stat = this.#link?.sent ? Stat.connack : Stat.connect;
		this.#operations.delete("connect");
		if (connectTimeout !== "stat") operation.report("2");
		if (connectTimeout === "result") this.#drop();
		else this.#lose(stat);
	}

	/** The connection ended from outside. */
	#ended(cause: CloseCause): void {
		if (this.#onEnd) this.#onEnd(cause);
		else if (this.#rested) this.#lose(Stat.afterDisconnect);
		else this.#lose(cause === "peer" ? Stat.peer : Stat.link);
	}

	#lose(stat: number): void {
		const failed = this.#host.variants.resultsOnClose === "failed" ? [...this.#operations.values()] : [];
		this.#drop();
		for (const operation of failed) operation.report("2");
		this.#host.urc(`+QMTSTAT: ${this.id},${stat}`);
	}

	#drop(): void {
		this.#link?.close();
		this.#link = undefined;
		this.#client?.close();
		this.#client = undefined;
		this.#timers.clearAll();
		this.#operations.clear();
		this.#onEnd = undefined;
		this.#rested = this.#wedged = false;
		this.#state = "closed";
	}
}

/** Granted QoS by topic, 128 where the broker refused. */
const grantedOf = ({ granted }: ISubackPacket): string => (granted as number[]).join(",");

function openResult(cause: CloseCause, variants: Variants): number {
	if (cause === "dns") return 4;
	return cause === "lost" ? 5 : variants.openUnreachable;
}
