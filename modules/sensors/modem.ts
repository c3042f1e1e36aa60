/** What the sensor needs of a modem. */
export interface ModemReadings {
	/** Received signal strength in dBm; undefined while it is not known. */
	readonly signal?: number | undefined;
	/** Supply voltage in V; undefined while it is not known. */
	readonly voltage?: number | undefined;
	/** Where its recovery stands: the rung of the ladder, undefined while all is well; how often each was used. */
	readonly recovery?: {
		readonly rung: string | undefined;
		/** Another object when one has changed. */
		readonly counts: Readonly<Record<string, number>>;
	};
	/** Has the modem asked for new values, without waiting for them. */
	refresh(): void;
}

/** Constructor options of {@link ModemSensor}. */
export interface ModemSensorOptions {
	sensor: { modem: ModemReadings; [option: string]: unknown };
}

/** A sample of {@link ModemSensor}. */
export interface ModemSample {
	/** dBm */
	signal?: number;
	/** V */
	voltage?: number;
	/** `rung` ("none" while all is well), and by rung how often it was used since the start: what has changed since the last sample. */
	recovery?: Record<string, number | string>;
}

/**
 * The modem's own readings: an ECMA-419 sensor class. A sample holds what is known at once, and asks for new values for
 * the next one, so that it never waits for the modem. The modem is the application's: `close` leaves it alone.
 */
export default class ModemSensor {
	#modem: ModemReadings | undefined;
	/** As last sampled. */
	#rung: string | undefined;
	#counts: Readonly<Record<string, number>> | undefined;

	/** @throws TypeError without a modem. */
	constructor(options: ModemSensorOptions) {
		const modem = options.sensor.modem as ModemReadings | undefined; // JavaScript may leave it out
		if (!modem) throw new TypeError("modem sensor: sensor.modem is required");
		this.#modem = modem;
		modem.refresh();
	}

	/** What is known, and of the recovery what has changed; undefined where there is nothing. */
	sample(): ModemSample | undefined {
		const modem = this.#modem;
		if (!modem) return undefined;
		const { signal, voltage } = modem;
		const recovery = this.#recovery(modem);
		modem.refresh();
		if (signal === undefined && voltage === undefined && !recovery) return undefined;
		const sample: ModemSample = {};
		if (signal !== undefined) sample.signal = signal;
		if (voltage !== undefined) sample.voltage = voltage;
		if (recovery) sample.recovery = recovery;
		return sample;
	}

	close(): void {
		this.#modem = undefined;
	}

	#recovery({ recovery }: ModemReadings): Record<string, number | string> | undefined {
		if (!recovery) return undefined;
		const { rung, counts } = recovery;
		if (rung === this.#rung && counts === this.#counts) return undefined;
		const changed: Record<string, number | string> = {};
		let isChanged = rung !== this.#rung;
		if (isChanged) changed.rung = rung ?? "none";
		for (const name in counts) {
			if (counts[name] === (this.#counts?.[name] ?? 0)) continue;
			changed[name] = counts[name];
			isChanged = true;
		}
		this.#rung = rung;
		this.#counts = counts;
		return isChanged ? changed : undefined;
	}
}
