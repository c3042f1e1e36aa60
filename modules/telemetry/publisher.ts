import Timer from "timer";
import type { Backoff } from "../common/backoff.js";
import type { Outbox, OutboxMessage } from "./outbox.js";
import {
	CONNACK,
	type ControlMessage,
	DISCONNECT,
	ID_OVERHEAD,
	MAXIMUM_ID,
	type MqttClient,
	type MqttProvider,
	PUBACK,
	PUBCOMP,
	PUBLISH,
	PUBLISH_OVERHEAD,
	isOverflow,
	refusals,
} from "../common/mqtt-client.js";
import type { QuietQueue } from "./quiet.js";

/** How to connect: options of the ECMA-419 MQTT client class. */
export interface ConnectionOptions {
	mqtt: MqttProvider;
	/** Name or address of the broker. */
	host: string;
	/** Default: the client's (1883). */
	port?: number | undefined;
	/** Client identifier. */
	id: string;
	user?: string | ArrayBuffer | undefined;
	password?: string | ArrayBuffer | undefined;
	/** Whether the broker forgets the session between two connections (default true). */
	clean?: boolean | undefined;
	/** Milliseconds (default: the client's). */
	keepAlive?: number | undefined;
	/** Topic of all messages. */
	topic: string;
	/** 0, 1 (default) or 2. */
	QoS?: number | undefined;
	/** Whether the broker keeps the last message for later subscribers (default false). */
	retain?: boolean | undefined;
	/** Milliseconds from connecting until the broker accepted (default 900000: NB-IoT may search for 10 minutes). */
	connectLimitMs?: number | undefined;
	/** Milliseconds that a message may wait for its acknowledgement before the link is given up (default 180000). */
	acknowledgeLimitMs?: number | undefined;
	/** Milliseconds that `stop` waits for the message in flight (default 10000). */
	stopLimitMs?: number | undefined;
	/** Milliseconds that `stop` waits for the end of the connection after DISCONNECT (default 3000). */
	disconnectLimitMs?: number | undefined;
}

/** Options of {@link Publisher}. */
export interface PublisherOptions extends ConnectionOptions {
	outbox: Outbox;
	backoff: Backoff;
	quiet: QuietQueue;
	onConnected: () => void;
	/** The connection ended or could not be made; the next attempt is `retryInMs` away. */
	onDisconnected: (error: unknown, retry: { retryInMs: number }) => void;
	/** The message is out of the outbox; its payload is valid during the call. */
	onAcknowledged: (message: OutboxMessage) => void;
	/** The client has refused the message on several connections; it is out of the outbox, unsent. */
	onRefused: (sequence: number, error: unknown) => void;
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

/** A message is given up after so many refusals, each on a connection of its own. */
const REFUSALS = 3;

/**
 * Brings the messages of an outbox to a broker, the oldest first and one at a time, through any ECMA-419 MQTT client
 * class. A message leaves the outbox when the broker has acknowledged it: by PUBACK (QoS 1) or PUBCOMP (QoS 2); with
 * QoS 0 when it is written and the client has room again. When the link is lost before, the outcome is unknown: the
 * message stays and is sent again with the same packet identifier, marked as duplicate. Connects by itself, and again
 * after a delay by the backoff, which begins anew with each acknowledged message.
 */
export class Publisher {
	readonly #options: PublisherOptions;
	readonly #QoS: number;
	readonly #overhead: number;
	#client: MqttClient | undefined;
	/** How often in a row a client has refused the message at hand. */
	#refusals = 0;
	#attempt = 0; // callbacks of an earlier client are ignored by it
	#isConnected = false;
	#isClosed = false;
	#isDisconnecting = false;
	#onStopped: (() => void) | undefined;
	// One timer: a delay, or the time limit of what is under way.
	#timer: Timer | undefined;
	#room = 0;

	#message: OutboxMessage | undefined; // in flight
	#isBegun = false; // its first piece, which may be empty, is written
	#sent = 0; // bytes written of it
	#isWritten = false;
	#isSettling = false; // acknowledged by the broker, not yet in the outbox
	#id = 0;
	#idSequence = 0; // the sequence number that #id is for
	#isStarted = false; // that message has been written in part at least, on this connection or one before

	/** Connects in a later turn. Options are not checked: Telemetry does. */
	constructor(options: PublisherOptions) {
		this.#options = options;
		this.#QoS = options.QoS ?? 1;
		const topicLength = ArrayBuffer.fromString(options.topic).byteLength;
		this.#overhead = PUBLISH_OVERHEAD + topicLength + (this.#QoS ? ID_OVERHEAD : 0);
		this.#arm(0, () => this.#connect());
	}

	/** Whether the broker has accepted the connection. */
	get isConnected(): boolean {
		return this.#isConnected;
	}

	/** Looks for a message in the outbox: to be called when one was appended. */
	notify(): void {
		this.#contain(() => this.#take());
	}

	/**
	 * Ends gracefully: no new message; waits for the one in flight, sends DISCONNECT, closes.
	 * @param onStopped Called in a later turn, when all is closed.
	 */
	stop(onStopped: () => void): void {
		if (this.#onStopped || this.#isClosed) return;
		this.#onStopped = onStopped;
		this.#arm(0, () => {
			this.#arm(this.#options.stopLimitMs ?? 10_000, () => this.#disconnect());
			this.#continueStop();
		});
	}

	/** Closes at once: no callback after it. The message in flight stays in the outbox. */
	close(): void {
		this.#isClosed = true;
		this.#arm(0);
		this.#drop();
	}

	#arm(delayMs: number, callback?: () => void): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		if (!callback) return;
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			this.#contain(callback);
		}, delayMs);
	}

	/** Whatever is thrown in here comes from the client or the flash, and ends the connection. */
	#contain(callback: () => void): void {
		if (this.#isClosed) return;
		try {
			callback();
		} catch (error) {
			this.#lose(error);
		}
	}

	#connect(): void {
		const {
			mqtt,
			host,
			port,
			id,
			user,
			password,
			clean,
			keepAlive,
			connectLimitMs = 900_000,
		} = this.#options;
		const attempt = ++this.#attempt;
		const isCurrent = () => attempt === this.#attempt;
		const guard = (callback: () => void) => {
			if (isCurrent()) this.#contain(callback);
		};
		this.#client = new mqtt.io({
			...mqtt,
			host,
			id,
			...(port !== undefined && { port }),
			...(user !== undefined && { user }),
			...(password !== undefined && { password }),
			...(clean !== undefined && { clean }),
			...(keepAlive !== undefined && { keepAlive }),
			onControl: (message: ControlMessage) => guard(() => this.#onControl(message)),
			onWritable: (count: number) => guard(() => this.#onWritable(count)),
			// Nothing is subscribed to, but a client stands still until what came is read.
			onReadable: (count: number) => guard(() => this.#client?.read?.(count)),
			onError: (error?: unknown) => guard(() => this.#onEnd(error)),
			onClose: () => guard(() => this.#onEnd()),
		} as never);
		this.#arm(connectLimitMs, () =>
			this.#lose(new PublisherError("timeout", `mqtt: not connected within ${connectLimitMs} ms`)),
		);
	}

	#onControl({ operation, id, returnCode }: ControlMessage): void {
		if (operation === CONNACK) this.#onConnack(returnCode ?? 0);
		else if (operation === DISCONNECT) this.#onEnd();
		else if (operation === (this.#QoS === 2 ? PUBCOMP : PUBACK) && this.#QoS && id === this.#id)
			this.#settle();
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
		this.#arm(0);
		this.#options.onConnected();
		this.#take();
	}

	#onWritable(count: number): void {
		this.#room = count;
		if (this.#isWritten && this.#QoS === 0 && count > 0) this.#settle();
		else this.#push();
	}

	/** The client is at its end: as asked for, or by an error. */
	#onEnd(error?: unknown): void {
		if (this.#isDisconnecting) this.#finish();
		else this.#lose(error ?? new PublisherError("link", "mqtt: the link was lost"));
	}

	/** Takes the oldest message in flight. */
	#take(): void {
		if (this.#message || !this.#isConnected || this.#onStopped) return;
		const message = this.#options.outbox.peek();
		if (!message) return;
		if (message.sequence !== this.#idSequence) {
			this.#idSequence = message.sequence;
			this.#id = (this.#id % MAXIMUM_ID) + 1;
			this.#isStarted = false;
		}
		this.#message = message;
		this.#sent = 0;
		this.#isWritten = false;
		const { acknowledgeLimitMs = 180_000 } = this.#options;
		this.#arm(acknowledgeLimitMs, () =>
			this.#lose(
				new PublisherError(
					"timeout",
					`mqtt: message ${message.sequence} not acknowledged within ${acknowledgeLimitMs} ms`,
				),
			),
		);
		this.#push();
	}

	/** Writes what there is room for of the message in flight. */
	#push(): void {
		const message = this.#message;
		if (!message || this.#isSettling) return;
		const { payload } = message;
		while (!this.#isWritten && this.#room > 0) {
			const isFirst = !this.#isBegun;
			const room = isFirst ? Math.max(this.#room - this.#overhead, 0) : this.#room;
			const written = this.#write(payload.subarray(this.#sent, this.#sent + room), isFirst);
			if (written < 0) return;
			this.#sent += written;
			this.#isWritten = this.#sent === payload.length;
		}
		if (this.#isWritten && this.#QoS === 0 && this.#room > 0) this.#settle();
	}

	/** Writes a piece, or the part of it that the client takes. Returns its length, -1 when the client takes nothing. */
	#write(piece: Uint8Array, isFirst: boolean): number {
		const { topic, retain = false } = this.#options;
		const options = isFirst
			? {
					operation: PUBLISH,
					id: this.#id,
					topic,
					QoS: this.#QoS,
					retain,
					duplicate: this.#isStarted && this.#QoS > 0, // MQTT 3.1.1, 3.3.1.1
					byteLength: this.#message?.payload.length,
				}
			: null;
		for (let { length } = piece; ; length >>= 1) {
			if (length === 0 && !isFirst) break;
			try {
				this.#room = this.#client?.write(piece.subarray(0, length), options) ?? 0;
			} catch (error) {
				if (!isOverflow(error)) {
					this.#refused(error);
					throw error;
				}
				if (length === 0) break;
				continue;
			}
			this.#isBegun = this.#isStarted = true;
			return length;
		}
		this.#room = 0; // until the next onWritable
		return -1;
	}

	/** A message that no client takes must not hold up all others. */
	#refused(error: unknown): void {
		const message = this.#message;
		if (!message || !isRefusal(error) || ++this.#refusals < REFUSALS) return;
		this.#refusals = 0;
		const { outbox, quiet, onRefused } = this.#options;
		quiet.add(() => {
			if (outbox.acknowledge(message.sequence)) onRefused(message.sequence, error);
		});
	}

	/** The broker has the message: out of the outbox with it as soon as flash may be written. */
	#settle(): void {
		const message = this.#message;
		if (!message || !this.#isWritten || this.#isSettling) return;
		this.#isSettling = true;
		if (!this.#onStopped) this.#arm(0);
		this.#options.quiet.add(() => {
			this.#isSettling = false;
			this.#message = undefined;
			this.#isBegun = false;
			this.#contain(() => {
				this.#options.outbox.acknowledge(message.sequence);
				this.#options.backoff.reset();
				this.#refusals = 0;
				this.#options.onAcknowledged(message);
				if (this.#onStopped) this.#continueStop();
				else this.#take();
			});
		});
	}

	/** The connection is over; the next one comes after a delay. */
	#lose(error: unknown): void {
		if (this.#isClosed) return;
		this.#drop();
		if (this.#onStopped) {
			this.#continueStop();
			return;
		}
		const retryInMs = this.#options.backoff.next();
		this.#arm(retryInMs, () => this.#connect());
		this.#options.onDisconnected(error, { retryInMs });
	}

	/** Lets go of the client. A message without acknowledgement goes back to the outbox, where it still is. */
	#drop(): void {
		const client = this.#client;
		this.#attempt++;
		this.#client = undefined;
		this.#isConnected = false;
		this.#room = 0;
		if (!this.#isSettling) {
			this.#message = undefined;
			this.#isBegun = false;
		}
		try {
			client?.close();
		} catch {
			// it is given up in any case
		}
	}

	#continueStop(): void {
		if (this.#message || this.#isDisconnecting) return;
		if (this.#isConnected) this.#disconnect();
		else this.#finish();
	}

	#disconnect(): void {
		if (!this.#isConnected) {
			this.#finish();
			return;
		}
		this.#isDisconnecting = true;
		this.#arm(this.#options.disconnectLimitMs ?? 3_000, () => this.#finish());
		try {
			this.#client?.write(null, { operation: DISCONNECT });
		} catch {
			this.#finish();
		}
	}

	#finish(): void {
		const onStopped = this.#onStopped;
		this.close();
		onStopped?.();
	}
}

/** Whether an error of `write` is about the message itself, not about the moment. */
function isRefusal(error: unknown): boolean {
	if (error instanceof TypeError || error instanceof RangeError) return true;
	return error instanceof Error && (error.name === "PayloadError" || error.name === "ParameterError");
}
