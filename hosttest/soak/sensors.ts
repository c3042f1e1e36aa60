import ModemSensor, { type ModemReadings } from "../../modules/sensors/modem.js";
import type { SensorOptions } from "../../modules/telemetry/sampler.js";
import { Random } from "../simulator/random.js";

const SEED = 1;
/** What a message may hold and a modem must not act on. */
const TEXTS: readonly string[] = [
	"",
	"OK",
	"\r\nOK\r\n",
	"+QMTPUB: 0,1,0",
	'\r\n+QMTSTAT: 0,1\r\n"',
	'","',
	"> ",
	"\u001a\u001b",
	"naïve ☃",
	"x".repeat(200),
];

/** Readings of all lengths that are the same in each run: an ECMA-419 sensor class. */
export class SoakSensor {
	readonly #random = Random.for(SEED, "sensor");

	/** `level` is a number of up to 15 digits, `note` a text that looks like the modem's. */
	sample(): { level: number; note: string } {
		const level = this.#random.next() * 10 ** this.#random.integer([-3, 9]);
		return { level, note: TEXTS[this.#random.integer([0, TEXTS.length - 1])] };
	}

	close(): void {
		// holds nothing
	}
}

/** Module "sensors" of the soak: the modem's readings, as on the chip, and readings that do not depend on the machine. */
export default function sensors({ modem }: { modem: ModemReadings }): SensorOptions[] {
	return [
		{ io: ModemSensor, name: "modem", sensor: { modem } },
		{ io: SoakSensor, name: "tank" },
	];
}
