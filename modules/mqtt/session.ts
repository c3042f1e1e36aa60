import Time from "time";
import Timer from "timer";
import { Backoff } from "../common/backoff.js";
import {
	CONNACK,
	type ControlMessage,
	DISCONNECT,
	PUBACK,
	PUBCOMP,
	PacketIds,
	type ReadableOptions,
	SUBACK,
	UNSUBACK,
	refusals,
} from "../common/mqtt-client.js";
import { type ConnectionEvents, MQTTConnection } from "../common/mqtt-connection.js";
import { SessionCallbacks } from "./session-callbacks.js";
import {
	BrokerRefusedError,
	LinkLostError,
	SessionClosedError,
	SessionTimeoutError,
	UnsubscribedError,
} from "./session-errors.js";
import { MessageAssembly } from "./session-message.js";
import {
	type MQTTSessionOptions,
	type MessageHandler,
	type Payload,
	type QoS,
	checkQoS,
	checkSessionOptions,
	copyOfPayload,
} from "./session-options.js";
import { PublishQueue } from "./session-publishes.js";
import { Subscriptions } from "./session-subscriptions.js";

/** A connection that lasted so long was a good one: the next delay is the first again. */
const STABLE_MS = 30_000;

/**
 * MQTT in ten lines, over any ECMA-419 MQTT client class: connects from construction on, connects again when the link is lost (with
 * exponential backoff and full jitter) and then subscribes again; publishes in order, one message at a time.
 *
 * Promises may be ignored: a rejection is reported to `onError` too, and is never an unhandled one, which would restart the chip. A promise
 * that the application derives by `then` or an async function is its own to handle. What callbacks and handlers throw, or their promises
 * are rejected with, is contained and reported as CallbackError. All callbacks have the session as `this`.
 */
export default class MQTTSession {
	static readonly #events: ConnectionEvents<MQTTSession> = Object.freeze({
		onControl: (session, message) => session.#onControl(message),
		onReadable: (session, count, options) => session.#onReadable(count, options),
		onWritable: (session, count) => session.#onWritable(count),
		onRefused: (session, id, error) => session.#onRefused(id, error),
		onEnd: (session, error) => session.#onEnd(error),
		onThrown: (session, error) => session.#lose(error),
	} satisfies ConnectionEvents<MQTTSession>);
	static readonly #goOn = (session: MQTTSession) => session.#go();
	static readonly #connectNow = (session: MQTTSession) => session.#connect();
	static readonly #checkLimit = (session: MQTTSession) => session.#onLimit();
	static readonly #deliver = (session: MQTTSession, handler: MessageHandler, filter: string) =>
		session.#call(handler, filter);

	readonly #options: MQTTSessionOptions;
	readonly #callbacks: SessionCallbacks<MQTTSession>;
	readonly #backoff: Backoff;
	readonly #publishes: PublishQueue;
	readonly #subscriptions: Subscriptions<MessageHandler>;
	readonly #message: MessageAssembly;
	readonly #connection: MQTTConnection<MQTTSession>;
	readonly #onRejected = (error: unknown) => {
		if (!(error instanceof SessionClosedError || error instanceof UnsubscribedError))
			this.#callbacks.report(error);
	};
	readonly #onTurn = () => {
		this.#turn = undefined;
		this.#connection.contain(MQTTSession.#goOn);
	};
	#isConnected = false;
	#connectedAt = 0;
	#isEnding = false;
	#isDisconnecting = false;
	#isClosed = false;
	#ended: Promise<void> | undefined;
	#onEnded: (() => void) | undefined;
	/** Something is due: since when (ticks). */
	#isWatching = false;
	#dueSince = 0;
	/** Of the message that is being dispatched. */
	#received: ArrayBuffer | undefined;
	// The next turn, after a public method.
	#turn: Timer | undefined;
	#room = 0;
	#isFull = false;

	/** @throws TypeError or RangeError for options that are wrong; what only the client class can tell comes by `onError` */
	constructor(options: MQTTSessionOptions) {
		checkSessionOptions(options);
		this.#options = { ...options };
		this.#callbacks = new SessionCallbacks<MQTTSession>(this, options.onError);
		this.#backoff = new Backoff(options.backoff);
		const ids = new PacketIds();
		this.#publishes = new PublishQueue(options.queue ?? 8, ids, this.#onRejected);
		this.#subscriptions = new Subscriptions(ids, error => this.#callbacks.report(error));
		this.#message = new MessageAssembly(options.messageLimit ?? 1024);
		this.#connection = new MQTTConnection<MQTTSession>(this, this.#options, MQTTSession.#events);
		this.#arm(0, MQTTSession.#connectNow);
	}

	/** Whether the broker has accepted the connection. */
	get connected(): boolean {
		return this.#isConnected;
	}

	/** How many messages the queue still takes; at 0 `publish` rejects, and `onWritable` tells when it goes on. */
	get writable(): number {
		return this.#isEnding || this.#isClosed ? 0 : this.#publishes.writable;
	}

	/**
	 * Publishes a message, after those before it; it waits for the connection where there is none. The payload is copied.
	 *
	 * Resolves when the broker has it: by PUBACK (QoS 1) or PUBCOMP (QoS 2); with QoS 0 when it has left the client.
	 * @throws (rejects) OutcomeUnknownError when the link was lost between writing and acknowledgement; an error of the client class for a
	 *   message that it or the module refused (PublishRefusedError, NotSentError, PayloadError, …): it was not sent, the others go on; PublishQueueFullError;
	 *   TopicError, TypeError, RangeError; SessionTimeoutError when the client does not take it; SessionClosedError
	 */
	publish(
		topic: string,
		payload: Payload,
		options: { readonly QoS?: QoS; readonly retain?: boolean } = {},
	): Promise<void> {
		if (this.#isEnding || this.#isClosed) return this.#rejected(new SessionClosedError());
		try {
			const { QoS = 0, retain = false } = options;
			checkQoS(QoS);
			const done = this.#publishes.add(topic, copyOfPayload(payload), QoS, retain);
			if (this.#publishes.writable <= 0) this.#isFull = true;
			this.#wake();
			return done;
		} catch (error) {
			return this.#rejected(error);
		}
	}

	/**
	 * Has `handler` called with each message whose topic matches `filter` (wildcards `+` and `#`), until `unsubscribe`, over all
	 * connections. A filter may have several handlers, and filters may overlap: each handler is called once for each message that the broker
	 * delivers, and some brokers deliver one for each filter that matches.
	 *
	 * Resolves with the granted QoS, when the broker has answered.
	 * @throws (rejects) TopicError; RangeError; SubscriptionRefusedError, and the handler is forgotten; UnsubscribedError;
	 *   SessionClosedError. A refusal after a reconnection is reported to `onError` alone, and the next connection tries again.
	 */
	subscribe(filter: string, handler: MessageHandler, options: { readonly QoS?: QoS } = {}): Promise<number> {
		return this.#promise(() => {
			const { QoS = 0 } = options;
			checkQoS(QoS);
			if (typeof (handler as unknown) !== "function") throw new TypeError("handler must be a function");
			return this.#subscriptions.subscribe(filter, handler, QoS);
		});
	}

	/**
	 * Removes a handler of a filter, or all; no call follows. Resolves at once when others are left, otherwise when the broker has answered.
	 * @throws (rejects) TopicError, SessionClosedError
	 */
	unsubscribe(filter: string, handler?: MessageHandler): Promise<void> {
		return this.#promise(() => this.#subscriptions.unsubscribe(filter, handler));
	}

	/**
	 * Ends gracefully: waits for the message on its way (`endLimitMs`), sends DISCONNECT, closes. What else waits is rejected with
	 * SessionClosedError. Resolves when all is closed, never rejects.
	 */
	end(): Promise<void> {
		if (this.#isClosed) return Promise.resolve();
		this.#ended ??= new Promise(resolve => {
			this.#onEnded = resolve;
			this.#isEnding = true;
			this.#isWatching = false; // by a limit of its own from now on
			const error = new SessionClosedError();
			this.#publishes.cancel(error, false);
			this.#subscriptions.cancel(error);
			this.#wake();
		});
		return this.#ended;
	}

	/** Closes at once: no callback follows, and all promises are settled. May be called twice. */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#callbacks.close();
		Timer.clear(this.#turn);
		this.#connection.close();
		this.#drop();
		const error = new SessionClosedError();
		this.#publishes.cancel(error, true);
		this.#subscriptions.cancel(error);
		this.#onEnded?.();
	}

	/** What `subscribe` and `unsubscribe` return: a promise whose rejection is reported, and handled by that. */
	#promise<T>(action: () => Promise<T>): Promise<T> {
		if (this.#isEnding || this.#isClosed) return this.#rejected(new SessionClosedError());
		try {
			const promise = action();
			promise.catch(this.#onRejected);
			this.#wake();
			return promise;
		} catch (error) {
			return this.#rejected(error);
		}
	}

	#rejected(error: unknown): Promise<never> {
		const promise = Promise.reject(error instanceof Error ? error : new Error(String(error)));
		promise.catch(this.#onRejected);
		return promise;
	}

	/** Goes on in a turn of its own: public methods call no callbacks. */
	#wake(): void {
		this.#turn ??= Timer.set(this.#onTurn);
	}

	#arm(delayMs: number, callback?: (session: MQTTSession) => void): void {
		this.#isWatching = false;
		this.#connection.arm(delayMs, callback);
	}

	#connect(): void {
		this.#connection.connect(session =>
			session.#lose(new SessionTimeoutError(`not connected within ${session.#connection.connectLimitMs} ms`)),
		);
	}

	#onControl(message: ControlMessage): void {
		const { operation, id, returnCode = 0 } = message;
		let isAnswer = false;
		if (operation === CONNACK) this.#onConnack(returnCode);
		else if (operation === DISCONNECT) this.#onEnd();
		else if (operation === PUBACK || operation === PUBCOMP)
			isAnswer = this.#publishes.acknowledge(operation, id);
		else if (operation === SUBACK || operation === UNSUBACK) isAnswer = this.#subscriptions.answer(message);
		if (isAnswer) this.#isWatching = false;
		if (this.#isConnected) this.#go();
	}

	#onConnack(returnCode: number): void {
		if (returnCode) throw new BrokerRefusedError(returnCode, refusals[returnCode] ?? "reason unknown");
		if (this.#isConnected) return;
		this.#isConnected = true;
		this.#connectedAt = Time.ticks;
		this.#arm(0);
		this.#subscriptions.connect();
		if (!this.#isEnding) this.#callbacks.call("onConnect", this.#options.onConnect);
	}

	#onWritable(count: number): void {
		this.#room = count;
		this.#go();
	}

	#onRefused(id: number, error: unknown): void {
		if (!this.#publishes.refuse(id, error)) return;
		this.#isWatching = false;
		this.#go();
	}

	#onReadable(count: number, options: ReadableOptions): void {
		const piece = count > 0 ? this.#connection.client?.read?.(count) : new ArrayBuffer(0);
		if (!(piece instanceof ArrayBuffer)) return;
		const message = this.#message;
		let payload: ArrayBuffer | undefined;
		try {
			payload = message.add(piece, options);
		} catch (error) {
			this.#callbacks.report(error);
		}
		if (!payload) return;
		this.#received = payload;
		this.#subscriptions.dispatch(message.topic, this, MQTTSession.#deliver);
		this.#received = undefined;
	}

	#call(handler: MessageHandler, filter: string): void {
		const { topic, QoS } = this.#message;
		const payload = this.#received;
		if (payload) this.#callbacks.call(`handler of ${filter}`, handler, topic, payload, { QoS });
	}

	/** The client is at its end: as asked for, or by an error. */
	#onEnd(error?: unknown): void {
		if (this.#isDisconnecting) this.#finish();
		else this.#lose(error);
	}

	/** Writes what waits and fits. */
	#go(): void {
		const { client } = this.#connection;
		if (client && this.#isConnected && !this.#isDisconnecting) {
			if (!this.#publishes.isInPieces && !this.#isEnding)
				this.#room = this.#subscriptions.push(client, this.#room);
			const { writable } = this.#publishes;
			this.#room = this.#publishes.push(client, this.#room);
			if (this.#publishes.writable !== writable) this.#isWatching = false; // the limit begins anew
		}
		if (this.#isEnding) this.#continueEnd();
		else if (this.#isConnected) this.#watch();
		this.#tellWritable();
	}

	#tellWritable(): void {
		const { writable } = this;
		if (!this.#isFull || writable <= 0) return;
		this.#isFull = false;
		this.#callbacks.call("onWritable", this.#options.onWritable, writable);
	}

	/**
	 * Sees to it that what is due comes in time. The timer that was set for what has come meanwhile serves as well: it finds out how long
	 * the next has been due.
	 */
	#watch(): void {
		const isDue = !this.#publishes.isEmpty || this.#subscriptions.isBusy;
		if (isDue && !this.#isWatching) {
			this.#dueSince = Time.ticks;
			if (!this.#connection.isArmed) this.#arm(this.#connection.acknowledgeLimitMs, MQTTSession.#checkLimit);
		}
		this.#isWatching = isDue;
	}

	#onLimit(): void {
		if (!this.#isWatching) return;
		const { acknowledgeLimitMs } = this.#connection;
		const leftMs = acknowledgeLimitMs - Time.delta(this.#dueSince);
		if (leftMs > 0) {
			this.#connection.arm(leftMs, MQTTSession.#checkLimit);
			return;
		}
		const isWritten = this.#publishes.awaitsAnswer || this.#subscriptions.awaitsAnswer;
		const missed = isWritten ? "no acknowledgement" : "nothing sent: the client had no room";
		const error = new SessionTimeoutError(`${missed} within ${acknowledgeLimitMs} ms`);
		if (!this.#subscriptions.isBusy) this.#publishes.giveUp(error);
		this.#lose(error);
	}

	/** The connection is over; the next one comes after a delay. */
	#lose(cause: unknown): void {
		if (this.#isClosed) return;
		const error = cause instanceof Error ? cause : new LinkLostError(cause);
		const wasConnected = this.#isConnected;
		this.#drop();
		this.#publishes.lose(error);
		if (this.#isEnding) {
			this.#finish(wasConnected);
			return;
		}
		const lastedMs = Time.delta(this.#connectedAt);
		// Negative after 24 days: the ticks have wrapped.
		if (wasConnected && (lastedMs < 0 || lastedMs >= STABLE_MS)) this.#backoff.reset();
		const retryInMs = this.#backoff.next(error);
		this.#arm(retryInMs, MQTTSession.#connectNow);
		if (wasConnected) this.#callbacks.call("onClose", this.#options.onClose);
		this.#callbacks.report(error, retryInMs);
		this.#tellWritable();
	}

	/** Lets go of the client. */
	#drop(): void {
		this.#isConnected = false;
		this.#room = 0;
		this.#message.reset();
		this.#connection.drop();
	}

	#continueEnd(): void {
		if (this.#isDisconnecting) return;
		if (!this.#isConnected) this.#finish();
		else if (this.#publishes.isEmpty) this.#disconnect();
		else if (!this.#isWatching) {
			this.#arm(this.#options.endLimitMs ?? 10_000, session => session.#disconnect());
			this.#isWatching = true;
		}
	}

	#disconnect(): void {
		this.#isDisconnecting = true;
		this.#connection.disconnect();
	}

	#finish(wasConnected = this.#isConnected): void {
		this.#drop();
		if (wasConnected) this.#callbacks.call("onClose", this.#options.onClose);
		this.close();
	}
}
