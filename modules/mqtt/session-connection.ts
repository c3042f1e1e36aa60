import type { ControlMessage, MqttClient, ReadableOptions } from "../common/mqtt-client.js";
import type { MQTTSessionOptions } from "./session-options.js";

/** What a connection tells. */
export interface ConnectionEvents {
	onControl(message: ControlMessage): void;
	onReadable(count: number, options: ReadableOptions): void;
	onWritable(count: number): void;
	/** The client is at its end, by an error where one is given. */
	onEnd(error?: unknown): void;
}

/** One instance of the client class. */
export class Connection {
	readonly client: MqttClient;
	#isClosed = false;

	/** @throws what the class throws */
	constructor(options: MQTTSessionOptions, events: ConnectionEvents) {
		const { mqtt, host, port, id, user, password, clean, will, keepAlive } = options;
		const guarded =
			<Values extends unknown[]>(callback: (...values: Values) => void) =>
			(...values: Values) => {
				if (!this.#isClosed) callback(...values);
			};
		this.client = new mqtt.io({
			...mqtt,
			host,
			...(port !== undefined && { port }),
			...(id !== undefined && { id }),
			...(user !== undefined && { user }),
			...(password !== undefined && { password }),
			...(clean !== undefined && { clean }),
			...(will !== undefined && { will }),
			...(keepAlive !== undefined && { keepAlive }),
			onControl: guarded((message: ControlMessage) => events.onControl(message)),
			onReadable: guarded((count: number, about: ReadableOptions = {}) => events.onReadable(count, about)),
			onWritable: guarded((count: number) => events.onWritable(count)),
			onError: guarded((error?: unknown) => events.onEnd(error)),
			onClose: guarded(() => events.onEnd()),
		} as never);
	}

	/** No event follows. */
	close(): void {
		this.#isClosed = true;
		try {
			this.client.close();
		} catch {
			// it is given up in any case
		}
	}
}
