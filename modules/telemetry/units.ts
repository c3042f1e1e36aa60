/** How a property of a sensor's sample becomes a SenML record: value = sample × scale + offset, in unit `u`. */
export interface RecordFormat {
	/** Name of the record (default: made of the sensor's name and the property). */
	n?: string;
	/** Unit of the SenML registry; none for a property that the table below does not have. */
	u?: string;
	/** Significant digits, 1 to 15 (default: see SenmlRecord). */
	digits?: number;
	/** Default 1. */
	scale?: number;
	/** Default 0. */
	offset?: number;
}

// Properties of the sample objects of ECMA-419 (section "Sensor classes") with their units, in units of the SenML
// registry (RFC 8428 12.1). ECMA-419's x, y and z differ by sensor class: they are known in a compound sample, where
// the class's property name goes before them. The last ones are of this project's sensors.
const formats: Readonly<Record<string, RecordFormat>> = {
	"accelerometer.x": { u: "m/s2" },
	"accelerometer.y": { u: "m/s2" },
	"accelerometer.z": { u: "m/s2" },
	"gyroscope.x": { u: "rad/s" },
	"gyroscope.y": { u: "rad/s" },
	"gyroscope.z": { u: "rad/s" },
	"magnetometer.x": { u: "T", scale: 1e-6 },
	"magnetometer.y": { u: "T", scale: 1e-6 },
	"magnetometer.z": { u: "T", scale: 1e-6 },
	illuminance: { u: "lx" },
	pressure: { u: "Pa" },
	CO2: { u: "/", scale: 1e-6 },
	CO: { u: "/", scale: 1e-6 },
	H: { u: "/", scale: 1e-6 },
	H2S: { u: "/", scale: 1e-6 },
	CH4: { u: "/", scale: 1e-6 },
	NO: { u: "/", scale: 1e-6 },
	NO2: { u: "/", scale: 1e-6 },
	O: { u: "/", scale: 1e-6 },
	tvoc: { u: "/", scale: 1e-9 },
	dust: { u: "kg/m3", scale: 1e-9 },
	particulateMatter: { u: "kg/m3", scale: 1e-9 },
	humidity: { u: "%RH" },
	moisture: { u: "/" },
	temperature: { u: "Cel" },
	distance: { u: "m", scale: 0.01 },
	voltage: { u: "V" },
	// dBm is a secondary unit (RFC 8798), which many receivers do not know: 0 dBm are -30 dBW.
	signal: { u: "dBW", offset: -30 },
	load: { u: "/", digits: 3 },
	uptime: { u: "s" },
};

/** The format of a property of samples, `kind.property` in a compound sample; undefined where it is not known. */
export function knownFormat(key: string): RecordFormat | undefined {
	return Object.hasOwn(formats, key) ? formats[key] : undefined;
}
