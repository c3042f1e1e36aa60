import type { ExecutionContext } from "ava";
import { BC20 } from "../../../modules/bc20/modem.js";
import MQTTClient, { type ControlMessage } from "../../../modules/mqtt/client.js";
import type { MQTTClientOptions } from "../../../modules/mqtt/options.js";
import Serial, { wire } from "../../shim/serial.js";
import { SimulatedBC20 } from "../../simulator/modem.js";
import type { ProfileName } from "../../simulator/profiles.js";
import { type Message, inbox } from "../mqtt/inbox.js";

const PORT = 1;

/** A BC20 with the simulated module, on the wall clock and this machine's network. */
export class Device {
	readonly sim: SimulatedBC20;
	readonly modem: BC20;
	#onUp: () => void = () => undefined;

	private constructor(profile: ProfileName) {
		// `start: "on"`: no boot and no search for a network, which take seconds.
		this.sim = new SimulatedBC20({ profile, delays: "none", start: "on" });
		// Not paced: on a desktop that is busy, time of the line would run on without the firmware, and bytes would be lost.
		const { sim } = this;
		wire(PORT, {
			paced: false,
			open: (baud, deliver) => sim.open(baud, deliver),
			write: bytes => sim.write(bytes),
			close: () => sim.close(),
		});
		const up = () => {
			if (this.modem.connection === 500) this.#onUp();
		};
		this.modem = new BC20({
			serial: { io: Serial, port: PORT, receive: 16, transmit: 17, baud: 921_600 },
			onChanged: up,
		});
	}
	/** On the network; off again when the test ends. */
	static async for(t: ExecutionContext, profile: ProfileName): Promise<Device> {
		const device = new Device(profile);
		t.teardown(() => device.off());
		await new Promise<void>(resolve => (device.#onUp = resolve));
		return device;
	}
	/** A client that reads each message at once, and writes down what else it hears of. */
	client(options: Partial<MQTTClientOptions> & { port: number }): Connection {
		return new Connection(this.modem, options);
	}
	/** Without power: the network connections are reset. */
	off(): void {
		this.modem.close();
		this.sim.power(false);
	}
}

/** One MQTT client on the device, and what it heard. */
export class Connection {
	readonly client: MQTTClient;
	readonly messages: readonly Message[];
	readonly control: ControlMessage[] = [];
	readonly errors: Error[] = [];
	closed = false;
	writable = 0;
	#watchers: (() => void)[] = [];

	constructor(modem: BC20, options: Partial<MQTTClientOptions> & { port: number }) {
		const { messages, onReadable } = inbox();
		const heard = () => this.#watchers.forEach(watch => watch());
		this.messages = messages;
		this.client = new MQTTClient({
			modem,
			host: "127.0.0.1",
			id: "device",
			...options,
			onReadable(count, options) {
				onReadable.call(this, count, options);
				heard();
			},
			onControl: message => {
				this.control.push(message);
				heard();
			},
			onWritable: () => {
				this.writable++;
				heard();
			},
			onError: error => {
				this.errors.push(error);
				heard();
			},
			onClose: () => {
				this.closed = true;
				heard();
			},
		});
	}
	/** Until the condition holds; asked at each callback. Rejects with the client's error. */
	until(condition: () => boolean): Promise<void> {
		return new Promise((resolve, reject) => {
			const watch = () => {
				if (condition()) resolve();
				else if (this.errors.length) reject(this.errors[0]);
				else return;
				this.#watchers = this.#watchers.filter(other => other !== watch);
			};
			this.#watchers.push(watch);
			watch();
		});
	}
	connected(): Promise<void> {
		return this.until(() => this.writable > 0);
	}
	/** Publishes; resolves when the broker has it (QoS 0: when it is sent). */
	publish(topic: string, payload: Uint8Array, QoS = 1, retain = false): Promise<void> {
		const { writable } = this;
		this.client.write(payload, { topic, QoS, retain });
		return this.until(() => this.writable > writable);
	}
	/** The granted QoS. */
	async subscribe(topic: string, QoS = 2): Promise<readonly number[] | undefined> {
		const { length } = this.control;
		this.client.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic, QoS }] });
		await this.until(() => this.control.length > length);
		return this.control[length].payload;
	}
	async disconnect(): Promise<void> {
		this.client.write(null, { operation: MQTTClient.DISCONNECT });
		await this.until(() => this.closed);
	}
}
