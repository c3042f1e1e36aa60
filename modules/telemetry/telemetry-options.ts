import type { BackoffOptions } from "../common/backoff.js";
import type { FlashDevice } from "./outbox-ring.js";
import type { PublisherOptions } from "./publisher.js";
import type { SensorOptions } from "./sampler.js";
import { DEFAULT_PACK_LIMIT, type SenmlRecord } from "./senml.js";
import type { Telemetry } from "./telemetry.js";

/** A message that the broker has acknowledged. */
export interface AcknowledgedMessage {
	sequence: number;
	/** The SenML pack in UTF-8; valid during the callback. */
	payload: Uint8Array;
	/**
	 * Milliseconds from the sample to the acknowledgement. Undefined for a message from before the last start, or
	 * after more than 24 days (the time of its sample is in the pack).
	 */
	latencyMs: number | undefined;
}

/** A message that was sampled and is in the outbox. */
export interface SampledMessage {
	sequence: number;
	records: readonly SenmlRecord[];
}

/** Options of {@link Telemetry}, besides those of the connection. All times in milliseconds. */
export interface TelemetryOptions extends PublisherOptions {
	/** From one sample to the next: 1 to 604800000 (7 days), default 60000. The first is taken at the start. */
	intervalMs?: number | undefined;
	sensors: readonly SensorOptions[];
	/** The outbox's partition (`embedded:storage/flash`, mode "r+"); closed with the telemetry. */
	flash: FlashDevice;
	/** What a full outbox drops: the "oldest" messages (default) or the "newest". */
	full?: "oldest" | "newest" | undefined;
	/** SenML base name (default: the id and a slash). */
	baseName?: string | undefined;
	/** Largest pack in bytes (default 700, the smallest publish form of the modem). */
	packLimit?: number | undefined;
	backoff?: BackoffOptions | undefined;
	/** Whether flash may be written, and sensors may block, just now (default: always); see QuietQueue. */
	isQuiet?: (() => boolean) | undefined;
	onSampled?: ((this: Telemetry, message: SampledMessage) => void) | undefined;
	onAcknowledged?: ((this: Telemetry, message: AcknowledgedMessage) => void) | undefined;
	onConnected?: ((this: Telemetry) => void) | undefined;
	/** The connection ended, or was not made; it is tried again after `retryInMs`. */
	onDisconnected?: ((this: Telemetry, error: unknown, retry: { retryInMs: number }) => void) | undefined;
	/** Something else went wrong, and the telemetry goes on: SensorError, SenmlError, TelemetryError, one of the flash. */
	onError?: ((this: Telemetry, error: unknown) => void) | undefined;
}

const LONGEST_INTERVAL_MS = 604_800_000;

/** Checks all options that no part of the telemetry checks itself. @throws TypeError or RangeError that names the option */
export function checkTelemetryOptions(options: TelemetryOptions): void {
	const {
		mqtt,
		host,
		id,
		topic,
		QoS = 1,
		intervalMs = 60_000,
		sensors,
		packLimit = DEFAULT_PACK_LIMIT,
	} = options;
	// JavaScript applications are not held to the types.
	if (typeof (mqtt as Partial<TelemetryOptions["mqtt"]> | undefined)?.io !== "function")
		throw new TypeError("telemetry: mqtt.io is not an MQTT client class");
	for (const [key, value] of Object.entries({ host, id, topic }))
		if (typeof value !== "string" || !value) throw new TypeError(`telemetry: ${key} is not a string`);
	// MQTT 3.1.1, 4.7.1: no wildcards in the topic of a message; 4.7.3: no null character
	for (const character of ["+", "#", "\0"])
		if (topic.includes(character))
			throw new RangeError("telemetry: topic has a character that only filters may have");
	if (QoS !== 0 && QoS !== 1 && QoS !== 2) throw new RangeError(`telemetry: QoS ${QoS} is not 0, 1 or 2`);
	if (!(intervalMs >= 1 && intervalMs <= LONGEST_INTERVAL_MS))
		throw new RangeError(`telemetry: intervalMs ${intervalMs} is not 1 to ${LONGEST_INTERVAL_MS}`);
	if (!Array.isArray(sensors)) throw new TypeError("telemetry: sensors is not an array");
	if (!(Number.isInteger(packLimit) && packLimit >= 1))
		throw new RangeError(`telemetry: packLimit ${packLimit} is not 1 or more`);
}
