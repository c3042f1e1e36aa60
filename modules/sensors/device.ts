import Analog from "embedded:io/analog";
import AnalogSensor, { type AnalogConfiguration } from "sensors/analog";
import ModemSensor, { type ModemReadings } from "sensors/modem";
import type { SensorOptions } from "telemetry/sampler";

/** What `sensors` takes. */
export interface DeviceSensorsOptions {
	modem: ModemReadings;
	/** The application's `mc/config`; `analog`: the input that is measured, none when absent. */
	config?: { analog?: { pin: number; name?: string } & AnalogConfiguration };
}

/**
 * Module "sensors": the sensors of the unit, for `Telemetry`. The modem's signal and supply voltage, and the voltage
 * at the analog input that the configuration names. A product with other sensors replaces this file.
 */
export default function sensors({ modem, config }: DeviceSensorsOptions): SensorOptions[] {
	const list: SensorOptions[] = [{ io: ModemSensor, name: "modem", sensor: { modem } }];
	const analog = config?.analog;
	if (analog) {
		const { pin, name = "analog" } = analog;
		list.push({ io: AnalogSensor, name, sensor: { io: Analog, pin }, configure: analog });
	}
	return list;
}
