import Time from "time";
import Timer from "timer";
import { Backoff } from "../common/backoff.js";
import { Outbox, type OutboxMessage, type OutboxStatus } from "./outbox.js";
import { Publisher, type PublisherEvents } from "./publisher.js";
import { QuietQueue } from "./quiet.js";
import { Sampler } from "./sampler.js";
import { DEFAULT_PACK_LIMIT, type SenmlRecord, encodePack } from "./senml.js";
import { type TelemetryOptions, checkTelemetryOptions } from "./telemetry-options.js";

export type { AcknowledgedMessage, SampledMessage, TelemetryOptions } from "./telemetry-options.js";

/**
 * What the telemetry itself reports: "reformatted" (the partition held something else, or was damaged: what waited is gone and
 * sequence numbers begin anew), "refused" (the client refused a message for good, so it was given up), "full" (the outbox dropped `count` messages), "late" (`count` samples were
 * skipped because the chip was busy) or "callback" (a callback of the application threw `cause`).
 */
export class TelemetryError extends Error {
	override name = "TelemetryError";
	readonly code: "reformatted" | "refused" | "full" | "late" | "callback";
	readonly count: number;

	constructor(code: TelemetryError["code"], message: string, count = 1, cause?: unknown) {
		super(`telemetry: ${message}`, { cause });
		this.code = code;
		this.count = count;
	}
}

/** A sample waits so long for a quiet line at most, or nine tenths of the interval. */
const PATIENCE_MS = 2000;

/** Records as sampled at a time, in ms since 1970 and in ticks. */
interface Sample {
	readonly baseTimeMs: number;
	readonly stamp: number;
	readonly records: readonly SenmlRecord[];
}

/** Options that are used up in the constructor: they are not kept. */
type ConstructionOption = "intervalMs" | "sensors" | "flash" | "full" | "baseName" | "isQuiet" | "backoff";

/**
 * Samples sensors at a fixed interval, packs each sample as SenML with a sequence number (RFC 8428), keeps it in a
 * persistent outbox and publishes it by any ECMA-419 MQTT client class until the broker has acknowledged it.
 * Works from construction on. All callbacks get the instance as `this`; what they throw is contained.
 */
export class Telemetry {
	static readonly #events: PublisherEvents<Telemetry> = Object.freeze({
		onConnected: telemetry => telemetry.#call(telemetry.#options.onConnected),
		onDisconnected: (telemetry, error, retry) =>
			telemetry.#call(telemetry.#options.onDisconnected, error, retry),
		onAcknowledged: (telemetry, message) => telemetry.#onAcknowledged(message),
		onRefused: (telemetry, sequence, cause) => telemetry.#onRefused(sequence, cause),
	} satisfies PublisherEvents<Telemetry>);

	readonly #options: Omit<TelemetryOptions, ConstructionOption>;
	readonly #intervalMs: number;
	readonly #baseName: string;
	readonly #sampler: Sampler;
	readonly #quiet: QuietQueue;
	readonly #outbox: Outbox;
	readonly #publisher: Publisher<Telemetry>;
	/** Messages before this one are of an earlier start: their stamps are of another clock. */
	readonly #firstSequence: number;
	/** Of the next sample. */
	#timer: Timer | undefined;
	/** Of what follows a sample: keeping it, then publishing. */
	#step: Timer | undefined;
	/** One function serves both: each takes memory. */
	readonly #onTimer = (timer: Timer) => {
		if (timer === this.#step) this.#next();
		else this.#tick();
	};
	/** The sample that is to be kept. */
	#taken: Sample | undefined;
	#due: number;
	#isSampling = false;
	#isMaintaining = false;
	#isStopping = false;
	#isClosed = false;
	#sampled = 0;
	#acknowledged = 0;
	#reportedDropped = 0;

	/** @throws TypeError or RangeError for wrong options, and what {@link Outbox} throws. */
	constructor(options: TelemetryOptions) {
		checkTelemetryOptions(options);
		const {
			intervalMs = 60_000,
			sensors,
			flash,
			full = "oldest",
			baseName,
			isQuiet,
			backoff: wait,
			...kept
		} = options;
		this.#options = kept;
		this.#intervalMs = Math.round(intervalMs);
		this.#baseName = baseName ?? `${options.id}/`;
		encodePack({ baseName: this.#baseName, sequence: 0, records: [] });
		const backoff = new Backoff(wait);
		const report = (error: unknown) => this.#report(error);
		this.#sampler = new Sampler({ sensors, onError: report });
		this.#quiet = new QuietQueue({
			isQuiet,
			patienceMs: Math.min(PATIENCE_MS, 0.9 * this.#intervalMs),
			onError: report,
		});
		const { packLimit = DEFAULT_PACK_LIMIT } = options;
		this.#outbox = new Outbox({ flash, full, payloadLimit: packLimit });
		this.#firstSequence = this.#outbox.nextSequence;
		if (this.#outbox.status().reformatted)
			this.#quiet.add(() =>
				report(
					new TelemetryError(
						"reformatted",
						"the outbox held something else or was damaged; it begins anew with sequence number 1",
					),
				),
			);
		const context = { outbox: this.#outbox, backoff, quiet: this.#quiet };
		this.#publisher = new Publisher<Telemetry>(this, kept, context, Telemetry.#events);
		this.#due = Time.ticks;
		this.#timer = Timer.set(this.#onTimer);
	}

	/** Messages sampled into the outbox since the start. */
	get sampled(): number {
		return this.#sampled;
	}

	/** Messages acknowledged by the broker since the start. */
	get acknowledged(): number {
		return this.#acknowledged;
	}

	/** Messages in the outbox. */
	get waiting(): number {
		return this.#outbox.waiting;
	}

	/** Messages dropped by a full outbox since the start. */
	get dropped(): number {
		return this.#outbox.dropped;
	}

	/** Whether the broker has accepted the connection. */
	get isConnected(): boolean {
		return this.#publisher.isConnected;
	}

	/** Figures of the outbox. */
	get outbox(): OutboxStatus {
		return this.#outbox.status();
	}

	/**
	 * Ends gracefully: samples no more, waits for the message in flight (`stopLimitMs`), sends DISCONNECT and closes.
	 * @param onStopped Called once, in a later turn, unless `close` comes before.
	 */
	stop(onStopped?: (this: Telemetry) => void): void {
		if (this.#isStopping || this.#isClosed) return;
		this.#isStopping = true;
		Timer.clear(this.#timer);
		this.#timer = undefined;
		this.#publisher.stop(() => {
			this.#call(onStopped);
			this.close();
		});
	}

	/** Closes everything at once; no callback comes after it. What waits stays in the outbox. */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		Timer.clear(this.#timer);
		Timer.clear(this.#step);
		this.#timer = this.#step = undefined;
		this.#quiet.close();
		this.#publisher.close();
		this.#sampler.close();
		this.#outbox.close();
	}

	#tick(): void {
		const interval = this.#intervalMs;
		let skipped = this.#isSampling ? 1 : 0;
		this.#due = (this.#due + interval) | 0;
		let delay = Time.delta(Time.ticks, this.#due);
		if (delay <= 0) {
			const late = Math.floor(-delay / interval) + 1;
			skipped += late;
			this.#due = (this.#due + late * interval) | 0;
			delay += late * interval;
		}
		this.#timer = Timer.set(this.#onTimer, delay);
		if (skipped)
			this.#report(
				new TelemetryError("late", `samples skipped: ${skipped}; the chip or the line was busy`, skipped),
			);
		if (this.#isSampling) return;
		this.#isSampling = true;
		this.#quiet.add(() => this.#sample());
	}

	#sample(): void {
		this.#isSampling = false;
		if (this.#isStopping) return;
		const baseTimeMs = Date.now();
		const stamp = Time.ticks;
		const records = this.#sampler.sample();
		this.#isSampling = true;
		this.#taken = { baseTimeMs, stamp, records };
		this.#goOn();
	}

	/** Puts a sample into the outbox. */
	#keep({ baseTimeMs, stamp, records }: Sample): void {
		this.#isSampling = false;
		if (this.#isStopping) return;
		const sequence = this.#outbox.nextSequence;
		const limit = this.#options.packLimit;
		const pack = encodePack({ baseName: this.#baseName, baseTimeMs, sequence, records, limit });
		if (this.#outbox.append(new Uint8Array(pack), stamp)) {
			this.#sampled++;
			const { onSampled } = this.#options;
			if (onSampled) this.#call(onSampled, { sequence, records });
			this.#goOn();
		}
		this.#maintain();
	}

	/** What follows a sample comes in turns of its own: what a turn leaves behind can be collected before the next. */
	#goOn(): void {
		if (!this.#isClosed) this.#step = Timer.set(this.#onTimer);
	}

	#next(): void {
		const taken = this.#taken;
		this.#step = this.#taken = undefined;
		try {
			if (taken) this.#keep(taken);
			else this.#publisher.notify();
		} catch (error) {
			this.#report(error);
		}
	}

	#onAcknowledged({ sequence, payload, stamp }: OutboxMessage): void {
		this.#acknowledged++;
		const { onAcknowledged } = this.#options;
		if (onAcknowledged) {
			const delta = sequence < this.#firstSequence ? -1 : Time.delta(stamp | 0);
			this.#call(onAcknowledged, { sequence, payload, latencyMs: delta < 0 ? undefined : delta });
		}
		this.#maintain();
	}

	#onRefused(sequence: number, cause: unknown): void {
		const reason = cause instanceof Error ? cause.message : String(cause);
		this.#report(new TelemetryError("refused", `message ${sequence} given up: ${reason}`, 1, cause));
	}

	/** Erases ahead, and reports what the outbox dropped. */
	#maintain(): void {
		if (this.#isClosed) return;
		const lost = this.#outbox.dropped - this.#reportedDropped;
		this.#reportedDropped += lost;
		if (lost) this.#report(new TelemetryError("full", `the outbox is full; messages dropped: ${lost}`, lost));
		if (this.#isMaintaining || !this.#outbox.isEraseDue) return;
		this.#isMaintaining = true;
		this.#quiet.add(isQuiet => {
			this.#isMaintaining = false;
			if (isQuiet && this.#outbox.maintain()) this.#maintain();
		});
	}

	#report(error: unknown): void {
		this.#call(this.#options.onError, error);
	}

	#call<First, Second>(
		callback: ((this: Telemetry, first: First, second: Second) => void) | undefined,
		first?: First,
		second?: Second,
	): void {
		if (!callback || this.#isClosed) return;
		try {
			callback.call(this, first as First, second as Second);
		} catch (cause) {
			const { onError } = this.#options;
			const message = cause instanceof Error ? cause.message : String(cause);
			if ((callback as unknown) === onError) trace(`telemetry: onError threw: ${message}\n`);
			else this.#report(new TelemetryError("callback", `a callback threw: ${message}`, 1, cause));
		}
	}
}
