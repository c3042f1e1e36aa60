import { QueueFullError } from "../at/errors.js";
import type { Line } from "../at/line.js";
import { Request, type Value } from "../at/request.js";
import type { Scheduler } from "../at/scheduler.js";
import type { Text } from "../at/text.js";
import { MQTT, packetTime } from "../bc20/commands.js";
import { OverflowError, PacketError } from "./errors.js";
import type { Settings } from "./options.js";
import { msgIdOf } from "./packet-id.js";
import { checkFilter } from "./topic.js";

/** One topic of a SUBSCRIBE or UNSUBSCRIBE. */
export interface SubscribeItem {
	/** Topic filter, 1 to 255 bytes, without quotes and control characters. */
	readonly topic: Text;
	/** 0 (default), 1 or 2; not for UNSUBSCRIBE. */
	readonly QoS?: number;
}

/** SUBSCRIBE and UNSUBSCRIBE of a client: each a command of its own, several under way at once. */
export class Subscribing {
	readonly #settings: Settings;
	readonly #onDone: (id: number, granted: number[] | undefined, error?: Error) => void;
	readonly #requests = new Set<Request>();

	/** @param onDone the broker has answered: `granted` QoS (128: refused) of each topic, undefined for UNSUBSCRIBE; or an error */
	constructor(
		settings: Settings,
		onDone: (id: number, granted: number[] | undefined, error?: Error) => void,
	) {
		this.#settings = settings;
		this.#onDone = onDone;
	}
	/** @throws OverflowError if too much is under way; TypeError, RangeError or ParameterError that names the item. Nothing is sent then. */
	subscribe(scheduler: Scheduler, identifier: number, id: number, items: readonly SubscribeItem[]): void {
		const values: Value[] = [identifier, msgIdOf(id)];
		items.forEach(({ topic, QoS = 0 }, index) =>
			values.push(checkFilter(`items[${index}].topic`, topic), QoS),
		);
		const granted: number[] = [];
		this.#submit(scheduler, id, new Request(MQTT.subscribe, "write", values), granted);
	}
	/** @throws as `subscribe` */
	unsubscribe(scheduler: Scheduler, identifier: number, id: number, items: readonly SubscribeItem[]): void {
		const values: Value[] = [identifier, msgIdOf(id)];
		items.forEach(({ topic }, index) => values.push(checkFilter(`items[${index}].topic`, topic)));
		this.#submit(scheduler, id, new Request(MQTT.unsubscribe, "write", values), undefined);
	}
	/** Forgets all that is under way; `onDone` does not come. */
	cancel(scheduler: Scheduler): void {
		for (const request of this.#requests) scheduler.cancel(request);
		this.#requests.clear();
	}

	#submit(scheduler: Scheduler, id: number, request: Request, granted: number[] | undefined): void {
		if (request.values.length < 3) throw new RangeError("items must name at least one topic");
		const { packetTimeout, retries } = this.#settings;
		request.resultTimeout = packetTime(packetTimeout, retries);
		let result = 0;
		request.onResult = line => {
			result = line.integer(2) ?? -1;
			if (granted) readGranted(line, granted);
		};
		request.onDone = error => {
			this.#requests.delete(request);
			const packet = granted ? "SUBSCRIBE" : "UNSUBSCRIBE";
			if (!error && result !== 0) this.#onDone(id, granted, new PacketError(packet, result));
			else this.#onDone(id, granted, error);
		};
		try {
			scheduler.submit(request);
		} catch (error) {
			if (error instanceof QueueFullError) throw new OverflowError();
			throw error;
		}
		this.#requests.add(request);
	}
}

function readGranted(line: Line, granted: number[]): void {
	for (let field = 3, value = line.integer(field); value !== undefined; value = line.integer(++field))
		granted.push(value);
}
