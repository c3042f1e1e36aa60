import { setTraceSink } from "../../shim/globals.js";
import { VirtualClock, useClock } from "../../shim/clock.js";
import type { ControlMessage, MQTTProvider, ReadableOptions } from "../../../modules/common/mqtt-client.js";
import type { MQTTSessionOptions, MessageHandler } from "../../../modules/mqtt/session-options.js";
import MQTTSession from "../../../modules/mqtt/session.js";

interface Options extends Readonly<Record<string, unknown>> {
	readonly host: string;
	readonly modem?: unknown;
	readonly onControl: (message: ControlMessage) => void;
	readonly onWritable: (count: number) => void;
	readonly onRefused: (id: number, error: unknown) => void;
	readonly onReadable: (count: number, options: ReadableOptions) => void;
	readonly onError: (error?: unknown) => void;
	readonly onClose: () => void;
}

/** A packet written, or a further piece of one. */
export interface Written {
	readonly operation?: number;
	readonly id?: number;
	readonly topic?: string;
	readonly QoS?: number;
	readonly retain?: boolean;
	readonly byteLength?: number;
	readonly items?: { topic: string; QoS?: number }[];
	/** Undefined where null was written. */
	readonly data?: string;
}

const CONNACK = 2;
const PUBLISH = 3;

/** An ECMA-419 MQTT client class whose every event is the test's to cause. As strict as the standard on when it may be used. */
export class ScriptedClient {
	readonly options: Options;
	readonly written: Written[] = [];
	isClosed = false;
	/** Throws instead of the next write, and then not again. */
	failure: ((written: Written) => unknown) | undefined;
	/** What `write` returns after a message: 0 as the BC20's client, more for one that sends without waiting. */
	roomAfter = 0;
	acknowledgeLimitMs: number | undefined;
	/** So many control packets are taken until the next answer. */
	controlLimit = Infinity;
	#room = 0;
	#left = 0;
	#isConnected = false;
	#unread: Uint8Array<ArrayBuffer> | undefined;

	constructor(options: Options) {
		this.options = options;
	}
	connack(returnCode = 0): void {
		this.#isConnected = returnCode === 0;
		this.control({ operation: CONNACK, returnCode });
	}
	/** Accepted, with room for a message. */
	accept(room = 1288): void {
		this.connack();
		if (!this.isClosed) this.writable(room);
	}
	control(message: ControlMessage): void {
		this.controlLimit++;
		this.options.onControl.call(this, message);
	}
	writable(room = 1288): void {
		this.#room = room;
		this.options.onWritable.call(this, room);
	}
	/** Answers the last packet written with an operation. */
	answer(operation: number, payload?: number[]): void {
		const { id } = this.last(operation === 9 ? 8 : operation === 11 ? 10 : PUBLISH);
		this.control({ operation, ...(id !== undefined && { id }), ...(payload && { payload }) });
	}
	/** The last message written is refused, and the connection stays. */
	refuse(error: unknown): void {
		this.options.onRefused.call(this, this.last(PUBLISH).id ?? 0, error);
	}
	message(topic: string, text: string, pieceLength = Infinity, QoS = 0): void {
		const bytes = new Uint8Array(ArrayBuffer.fromString(text));
		let at = 0;
		do {
			const piece = bytes.slice(at, at + pieceLength);
			const more = at + piece.length < bytes.length;
			this.#unread = piece;
			const first = at === 0 && { topic, QoS, byteLength: bytes.length };
			this.options.onReadable.call(this, piece.length, { ...first, more });
			at += piece.length;
		} while (at < bytes.length && !this.isClosed);
	}
	fail(error?: unknown): void {
		this.#isConnected = false;
		this.options.onError.call(this, error);
	}
	end(): void {
		this.#isConnected = false;
		this.options.onClose.call(this);
	}
	last(operation: number): Written {
		const found = this.written.findLast(written => written.operation === operation);
		if (!found) throw new Error(`operation ${operation} was not written`);
		return found;
	}
	of(operation: number): Written[] {
		return this.written.filter(written => written.operation === operation);
	}

	read(count: number): ArrayBuffer {
		if (this.isClosed || !this.#unread || count > this.#unread.length) throw new Error("nothing to read");
		const { buffer } = this.#unread.slice(0, count);
		this.#unread = this.#unread.length > count ? this.#unread.slice(count) : undefined;
		return buffer;
	}
	write(data: Uint8Array | null, options: Written | null): number {
		if (!this.#isConnected || this.isClosed) throw new Error("not connected");
		const written: Written = {
			...options,
			...(data && { data: String.fromArrayBuffer(data.slice().buffer) }),
		};
		const { failure } = this;
		this.failure = undefined;
		const error = failure?.(written);
		if (error !== undefined) throw error as Error;
		if (options?.operation !== undefined && options.operation !== PUBLISH) {
			if (this.#left > 0) throw new Error("the rest of a message is expected");
			if (this.controlLimit <= 0) throw new Error("overflow");
			this.controlLimit--;
			this.written.push(written);
			return this.#room;
		}
		if (!data) throw new Error("no data");
		const overhead = options ? 5 + 2 + (options.topic?.length ?? 0) + (options.QoS ? 2 : 0) : 0;
		if (options && this.#left > 0) throw new Error("the rest of a message is expected");
		if (data.length + overhead > this.#room) throw new Error("overflow");
		this.#left = (options?.byteLength ?? this.#left) - data.length;
		this.#room = this.#left > 0 ? this.#room - data.length - overhead : this.roomAfter;
		this.written.push(written);
		return this.#room;
	}
	close(): void {
		this.isClosed = true;
	}
}

/** A session on scripted clients, and all that it calls. */
export class SessionBench {
	readonly clients: ScriptedClient[] = [];
	/** `connect`, `close`, `writable 8`, `error LinkLostError 500`, `error TopicError`. */
	readonly events: string[] = [];
	readonly errors: Error[] = [];
	/** `filter-or-name topic payload QoS`. */
	readonly received: string[] = [];
	readonly traced: string[] = [];
	readonly self = new Set<unknown>();
	readonly clock: VirtualClock;
	readonly session: MQTTSession;
	/** Thrown by the next construction of a client. */
	constructionError: Error | undefined;

	/** @param options backoff: exactly 500, 1000, 2000 … ms unless given */
	constructor(options: Partial<MQTTSessionOptions> = {}) {
		useClock((this.clock = new VirtualClock()));
		setTraceSink(text => this.traced.push(text));
		// eslint-disable-next-line @typescript-eslint/no-this-alias -- for the class, which has a this of its own
		const bench = this;
		const provider: MQTTProvider = {
			io: class extends ScriptedClient {
				constructor(options: Options) {
					const error = bench.constructionError;
					bench.constructionError = undefined;
					if (error) throw error;
					super(options);
					bench.clients.push(this);
				}
			},
			modem: "an option of the class",
		};
		const given = options;
		this.session = new MQTTSession({
			mqtt: provider,
			host: "broker.test",
			id: "device",
			backoff: { firstMs: 1000, random: () => 0.4995 },
			...options,
			onConnect() {
				bench.note(this, "connect");
				return given.onConnect?.call(this);
			},
			onClose() {
				bench.note(this, "close");
				return given.onClose?.call(this);
			},
			onWritable(count) {
				bench.note(this, `writable ${count}`);
				return given.onWritable?.call(this, count);
			},
			onError(error, retryInMs) {
				bench.errors.push(error);
				bench.note(this, `error ${error.name}${retryInMs === undefined ? "" : ` ${retryInMs}`}`);
				return given.onError?.call(this, error, retryInMs);
			},
		});
	}
	/** Connected, and its events forgotten. */
	static async connected(options: Partial<MQTTSessionOptions> = {}): Promise<SessionBench> {
		const bench = new SessionBench(options);
		await bench.turn();
		bench.client.accept();
		await bench.turn();
		bench.events.length = 0;
		return bench;
	}
	note(self: unknown, event: string): void {
		this.self.add(self);
		this.events.push(event);
	}
	get client(): ScriptedClient {
		return this.clients[this.clients.length - 1];
	}
	/** A handler that writes down what it gets. */
	handler(name: string): MessageHandler {
		const { received } = this;
		return (topic, payload, { QoS }) =>
			received.push(`${name} ${topic} ${String.fromArrayBuffer(payload)} ${QoS}`);
	}
	/** Lets timers of 0 ms and promises run. */
	turn(): Promise<void> {
		return this.clock.advance(0);
	}
	/** Loses the link, and has the next client accepted. */
	async reconnect(): Promise<void> {
		const before = this.clients.length;
		this.client.fail();
		await this.clock.run(() => this.clients.length > before, 1_000_000);
		this.client.accept();
		await this.turn();
	}
	async isIdle(): Promise<boolean> {
		try {
			await this.clock.run(() => false, 0);
		} catch (error) {
			return (error as Error).message.includes("no event is left");
		}
		return false;
	}
}

/** What became of a promise so far: "pending", "done", "done 1", "done 1,2" or the error's name. */
export function outcome(promise: Promise<unknown>): { readonly now: string; readonly error?: Error } {
	const state: { now: string; error?: Error } = { now: "pending" };
	promise.then(
		value => (state.now = value === undefined ? "done" : `done ${(value as number | number[]).toString()}`),
		(error: unknown) => {
			state.error = error as Error;
			state.now = state.error.name;
		},
	);
	return state;
}
