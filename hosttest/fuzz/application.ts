import type { BC20 } from "../../modules/bc20/modem.js";
import MQTTClient from "../../modules/mqtt/client.js";
import type { Clock } from "../shim/clock.js";
import { Random } from "../simulator/random.js";

interface ApplicationOptions {
	readonly modem: BC20;
	readonly dataFormat: "text" | "hex";
	readonly clock: Clock;
	readonly seed: number;
	readonly onError: (error: Error) => void;
}

/** A message out, acknowledged, and one in. */
interface Outcome {
	isAcknowledged: boolean;
	isReceived: boolean;
	readonly isDone: boolean;
	/** Nothing more is done for it. */
	readonly end: () => void;
}

const RECONNECT_MS = 1000;
const LONGEST_PAUSE_MS = 1500;
/** A message that has come to nobody is sent again after so long. */
const AGAIN_MS = 10_000;
const LONGEST_PAYLOAD = 300;

/** What `write` throws where the client is not connected, or the queue of commands is full. */
const REFUSALS: readonly string[] = ["NotConnectedError", "OverflowError"];

/** An application that publishes without end, reads what comes, and makes a new client one second after each failure. */
export class Application {
	/** Publishes that the module has taken, and clients that were made. */
	publishes = 0;
	clients = 0;
	received = 0;
	readonly #options: ApplicationOptions;
	readonly #random: Random;
	#client: MQTTClient | undefined;
	#isSubscribed = false;
	#isClosed = false;
	#id = 0;
	#marker: { text: string; id: number; outcome: Outcome; send: () => void } | undefined;

	constructor(options: ApplicationOptions) {
		this.#options = options;
		this.#random = Random.for(options.seed, "application");
		this.#connect();
	}
	/**
	 * Has a message go out next, at least once, and waits for the same text. It does nothing for that but what it does all the time: it
	 * neither subscribes anew nor gives a client up.
	 * @param send makes the broker send it; again, as long as it has not come
	 */
	exchange(text: string, send: () => void): Outcome {
		const outcome: Outcome = {
			isAcknowledged: false,
			isReceived: false,
			get isDone() {
				return this.isAcknowledged && this.isReceived;
			},
			end: () => (this.#marker = undefined),
		};
		const marker = { text, id: -1, outcome, send };
		this.#marker = marker;
		const again = () => {
			if (this.#marker !== marker || outcome.isReceived) return;
			if (this.#isSubscribed) send();
			this.#options.clock.set(again, AGAIN_MS);
		};
		this.#options.clock.set(again, 0);
		return outcome;
	}
	close(): void {
		this.#isClosed = true;
		this.#client?.close();
	}

	#connect(): void {
		if (this.#isClosed) return;
		const { modem, dataFormat, clock, onError } = this.#options;
		let isOver = false;
		this.clients++;
		this.#isSubscribed = false;
		const end = (error?: Error) => {
			isOver = true;
			this.#isSubscribed = false;
			if (error) onError(error);
			clock.set(() => this.#connect(), RECONNECT_MS);
		};
		const client = new MQTTClient({
			modem,
			host: "broker.test",
			id: "fuzzed",
			dataFormat,
			packetTimeout: 3,
			retries: 2,
			onControl: ({ operation, id }) => {
				const marker = this.#marker;
				if (operation === MQTTClient.CONNACK) this.#subscribe();
				else if (operation === MQTTClient.SUBACK) this.#isSubscribed = true;
				else if (operation === MQTTClient.PUBACK && marker && marker.id === id)
					marker.outcome.isAcknowledged = true;
			},
			onWritable: () => {
				const publish = () => {
					if (!isOver && !this.#isClosed) this.#publish(client);
				};
				clock.set(publish, this.#random.between([0, LONGEST_PAUSE_MS]));
			},
			onReadable: (count, { topic }) => {
				this.received++;
				const text = Buffer.from(client.read(count) ?? new ArrayBuffer(0)).toString("latin1");
				const marker = this.#marker;
				if (topic === "in/marker" && text === marker?.text) marker.outcome.isReceived = true;
			},
			onError: end,
			onClose: () => end(),
		});
		this.#client = client;
	}
	#subscribe(): void {
		try {
			const items = [{ topic: "in/#", QoS: 1 }];
			this.#client?.write(null, { operation: MQTTClient.SUBSCRIBE, items });
		} catch (error) {
			if (!REFUSALS.includes((error as Error).name)) throw error;
		}
	}
	#publish(client: MQTTClient): void {
		if (client !== this.#client) return;
		const marker = this.#marker?.outcome.isAcknowledged ? undefined : this.#marker;
		const id = ++this.#id;
		const text = marker?.text ?? "x".repeat(this.#random.integer([1, LONGEST_PAYLOAD]));
		const topic = marker ? "out/marker" : "out";
		try {
			const QoS = marker ? 1 : this.#random.integer([0, 2]);
			client.write(new Uint8Array(Buffer.from(text)), { topic, id, QoS });
		} catch (error) {
			// Where there is no room in the queue of commands, `onWritable` tells when there is.
			if (REFUSALS.includes((error as Error).name)) return;
			throw error;
		}
		this.publishes++;
		if (marker) marker.id = id;
	}
}
