import test from "ava";
import AnalogSensor from "../../../modules/sensors/analog.js";
import ModemSensor from "../../../modules/sensors/modem.js";
import { Sampler } from "../../../modules/telemetry/sampler.js";

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

test("modem: of its recovery a sample holds what has changed since the last one", t => {
	const modem = {
		signal: undefined as number | undefined,
		recovery: { rung: undefined as string | undefined, counts: { context: 0, reset: 0 } },
		refresh: () => undefined,
	};
	const sensor = new ModemSensor({ sensor: { modem } });
	t.is(sensor.sample(), undefined);
	modem.recovery = { rung: "context", counts: { context: 1, reset: 0 } };
	t.deepEqual(sensor.sample(), { recovery: { rung: "context", context: 1 } });
	modem.signal = -81;
	t.deepEqual(sensor.sample(), { signal: -81 });
	modem.recovery = { rung: "reset", counts: { context: 1, reset: 3 } };
	t.deepEqual(sensor.sample(), { signal: -81, recovery: { rung: "reset", reset: 3 } });
	modem.recovery = { rung: undefined, counts: { context: 1, reset: 3 } };
	t.deepEqual(sensor.sample(), { signal: -81, recovery: { rung: "none" } });
	t.deepEqual(sensor.sample(), { signal: -81 });
});

test("modem: the records of its recovery", t => {
	const modem = { recovery: { rung: "context", counts: { context: 1, radio: 0 } }, refresh: () => undefined };
	const sampler = new Sampler({ sensors: [{ io: ModemSensor, name: "modem", sensor: { modem } }] });
	const records = sampler.sample().map(({ n, value }) => [n, value]);
	t.deepEqual(records, [
		["modem/recovery/rung", "context"],
		["modem/recovery/context", 1],
	]);
	t.deepEqual(sampler.sample(), []);
});
