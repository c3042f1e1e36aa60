import test from "ava";
import Digital from "../../shim/digital.js";
import storage, { cutPowerAfter, PowerCut, restorePower, setDataFolder } from "../../shim/flash.js";
import { Key, POWER_PULSE_MS, RESET_PULSE_MS } from "../../../modules/bc20/keys.js";
import { Faults } from "../../simulator/faults/faults.js";
import { Terminal } from "./terminal.js";

const keys = { reset: 5, power: 4 };

function pulse(pin: number, active: 0 | 1 = 1): (ms: number, terminal: Terminal) => Promise<void> {
	return async (ms, { clock }) => {
		const output = new Digital({ pin, mode: Digital.Output, initialValue: 1 - active });
		output.write(active);
		await clock.advance(ms);
		output.write(1 - active);
		output.close();
	};
}

for (const active of [0, 1] as const)
	test.serial(`keys, pressed by ${active}: only a pulse that is long enough counts`, async t => {
		const terminal = new Terminal({ keys: { ...keys, active } });
		const { modem } = terminal;
		const press = { reset: pulse(keys.reset, active), power: pulse(keys.power, active) };
		const restarts = async (): Promise<boolean> => {
			await terminal.clock.advance(3000);
			return terminal.lines().includes("Leaving the BROM");
		};
		await press.reset(49, terminal);
		t.false(await restarts());
		await press.reset(50, terminal);
		t.true(await restarts());
		// PWRKEY of a module that works does nothing.
		await press.power(600, terminal);
		t.false(await restarts());
		modem.power(false);
		await press.power(499, terminal);
		t.false(await restarts());
		await press.power(501, terminal);
		t.true(await restarts());
		for (const [until, short, long] of [
			["reset", () => press.reset(40, terminal), () => press.reset(60, terminal)],
			["power", () => press.power(400, terminal), () => press.power(600, terminal)],
		] as const) {
			modem.hang(until);
			await short();
			await terminal.clock.advance(3000);
			t.true(modem.silent);
			await long();
			t.false(modem.silent);
			t.true(await restarts());
		}
	});

test.serial("keys after a hang that ended by itself, and in the middle of it", async t => {
	const faults = new Faults();
	const { modem, clock } = new Terminal({ keys, faults });
	let resets = 0;
	const isReset = (): boolean => modem.statistics.bytesToHost > resets;
	for (const afterMs of [10, 6000]) {
		faults.inject("module.hung", { until: "time", ms: 5000 });
		await clock.advance(afterMs);
		resets = modem.statistics.bytesToHost;
		modem.resetKey();
		t.false(modem.silent);
		await clock.advance(10_000);
		t.true(isReset());
	}
});

test.serial("the firmware's own keys cure a hung module, the right one only", async t => {
	const terminal = new Terminal({ keys });
	const { modem } = terminal;
	const reset = new Key({ io: Digital, pin: keys.reset }, RESET_PULSE_MS);
	const power = new Key({ io: Digital, pin: keys.power }, POWER_PULSE_MS);
	modem.hang("power");
	reset.press();
	await terminal.clock.advance(5000);
	t.true(modem.silent);
	power.press();
	await terminal.clock.advance(5000);
	t.false(modem.silent);
	reset.close();
	power.close();
});

test.serial("faults of the ESP32 reach whoever runs it", t => {
	const done: string[] = [];
	const faults = new Faults({
		host: {
			restart: () => done.push("restart"),
			cutPower: ms => done.push(`off ${ms}`),
			cutFlash: bytes => done.push(`flash ${bytes}`),
		},
		schedule: [{ kind: "host.restart", moment: "prompt", of: "+QMTPUB" }],
	});
	const terminal = new Terminal({ faults });
	faults.inject("host.restart");
	faults.inject("host.cut", { ms: 77 });
	faults.inject("flash.cut", { bytes: 5 });
	t.deepEqual(done, ["restart", "off 77", "flash 5"]);
	const { now, date } = terminal.clock;
	faults.inject("clock.jumps", { byMs: -5000 });
	t.is(terminal.clock.date, date - 5000);
	t.is(terminal.clock.now, now);
	const jumps: number[] = [];
	const own = new Faults({ host: { jumpClock: byMs => jumps.push(byMs) } });
	const other = new Terminal({ faults: own });
	const before = other.clock.date;
	own.inject("clock.jumps", { byMs: 99 });
	t.deepEqual(jumps, [99]);
	t.is(other.clock.date, before);
});

test.serial("flash: the power is cut at each byte of a write and of an erase", t => {
	setDataFolder(undefined);
	t.teardown(restorePower);
	for (let cut = 0; cut <= 4; cut++) {
		const flash = storage.open({ path: "cut" });
		flash.eraseBlock(0);
		let cuts = 0;
		cutPowerAfter(cut, () => cuts++);
		const write = (): void => flash.write(Uint8Array.of(1, 2, 3, 4), 10);
		if (cut < 4) t.throws(write, { instanceOf: PowerCut });
		else t.notThrows(write);
		t.is(cuts, cut < 4 ? 1 : 0);
		if (cut < 4) {
			t.throws(() => flash.read(1, 0), { instanceOf: PowerCut });
			t.throws(() => storage.open({ path: "cut" }), { instanceOf: PowerCut });
		}
		restorePower();
		const expected = [1, 2, 3, 4].map((byte, at) => (at < cut ? byte : 0xff));
		t.deepEqual([...new Uint8Array(flash.read(4, 10))], expected);
	}
	const flash = storage.open({ path: "cut" });
	flash.write(new Uint8Array(4096), 0);
	cutPowerAfter(100);
	t.throws(() => flash.eraseBlock(0), { instanceOf: PowerCut });
	restorePower();
	const block = new Uint8Array(flash.read(4096, 0));
	t.is(block.lastIndexOf(0xff), 99);
	t.is(block.indexOf(0), 100);
	// The cut is counted over several operations.
	cutPowerAfter(6);
	flash.write(new Uint8Array(4), 5000);
	t.throws(() => flash.write(new Uint8Array(4), 6000), { instanceOf: PowerCut });
	restorePower();
	t.deepEqual([...new Uint8Array(flash.read(4, 6000))], [0, 0, 0xff, 0xff]);
});
