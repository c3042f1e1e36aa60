import type { Line } from "../at/line.js";
import { Request, type Value } from "../at/request.js";
import type { Text } from "../at/text.js";
import { checkInteger } from "../bc20/checks.js";
import { INLINE_LIMIT, MQTT, TOPIC_LIMIT, packetTime } from "../bc20/commands.js";
import { OverflowError, PacketError } from "./errors.js";
import type { Link } from "./link.js";
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

/** A SUBSCRIBE or UNSUBSCRIBE, as the consumer wrote it. */
interface Packet {
	readonly spec: typeof MQTT.subscribe | typeof MQTT.unsubscribe;
	readonly id: number;
	/** Values of the commands that are still to be sent. */
	readonly commands: Value[][];
	/** Granted so far; undefined for UNSUBSCRIBE. */
	readonly granted: number[] | undefined;
	/** The command that is under way. */
	request?: Request;
}

/** Packets that a client may have under way. */
const UNDER_WAY = 8;
/** Topics of one command, bytes: it is no longer than the longest PUBLISH. What exceeds it goes in further commands. */
const COMMAND_LIMIT = TOPIC_LIMIT + INLINE_LIMIT;

/**
 * SUBSCRIBE and UNSUBSCRIBE of a client: they go one after the other, in the order in which they were written, and wait for no message.
 * Consumers put any number of topics into one; it is answered once, when the last of its commands is.
 */
export class Subscribing {
	readonly #settings: Settings;
	readonly #link: Link;
	readonly #onDone: (id: number, granted: number[] | undefined, error?: Error) => void;
	readonly #packets: Packet[] = [];
	readonly #onRoom = () => this.#next();

	/** @param onDone the broker has answered: `granted` QoS (128: refused) of each topic, undefined for UNSUBSCRIBE; or an error */
	constructor(
		settings: Settings,
		link: Link,
		onDone: (id: number, granted: number[] | undefined, error?: Error) => void,
	) {
		this.#settings = settings;
		this.#link = link;
		this.#onDone = onDone;
	}
	/** Whether another one would be too many. */
	get full(): boolean {
		return this.#packets.length >= UNDER_WAY;
	}
	/** Whether one is under way: the next takes no place in the queue of AT commands yet. */
	get isBusy(): boolean {
		return this.#packets.length > 0;
	}
	/** @throws OverflowError if too much is under way; TypeError or RangeError that names the item. Nothing is sent then. */
	subscribe(id: number, items: readonly SubscribeItem[]): void {
		const commands = commandsOf(items, [this.#link.identifier, msgIdOf(id)], ({ QoS = 0 }, name) => {
			checkInteger(`${name}.QoS`, QoS, 0, 2);
			return [QoS];
		});
		this.#add({ spec: MQTT.subscribe, id, commands, granted: [] });
	}
	/** @throws as `subscribe` */
	unsubscribe(id: number, items: readonly SubscribeItem[]): void {
		const commands = commandsOf(items, [this.#link.identifier, msgIdOf(id)], () => []);
		this.#add({ spec: MQTT.unsubscribe, id, commands, granted: undefined });
	}
	/** Forgets all that is under way; `onDone` does not come. */
	cancel(): void {
		const { scheduler } = this.#link;
		scheduler?.forget(this.#onRoom);
		for (const { request } of this.#packets.splice(0)) if (request) scheduler?.cancel(request);
	}

	#add(packet: Packet): void {
		if (this.full) throw new OverflowError();
		if (!this.#packets.length) this.#send(packet);
		this.#packets.push(packet);
	}
	#send(packet: Packet): void {
		const { spec, commands, granted } = packet;
		const request = new Request(spec, "write", commands[0]);
		const { packetTimeout, retries } = this.#settings;
		request.resultTimeout = packetTime(packetTimeout, retries);
		let result = 0;
		request.onResult = line => {
			result = line.integer(2) ?? -1;
			if (granted) readGranted(line, granted);
		};
		request.onDone = error => {
			const name = granted ? "SUBSCRIBE" : "UNSUBSCRIBE";
			this.#done(packet, error ?? (result ? new PacketError(name, result) : undefined));
		};
		this.#link.scheduler?.submit(request);
		commands.shift();
		packet.request = request;
	}
	#done(packet: Packet, error: Error | undefined): void {
		const { id, commands, granted } = packet;
		delete packet.request;
		if (error || !commands.length) {
			this.#packets.shift();
			this.#onDone(id, granted, error);
		}
		this.#next();
	}
	/** Sends the first command that is still to be sent, when there is room for it. */
	#next(): void {
		const { scheduler } = this.#link;
		// The consumer may have written more, or closed the client.
		const [next] = this.#packets as (Packet | undefined)[];
		if (!scheduler || !next || next.request) return;
		try {
			if (scheduler.full) scheduler.whenRoom(this.#onRoom);
			else this.#send(next);
		} catch (failure) {
			this.#onDone(next.id, undefined, failure as Error);
		}
	}
}

/** The values of as many commands as the topics take. */
function commandsOf(
	items: readonly SubscribeItem[],
	keys: readonly number[],
	rest: (item: SubscribeItem, name: string) => Value[],
): Value[][] {
	if (!(items instanceof Array)) throw new TypeError("items must be an array");
	if (!items.length) throw new RangeError("items must name at least one topic");
	const commands: Value[][] = [];
	let room = 0;
	items.forEach((item: SubscribeItem, index) => {
		const name = `items[${index}]`;
		if (typeof (item as unknown) !== "object" || !(item as unknown))
			throw new TypeError(`${name} must be an object`);
		const topic = checkFilter(`${name}.topic`, item.topic);
		const values = [topic, ...rest(item, name)];
		room -= topic.length + SEPARATORS;
		if (!commands.length || room < 0) {
			commands.push([...keys]);
			room = COMMAND_LIMIT - topic.length - SEPARATORS;
		}
		commands[commands.length - 1].push(...values);
	});
	return commands;
}

/** Bytes of a topic's quotes and commas and its QoS. */
const SEPARATORS = 5;

function readGranted(line: Line, granted: number[]): void {
	for (let field = 3, value = line.integer(field); value !== undefined; value = line.integer(++field))
		granted.push(value);
}
