import {
	type ControlMessage,
	type MqttClient,
	SUBACK,
	SUBSCRIBE,
	UNSUBACK,
	UNSUBSCRIBE,
	isOverflow,
} from "../common/mqtt-client.js";
import { SubscriptionRefusedError, UnsubscribedError, isMessageError } from "./session-errors.js";
import { TopicFilter } from "./topic-filter.js";

const REFUSED = 0x80;

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
	/** A packet has to be written. */
	isDue: boolean;
	/** Of the packet that has been; 0 when it is answered. */
	id: number;
}

/**
 * The filters subscribed to, with their handlers, and what the broker is still to be told of them: on each connection all. Telling it
 * twice does no harm, so what a lost link left open is simply told again on the next.
 */
export class Subscriptions<Handler> {
	readonly #onError: (error: unknown) => void;
	/** Replaced, not changed. */
	#all: readonly Subscription<Handler>[] = [];

	/** @param onError Hears of errors that no promise is there for. */
	constructor(onError: (error: unknown) => void) {
		this.#onError = onError;
	}

	/** The broker has not answered all. */
	get isBusy(): boolean {
		return this.#all.some(({ isDue, id }) => isDue || id !== 0);
	}

	/** @throws (rejects) TopicError, SubscriptionRefusedError, UnsubscribedError */
	async subscribe(filter: string, handler: Handler, QoS: number): Promise<number> {
		const subscription = this.#find(filter);
		const { handlers, waiters } = subscription;
		if (handlers.length) subscription.QoS = Math.max(subscription.QoS, QoS);
		else {
			subscription.QoS = QoS;
			for (const waiter of waiters.splice(0)) waiter.resolve(0); // unsubscribed, for all that they will see
		}
		subscription.handlers = [...handlers, handler];
		subscription.isDue = true;
		return new Promise((resolve, reject) => waiters.push({ handler, resolve, reject }));
	}

	/** Removes a handler, or all of a filter; the promise is for the UNSUBACK that follows the last. */
	async unsubscribe(filter: string, handler?: Handler): Promise<void> {
		const subscription = this.#find(filter);
		const isMeant = (other: Handler | undefined) => handler === undefined || other === handler;
		const { waiters } = subscription;
		subscription.handlers = subscription.handlers.filter(other => !isMeant(other));
		if (subscription.handlers.length) {
			subscription.waiters = waiters.filter(waiter => !isMeant(waiter.handler));
			for (const waiter of waiters) if (isMeant(waiter.handler)) waiter.reject(new UnsubscribedError(filter));
			return;
		}
		for (const waiter of waiters)
			if (waiter.handler !== undefined) waiter.reject(new UnsubscribedError(filter));
		subscription.waiters = waiters.filter(waiter => waiter.handler === undefined);
		subscription.isDue = true;
		await new Promise((resolve, reject) => subscription.waiters.push({ resolve, reject }));
	}

	/** A new connection: the broker is to be told of all. */
	connect(): void {
		for (const subscription of this.#all) {
			subscription.isDue = true;
			subscription.id = 0;
		}
	}

	/**
	 * Writes what is due, one packet a filter, until the client takes no more.
	 * @returns the room left for publishing
	 * @throws what the client throws, unless it is about the filter
	 */
	push(client: MqttClient, room: number, nextId: () => number): number {
		for (const subscription of this.#all) {
			if (!subscription.isDue) continue;
			const { filter, QoS, handlers } = subscription;
			const topic = filter.filter;
			const id = nextId();
			try {
				room = client.write(
					null,
					handlers.length
						? { operation: SUBSCRIBE, id, items: [{ topic, QoS }] }
						: { operation: UNSUBSCRIBE, id, items: [{ topic }] },
				);
			} catch (error) {
				if (isOverflow(error)) return room; // until the next onControl or onWritable
				subscription.isDue = false;
				if (isMessageError(error)) this.#fail(subscription, error);
				else throw error;
				continue;
			}
			subscription.isDue = false;
			subscription.id = id;
		}
		return room;
	}

	/** A SUBACK or UNSUBACK has come. Returns whether something was waiting for it. */
	answer({ operation, id, payload }: ControlMessage): boolean {
		const subscription = this.#all.find(other => other.id !== 0 && other.id === id);
		if (!subscription) return false;
		const isSubscribed = subscription.handlers.length > 0;
		subscription.id = 0;
		// What was asked for meanwhile has an answer of its own.
		if (subscription.isDue || operation !== (isSubscribed ? SUBACK : UNSUBACK)) return true;
		const QoS = isSubscribed ? (payload?.[0] ?? subscription.QoS) : 0;
		if (QoS >= REFUSED) {
			this.#fail(subscription, new SubscriptionRefusedError(subscription.filter.filter, QoS));
			return true;
		}
		if (!isSubscribed) this.#remove(subscription);
		for (const waiter of subscription.waiters.splice(0)) waiter.resolve(QoS);
		return true;
	}

	/** Calls `call` with each handler whose filter matches, unless an earlier one has unsubscribed it. */
	dispatch(topic: string, call: (handler: Handler, filter: string) => void): void {
		for (const subscription of this.#all) {
			const { filter, handlers } = subscription;
			if (!handlers.length || !filter.matches(topic)) continue;
			for (const handler of handlers)
				if (subscription.handlers.includes(handler)) call(handler, filter.filter);
		}
	}

	/** Rejects what waits for an answer. */
	cancel(error: unknown): void {
		for (const { waiters } of this.#all) for (const waiter of waiters.splice(0)) waiter.reject(error);
	}

	#find(filter: string): Subscription<Handler> {
		const found = this.#all.find(other => other.filter.filter === filter);
		if (found) return found;
		const subscription = {
			filter: new TopicFilter(filter),
			QoS: 0,
			handlers: [],
			waiters: [],
			isDue: false,
			id: 0,
		};
		this.#all = [...this.#all, subscription];
		return subscription;
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
		this.#all = this.#all.filter(other => other !== subscription);
	}
}
