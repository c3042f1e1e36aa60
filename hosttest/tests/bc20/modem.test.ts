import test from "ava";
import Digital, { levelOf } from "../../shim/digital.js";
import Serial from "../../shim/serial.js";
import { CallbackError } from "../../../modules/bc20/errors.js";
import { BC20 } from "../../../modules/bc20/modem.js";
import { Rig, SERIAL } from "./rig.js";

const POWER_PIN = 4;
const RESET_PIN = 5;

/** The times at which a pin's level changed, in ms, with the level. */
function watch(pin: number, rig: Rig): [number, number][] {
	const changes: [number, number][] = [];
	let last: number | undefined;
	const look = () => {
		const level = levelOf(pin);
		if (level !== undefined && level !== last) changes.push([rig.clock.now, (last = level)]);
		rig.clock.set(look, 1);
	};
	look();
	return changes;
}

test.serial("bad options are refused at once, and nothing is taken", async t => {
	const rig = await Rig.for(t);
	t.throws(() => new BC20({} as never), { instanceOf: TypeError, message: /serial/ });
	t.throws(() => new BC20({ serial: { io: 3 } } as never), { instanceOf: TypeError, message: /serial/ });
	const keys = { power: { io: Digital, pin: POWER_PIN }, reset: { io: Digital, pin: POWER_PIN } };
	t.throws(() => new BC20({ serial: SERIAL, ...keys }), { message: "in use" });
	t.is(levelOf(POWER_PIN), undefined);
	for (const [option, value] of [
		["apn", 'a"b'],
		["apn", ""],
		["apn", "x".repeat(100)],
		["registrationTimeoutMs", 0],
		["registrationTimeoutMs", NaN],
		["receiveBuffer", 255],
		["queue", 0],
		["queue", 1.5],
		["livenessMs", 999],
		["livenessMs", -1],
		["livenessMs", 3_600_001],
	] as const)
		t.throws(() => new BC20({ serial: SERIAL, ...keys, [option]: value }), {
			instanceOf: RangeError,
			message: new RegExp(option),
		});
	t.is(levelOf(POWER_PIN), undefined);
	await rig.clock.advance(1000);
	t.is(rig.sim.powered, false, "no port was opened");
});

test.serial("frozen options, unknown keys; callbacks are read once and have the modem as this", async t => {
	const seen = new Set<unknown>();
	const rig = await Rig.for(t);
	const options = {
		serial: Object.freeze({ ...SERIAL }),
		unknown: 1,
		onChanged(this: unknown) {
			seen.add(this);
		},
		onTrace(this: unknown) {
			seen.add(this);
		},
	};
	const modem = rig.start(Object.freeze(options));
	await rig.up();
	t.deepEqual([...seen], [modem]);
});

test.serial("options that change later change nothing", async t => {
	const rig = await Rig.for(t);
	let early = 0;
	const options: Record<string, unknown> = { serial: SERIAL, onChanged: () => early++ };
	const modem = new BC20(options as never);
	t.teardown(() => modem.close());
	options.onChanged = () => t.fail();
	await rig.clock.run(() => modem.connection === 500, 60_000);
	t.true(early > 3);
});

test.serial(
	"callbacks that throw are contained, and told by onError; what that throws goes to trace alone",
	async t => {
		const thrower = () => {
			throw new Error("of the application");
		};
		const rig = await Rig.for(t, { simulator: { radio: { searchMs: [5000, 5000] } } });
		rig.start({ registrationTimeoutMs: 1000, onChanged: thrower, onTrace: thrower });
		await rig.up();
		t.true(rig.errorNames.includes("CallbackError"));
		const told = rig.errors.find(error => error instanceof CallbackError);
		t.is(told?.message, "a callback threw: of the application");
		t.is((told?.cause as Error).message, "of the application");
		t.deepEqual(rig.traced, []);
		await rig.close();

		const second = await Rig.for(t, { simulator: { radio: { searchMs: [5000, 5000] } } });
		let depth = 0;
		const onError = () => {
			t.is(depth++, 0, "not from inside itself");
			second.modem.report(new Error("inside"));
			depth--;
			thrower();
		};
		second.start({ registrationTimeoutMs: 1000, onChanged: thrower, onError, onTrace: thrower });
		await second.up();
		t.true(second.traced.some(text => text.includes("of the application")));
		await second.close();

		const third = await Rig.for(t);
		third.start({ onChanged: thrower, onError: undefined as never });
		await third.up();
		t.true(
			third.traced.some(text => text.includes("of the application")),
			"nobody listens",
		);
	},
);

for (const [title, run] of [
	["banner", (rig: Rig) => rig.sim.reset()],
	["no banner, only boot URCs", (rig: Rig) => rig.sim.reset({ banner: false })],
	["no sign at all", (rig: Rig) => rig.sim.reset({ banner: false })],
] as const)
	test.serial(`a reset of the modem while up: ${title}`, async t => {
		const silent = title === "no sign at all";
		const rig = await Rig.ready(t, {
			simulator: { seed: 5, variants: { bootMs: silent ? 200 : 1800 } },
		});
		await rig.quiet();
		const lost: Error[] = [];
		rig.modem.identifiers.acquire({
			wish: 1,
			onAcquired: () => undefined,
			onStatus: () => t.fail(),
			onReceived: () => t.fail(),
			onLost: error => lost.push(error),
		});
		await rig.clock.advance(10_000);
		if (silent) rig.sim.radio({ sim: false });
		run(rig);
		// Something has to be said for auto-baud to hear.
		await rig.clock.advance(3000);
		rig.modem.refresh();
		await rig.clock.run(() => rig.errors.length > 0, 30_000);
		t.deepEqual(rig.errorNames, ["ModemResetError"]);
		t.deepEqual(lost, rig.errors);
		t.true(rig.hasRetries(1000), rig.retries.join());
		t.true(rig.connections.includes(0));
		rig.sim.radio({ sim: true });
		await rig.up();
		await rig.quiet();
		t.is(rig.modem.restarts, 1);
		t.deepEqual(rig.connections.slice(-4), [100, 200, 300, 500]);
		await rig.clock.advance(120_000);
		t.is(rig.modem.restarts, 1, "the boot URCs are not taken for another reset");
	});

test.serial("boot URCs that come late are not taken for a reset", async t => {
	for (let seed = 1; seed <= 20; seed++) {
		const rig = await Rig.ready(t, {
			simulator: { seed, delays: "none", radio: { searchMs: [0, 0] }, variants: { autoBaudDrops: [0, 0] } },
		});
		await rig.clock.advance(5000);
		t.deepEqual(rig.errors, [], `seed ${seed}`);
		await rig.close();
	}
});

test.serial("a modem that hangs while up is found, and is back when it answers again", async t => {
	const rig = await Rig.ready(t);
	await rig.clock.advance(20_000);
	rig.sim.silent = true;
	const start = rig.clock.now;
	rig.modem.refresh();
	await rig.clock.run(() => rig.errors.length > 0, 60_000);
	t.deepEqual(rig.errorNames, ["UnresponsiveError"]);
	t.true(rig.clock.now - start < 20_000, String(rig.clock.now - start));
	await rig.clock.run(() => rig.errors.length === 3, 120_000);
	t.true(rig.hasRetries(1000, 2000, 4000), rig.retries.join());
	rig.sim.silent = false;
	await rig.up();
	t.is(rig.errors.length, 3);
});

test.serial(
	"power and reset keys work a module that has never answered: power first, then in turns",
	async t => {
		const rig = await Rig.for(t, { simulator: { start: "off" } });
		rig.start({ power: { io: Digital, pin: POWER_PIN }, reset: { io: Digital, pin: RESET_PIN } });
		const power = watch(POWER_PIN, rig);
		const reset = watch(RESET_PIN, rig);
		t.is(levelOf(POWER_PIN), 0);
		t.is(levelOf(RESET_PIN), 0);
		await rig.clock.run(() => reset.length === 3, 60_000);
		const levels = (changes: [number, number][]) => changes.map(([, level]) => level);
		t.deepEqual(levels(power), [0, 1, 0, 1, 0]);
		t.deepEqual(levels(reset), [0, 1, 0]);
		const length = (pulse: [number, number][]) => pulse[2][0] - pulse[1][0];
		t.true(length(power) >= 500 && length(power) <= 2000, "PWRKEY: field firmware 500 to 2000 ms");
		t.true(length(reset) >= 50 && length(reset) <= 101, "RESET: field firmware 50 to 100 ms");
		t.true(power[1][0] < 12_000, "the first within seconds");
		rig.sim.power(true);
		await rig.up();
		rig.modem.close();
		t.is(levelOf(POWER_PIN), undefined);
		t.is(levelOf(RESET_PIN), undefined);
	},
);

for (const key of ["power", "reset"] as const)
	test.serial(`only the ${key} key is wired, to a pin that presses when low`, async t => {
		const rig = await Rig.for(t, { simulator: { start: "off" } });
		rig.start({ [key]: { io: Digital, pin: POWER_PIN, active: 0, pulseMs: 1000 } });
		const changes = watch(POWER_PIN, rig);
		t.is(levelOf(POWER_PIN), 1);
		await rig.clock.run(() => changes.length >= 3, 15_000);
		t.deepEqual(
			changes.map(([, level]) => level),
			[1, 0, 1],
		);
		t.true(Math.abs(changes[2][0] - changes[1][0] - 1000) <= 1);
		rig.sim.power(true);
		await rig.up();
	});

test.serial("a power key that is pressed as the modem is closed is released", async t => {
	const rig = await Rig.for(t, { simulator: { start: "off" } });
	const written: number[] = [];
	class Pin extends Digital {
		override write(value: number): void {
			written.push(value);
			super.write(value);
		}
	}
	rig.start({ power: { io: Pin, pin: POWER_PIN } });
	await rig.clock.run(() => levelOf(POWER_PIN) === 1, 20_000);
	rig.modem.close();
	t.is(written[written.length - 1], 0);
	t.is(levelOf(POWER_PIN), undefined);
	t.true(await rig.isIdle());
});

test.serial(
	"a port that cannot be opened: told, tried again within 1, 2, 4 … 60 s, well once it is there",
	async t => {
		const rig = await Rig.for(t);
		let missing = true;
		class Tty extends Serial {
			constructor(options: ConstructorParameters<typeof Serial>[0]) {
				if (missing) throw new Error("no such file or directory");
				super(options);
			}
		}
		rig.start({ serial: { ...SERIAL, io: Tty } });
		await rig.clock.run(() => rig.errors.length === 9, 300_000);
		t.true(
			rig.hasRetries(1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000),
			rig.retries.join(),
		);
		t.true(rig.errors.every(error => error.message === "no such file or directory"));
		t.deepEqual(rig.connections, []);
		missing = false;
		await rig.up(100_000);
		t.is(rig.errors.length, 9);
	},
);

test.serial("close at every stage: no callback after it, pins free, no timer left", async t => {
	let stages = new Set<number>();
	for (let stage = 0; stage < 180; stage++) {
		const rig = await Rig.for(t, { simulator: { variants: { bootMs: 500, autoBaudDrops: [1, 1] } } });
		const modem = rig.start({ apn: stage % 2 ? "iot.test" : undefined });
		await rig.clock.advance(stage * 19);
		stages = stages.add(modem.connection);
		modem.close();
		modem.close();
		const { connections, errors, conversation } = rig;
		const before = [connections.length, errors.length, conversation.length];
		modem.refresh();
		t.true(await rig.isIdle(), `a timer is left at ${rig.clock.now} ms`);
		await rig.clock.advance(100_000);
		t.deepEqual([connections.length, errors.length, conversation.length], before);
		new Serial({ ...SERIAL, onReadable: () => undefined }).close();
		await rig.close();
	}
	t.deepEqual(
		[...stages].sort((a, b) => a - b),
		[0, 100, 200, 300, 500],
	);
});

test.serial("close in each callback", async t => {
	for (let at = 0; at < 40; at++) {
		const rig = await Rig.for(t, { simulator: { start: "on" } });
		let calls = 0;
		let closed = false;
		const callback = () => {
			t.false(closed, "called after close()");
			if (calls++ !== at) return;
			closed = true;
			modem.close();
		};
		const modem = rig.start({ onChanged: callback, onTrace: callback, onError: callback });
		await rig.clock.advance(5000);
		t.true(closed);
		t.true(await rig.isIdle(), `a timer is left, closed in callback ${at}`);
		await rig.close();
	}
});

test.serial("registration lost and regained", async t => {
	const rig = await Rig.ready(t);
	await rig.quiet();
	rig.sim.radio({ coverage: false });
	await rig.clock.advance(100);
	t.is(rig.modem.connection, 400);
	t.is(rig.modem.registration, 2);
	rig.sim.radio({ coverage: true });
	await rig.clock.run(() => rig.modem.connection === 500, 10_000);
	t.deepEqual(rig.connections, [100, 200, 300, 500, 400, 500]);
	t.deepEqual(rig.errors, []);
});

test.serial("refresh: signal at most every 10 s, voltage every 10 min, told when they change", async t => {
	const changed: string[] = [];
	const rig = await Rig.for(t);
	const modem = rig.start({ onChanged: property => changed.push(property) });
	modem.refresh();
	await rig.up();
	await rig.quiet();
	const asked = () => rig.count("AT+CSQ");
	t.is(asked(), 1);
	t.deepEqual(changed.slice(-2), ["signal", "voltage"]);
	modem.refresh();
	await rig.clock.advance(5000);
	modem.refresh();
	t.is(asked(), 1);
	await rig.clock.advance(5000);
	modem.refresh();
	modem.refresh();
	await rig.clock.advance(1000);
	t.is(asked(), 2);
	t.is(rig.count("AT+CBC"), 1);
	await rig.clock.advance(570_000);
	modem.refresh();
	await rig.clock.advance(1000);
	t.is(rig.count("AT+CBC"), 1);
	await rig.clock.advance(30_000);
	modem.refresh();
	await rig.clock.advance(1000);
	t.is(asked(), 4);
	t.is(rig.count("AT+CBC"), 2);
});

test.serial("refresh: a voltage that did not come is asked for again after 10 s", async t => {
	const rig = await Rig.for(t);
	rig.line.answer(/^AT\+CBC$/, "\r\nERROR\r\n", { times: 2 });
	const modem = rig.start();
	await rig.up();
	await rig.quiet();
	for (let asked = 1; asked <= 3; asked++) {
		t.is(rig.count("AT+CBC"), asked);
		t.is(modem.voltage === undefined, asked < 3);
		await rig.clock.advance(9000);
		modem.refresh();
		await rig.clock.advance(1000);
		t.is(rig.count("AT+CBC"), asked, "not before");
		modem.refresh();
		await rig.clock.advance(1000);
	}
	t.is(rig.count("AT+CBC"), 3, "it is known now");
});

test.serial("refresh: a module that was lost is asked for both again", async t => {
	const rig = await Rig.ready(t);
	await rig.quiet();
	rig.sim.reset();
	await rig.clock.run(() => rig.modem.voltage === undefined, 10_000);
	rig.line.commands.length = 0;
	await rig.up();
	await rig.quiet();
	t.is(rig.count("AT+CSQ"), 1);
	t.is(rig.count("AT+CBC"), 1);
	t.not(rig.modem.voltage, undefined);
});

for (const [answer, signal] of [
	["0,0", -113],
	["1,99", -111],
	["22,0", -69],
	["31,0", -51],
	["99,99", undefined],
	["x", undefined],
] as const)
	test.serial(`+CSQ: ${answer} is ${signal} dBm`, async t => {
		const rig = await Rig.for(t);
		rig.line.answer(/^AT\+CSQ$/, `\r\n+CSQ: ${answer}\r\n\r\nOK\r\n`);
		rig.line.answer(/^AT\+CBC$/, "\r\n+CBC: 0,0,2100\r\n\r\nOK\r\n");
		rig.start();
		await rig.up();
		await rig.quiet();
		t.is(rig.modem.signal, signal);
		t.is(rig.modem.voltage, 2.1);
	});

test.serial("signal and voltage of a modem that is lost are not known", async t => {
	const rig = await Rig.ready(t);
	await rig.quiet();
	t.not(rig.modem.signal, undefined);
	rig.sim.reset();
	await rig.clock.run(() => rig.errors.length > 0, 10_000);
	t.is(rig.modem.signal, undefined);
	t.is(rig.modem.voltage, undefined);
	t.is(rig.modem.address, undefined);
});

test.serial("quiet: true where nothing goes on", async t => {
	const rig = await Rig.for(t);
	const modem = rig.start();
	t.true(modem.quiet);
	t.is(modem.statistics, undefined);
	await rig.up();
	await rig.clock.advance(0);
	t.false(modem.quiet, "asking for the signal");
	await rig.quiet();
	t.true(modem.quiet);
	t.is(modem.statistics?.gaps, 0);
});

/** Lines that are lost: too long for the ring, broken off. */
const LOST: readonly (readonly [title: string, bytes: string])[] = [
	["a line longer than the ring", `\r\n${"x".repeat(3000)}\r\n`],
	["a line that breaks off", "\r\n+CEREG"],
	["a message that breaks off", '\r\n+QMTRECV: 0,0,"t","never closed\r\n'],
];

for (const [title, bytes] of LOST)
	test.serial(`${title} is counted, and the registration read again`, async t => {
		const rig = await Rig.ready(t);
		await rig.quiet();
		const asked = rig.count("AT+CEREG?");
		t.is(rig.modem.gaps, 0);
		// Its report is among what is lost.
		rig.line.answer(/^AT\+CEREG\?$/, "\r\n+CEREG: 1,2\r\n\r\nOK\r\n", { times: 1 });
		rig.line.raw(bytes);
		await rig.clock.advance(1000);
		t.is(rig.modem.gaps, 1);
		t.is(rig.count("AT+CEREG?"), asked + 1);
		t.is(rig.modem.connection, 400);
		t.deepEqual(rig.errors, []);
	});

test.serial("a restart whose signs are lost is found by the gap; gaps are counted on over it", async t => {
	const rig = await Rig.ready(t);
	await rig.quiet();
	rig.line.answer(/^AT\+CEREG\?$/, "\r\n+CEREG: 0,2\r\n\r\nOK\r\n", { times: 1 });
	rig.line.raw("F1: 00");
	await rig.clock.run(() => rig.errors.length > 0, 2000);
	t.deepEqual(rig.errorNames, ["ModemResetError"]);
	await rig.up();
	await rig.quiet();
	t.is(rig.modem.gaps, 1);
	rig.line.raw("\r\n+CPI");
	await rig.clock.advance(1000);
	t.is(rig.modem.gaps, 2);
	t.is(rig.modem.connection, 500);
});

test.serial("gaps while the modem is looked for ask for nothing more", async t => {
	const rig = await Rig.for(t);
	rig.start();
	await rig.clock.advance(1000);
	rig.line.raw("\r\nnoise");
	await rig.up();
	t.is(rig.modem.gaps, 1);
	t.deepEqual(rig.errors, []);
});
