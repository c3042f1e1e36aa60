import type { Line } from "../at/line.js";
import { Request, type Value } from "../at/request.js";
import type { Text } from "../at/text.js";
import { checkInteger } from "../bc20/checks.js";
import { INLINE_LIMIT, MQTT, TOPIC_LIMIT, packetTime } from "../bc20/commands.js";
import { OverflowError, PacketError } from "./errors.js";
import type { AnyLink } from "./link.js";
import type { Settings } from "./options.js";
import { msgIdOf } from "./packet-id.js";
import { isAboutCommand, isRefused, isStillConnected } from "./refusal.js";
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
	commands: Value[][];
	/** Granted so far; undefined for UNSUBSCRIBE. */
	readonly granted: number[] | undefined;
	/** The command that is under way. */
	request?: Request;
}

/** Who hears of the broker's answers. */
export interface SubscribeOwner {
	/** `granted` QoS (128: refused, by the broker or the module) of each topic, undefined for UNSUBSCRIBE; or an error. */
	subscribed(id: number, granted: number[] | undefined, error: Error | undefined): void;
}

/** Packets that a client may have under way. */
const UNDER_WAY = 8;
/** Topics of one command, bytes: it is no longer than the longest PUBLISH. What exceeds it goes in further commands. */
const COMMAND_LIMIT = TOPIC_LIMIT + INLINE_LIMIT;
/** Of SUBACK: this topic is refused (MQTT 3.1.1, 3.9.3). */
const REFUSED = 0x80;

/**
 * SUBSCRIBE and UNSUBSCRIBE of a client: they go one after the other, in the order in which they were written, and wait for no message.
 * Consumers put any number of topics into one; it is answered once, when the last of its commands is.
 *
 * What the module answers with an error while its client stays connected is a refusal of a topic, or of so many at once: the topics of
 * that command go one by one then, and one that is refused on its own is answered as a broker would, by 128 (UNSUBSCRIBE: it is gone).
 */
export class Subscribing {
	readonly #settings: Settings;
	readonly #link: AnyLink;
	readonly #owner: SubscribeOwner;
	readonly #packets: Packet[] = [];
	/** Made when the queue of AT commands is full for the first time. */
	#onRoom: (() => void) | undefined;

	constructor(settings: Settings, link: AnyLink, owner: SubscribeOwner) {
		this.#settings = settings;
		this.#link = link;
		this.#owner = owner;
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
	/** Forgets all that is under way; nothing is told of it. */
	cancel(): void {
		const { scheduler } = this.#link;
		if (this.#onRoom) scheduler?.forget(this.#onRoom);
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
			if (isRefused(error) && isAboutCommand(error)) void this.#refused(packet, request.values, error);
			else this.#done(packet, error ?? (result ? new PacketError(name, result) : undefined));
		};
		this.#link.scheduler?.submit(request);
		commands.shift();
		packet.request = request;
	}
	async #refused(packet: Packet, values: readonly Value[], error: Error): Promise<void> {
		const isConnected = await isStillConnected(this.#link);
		// Cancelled meanwhile.
		if (this.#packets[0] !== packet) return;
		if (isConnected) {
			const topics = oneByOne(values, packet.spec.repeated);
			if (topics.length > 1) packet.commands = topics.concat(packet.commands);
			else packet.granted?.push(REFUSED);
		}
		this.#done(packet, isConnected ? undefined : error);
	}
	#done(packet: Packet, error: Error | undefined): void {
		const { id, commands, granted } = packet;
		delete packet.request;
		if (error || !commands.length) {
			this.#packets.shift();
			this.#owner.subscribed(id, granted, error);
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
			if (scheduler.full) scheduler.whenRoom((this.#onRoom ??= () => this.#next()));
			else this.#send(next);
		} catch (failure) {
			this.#owner.subscribed(next.id, undefined, failure as Error);
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
		const length = topic.bytes.length + SEPARATORS;
		room -= length;
		if (!commands.length || room < 0) {
			commands.push([...keys]);
			room = COMMAND_LIMIT - length;
		}
		commands[commands.length - 1].push(...values);
	});
	return commands;
}

/** The values of one command for each topic of a command. @param repeated how many values a topic has */
function oneByOne(values: readonly Value[], repeated: number): Value[][] {
	const commands: Value[][] = [];
	for (let at = KEYS; at < values.length; at += repeated)
		commands.push([...values.slice(0, KEYS), ...values.slice(at, at + repeated)]);
	return commands;
}

/** Values before the topics: identifier and msgID. */
const KEYS = 2;
/** Bytes of a topic's quotes and commas and its QoS. */
const SEPARATORS = 5;

function readGranted(line: Line, granted: number[]): void {
	for (let field = 3, value = line.integer(field); value !== undefined; value = line.integer(++field))
		granted.push(value);
}
