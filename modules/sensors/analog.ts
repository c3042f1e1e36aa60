/** An instance of ECMA-419's Analog class, as far as the sensor needs it. */
export interface AnalogInput {
	/** 0 to 2 ** resolution - 1. */
	read(): number | undefined;
	readonly resolution: number;
	close?(): void;
}

/** Constructor options of {@link AnalogSensor}. */
export interface AnalogSensorOptions {
	/** ECMA-419: the Analog class as `io`, and its options: `pin`. */
	sensor: { io: new (options: never) => AnalogInput; [option: string]: unknown };
}

/** Options of {@link AnalogSensor.configure}. */
export interface AnalogConfiguration {
	/**
	 * Volts at the pin that read as full scale, above 0 (default 2.45: the ESP32 with 12 dB attenuation, where the SDK
	 * calibrates to that; modules/io/analog/esp32).
	 */
	fullScale?: number;
	/** What the voltage was divided by before the pin, above 0 (default 1): (R1 + R2) / R2. */
	divider?: number;
	/** Readings that are averaged for a sample, 1 to 64 (default 8). */
	readings?: number;
}

/**
 * Voltage at an analog input: an ECMA-419 sensor class.
 * The constructor throws what the Analog class throws, `configure` RangeError.
 */
export default class AnalogSensor {
	#io: AnalogInput | undefined;
	#fullScale = 2.45;
	#divider = 1;
	#readings = 8;

	constructor(options: AnalogSensorOptions) {
		const { sensor } = options;
		this.#io = new sensor.io(sensor as never);
	}

	configure(options: AnalogConfiguration): void {
		const { fullScale = this.#fullScale, divider = this.#divider, readings = this.#readings } = options;
		if (!(fullScale > 0 && fullScale < Infinity))
			throw new RangeError(`fullScale ${fullScale} is not above 0`);
		if (!(divider > 0 && divider < Infinity)) throw new RangeError(`divider ${divider} is not above 0`);
		if (!(Number.isInteger(readings) && readings >= 1 && readings <= 64))
			throw new RangeError(`readings ${readings} is not 1 to 64`);
		this.#fullScale = fullScale;
		this.#divider = divider;
		this.#readings = readings;
	}

	/** `voltage` in volts before the divider; undefined when the converter gives nothing, or after `close`. */
	sample(): { voltage: number } | undefined {
		const io = this.#io;
		if (!io) return undefined;
		let sum = 0;
		for (let i = 0; i < this.#readings; i++) {
			const value = io.read();
			if (value === undefined) return undefined;
			sum += value;
		}
		const share = sum / this.#readings / (2 ** io.resolution - 1);
		return { voltage: share * this.#fullScale * this.#divider };
	}

	close(): void {
		this.#io?.close?.();
		this.#io = undefined;
	}
}
