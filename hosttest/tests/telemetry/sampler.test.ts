import test from "ava";
import { Sampler, SensorError, type SensorOptions } from "../../../modules/telemetry/sampler.js";
import { VirtualClock, useClock } from "../../shim/clock.js";

const clock = new VirtualClock();
useClock(clock);

/** A sensor class that gives what `read` returns, and notes its life. */
function fake(read: () => object | undefined) {
	const life: string[] = [];
	class Fake {
		readonly options: object;
		constructor(options: SensorOptions) {
			life.push("new");
			this.options = options;
			if (options.broken === life.length) throw new Error("no such device");
		}
		configure(options: object) {
			life.push(`configure ${JSON.stringify(options)}`);
		}
		sample() {
			return read();
		}
		close() {
			life.push("close");
		}
	}
	return { io: Fake, life };
}

const sampleOnce = (sample: object, options: Partial<SensorOptions> = {}) =>
	new Sampler({ sensors: [{ io: fake(() => sample).io, ...options }] }).sample();

test("properties get name and unit of the table", t => {
	t.deepEqual(
		sampleOnce(
			{ temperature: 20, humidity: 40, other: 1, on: true, text: "x", none: undefined },
			{ name: "s" },
		),
		[
			{ n: "s/temperature", u: "Cel", value: 20, digits: undefined },
			{ n: "s/humidity", u: "%RH", value: 40, digits: undefined },
			{ n: "s/other", u: undefined, value: 1, digits: undefined },
			{ n: "s/on", u: undefined, value: true, digits: undefined },
			{ n: "s/text", u: undefined, value: "x", digits: undefined },
		],
	);
	t.deepEqual(sampleOnce({ pressure: 101_300 }), [
		{ n: "pressure", u: "Pa", value: 101_300, digits: undefined },
	]);
	t.is(sampleOnce({ constructor: 1 })[0].u, undefined);
});

test("units that SenML has no primary unit for are converted", t => {
	const [record] = sampleOnce({ CO2: 415 });
	t.is(record.u, "/");
	t.is(Number((record.value as number).toPrecision(6)), 0.000415);
	t.like(sampleOnce({ signal: -81 })[0], { u: "dBW", value: -111 });
	t.like(sampleOnce({ distance: 150 })[0], { u: "m", value: 1.5 });
});

test("compound samples", t => {
	const sample = {
		thermometer: { temperature: 20 },
		accelerometer: { x: 1, y: 2 },
		other: { x: 3 },
		nothing: null,
	};
	t.deepEqual(
		sampleOnce(sample, { name: "c" }).map(({ n, u, value }) => [n, u, value]),
		[
			["c/temperature", "Cel", 20],
			["c/accelerometer/x", "m/s2", 1],
			["c/accelerometer/y", "m/s2", 2],
			["c/other/x", undefined, 3],
		],
	);
});

test("a sensor's own table replaces names, units and digits, and leaves out", t => {
	const records = {
		temperature: { n: "t", digits: 3 },
		signal: { u: "dBm" },
		humidity: null,
		"barometer.pressure": { u: "hPa", scale: 0.01 },
		raw: { u: "V", scale: 0.5, offset: 1 },
	};
	t.deepEqual(
		sampleOnce(
			{ temperature: 1, signal: -81, humidity: 3, barometer: { pressure: 100_000 }, raw: 4 },
			{ records },
		),
		[
			{ n: "t", u: "Cel", value: 1, digits: 3 },
			{ n: "signal", u: "dBm", value: -81, digits: undefined },
			{ n: "pressure", u: "hPa", value: 1000, digits: undefined },
			{ n: "raw", u: "V", value: 3, digits: undefined },
		],
	);
});

test("sensors get their options, are configured once, and are closed", t => {
	const { io, life } = fake(() => ({ a: 1 }));
	const options = Object.freeze({
		io,
		configure: Object.freeze({ rate: 2 }),
		sensor: Object.freeze({ pin: 1 }),
	});
	const sampler = new Sampler({ sensors: Object.freeze([options]) });
	t.deepEqual(life, []);
	sampler.sample();
	sampler.sample();
	sampler.close();
	sampler.close();
	t.deepEqual(life, ["new", 'configure {"rate":2}', "close"]);
});

test("a sensor that throws is reported and the others are sampled; one that could not be made is tried again", t => {
	const errors: SensorError[] = [];
	let fails = true;
	const sampler = new Sampler({
		sensors: [
			{
				io: fake(() => {
					if (fails) throw new Error("no answer");
					return { a: 1 };
				}).io,
				name: "first",
			},
			{ io: fake(() => ({ b: 2 })).io, name: "second", broken: 1 },
			{ io: fake(() => undefined).io },
			{ io: fake(() => ({ c: 3 })).io },
		],
		onError: error => errors.push(error),
	});
	t.deepEqual(
		sampler.sample().map(({ n }) => n),
		["c"],
	);
	t.deepEqual(
		errors.map(({ message }) => message),
		["sensor first: no answer", "sensor second: no such device"],
	);
	t.true(errors[0].cause instanceof Error);
	fails = false;
	t.deepEqual(
		sampler.sample().map(({ n }) => n),
		["first/a", "second/b", "c"],
	);
	t.is(errors.length, 2);
});

test("a slow sensor is reported once", t => {
	const errors: SensorError[] = [];
	const io = fake(() => {
		clock.block(120);
		return { a: 1 };
	}).io;
	const sampler = new Sampler({ sensors: [{ io, name: "slow" }], onError: error => errors.push(error) });
	t.is(sampler.sample().length, 1);
	sampler.sample();
	t.deepEqual(
		errors.map(({ code }) => code),
		["slow"],
	);
	t.regex(errors[0].message, /120 ms/);
});
