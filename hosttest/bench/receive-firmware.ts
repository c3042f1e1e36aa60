import { Request } from "../../modules/at/request.js";
import type { Scheduler } from "../../modules/at/scheduler.js";
import { Basic } from "../../modules/bc20/commands.js";
import { BC20 } from "../../modules/bc20/modem.js";
import MQTTClient from "../../modules/mqtt/client.js";
import type { Command } from "./log.js";
import { ReceivePort } from "./receive-port.js";
import type { Receiver } from "./receiver.js";

/** Longer than the log: nobody answers what supervision asks. */
const LIVENESS_MS = 3_600_000;
const CLOCK = { name: "+CCLK", timeout: 300 };
const PUBLISHED = new Uint8Array(100).fill(0x61);
/** An identifier that no client has. */
const SPARE = 5;

/** The firmware's receive path: BC20 on the network and, where somebody is to listen, an MQTT client that reads. */
export class FirmwareReceiver implements Receiver {
	readonly #modem: BC20;
	readonly #client: MQTTClient | undefined;
	readonly #requests: Readonly<Record<Exclude<Command, "publish">, Request>>;
	#scheduler: Scheduler | undefined;
	#isConnected = false;
	#id = 0;
	messages = 0;
	payloadBytes = 0;
	responses = 0;
	acknowledged = 0;
	/** Errors that the firmware told of. */
	readonly errors: string[] = [];

	/** @param listening whether there is an MQTT client */
	constructor(listening: boolean) {
		const onError = (error: unknown) => this.errors.push(String(error));
		this.#modem = new BC20({ serial: { io: ReceivePort }, livenessMs: LIVENESS_MS, onError });
		this.#requests = {
			signal: this.#request(new Request(Basic.signal, "execute")),
			supply: this.#request(new Request(Basic.supply, "execute")),
			registration: this.#request(new Request(Basic.registration, "read")),
			clock: this.#request(new Request(CLOCK, "read")),
		};
		this.#modem.identifiers.acquire({
			wish: SPARE,
			onAcquired: (_, scheduler) => (this.#scheduler = scheduler),
			onStatus: () => undefined,
			onReceived: () => undefined,
			onLost: onError,
		});
		if (!listening) return;
		this.#client = new MQTTClient({
			modem: this.#modem,
			host: "broker",
			id: "d17",
			onReadable: count => this.#read(count),
			onControl: ({ operation }) => this.#controlled(operation),
			onError,
		});
	}
	get isReady(): boolean {
		return this.#scheduler !== undefined && (!this.#client || this.#isConnected) && this.#modem.quiet;
	}
	/** The line to the modem, for measures that add to it. */
	get scheduler(): Scheduler {
		if (!this.#scheduler) throw new Error("not on the network");
		return this.#scheduler;
	}
	issue(command: Command): void {
		if (!this.#client) return;
		if (command !== "publish") this.#scheduler?.submit(this.#requests[command]);
		else this.#client.write(PUBLISHED, { id: (this.#id += 1), topic: "d/17/up", QoS: 1 });
	}

	#request(request: Request): Request {
		request.onInformation = line => {
			if (line.integer(0) !== undefined || line.string(0)) this.responses++;
		};
		return request;
	}
	#read(count: number): void {
		const payload = this.#client?.read(count);
		if (!payload) return;
		this.messages++;
		this.payloadBytes += payload.byteLength;
	}
	#controlled(operation: number): void {
		if (operation === MQTTClient.CONNACK) this.#isConnected = true;
		else if (operation === MQTTClient.PUBACK) this.acknowledged++;
	}
}
