import ModemSensor, { type ModemReadings } from "../../../modules/sensors/modem.js";
import type { SensorOptions } from "../../../modules/telemetry/sampler.js";

/** Module "sensors": the modem's readings, as on the chip; there is no analog input. */
export default function sensors({ modem }: { modem: ModemReadings }): SensorOptions[] {
	return [{ io: ModemSensor, name: "modem", sensor: { modem } }];
}
