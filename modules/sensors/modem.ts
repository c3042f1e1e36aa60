/** What the sensor needs of a modem. */
export interface ModemReadings {
	/** Received signal strength in dBm; undefined while it is not known. */
	readonly signal?: number | undefined;
	/** Supply voltage in V; undefined while it is not known. */
	readonly voltage?: number | undefined;
	/** Has the modem asked for new values, without waiting for them. */
	refresh(): void;
}

/** Constructor options of {@link ModemSensor}. */
export interface ModemSensorOptions {
	sensor: { modem: ModemReadings; [option: string]: unknown };
}

/**
 * The modem's own readings: an ECMA-419 sensor class. A sample holds what is known at once, and asks for new values for
 * the next one, so that it never waits for the modem. The modem is the application's: `close` leaves it alone.
 */
export default class ModemSensor {
	#modem: ModemReadings | undefined;

	/** @throws TypeError without a modem. */
	constructor(options: ModemSensorOptions) {
		const modem = options.sensor.modem as ModemReadings | undefined; // JavaScript may leave it out
		if (!modem) throw new TypeError("modem sensor: sensor.modem is required");
		this.#modem = modem;
		modem.refresh();
	}

	/** `signal` in dBm and `voltage` in V, each only when known; undefined when neither is. */
	sample(): { signal?: number; voltage?: number } | undefined {
		const modem = this.#modem;
		if (!modem) return undefined;
		const { signal, voltage } = modem;
		modem.refresh();
		if (signal === undefined && voltage === undefined) return undefined;
		return { ...(signal !== undefined && { signal }), ...(voltage !== undefined && { voltage }) };
	}

	close(): void {
		this.#modem = undefined;
	}
}
