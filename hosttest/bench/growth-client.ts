import Timer from "timer";
import type { MQTTClientCallbacks } from "../../modules/common/mqtt-client.js";

const CONNACK = 2;
const PUBACK = 4;
const SUBSCRIBE = 8;
const SUBACK = 9;
const ROOM = 1024;

interface Written {
	readonly operation?: number;
	readonly id?: number;
	readonly QoS?: number;
	readonly items?: readonly { readonly QoS?: number }[];
}

/** An ECMA-419 MQTT client class without a broker: all is acknowledged in the next turn. */
export class GrowthClient {
	static last: GrowthClient;
	readonly callbacks: MQTTClientCallbacks;
	#payload = new ArrayBuffer(0);

	constructor(callbacks: MQTTClientCallbacks) {
		this.callbacks = callbacks;
		GrowthClient.last = this;
		this.#control({ operation: CONNACK, returnCode: 0 });
	}
	write(_: unknown, written: Written | null): number {
		const { operation, id = 0, QoS = 0, items = [] } = written ?? {};
		if (operation === SUBSCRIBE) {
			const payload = items.map(item => item.QoS ?? 0);
			this.#control({ operation: SUBACK, id, payload });
			return ROOM;
		}
		if (QoS) this.#control({ operation: PUBACK, id });
		return 0;
	}
	/** A message comes. */
	deliver(topic: string, payload: ArrayBuffer): void {
		this.#payload = payload;
		const { byteLength } = payload;
		this.callbacks.onReadable(byteLength, { topic, QoS: 0, byteLength, more: false });
	}
	read(): ArrayBuffer {
		return this.#payload;
	}
	close(): void {
		// holds nothing
	}

	#control(message: { operation: number; id?: number; returnCode?: number; payload?: number[] }): void {
		Timer.set(() => {
			this.callbacks.onControl(message);
			this.callbacks.onWritable(ROOM);
		});
	}
}
