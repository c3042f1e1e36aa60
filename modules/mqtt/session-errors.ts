/** What all errors of {@link MQTTSession} have in common: a name, and what to do. The client class's own come unchanged. */
export class SessionError extends Error {
	override name = "SessionError";
}

/** A topic or topic filter that MQTT does not allow (MQTT 3.1.1, 4.7). */
export class TopicError extends SessionError {
	override name = "TopicError";
}

/** As many messages wait as the option `queue` allows. The message was not taken. */
export class PublishQueueFullError extends SessionError {
	override name = "PublishQueueFullError";

	constructor(limit: number) {
		super(`${limit} messages wait already; publish again at onWritable, or raise the option queue`);
	}
}

/**
 * The link was lost between writing a message and its acknowledgement: the broker may have it or not. Publish it again where a message
 * twice is better than none. `cause` is what happened to the link.
 */
export class OutcomeUnknownError extends SessionError {
	override name = "OutcomeUnknownError";
	readonly topic: string;

	constructor(topic: string, cause: unknown) {
		super(
			`message to ${topic}: the link was lost before its acknowledgement; publish again if twice is better than none`,
			{
				cause,
			},
		);
		this.topic = topic;
	}
}

/** The broker, or the module, refused a subscription (SUBACK with 128): this one alone. */
export class SubscriptionRefusedError extends SessionError {
	override name = "SubscriptionRefusedError";
	readonly filter: string;
	/** Of SUBACK. */
	readonly returnCode: number;

	constructor(filter: string, returnCode: number) {
		super(
			`subscription to ${filter} refused (${returnCode}); check the filter, and the client's rights at the broker`,
		);
		this.filter = filter;
		this.returnCode = returnCode;
	}
}

/**
 * The link was lost at a subscription, several times in a row, while others were answered: some brokers do so with filters that they do not
 * allow.
 */
export class SubscriptionLostError extends SessionError {
	override name = "SubscriptionLostError";
	readonly filter: string;

	constructor(filter: string, times: number) {
		super(
			`the link was lost ${times} times at the subscription to ${filter}; check the client's rights at the broker`,
		);
		this.filter = filter;
	}
}

/** `unsubscribe` came before the broker had answered. */
export class UnsubscribedError extends SessionError {
	override name = "UnsubscribedError";

	constructor(filter: string) {
		super(`unsubscribed from ${filter} before the broker answered`);
	}
}

/** The broker refused the client (CONNACK): `returnCode` as in MQTT 3.1.1, table 3.1. */
export class BrokerRefusedError extends SessionError {
	override name = "BrokerRefusedError";
	readonly returnCode: number;

	constructor(returnCode: number, reason: string) {
		super(`the broker refused: ${reason} (${returnCode})`);
		this.returnCode = returnCode;
	}
}

/** The client class reported the end of the connection without an error; `cause` is what it gave instead, if anything. */
export class LinkLostError extends SessionError {
	override name = "LinkLostError";

	constructor(cause?: unknown) {
		super("the link was lost", { cause });
	}
}

/** No connection, or no acknowledgement, within the option's time. */
export class SessionTimeoutError extends SessionError {
	override name = "SessionTimeoutError";
}

/** A message was longer than the option `messageLimit`, and was dropped. */
export class MessageTooLongError extends SessionError {
	override name = "MessageTooLongError";
	readonly topic: string;

	constructor(topic: string, byteLength: number, limit: number) {
		super(
			`message of ${topic} has ${byteLength} bytes or more and was dropped; raise messageLimit (${limit})`,
		);
		this.topic = topic;
	}
}

/** A handler or callback of the application threw, or its promise was rejected with, `cause`. */
export class CallbackError extends SessionError {
	override name = "CallbackError";

	constructor(callback: string, cause: unknown) {
		super(`${callback} threw: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
	}
}

/** `end` or `close` was called. */
export class SessionClosedError extends SessionError {
	override name = "SessionClosedError";

	constructor() {
		super("the session is closed, or about to be");
	}
}
