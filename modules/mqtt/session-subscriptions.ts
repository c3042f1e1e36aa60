import {
	type ControlMessage,
	type MQTTClient,
	type PacketIds,
	SUBACK,
	SUBSCRIBE,
	UNSUBACK,
	UNSUBSCRIBE,
	isMessageError,
	isOverflow,
} from "../common/mqtt-client.js";
import { SubscriptionLostError, SubscriptionRefusedError, UnsubscribedError } from "./session-errors.js";
import { TopicFilter } from "./topic-filter.js";

const REFUSED = 0x80;
/** Filters of one packet: some brokers close the connection at more (AWS IoT Core). */
const ITEMS = 8;
/** UTF-8 bytes of the filters of one packet: one command of the BC20, and what others' buffers have room for. */
const ITEMS_LENGTH = 900;
/** Bytes that a filter takes besides its own: quotes, commas, QoS. */
const ITEM_OVERHEAD = 5;
/** A filter that so many connections in a row have ended at, each after the broker had answered others, is given up. */
const LOST_LIMIT = 3;

/** Who waits for the answer to a SUBSCRIBE (with a handler) or UNSUBSCRIBE (without). */
interface Waiter<Handler> {
	readonly handler?: Handler;
	readonly resolve: (QoS: number) => void;
	readonly reject: (error: unknown) => void;
}

/** One filter; without handlers it is to be unsubscribed. */
interface Subscription<Handler> {
	readonly filter: TopicFilter;
	QoS: number;
	/** Replaced, not changed: a dispatch may be going through it. */
	handlers: readonly Handler[];
	waiters: Waiter<Handler>[];
	/** The broker has to be told. */
	isDue: boolean;
	/** Connections in a row that ended at it. */
	lost: number;
}

const NONE: readonly never[] = [];

/**
 * The filters subscribed to, with their handlers, and what the broker is still to be told of them: on each connection all. Telling it
 * twice does no harm, so what a lost link left open is simply told again on the next.
 *
 * One packet is under way at a time, with several filters. One of them alone can fail: what the client does not take is written again in
 * smaller parts, down to a filter on its own; where the link is lost before the answer, each filter goes on its own from then on, and one
 * at which the link is lost again goes last. Some brokers close the connection at a filter that they do not allow.
 */
export class Subscriptions<Handler> {
	readonly #ids: PacketIds;
	readonly #onError: (error: unknown) => void;
	/** By filter, in the order in which they were made. */
	readonly #all = new Map<string, Subscription<Handler>>();
	/** Those with wildcards, which no look-up finds. Replaced, not changed: a dispatch may be going through it. */
	#wildcards: readonly Subscription<Handler>[] = NONE;
	/** What the packet under way is about; empty when it is answered. */
	#told: readonly Subscription<Handler>[] = NONE;
	/** Something is under way or due, unless a look at all shows that nothing is. */
	#isBusy = false;
	/** Of the packet under way. */
	#operation = SUBSCRIBE;
	#id = 0;
	/** Filters that go into one packet. */
	#most = ITEMS;
	/** The broker has answered on this connection. */
	#isAnswered = false;

	/** @param onError Hears of errors that no promise is there for. */
	constructor(ids: PacketIds, onError: (error: unknown) => void) {
		this.#ids = ids;
		this.#onError = onError;
	}

	/** The broker has not answered all. */
	get isBusy(): boolean {
		return this.#isBusy;
	}

	/** A packet is with the client, and its answer is due. */
	get awaitsAnswer(): boolean {
		return this.#told.length > 0;
	}

	/** @throws TopicError; (rejects) SubscriptionRefusedError, UnsubscribedError */
	subscribe(filter: string, handler: Handler, QoS: number): Promise<number> {
		const subscription = this.#find(filter);
		const { handlers, waiters } = subscription;
		if (handlers.length) subscription.QoS = Math.max(subscription.QoS, QoS);
		else {
			subscription.QoS = QoS;
			for (const waiter of waiters.splice(0)) waiter.resolve(0); // unsubscribed, for all that they will see
		}
		subscription.handlers = [...handlers, handler];
		this.#markDue(subscription);
		return new Promise((resolve, reject) => waiters.push({ handler, resolve, reject }));
	}

	/** Removes a handler, or all of a filter; the promise is for the UNSUBACK that follows the last. */
	unsubscribe(filter: string, handler?: Handler): Promise<void> {
		const subscription = this.#find(filter);
		const isMeant = (other: Handler | undefined) => handler === undefined || other === handler;
		const { waiters } = subscription;
		subscription.handlers = subscription.handlers.filter(other => !isMeant(other));
		if (subscription.handlers.length) {
			subscription.waiters = waiters.filter(waiter => !isMeant(waiter.handler));
			for (const waiter of waiters) if (isMeant(waiter.handler)) waiter.reject(new UnsubscribedError(filter));
			return Promise.resolve();
		}
		for (const waiter of waiters)
			if (waiter.handler !== undefined) waiter.reject(new UnsubscribedError(filter));
		subscription.waiters = waiters.filter(waiter => waiter.handler === undefined);
		this.#markDue(subscription);
		return new Promise((resolve, reject) => subscription.waiters.push({ resolve: () => resolve(), reject }));
	}

	/** A new connection: the broker is to be told of all. */
	connect(): void {
		const told = this.#told;
		this.#told = NONE;
		if (told.length) this.#most = 1;
		if (told.length === 1) this.#lostAt(told[0]);
		this.#isAnswered = false;
		for (const subscription of this.#all.values()) this.#markDue(subscription);
	}

	/**
	 * Writes the next packet, when the one before is answered.
	 * @returns the room left for publishing
	 * @throws what the client throws, unless it is about a filter
	 */
	push(client: MQTTClient, room: number): number {
		let most = this.#most;
		while (this.#isBusy && !this.#told.length) {
			const batch = this.#batch(most);
			if (!batch.length) {
				this.#isBusy = false;
				break;
			}
			const operation = batch[0].handlers.length ? SUBSCRIBE : UNSUBSCRIBE;
			const id = this.#ids.next();
			try {
				room = client.write(null, { operation, id, items: itemsOf(batch, operation) });
			} catch (error) {
				const isTooMuch = isOverflow(error);
				if (!isTooMuch && !isMessageError(error)) throw error;
				if (batch.length > 1) most = batch.length >> 1;
				else if (isTooMuch)
					break; // until the next onControl or onWritable
				else {
					batch[0].isDue = false;
					this.#fail(batch[0], error);
					most = this.#most;
				}
				continue;
			}
			for (const subscription of batch) subscription.isDue = false;
			this.#told = batch;
			this.#operation = operation;
			this.#id = id;
		}
		return room;
	}

	/** A SUBACK or UNSUBACK has come. Returns whether something was waiting for it. */
	answer({ operation, id, payload }: ControlMessage): boolean {
		const told = this.#told;
		if (!told.length || id !== this.#id) return false;
		if (operation !== (this.#operation === SUBSCRIBE ? SUBACK : UNSUBACK)) return false;
		this.#told = NONE;
		this.#isAnswered = true;
		told.forEach((subscription, index) => {
			subscription.lost = 0;
			// What was asked for meanwhile has an answer of its own.
			if (subscription.isDue) return;
			if (operation === UNSUBACK) {
				this.#remove(subscription);
				settle(subscription, 0);
				return;
			}
			// A class that gives no codes tells of no refusal; one that gives too few has to be asked for each filter.
			const QoS = (payload?.length ? payload[index] : subscription.QoS) as number | undefined;
			if (QoS === undefined) {
				this.#most = 1;
				this.#markDue(subscription);
			} else if (QoS >= REFUSED)
				this.#fail(subscription, new SubscriptionRefusedError(subscription.filter.filter, QoS));
			else settle(subscription, QoS);
		});
		return true;
	}

	/**
	 * Calls `call` with each handler whose filter matches, unless an earlier one has unsubscribed it: first those of the topic itself, then
	 * those of filters with wildcards. What is subscribed to without wildcards is found by one look-up, however much it is.
	 */
	dispatch<Owner>(
		topic: string,
		owner: Owner,
		call: (owner: Owner, handler: Handler, filter: string) => void,
	): void {
		const wildcards = this.#wildcards;
		const own = this.#all.get(topic);
		if (own && !own.filter.hasWildcard) deliver(own, owner, call);
		for (let index = 0; index < wildcards.length; index++)
			if (wildcards[index].filter.matches(topic)) deliver(wildcards[index], owner, call);
	}

	/** Rejects what waits for an answer. */
	cancel(error: unknown): void {
		for (const { waiters } of this.#all.values())
			for (const waiter of waiters.splice(0)) waiter.reject(error);
	}

	#find(filter: string): Subscription<Handler> {
		const found = this.#all.get(filter);
		if (found) return found;
		const subscription: Subscription<Handler> = {
			filter: new TopicFilter(filter),
			QoS: 0,
			handlers: NONE,
			waiters: [],
			isDue: false,
			lost: 0,
		};
		this.#all.set(filter, subscription);
		if (subscription.filter.hasWildcard) this.#wildcards = [...this.#wildcards, subscription];
		return subscription;
	}

	#markDue(subscription: Subscription<Handler>): void {
		subscription.isDue = this.#isBusy = true;
	}

	/** What goes into the next packet: due, and of one kind. */
	#batch(most: number): Subscription<Handler>[] {
		const batch: Subscription<Handler>[] = [];
		let length = 0;
		for (const subscription of this.#all.values()) {
			const { isDue, handlers, filter } = subscription;
			if (!isDue || (batch.length && !handlers.length !== !batch[0].handlers.length)) continue;
			length += filter.byteLength + ITEM_OVERHEAD;
			if (batch.length && length > ITEMS_LENGTH) break;
			batch.push(subscription);
			if (batch.length >= most) break;
		}
		return batch;
	}

	/** The link was lost before the answer to a filter that went alone. */
	#lostAt(subscription: Subscription<Handler>): void {
		const { filter } = subscription.filter;
		// It may have been changed since.
		if (this.#all.get(filter) !== subscription) return;
		this.#all.delete(filter);
		this.#all.set(filter, subscription);
		if (!this.#isAnswered) return;
		if (++subscription.lost < LOST_LIMIT) return;
		subscription.lost = 0;
		if (subscription.waiters.length) this.#fail(subscription, new SubscriptionLostError(filter, LOST_LIMIT));
	}

	/** Handlers whose subscription was granted before stay, for the next connection. */
	#fail(subscription: Subscription<Handler>, error: unknown): void {
		const waiters = subscription.waiters.splice(0);
		if (!waiters.length) this.#onError(error);
		for (const { handler, reject } of waiters) {
			const at = subscription.handlers.findIndex(other => other === handler);
			subscription.handlers = subscription.handlers.filter((_, index) => index !== at);
			reject(error);
		}
		if (!subscription.handlers.length) this.#remove(subscription);
	}

	#remove(subscription: Subscription<Handler>): void {
		this.#all.delete(subscription.filter.filter);
		if (subscription.filter.hasWildcard)
			this.#wildcards = this.#wildcards.filter(other => other !== subscription);
	}
}

function deliver<Handler, Owner>(
	subscription: Subscription<Handler>,
	owner: Owner,
	call: (owner: Owner, handler: Handler, filter: string) => void,
): void {
	const { handlers, filter } = subscription;
	for (let index = 0; index < handlers.length; index++)
		if (subscription.handlers.includes(handlers[index])) call(owner, handlers[index], filter.filter);
}

function itemsOf(batch: readonly Subscription<unknown>[], operation: number): object[] {
	return batch.map(({ filter, QoS }) =>
		operation === SUBSCRIBE ? { topic: filter.filter, QoS } : { topic: filter.filter },
	);
}

function settle({ waiters }: Subscription<unknown>, QoS: number): void {
	for (const waiter of waiters.splice(0)) waiter.resolve(QoS);
}
