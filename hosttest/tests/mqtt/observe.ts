import MQTTClient, { type ControlMessage } from "../../../modules/mqtt/client.js";
import type { MQTTClientOptions } from "../../../modules/mqtt/options.js";
import type { Rig } from "../bc20/rig.js";

/** A message that the broker got. */
export interface Published {
	readonly topic: string;
	readonly payload: string;
	readonly QoS: number;
	readonly retain: boolean;
}

/** What one client did. */
export interface Observed {
	readonly client: MQTTClient;
	/** Callbacks in their order: `control 2`, `writable 1288`, `error LinkError`, `close`. */
	readonly events: string[];
	readonly control: ControlMessage[];
	readonly errors: Error[];
	/** `this` of each callback. */
	readonly self: Set<unknown>;
	/** Lets the client connect; rejects if it fails. */
	readonly connected: () => Promise<void>;
	/** Until an event has come so many times. */
	readonly until: (event: string, count?: number) => Promise<void>;
}

export type Options = Partial<MQTTClientOptions>;

/** Makes a client and writes down its callbacks; those in the options are called besides. */
export function observe(rig: Rig, options: Options = {}): Observed {
	const events: string[] = [];
	const control: ControlMessage[] = [];
	const errors: Error[] = [];
	const self = new Set<unknown>();
	const client = new MQTTClient({
		modem: rig.modem,
		host: "broker.test",
		id: "device",
		...options,
		onControl(message) {
			self.add(this);
			events.push(`control ${message.operation}`);
			control.push(message);
			options.onControl?.call(this, message);
		},
		onWritable(count) {
			self.add(this);
			events.push(`writable ${count}`);
			options.onWritable?.call(this, count);
		},
		onError(error) {
			self.add(this);
			events.push(`error ${error.name}`);
			errors.push(error);
			options.onError?.call(this, error);
		},
		onClose() {
			self.add(this);
			events.push("close");
			options.onClose?.call(this);
		},
	});
	const until = (event: string, count = 1) =>
		rig.clock.run(() => events.filter(name => name.startsWith(event)).length >= count, 200_000);
	return {
		client,
		events,
		control,
		errors,
		self,
		until,
		connected: async () => {
			await rig.clock.run(() => events.length >= 2 || errors.length > 0, 200_000);
			if (errors.length) throw errors[0];
		},
	};
}

/** All that the broker gets from now on, wills included. */
export function listen(rig: Rig, topic = "#"): Published[] {
	const published: Published[] = [];
	rig.broker.subscribe(
		topic,
		(packet, done) => {
			const { topic, payload, qos, retain } = packet;
			if (!topic.startsWith("$"))
				published.push({ topic, payload: payload.toString("latin1"), QoS: qos, retain });
			done();
		},
		() => undefined,
	);
	return published;
}

export const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
