import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import AnalogSensor from "../../../modules/sensors/analog.js";
import ModemSensor from "../../../modules/sensors/modem.js";
import { Sampler } from "../../../modules/telemetry/sampler.js";
import { encodePack } from "../../../modules/telemetry/senml.js";
import sensors, { TemperatureSensor } from "../../shim/sensors.js";

class FakeAnalog {
	static values: (number | undefined)[] = [];
	static open = 0;
	readonly resolution = 12;
	readonly pin: number;
	constructor({ pin }: { pin: number }) {
		if (pin === 99) throw new RangeError("not analog pin");
		this.pin = pin;
		FakeAnalog.open++;
	}
	read(): number | undefined {
		return FakeAnalog.values.shift();
	}
	close(): void {
		FakeAnalog.open--;
	}
}

class FakeModem {
	signal: number | undefined;
	voltage: number | undefined;
	refreshes = 0;
	refresh() {
		this.refreshes++;
	}
}

test.serial("analog: averages readings and applies full scale and divider", t => {
	const sensor = new AnalogSensor({ sensor: { io: FakeAnalog, pin: 34 } });
	FakeAnalog.values = Array<number>(8).fill(4095);
	t.is(sensor.sample()?.voltage, 2.45);
	sensor.configure({ fullScale: 1, divider: 11, readings: 2 });
	FakeAnalog.values = [0, 4095];
	t.is(sensor.sample()?.voltage, 5.5);
	FakeAnalog.values = [100, undefined];
	t.is(sensor.sample(), undefined);
	for (const wrong of [
		{ divider: 0 },
		{ fullScale: -1 },
		{ readings: 0 },
		{ readings: 65 },
		{ divider: NaN },
	])
		t.throws(() => sensor.configure(wrong), { instanceOf: RangeError });
	sensor.close();
	sensor.close();
	t.is(FakeAnalog.open, 0);
	t.is(sensor.sample(), undefined);
	t.throws(() => new AnalogSensor({ sensor: { io: FakeAnalog, pin: 99 } }), { message: "not analog pin" });
});

test("modem: gives what is known, and asks for the next sample", t => {
	const modem = new FakeModem();
	const sensor = new ModemSensor({ sensor: { modem } });
	t.is(modem.refreshes, 1);
	t.is(sensor.sample(), undefined);
	modem.signal = -81;
	t.deepEqual(sensor.sample(), { signal: -81 });
	modem.voltage = 3.368;
	const sample = sensor.sample();
	t.deepEqual(sample, { signal: -81, voltage: 3.368 });
	t.not(sensor.sample(), sample);
	t.is(modem.refreshes, 5);
	sensor.close();
	t.is(sensor.sample(), undefined);
	t.is(modem.refreshes, 5);
	t.throws(() => new ModemSensor({ sensor: {} } as never), { instanceOf: TypeError });
});

test("temperature: the first file that has a value, none without", t => {
	const path = mkdtempSync(join(tmpdir(), "sensors-"));
	t.teardown(() => rmSync(path, { recursive: true }));
	t.is(new TemperatureSensor({ sensor: { path } }).sample(), undefined);
	mkdirSync(join(path, "hwmon", "hwmon0"), { recursive: true });
	writeFileSync(join(path, "hwmon", "hwmon0", "temp1_input"), "-5250\n");
	t.deepEqual(new TemperatureSensor({ sensor: { path } }).sample(), { temperature: -5.25 });
	mkdirSync(join(path, "thermal", "thermal_zone0"), { recursive: true });
	mkdirSync(join(path, "thermal", "thermal_zone1"), { recursive: true });
	writeFileSync(join(path, "thermal", "thermal_zone0", "temp"), "no value");
	writeFileSync(join(path, "thermal", "thermal_zone1", "temp"), "41000\n");
	const sensor = new TemperatureSensor({ sensor: { path } });
	t.deepEqual(sensor.sample(), { temperature: 41 });
	rmSync(join(path, "thermal"), { recursive: true });
	t.is(sensor.sample(), undefined);
});

test("the desktop's sensors give a pack with units that fits", t => {
	const modem = new FakeModem();
	modem.signal = -81;
	modem.voltage = 3.368;
	const sampler = new Sampler({ sensors: sensors({ modem }), onError: error => t.fail(error.message) });
	const records = sampler.sample();
	const units = Object.fromEntries(records.map(({ n, u }) => [n, u]));
	t.like(units, {
		"modem/signal": "dBW",
		"modem/voltage": "V",
		"host/load": "/",
		"host/memory/used": "B",
		"host/memory/free": "B",
		"host/uptime": "s",
	});
	t.is(records[0].value, -111);
	t.true(records.every(({ n, value }) => n === "modem/signal" || (value as number) >= 0));
	const pack = encodePack({ baseName: "unit/", baseTimeMs: Date.now(), sequence: 4_294_967_295, records });
	t.true(pack.byteLength < 500, String.fromArrayBuffer(pack));
	sampler.close();
});
