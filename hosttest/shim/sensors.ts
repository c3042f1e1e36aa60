import { readFileSync, readdirSync } from "node:fs";
import { availableParallelism, freemem, loadavg, totalmem, uptime } from "node:os";
import { join } from "node:path";
import ModemSensor, { type ModemReadings } from "../../modules/sensors/modem.js";
import type { SensorOptions } from "../../modules/telemetry/sampler.js";

/** Load of the machine: an ECMA-419 sensor class. */
export class LoadSensor {
	/** `load`: processes that run or wait to, the average of a minute, for each processor. */
	sample(): { load: number } {
		return { load: loadavg()[0] / availableParallelism() };
	}

	close(): void {
		// holds nothing
	}
}

/** Memory of the machine: an ECMA-419 sensor class. */
export class MemorySensor {
	/** `used` and `free` in bytes. */
	sample(): { used: number; free: number } {
		const free = freemem();
		return { used: totalmem() - free, free };
	}

	close(): void {
		// holds nothing
	}
}

/** Time since the machine was started: an ECMA-419 sensor class. */
export class UptimeSensor {
	/** `uptime` in seconds. */
	sample(): { uptime: number } {
		return { uptime: Math.round(uptime()) };
	}

	close(): void {
		// holds nothing
	}
}

/** Options of {@link TemperatureSensor}. */
export interface TemperatureSensorOptions {
	/** Where the kernel's sysfs is. */
	sensor?: { path?: string };
}

/** Temperature of the machine by Linux's sysfs, in the first thermal zone or hardware monitor: an ECMA-419 sensor class. */
export class TemperatureSensor {
	readonly #file: string | undefined;

	constructor({ sensor }: TemperatureSensorOptions = {}) {
		const path = sensor?.path ?? "/sys/class";
		this.#file = [
			...files(join(path, "thermal"), /^thermal_zone/, "temp"),
			...files(join(path, "hwmon"), /^hwmon/, "temp1_input"),
		].find(file => read(file) !== undefined);
	}

	/** `temperature` in degrees Celsius; undefined on a machine without. */
	sample(): { temperature: number } | undefined {
		const temperature = this.#file === undefined ? undefined : read(this.#file);
		return temperature === undefined ? undefined : { temperature };
	}

	close(): void {
		// holds nothing
	}
}

function files(folder: string, name: RegExp, file: string): string[] {
	try {
		const entries = readdirSync(folder).filter(entry => name.test(entry));
		return entries.sort().map(entry => join(folder, entry, file));
	} catch {
		return []; // no such folder
	}
}

/** The value of a file that holds thousandths of a degree. */
function read(file: string): number | undefined {
	try {
		const text = readFileSync(file, "latin1").trim();
		return /^-?\d+$/.test(text) ? Number(text) / 1000 : undefined;
	} catch {
		return undefined; // gone, or the driver has no value at present
	}
}

/**
 * Module "sensors" of the desktop: readings of the machine, and the modem's as on the chip. What the machine has no
 * sensor for is left out of the samples.
 */
export default function sensors({ modem }: { modem: ModemReadings }): SensorOptions[] {
	return [
		{ io: ModemSensor, name: "modem", sensor: { modem } },
		{ io: LoadSensor, name: "host" },
		{ io: MemorySensor, name: "host/memory", records: { used: { u: "B" }, free: { u: "B" } } },
		{ io: UptimeSensor, name: "host" },
		{ io: TemperatureSensor, name: "host" },
	];
}
