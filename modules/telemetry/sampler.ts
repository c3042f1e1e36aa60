import Time from "time";
import type { SenmlRecord } from "./senml.js";
import { type RecordFormat, knownFormat } from "./units.js";

/** An instance of an ECMA-419 sensor class, as far as sampling needs it. */
export interface Sensor {
	configure?(options: object): void;
	/** A new object of readings, or undefined when there is none. */
	sample(): object | undefined;
	close(): void;
}

/** A sensor for {@link Sampler}. The class gets this object as its options: ECMA-419's `sensor: {io, …}` goes here. */
export interface SensorOptions {
	/** The ECMA-419 sensor class. */
	io: new (options: never) => Sensor;
	/** Put before the names of the records, with a slash; absent: nothing is. */
	name?: string;
	/** Options for the instance's `configure` (default {}). */
	configure?: object;
	/**
	 * By property of the sample (`kind.property` in a compound sample): its format, which replaces the default unit,
	 * scale and offset; null leaves the property out.
	 */
	records?: Readonly<Record<string, RecordFormat | null>>;
	[option: string]: unknown;
}

/** Options of {@link Sampler}. */
export interface SamplerOptions {
	sensors: readonly SensorOptions[];
	/** A sample that takes longer than this many milliseconds is reported, once for each sensor (default 50). */
	slowMs?: number;
	/** Called with a SensorError for a sensor that throws or is slow. */
	onError?: (error: SensorError) => void;
}

/** A sensor failed (`code` "failed", with the sensor's error as `cause`) or blocked the chip for long ("slow"). */
export class SensorError extends Error {
	override name = "SensorError";
	readonly sensor: string;
	readonly code: "failed" | "slow";

	constructor(sensor: string, code: SensorError["code"], message: string, cause?: unknown) {
		super(`sensor ${sensor}: ${message}`, { cause });
		this.sensor = sensor;
		this.code = code;
	}
}

interface Slot {
	readonly options: SensorOptions;
	readonly title: string;
	sensor: Sensor | undefined;
	isSlow: boolean;
}

/**
 * Samples a list of ECMA-419 sensors into SenML records. An instance is made at the first sample, and again at the
 * next one when its constructor or `configure` threw. What a sensor throws is reported; the other sensors are sampled.
 */
export class Sampler {
	readonly #slots: Slot[];
	readonly #slowMs: number;
	readonly #onError: ((error: SensorError) => void) | undefined;

	/** @throws TypeError when a sensor has no class `io`. */
	constructor(options: SamplerOptions) {
		this.#slots = options.sensors.map((sensor, index) => {
			if (typeof sensor.io !== "function") throw new TypeError(`sampler: sensor ${index} has no class "io"`);
			return { options: sensor, title: sensor.name ?? String(index), sensor: undefined, isSlow: false };
		});
		this.#slowMs = options.slowMs ?? 50;
		this.#onError = options.onError;
	}

	/** Samples each sensor once. Blocks as long as the sensors do. */
	sample(): SenmlRecord[] {
		const records: SenmlRecord[] = [];
		for (const slot of this.#slots) {
			const start = Time.ticks;
			try {
				const sample = (slot.sensor ??= create(slot.options)).sample();
				if (sample) addRecords(records, slot.options, sample);
			} catch (error) {
				this.#onError?.(new SensorError(slot.title, "failed", messageOf(error), error));
			}
			const took = Time.delta(start);
			if (took <= this.#slowMs || slot.isSlow) continue;
			slot.isSlow = true;
			this.#onError?.(
				new SensorError(
					slot.title,
					"slow",
					`a sample took ${took} ms, in which nothing else runs (${this.#slowMs} are fine)`,
				),
			);
		}
		return records;
	}

	/** Closes the sensors. */
	close(): void {
		for (const slot of this.#slots) {
			try {
				slot.sensor?.close();
			} catch (error) {
				this.#onError?.(new SensorError(slot.title, "failed", messageOf(error), error));
			}
			slot.sensor = undefined;
		}
	}
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

function create(options: SensorOptions): Sensor {
	const sensor = new options.io(options as never);
	try {
		sensor.configure?.(options.configure ?? {});
	} catch (error) {
		sensor.close();
		throw error;
	}
	return sensor;
}

/** A compound sample (ECMA-419) holds one object for each kind of sensor. */
function addRecords(records: SenmlRecord[], options: SensorOptions, sample: object, kind?: string): void {
	const values = sample as Readonly<Record<string, unknown>>;
	for (const property of Object.keys(values)) {
		const value = values[property];
		if (typeof value !== "object") addRecord(records, options, property, value, kind);
		else if (value !== null && kind === undefined) addRecords(records, options, value, property);
	}
}

function addRecord(
	records: SenmlRecord[],
	options: SensorOptions,
	property: string,
	value: unknown,
	kind: string | undefined,
): void {
	const isNumber = typeof value === "number";
	if (!isNumber && typeof value !== "boolean" && typeof value !== "string") return;
	const key = kind === undefined ? property : `${kind}.${property}`;
	const given = options.records && Object.hasOwn(options.records, key) ? options.records[key] : undefined;
	if (given === null) return;
	const ofKind = kind === undefined ? undefined : knownFormat(key);
	const known = ofKind ?? knownFormat(property);
	const path = kind !== undefined && (ofKind || !known) ? `${kind}/${property}` : property;
	// A unit of its own has nothing of the known one.
	const rest = given?.u === undefined ? known : undefined;
	records.push({
		n: given?.n ?? (options.name ? `${options.name}/${path}` : path),
		u: given?.u ?? rest?.u,
		value: isNumber
			? value * (given?.scale ?? rest?.scale ?? 1) + (given?.offset ?? rest?.offset ?? 0)
			: value,
		digits: isNumber ? (given?.digits ?? rest?.digits) : undefined,
	});
}
