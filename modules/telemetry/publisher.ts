import Time from "time";
import type { Backoff } from "../common/backoff.js";
import { CONNACK, type ControlMessage, DISCONNECT, isMessageError, refusals } from "../common/mqtt-client.js";
import {
	type ConnectionEvents,
	MQTTConnection,
	type MQTTConnectionOptions,
} from "../common/mqtt-connection.js";
import { InFlight, type PublishOptions } from "./in-flight.js";
import type { Outbox, OutboxMessage } from "./outbox.js";
import type { QuietQueue } from "./quiet.js";

/** How to connect and to publish. Times in milliseconds. */
export interface PublisherOptions extends MQTTConnectionOptions, PublishOptions {
	/** Client identifier, another for each client of the broker. */
	readonly id: string;
	/** That `stop` waits for the message in flight (default 10000). */
	readonly stopLimitMs?: number | undefined;
}

/** What a {@link Publisher} works with. */
export interface PublisherContext {
	readonly outbox: Outbox;
	readonly backoff: Backoff;
	readonly quiet: QuietQueue;
}

/** What a {@link Publisher} tells its owner: one frozen table in flash serves all, as {@link ConnectionEvents}. */
export interface PublisherEvents<Owner> {
	onConnected(owner: Owner): void;
	/** The connection ended or could not be made; the next attempt is `retryInMs` away. */
	onDisconnected(owner: Owner, error: unknown, retry: { retryInMs: number }): void;
	/** The message is out of the outbox; its payload is valid during the call. */
	onAcknowledged(owner: Owner, message: OutboxMessage): void;
	/** The message was refused on several connections; it is out of the outbox, unsent. */
	onRefused(owner: Owner, sequence: number, error: unknown): void;
}

/** Why a connection ended: "refused" by the broker, "timeout" of connecting or an acknowledgement, or "link" lost. */
export class PublisherError extends Error {
	override name = "PublisherError";
	readonly code: "refused" | "timeout" | "link";
	/** Of "refused": the return code of CONNACK. */
	readonly returnCode: number | undefined;

	constructor(code: PublisherError["code"], message: string, returnCode?: number) {
		super(message);
		this.code = code;
		this.returnCode = returnCode;
	}
}

/**
 * Brings the messages of an outbox to a broker, the oldest first and one at a time, through any ECMA-419 MQTT client
 * class. A message leaves the outbox when the broker has acknowledged it: by PUBACK (QoS 1) or PUBCOMP (QoS 2); with
 * QoS 0 when it is written and the client has room again. When the link is lost before, the outcome is unknown: the
 * message stays and is sent again with the same packet identifier, marked as duplicate. A message that is refused (what
 * `write` throws about it, or `onRefused`) is tried again on the next connection, and given up after 3 of them.
 * Connects by itself, and again after a delay by the backoff, which begins anew with each acknowledged message.
 */
export class Publisher<Owner> {
	static readonly #connectionEvents: ConnectionEvents<Publisher<unknown>> = Object.freeze({
		onControl: (publisher, message) => publisher.#onControl(message),
		// Nothing is subscribed to, but a client stands still until what came is read.
		onReadable: (publisher, count) => publisher.#connection.client?.read?.(count),
		onWritable: (publisher, count) => publisher.#onWritable(count),
		onRefused: (publisher, id, error) => publisher.#onRefused(id, error),
		onEnd: (publisher, error) => publisher.#onEnd(error),
		onThrown: (publisher, error) => publisher.#lose(error),
	} satisfies ConnectionEvents<Publisher<unknown>>);
	static readonly #connectNow = (publisher: Publisher<unknown>) => publisher.#connect();
	static readonly #takeNext = (publisher: Publisher<unknown>) => publisher.#take();
	static readonly #takeOut = (publisher: Publisher<unknown>) => publisher.#removeSettled();
	static readonly #checkLimit = (publisher: Publisher<unknown>) => publisher.#onLimit();

	readonly #owner: Owner;
	readonly #options: PublisherOptions;
	readonly #context: PublisherContext;
	readonly #events: PublisherEvents<Owner>;
	readonly #connection: MQTTConnection<Publisher<unknown>>;
	readonly #inFlight: InFlight;
	#isConnected = false;
	#isClosed = false;
	#isDisconnecting = false;
	#isSettling = false; // acknowledged or given up, not yet out of the outbox
	/** What it was given up for; undefined for one that was acknowledged. */
	#refusal: { readonly error: unknown } | undefined;
	/** When the message in flight was taken (ticks). */
	#begunAt = 0;
	#onStopped: (() => void) | undefined;
	#room = 0;

	/** Connects in a later turn. Options are not checked: Telemetry does. */
	constructor(
		owner: Owner,
		options: PublisherOptions,
		context: PublisherContext,
		events: PublisherEvents<Owner>,
	) {
		this.#owner = owner;
		this.#options = options;
		this.#context = context;
		this.#events = events;
		this.#inFlight = new InFlight(options);
		this.#connection = new MQTTConnection<Publisher<unknown>>(this, options, Publisher.#connectionEvents);
		this.#connection.arm(0, Publisher.#connectNow);
	}

	/** Whether the broker has accepted the connection. */
	get isConnected(): boolean {
		return this.#isConnected;
	}

	/** Looks for a message in the outbox: to be called when one was appended. */
	notify(): void {
		this.#connection.contain(Publisher.#takeNext);
	}

	/**
	 * Ends gracefully: no new message; waits for the one in flight, sends DISCONNECT, closes.
	 * @param onStopped Called in a later turn, when all is closed.
	 */
	stop(onStopped: () => void): void {
		if (this.#onStopped || this.#isClosed) return;
		this.#onStopped = onStopped;
		this.#connection.arm(0, () => {
			this.#connection.arm(this.#options.stopLimitMs ?? 10_000, () => this.#disconnect());
			this.#continueStop();
		});
	}

	/** Closes at once: no callback after it. The message in flight stays in the outbox. */
	close(): void {
		this.#isClosed = true;
		this.#connection.close();
		this.#drop();
	}

	#connect(): void {
		this.#connection.connect(() =>
			this.#lose(
				new PublisherError("timeout", `mqtt: not connected within ${this.#connection.connectLimitMs} ms`),
			),
		);
	}

	#onControl({ operation, id, returnCode }: ControlMessage): void {
		if (operation === CONNACK) this.#onConnack(returnCode ?? 0);
		else if (operation === DISCONNECT) this.#onEnd();
		else if (this.#inFlight.isAcknowledgedBy(operation, id)) this.#acknowledged();
	}

	#onConnack(returnCode: number): void {
		if (returnCode) {
			const reason = refusals[returnCode] ?? "reason unknown";
			this.#lose(
				new PublisherError("refused", `mqtt: the broker refused: ${reason} (${returnCode})`, returnCode),
			);
			return;
		}
		if (this.#isConnected) return;
		this.#isConnected = true;
		if (this.#onStopped) {
			this.#continueStop();
			return;
		}
		this.#connection.arm(0);
		this.#events.onConnected(this.#owner);
		this.#take();
	}

	#onWritable(count: number): void {
		this.#room = count;
		this.#push();
	}

	/** Nothing of the message was sent: it is tried again on another connection, as one that `write` throws at. */
	#onRefused(id: number, error: unknown): void {
		if (this.#isSettling || !this.#inFlight.isRefusedBy(id)) return;
		this.#refuse(error);
		this.#lose(error);
	}

	/** The client is at its end: as asked for, or by an error. */
	#onEnd(error?: unknown): void {
		if (this.#isDisconnecting) this.#finish();
		else this.#lose(error ?? new PublisherError("link", "mqtt: the link was lost"));
	}

	/** Takes the oldest message in flight. */
	#take(): void {
		if (this.#inFlight.message || !this.#isConnected || this.#onStopped) return;
		const message = this.#context.outbox.peek();
		if (!message) return;
		this.#inFlight.begin(message);
		this.#begunAt = Time.ticks;
		// The timer that was set for a message before serves as well: it finds out how long this one has been on its way.
		if (!this.#connection.isArmed)
			this.#connection.arm(this.#connection.acknowledgeLimitMs, Publisher.#checkLimit);
		this.#push();
	}

	#onLimit(): void {
		const { message } = this.#inFlight;
		if (!message || this.#isSettling) return;
		const { acknowledgeLimitMs } = this.#connection;
		const leftMs = acknowledgeLimitMs - Time.delta(this.#begunAt);
		if (leftMs > 0) {
			this.#connection.arm(leftMs, Publisher.#checkLimit);
			return;
		}
		this.#lose(
			new PublisherError(
				"timeout",
				`mqtt: message ${message.sequence} not acknowledged within ${acknowledgeLimitMs} ms`,
			),
		);
	}

	/** Writes what there is room for of the message in flight. */
	#push(): void {
		const { client } = this.#connection;
		if (!client || this.#isSettling) return;
		try {
			this.#room = this.#inFlight.push(client, this.#room);
		} catch (error) {
			if (isMessageError(error)) this.#refuse(error);
			throw error;
		}
		if (this.#inFlight.isDoneWhenWritten && this.#room > 0) this.#acknowledged();
	}

	/** A message that no client takes must not hold up all others. */
	#refuse(error: unknown): void {
		if (this.#inFlight.refuse()) this.#settle({ error });
	}

	#acknowledged(): void {
		this.#settle();
	}

	/** The message in flight is done with: out of the outbox with it as soon as flash may be written. */
	#settle(refusal?: { readonly error: unknown }): void {
		if (!this.#inFlight.message || this.#isSettling) return;
		this.#isSettling = true;
		this.#refusal = refusal;
		this.#context.quiet.add(() => this.#connection.contain(Publisher.#takeOut));
	}

	#removeSettled(): void {
		const { message } = this.#inFlight;
		const refusal = this.#refusal;
		this.#isSettling = false;
		this.#refusal = undefined;
		this.#inFlight.end();
		if (message) {
			const wasWaiting = this.#context.outbox.acknowledge(message.sequence);
			if (!refusal) {
				this.#context.backoff.reset();
				this.#events.onAcknowledged(this.#owner, message);
			} else if (wasWaiting) this.#events.onRefused(this.#owner, message.sequence, refusal.error);
		}
		if (this.#onStopped) this.#continueStop();
		else this.#take();
	}

	/** The connection is over; the next one comes after a delay. */
	#lose(error: unknown): void {
		if (this.#isClosed) return;
		this.#drop();
		if (this.#onStopped) {
			this.#continueStop();
			return;
		}
		const retryInMs = this.#context.backoff.next(error);
		this.#connection.arm(retryInMs, Publisher.#connectNow);
		this.#events.onDisconnected(this.#owner, error, { retryInMs });
	}

	/** Lets go of the client. A message without acknowledgement goes back to the outbox, where it still is. */
	#drop(): void {
		this.#isConnected = false;
		this.#room = 0;
		if (!this.#isSettling) this.#inFlight.end();
		this.#connection.drop();
	}

	#continueStop(): void {
		if (this.#inFlight.message || this.#isDisconnecting) return;
		if (this.#isConnected) this.#disconnect();
		else this.#finish();
	}

	#disconnect(): void {
		if (!this.#isConnected) {
			this.#finish();
			return;
		}
		this.#isDisconnecting = true;
		this.#connection.disconnect();
	}

	#finish(): void {
		const onStopped = this.#onStopped;
		this.close();
		onStopped?.();
	}
}
