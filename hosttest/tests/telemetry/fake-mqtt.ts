import Timer from "timer";
import type { MQTTProvider } from "../../../modules/common/mqtt-client.js";

/** What happens to a connection attempt. */
export type ConnectPlan = "accept" | "refuse" | "throw" | "silent" | "error";

/** What happens to a publish. */
export type PublishPlan =
	| "acknowledge"
	| "acknowledge twice"
	| "acknowledge unknown" // only an identifier that is not in flight
	| "acknowledge unknown first" // and the right one later
	| "lose before" // the link is lost before the broker has the message
	| "lose after" // the broker has it, but the acknowledgement is lost with the link
	| "silent" // the broker has it; nothing comes back
	| "throw" // write throws something else than overflow
	| "refuse" // write throws an error about the message itself
	| "refuse later"; // onRefused: the broker has nothing, the connection stays

export interface ReceivedMessage {
	id: number;
	topic: string;
	QoS: number;
	retain: boolean;
	duplicate: boolean;
	payload: string;
	pieces: number;
}

interface ClientOptions {
	host: string;
	id: string;
	user?: string;
	password?: string;
	clean?: boolean;
	keepAlive?: number;
	onControl: (message: { operation: number; id?: number; returnCode?: number }) => void;
	onWritable: (count: number) => void;
	onRefused: (id: number, error: unknown) => void;
	onError: (error?: unknown) => void;
}

interface PublishOptions {
	operation: number;
	id: number;
	topic: string;
	QoS: number;
	retain: boolean;
	duplicate: boolean;
	byteLength: number;
}

/** A broker and its ECMA-419 MQTT client class: all delays on the clock in use, all behaviour by plan. */
export class FakeBroker {
	connectPlan: (attempt: number) => ConnectPlan = () => "accept";
	publishPlan: (count: number) => PublishPlan = () => "acknowledge";
	/** Bytes of room of a client, and after how many ms what is written has left it. */
	room = 1400;
	drainMs = 5;
	delayMs = 50;
	/** Of the client class; undefined as in most. */
	acknowledgeLimitMs: number | undefined;
	connects: { options: ClientOptions; at: number }[] = [];
	received: ReceivedMessage[] = [];
	writes: number[] = [];
	disconnects = 0;
	open = 0;
	publishes = 0;
	overflows = 0;

	get provider(): MQTTProvider {
		// eslint-disable-next-line @typescript-eslint/no-this-alias -- for the class, which has a this of its own
		const broker = this;
		return {
			io: class extends FakeClient {
				constructor(options: ClientOptions) {
					super(broker, options);
				}
			},
			modem: "an option of the client",
		};
	}

	/** Loses the link of all clients. */
	lose: (error?: unknown) => void = () => undefined;
}

class FakeClient {
	readonly #broker: FakeBroker;
	readonly #options: ClientOptions;
	#timers: Timer[] = [];
	#isConnected = false;
	#isClosed = false;
	#room: number;
	#isRefusing = false;
	#message: (ReceivedMessage & { left: number; plan: PublishPlan }) | undefined;

	constructor(broker: FakeBroker, options: ClientOptions) {
		this.#broker = broker;
		this.#options = options;
		this.#room = broker.room;
		broker.connects.push({ options, at: Date.now() });
		const plan = broker.connectPlan(broker.connects.length);
		if (plan === "throw") throw new Error("no memory for a client");
		broker.open++;
		broker.lose = error => this.#end(error);
		if (plan === "silent") return;
		this.#later(() => {
			if (plan === "error") {
				this.#end(new Error("DNS failed"));
				return;
			}
			if (plan === "refuse") {
				options.onControl.call(this, { operation: 2, returnCode: 5 });
				return;
			}
			this.#isConnected = true;
			options.onControl.call(this, { operation: 2, returnCode: 0 });
			if (!this.#isClosed) options.onWritable.call(this, this.#room);
		});
	}

	get acknowledgeLimitMs(): number | undefined {
		return this.#broker.acknowledgeLimitMs;
	}

	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#broker.open--;
		for (const timer of this.#timers) Timer.clear(timer);
	}

	write(data: Uint8Array | null, options: PublishOptions | { operation: 14 } | null): number {
		if (!this.#isConnected || this.#isClosed) throw new Error("not connected");
		if (options?.operation === 14) {
			this.#broker.disconnects++;
			this.#later(() => this.#end());
			return this.#room;
		}
		if (!data) throw new Error("no data");
		const publish = options as PublishOptions | null;
		// as the SDK's client: type, remaining length, topic with its length, packet identifier
		const overhead = publish ? 3 + 2 + publish.topic.length + (publish.QoS ? 2 : 0) : 0;
		if (data.length + overhead > this.#room) {
			this.#broker.overflows++;
			throw new Error("overflow");
		}
		if (publish) {
			if (this.#message) throw new Error("publishing already");
			const plan = this.#broker.publishPlan(++this.#broker.publishes);
			if (plan === "refuse") throw new RangeError("topic holds a quote");
			if (plan === "throw") throw new Error("the port is gone");
			const { id, topic, QoS, retain, duplicate, byteLength } = publish;
			this.#message = { id, topic, QoS, retain, duplicate, payload: "", pieces: 0, left: byteLength, plan };
		}
		const message = this.#message;
		if (!message || data.length > message.left) throw new Error("more than byteLength");
		this.#broker.writes.push(data.length);
		message.payload += String.fromArrayBuffer(data.slice().buffer);
		message.pieces++;
		message.left -= data.length;
		this.#room -= data.length + overhead;
		const isRefused = message.plan === "refuse later" && message.left === 0;
		this.#later(() => {
			// No room is told of before the answer.
			if (this.#isRefusing && !isRefused) return;
			this.#isRefusing = false;
			this.#room = this.#broker.room;
			if (isRefused) this.#options.onRefused.call(this, message.id, new Error("the module answered ERROR"));
			if (!this.#isClosed) this.#options.onWritable.call(this, this.#room);
		}, this.#broker.drainMs);
		if (isRefused) {
			this.#message = undefined;
			this.#isRefusing = true;
			this.#room = 0;
		} else if (message.left === 0) this.#complete();
		return this.#room;
	}

	#complete(): void {
		const message = this.#message;
		if (!message) return;
		this.#message = undefined;
		const { plan, left, ...received } = message;
		if (left) throw new Error("incomplete");
		if (plan === "lose before") {
			this.#later(() => this.#end());
			return;
		}
		this.#broker.received.push(received);
		if (plan === "lose after") {
			this.#later(() => this.#end(new Error("link lost")));
			return;
		}
		if (plan === "silent" || received.QoS === 0) return;
		this.#later(() => {
			if (plan.startsWith("acknowledge unknown")) this.#acknowledge(received.id + 1, received.QoS);
			if (plan !== "acknowledge unknown") this.#acknowledge(received.id, received.QoS);
			if (plan === "acknowledge twice") this.#acknowledge(received.id, received.QoS);
		}, this.#broker.delayMs);
	}

	#acknowledge(id: number, QoS: number): void {
		if (QoS === 2) this.#control({ operation: 5, id });
		this.#control({ operation: QoS === 2 ? 7 : 4, id });
	}

	#control(message: { operation: number; id: number }): void {
		if (!this.#isClosed) this.#options.onControl.call(this, message);
	}

	#end(error?: unknown): void {
		if (this.#isClosed) return;
		this.#isConnected = false;
		this.#options.onError.call(this, error);
	}

	#later(callback: () => void, delayMs = this.#broker.delayMs): void {
		this.#timers.push(
			Timer.set(() => {
				if (!this.#isClosed) callback();
			}, delayMs),
		);
	}
}
