import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Sampler } from "../../../modules/telemetry/sampler.js";
import { encodePack } from "../../../modules/telemetry/senml.js";
import sensors, { TemperatureSensor } from "../../shim/sensors.js";

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
	const modem = { signal: -81, voltage: 3.368, refresh: () => undefined };
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
