import test from "ava";
import { everyFault, Faults, kindNames, kinds, type FaultsOptions } from "../../simulator/faults/faults.js";
import { faultBench, publish, type FaultBench } from "./fault-bench.js";
import { Terminal } from "./terminal.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const connect = async ({ say }: FaultBench): Promise<void> => {
	await say('AT+QMTOPEN=0,"broker",1883');
	await say('AT+QMTCONN=0,"me"');
};

test.serial("by schedule: at a time of the clock", async t => {
	const bench = await faultBench(t, {
		faults: { schedule: [{ kind: "hostile.unknown", atMs: 60_000, parameters: { line: "RING" } }] },
	});
	await bench.terminal.clock.advance(60_000 - bench.terminal.clock.now - 1);
	t.deepEqual(bench.terminal.lines(), []);
	t.deepEqual(await bench.wait(1), ["RING"]);
	t.deepEqual(bench.faults.log, [
		{ timeMs: 60_000, kind: "hostile.unknown", parameters: { line: "RING", count: 1 }, by: "schedule" },
	]);
});

test.serial("by schedule: the module restarts at the third QMTPUB, after the data", async t => {
	const bench = await faultBench(t, {
		connected: true,
		faults: { schedule: [{ kind: "module.reset", moment: "data", of: "+QMTPUB", nth: 3 }] },
	});
	const data = async (messageId: number): Promise<string[]> => {
		await bench.say(`AT+QMTPUB=0,${messageId},1,0,"t"`);
		bench.terminal.type(`m${messageId}\x1a`);
		return bench.wait(1000);
	};
	t.deepEqual(await data(1), ["OK", "+QMTPUB: 0,1,0"]);
	await bench.say("AT+CSQ");
	t.deepEqual(await data(2), ["OK", "+QMTPUB: 0,2,0"]);
	t.is((await data(3)).at(-1), "Leaving the BROM");
	t.deepEqual(bench.published, ["m1", "m2"]);
});

test.serial("by schedule: the module restarts in the middle of each step of each exchange", async t => {
	const halves = ['AT+QMTPUB=0,7,1,0,"t"\r', "hello"];
	for (const [moment, of, typed] of [
		["typing", "", ["AT+QMT"]],
		["line", "+QMTPUB", [halves[0]]],
		["prompt", "+QMTPUB", [halves[0]]],
		["typing", "+QMTPUB", [...halves]],
		["data", "+QMTPUB", [...halves, "\x1a"]],
		["final", "+QMTPUB", [...halves, "\x1a"]],
		["result", "+QMTPUB", [...halves, "\x1a"]],
		["line", "+QMTOPEN", ['AT+QMTOPEN=1,"broker",1883\r']],
		["final", "+QMTOPEN", ['AT+QMTOPEN=1,"broker",1883\r']],
		["connect", "broker", ['AT+QMTOPEN=1,"broker",1883\r']],
		["result", "+QMTOPEN", ['AT+QMTOPEN=1,"broker",1883\r']],
	] as const) {
		const bench = await faultBench(t, {
			connected: true,
			modem: { variants: { autoBaudDrops: [0, 0], sleepMode: 0 } },
			faults: {
				schedule: [{ kind: "module.reset", moment, of, nth: of === "+QMTOPEN" || of === "broker" ? 2 : 1 }],
			},
		});
		for (const piece of typed) {
			bench.terminal.type(piece);
			await bench.terminal.clock.advance(300);
		}
		const title = `${moment} ${of}`;
		t.is(bench.faults.counts["module.reset"], 1, title);
		t.is(bench.terminal.modem.sessions[0].state, "closed", title);
		await bench.wait(3000);
		t.deepEqual((await bench.say("AT")).slice(0, 2), ["AT", "OK"], title);
		t.is(bench.published.length, moment === "result" && of === "+QMTPUB" ? 1 : 0, title);
	}
});

test.serial(
	"by schedule: nth, times, delayMs; a fault that waits takes effect in the same passing",
	async t => {
		const bench = await faultBench(t, {
			faults: {
				schedule: [
					{ kind: "command.refused", moment: "line", of: "+CSQ", nth: 2, times: 2 },
					{
						kind: "hostile.unasked",
						moment: "final",
						of: "+CGATT",
						delayMs: 5000,
						parameters: { line: "late" },
					},
				],
			},
		});
		const answers: string[] = [];
		for (let count = 0; count < 4; count++) answers.push((await bench.say("AT+CSQ")).at(-1) ?? "");
		t.deepEqual(answers, ["OK", "ERROR", "ERROR", "OK"]);
		t.deepEqual(await bench.say("AT+CGATT?", 4900), ["+CGATT: 1", "OK"]);
		t.deepEqual(await bench.wait(200), ["late"]);
	},
);

test.serial("by schedule: the module restarts in each state of its own", async t => {
	for (const [moment, of, delayMs] of [
		["ready", "", 0],
		["urc", "+CFUN", 0],
		["urc", "+CPIN", 0],
		["ready", "", 500],
		["urc", "+IP", 0],
	] as const) {
		const faults = new Faults({
			schedule: [{ kind: "module.reset", moment, of, delayMs, parameters: { banner: false } }],
		});
		const terminal = new Terminal({
			faults,
			start: "boot",
			variants: { autoBaudDrops: [0, 0], sleepMode: 0 },
		});
		const boot = async (): Promise<void> => {
			await terminal.clock.advance(1900);
			terminal.type("AT\r");
			await terminal.clock.advance(3000);
		};
		await boot();
		t.is(faults.log.length, 1, `${moment} ${of}`);
		terminal.take();
		await boot();
		t.is(faults.log.length, 1);
		t.true(terminal.lines().includes("OK"));
		t.true(terminal.modem.registration.online);
	}
});

test.serial("by hand: the next so many", async t => {
	const bench = await faultBench(t);
	bench.faults.inject("command.swallowed", {}, { times: 2 });
	t.deepEqual(bench.faults.waiting, ["command.swallowed"]);
	t.deepEqual(await bench.say("AT"), []);
	t.deepEqual(await bench.say("AT"), []);
	t.deepEqual(await bench.say("AT"), ["OK"]);
	t.deepEqual(bench.faults.waiting, []);
	t.is(bench.faults.log.length, 2);
});

/** Faults as `time kind parameters`, in a conversation that reconnects and publishes once a minute. */
async function faultyHours(t: Parameters<typeof faultBench>[0], options: FaultsOptions, hours: number) {
	const bench = await faultBench(t, { faults: options, modem: { variants: { sleepMode: 0 } } });
	for (let minute = 0; minute < hours * 60; minute++) {
		if (bench.terminal.modem.sessions[0].state !== "connected") await connect(bench);
		await bench.say(publish(minute + 1), 1000);
		await bench.wait(57_000);
	}
	return bench.faults.log.map(
		({ timeMs, kind, parameters, endMs = 0 }) => `${timeMs} ${kind} ${JSON.stringify(parameters)} ${endMs}`,
	);
}

test.serial("by seed: the same seed gives the same faults at the same times", async t => {
	const names = kindNames.filter(name => !name.startsWith("broker.") && !name.startsWith("clock."));
	const run = (seed: number): Promise<string[]> => faultyHours(t, { seed, rates: everyFault(8, names) }, 3);
	const first = await run(3);
	t.true(first.length > 20, String(first.length));
	t.deepEqual(await run(3), first);
	t.notDeepEqual(await run(4), first);
});

test.serial("by seed: at its rate, and one kind does not change the others", async t => {
	const times = async (rates: FaultsOptions["rates"]): Promise<number[]> => {
		const faults = new Faults({ rates: rates ?? {} });
		const terminal = new Terminal({ faults });
		await terminal.clock.advance(100 * DAY);
		return faults.log.filter(({ kind }) => kind === "hostile.unknown").map(({ timeMs }) => timeMs);
	};
	const alone = await times({ "hostile.unknown": 4 });
	// 400 on average, and a standard deviation of 20
	t.true(alone.length > 320 && alone.length < 480, String(alone.length));
	t.deepEqual(await times({ "hostile.unknown": 4, "module.reset": 10, "line.noise": 3 }), alone);
});

test.serial("what cannot happen is not drawn, and not injected either", async t => {
	const faults = new Faults({ rates: { "host.restart": 1000, "broker.takeover": 1000 } });
	const terminal = new Terminal({ faults });
	await terminal.clock.advance(HOUR);
	t.deepEqual(faults.log, []);
	t.throws(() => faults.inject("host.restart"), { message: 'fault "host.restart" cannot happen now' });
	t.throws(() => faults.inject("identifier.stuck"), { message: /cannot happen now/ });
});

test.serial("switched off, nothing happens; heal ends what lasts", async t => {
	const bench = await faultBench(t, { faults: { rates: everyFault(1000) }, connected: false });
	bench.faults.enabled = false;
	bench.faults.heal();
	await bench.wait(1000);
	const { length } = bench.faults.log;
	await bench.wait(DAY);
	t.is(bench.faults.log.length, length);
	t.deepEqual(bench.faults.running, []);
	bench.faults.inject("coverage.lost", { ms: DAY });
	t.deepEqual(bench.faults.running, ["coverage.lost"]);
	await bench.wait(5000);
	bench.faults.heal();
	t.deepEqual(bench.faults.running, []);
	const { timeMs, endMs } = bench.faults.log.at(-1) ?? {};
	t.is(endMs, (timeMs ?? 0) + 5000);
	bench.faults.enabled = true;
	await bench.wait(HOUR);
	t.true(bench.faults.log.length > length + 1);
	bench.faults.enabled = false;
});

test.serial("wrong options are refused, named", t => {
	const refused = (options: unknown, message: RegExp): void => {
		t.throws(() => new Faults(options as FaultsOptions), { message });
	};
	refused({ rates: { "no.such": 1 } }, /no fault "no.such"/);
	refused({ rates: { "module.reset": -1 } }, /"module.reset": perDay/);
	refused({ rates: { "module.reset": { oneIn: 3 } } }, /no rate oneIn/);
	refused({ rates: { "result.lost": { oneIn: 0 } } }, /oneIn 1 or more/);
	refused({ rates: { "result.lost": { perDay: 1, parameters: { ms: 1 } } } }, /no parameter "ms"/);
	refused({ schedule: [{ kind: "nothing", atMs: 1 }] }, /no fault "nothing"/);
	refused(
		{ schedule: [{ kind: "module.reset", atMs: 1, parameters: { banner: 1 } }] },
		/banner is a boolean/,
	);
	const faults = new Faults();
	t.throws(() => faults.inject("module.reset"), { message: /no module/ });
	new Terminal({ faults });
	t.throws(() => new Terminal({ faults }), { message: /have a module already/ });
});

test("every kind says what it does and how often it is drawn", t => {
	for (const name of kindNames) {
		t.true(kinds[name].about.length > 5, name);
		t.true(kinds[name].perDay > 0, name);
	}
	t.is(everyFault(2)["module.reset"], 2 * kinds["module.reset"].perDay);
	t.deepEqual(everyFault(1, ["sim.lost"]), { "sim.lost": kinds["sim.lost"].perDay });
});
