import test, { type ExecutionContext } from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import type { RungName } from "../../../modules/bc20/ladder.js";
import Digital from "../../shim/digital.js";
import { Faults } from "../../simulator/faults/faults.js";
import { Backoff } from "../../../modules/common/backoff.js";
import { Rig, type RigOptions } from "./rig.js";

const POWER_PIN = 4;
const RESET_PIN = 5;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const KEYS = {
	power: { io: Digital, pin: POWER_PIN },
	reset: { io: Digital, pin: RESET_PIN },
};

/** An application that publishes every 10 s, and makes a new client by a backoff when one ends. */
class Application {
	acknowledged = 0;
	readonly failures: string[] = [];
	readonly #rig: Rig;
	readonly #backoff = new Backoff();
	readonly #options: object;
	client: MQTTClient | undefined;
	#isClosed = false;

	constructor(rig: Rig, options: object = {}) {
		this.#rig = rig;
		this.#options = options;
		this.#connect();
	}
	close(): void {
		this.#isClosed = true;
		this.client?.close();
	}
	#connect(): void {
		if (this.#isClosed) return;
		let isOver = false;
		const publish = () => {
			if (!isOver && !this.#isClosed) this.client?.write(new Uint8Array(8), { topic: "t", QoS: 1 });
		};
		this.client = new MQTTClient({
			modem: this.#rig.modem,
			host: "broker.test",
			id: "device",
			keepAlive: 60_000,
			packetTimeout: 5,
			retries: 1,
			...this.#options,
			onControl: ({ operation }) => {
				if (operation !== MQTTClient.PUBACK) return;
				this.acknowledged++;
				this.#backoff.reset();
			},
			onWritable: () => void this.#rig.clock.set(publish, 10_000),
			onError: error => {
				isOver = true;
				this.failures.push(error.name);
				this.#rig.clock.set(() => this.#connect(), this.#backoff.next(error));
			},
		});
	}
}

async function publishing(t: ExecutionContext, options: RigOptions = {}) {
	const faults = new Faults();
	const rig = await Rig.ready(t, {
		...options,
		simulator: { faults, keys: { reset: RESET_PIN, power: POWER_PIN }, ...options.simulator },
	});
	const application = new Application(rig);
	await rig.clock.run(() => application.acknowledged > 2, MINUTE);
	t.is(rig.modem.recovery.rung, undefined);
	/** Until messages pass again. @returns ms */
	const cured = async (limitMs: number) => {
		const { now } = rig.clock;
		await rig.clock.advance(1);
		const { acknowledged } = application;
		await rig.clock.run(() => application.acknowledged > acknowledged + 1, limitMs);
		return rig.clock.now - now;
	};
	/** Rungs from the context up that were used. */
	const used = () =>
		(["context", "radio", "restart", "reset", "power"] as RungName[]).filter(
			rung => rig.modem.recovery.counts[rung],
		);
	t.teardown(() => application.close());
	return { rig, faults, application, cured, used };
}

test.serial("all is well: for hours no rung is used, and none is stood on", async t => {
	const { rig, used, application } = await publishing(t, { modem: KEYS });
	await rig.clock.advance(5 * HOUR);
	t.true(application.acknowledged > 1500);
	t.deepEqual(used(), []);
	t.is(rig.modem.recovery.rung, undefined);
	t.deepEqual(rig.errors, []);
});

const stuck: readonly [string, Parameters<Faults["inject"]>, used: RungName[], limitMs: number][] = [
	["an identifier that is stuck is opened again", ["identifier.stuck"], [], 2 * MINUTE],
	["a context that is stuck is cycled", ["context.stuck"], ["context"], 4 * MINUTE],
	["a radio that is stuck goes off and on", ["radio.stuck"], ["context", "radio"], 7 * MINUTE],
	["a stack that is stuck ends with a restart", ["stack.stuck"], ["context", "radio", "restart"], 9 * MINUTE],
];
for (const [title, injected, expected, limitMs] of stuck)
	test.serial(`${title}, in less than five minutes as a rule`, async t => {
		const took: number[] = [];
		for (let random = 1; random <= 9; random++) {
			const { rig, faults, cured, used } = await publishing(t, { modem: KEYS, random });
			faults.inject(...injected);
			const tookMs = await cured(limitMs);
			took.push(tookMs);
			t.deepEqual(used(), expected, `seed ${random}, after ${tookMs} ms`);
			await rig.clock.advance(1000);
			t.is(rig.modem.recovery.rung, undefined, "back at the bottom");
			await rig.close();
		}
		took.sort((a, b) => a - b);
		t.true(took[took.length >> 1] < 5 * MINUTE, took.join());
	});

test.serial("a stack that nothing cures: neither storms of attempts nor of interruptions", async t => {
	const rig = await Rig.ready(t, {
		modem: KEYS,
		simulator: { keys: { reset: RESET_PIN, power: POWER_PIN } },
	});
	rig.line.answer(/^AT\+QMTOPEN=\d,/, "\r\nERROR\r\n");
	const application = new Application(rig);
	await rig.clock.advance(24 * HOUR);
	const { context, radio, restart, reset, power } = rig.modem.recovery.counts;
	const sum = context + radio + restart + reset + power;
	t.true(restart > 0 && reset > 0 && power > 0);
	t.true(sum > 10 && sum < 150, `${sum} interruptions in a day`);
	const attempts = application.failures.length;
	t.true(attempts > 1000 && attempts < 3500, `${attempts} attempts in a day`);
	application.close();
});

for (const [until, keys, expected] of [
	["reset", KEYS, ["reset"]],
	["any", { power: KEYS.power }, ["power"]],
	["power", KEYS, ["reset", "power"]],
] as const)
	test.serial(
		`hung until ${until}, keys ${Object.keys(keys).join()}: found and cured without a command`,
		async t => {
			for (const random of [1, 2, 3]) {
				const { rig, faults, cured, used } = await publishing(t, { modem: keys, random });
				faults.inject("module.hung", { until });
				const start = rig.clock.now;
				await rig.clock.run(() => used().length > 0, 60_000);
				t.true(rig.clock.now - start < 45_000, `found after ${rig.clock.now - start} ms`);
				const tookMs = await cured(3 * MINUTE);
				t.true(tookMs < 2 * MINUTE, `cured ${tookMs} ms later`);
				t.deepEqual(used(), expected);
				await rig.close();
			}
		},
	);

test.serial("hung, and no key is wired: probed for ever, and up again when it answers", async t => {
	const { rig, faults, cured, used } = await publishing(t);
	faults.inject("module.hung", { until: "time", ms: 5 * HOUR });
	await rig.clock.advance(5 * HOUR);
	t.is(rig.modem.recovery.rung, "probe");
	t.deepEqual(used(), []);
	const { probe } = rig.modem.recovery.counts;
	t.true(probe > 200 && probe < 1800, `${probe} in five hours`);
	t.true((await cured(10 * MINUTE)) < 6 * MINUTE);
});

test.serial("a broker that refuses us moves nothing", async t => {
	const { rig, faults, used, application } = await publishing(t, { modem: KEYS });
	for (const returnCode of [2, 4, 5]) {
		faults.inject("broker.restarts", { ms: 0 });
		faults.inject("broker.refuses", { ms: 3 * HOUR, returnCode });
		await rig.clock.advance(3 * HOUR);
	}
	t.true(application.failures.includes("ConnectionRefusedError"));
	t.deepEqual(used(), []);
});

test.serial("a hang in a command that takes long is found when its time is over, not before", async t => {
	for (const random of [1, 2, 3]) {
		const { rig, cured, used } = await publishing(t, { modem: KEYS, random });
		const hang = () => {
			rig.sim.hang("reset");
			return undefined;
		};
		rig.line.answer(/^AT\+CGACT=1,1$/, hang, { times: 1 });
		rig.modem.cycleContext();
		await rig.clock.run(() => rig.count("AT+CGACT=1,1") > 0, MINUTE);
		rig.line.commands.length = 0;
		await rig.clock.advance(149_000);
		t.deepEqual(rig.line.commands, [], "one command at a time");
		const tookMs = await cured(3 * MINUTE);
		t.true(tookMs < 2 * MINUTE, `cured ${tookMs} ms later`);
		t.deepEqual(used(), ["reset"]);
		await rig.close();
	}
});

test.serial("a wrong parameter moves nothing", async t => {
	const rig = await Rig.ready(t, { modem: KEYS });
	rig.line.answer(/^AT\+QMTOPEN=\d,/, "\r\nOK\r\n\r\n+QMTOPEN: 0,1\r\n");
	const application = new Application(rig);
	await rig.clock.advance(HOUR);
	application.close();
	t.true(application.failures.length > 5);
	t.is(rig.modem.recovery.rung, undefined);
});

test.serial("one client that gets nowhere moves nothing while another is connected", async t => {
	const { rig, used } = await publishing(t, { modem: KEYS, unreachable: { "nowhere.test": "refused" } });
	const lost = new Application(rig, { host: "nowhere.test", id: "other" });
	await rig.clock.advance(3 * HOUR);
	lost.close();
	t.true(lost.failures.length > 20);
	t.deepEqual(used(), []);
});

test.serial("a broker that is away for two days: interruptions stay few, and then all goes on", async t => {
	const { rig, faults, cured } = await publishing(t, { modem: KEYS });
	faults.inject("broker.restarts", { ms: 48 * HOUR });
	await rig.clock.advance(24 * HOUR);
	const sum = () => {
		const { context, radio, restart, reset, power } = rig.modem.recovery.counts;
		return context + radio + restart + reset + power;
	};
	const firstDay = sum();
	await rig.clock.advance(24 * HOUR);
	t.true(firstDay > 5, String(firstDay));
	t.true(sum() - firstDay < 100, `${sum() - firstDay} on the second day`);
	t.true((await cured(HOUR)) < 20 * MINUTE);
	t.is(rig.modem.recovery.rung, undefined);
});

for (const keys of [KEYS, {}])
	test.serial(
		`a day without coverage, keys ${Object.keys(keys).join() || "none"}: told, few interruptions, up when it is back`,
		async t => {
			const { rig, cured } = await publishing(t, { modem: keys });
			rig.sim.radio({ coverage: false });
			await rig.clock.advance(29 * MINUTE);
			t.is(rig.modem.recovery.counts.radio, 0, "not before a search can have ended");
			await rig.clock.advance(24 * HOUR);
			const { context, radio, restart, reset, power } = rig.modem.recovery.counts;
			t.is(context, 0);
			t.true(radio >= 1);
			const count = radio + restart + reset + power;
			t.true(count >= 5 && count <= 44, `${count} in a day`);
			t.true(rig.errorNames.filter(name => name === "RegistrationError").length > 50);
			const kept = rig.line.commands.filter(command =>
				/^AT\+(QCGDEFCONT=|CPSMS=|CEDRXS=|IPR=)|^AT&W/.test(command),
			);
			t.true(
				kept.length <= 3 + 2 * (restart + reset + power),
				`${kept.length} commands that write to the module's flash`,
			);
			rig.sim.radio({ coverage: true });
			t.true((await cured(HOUR)) < 20 * MINUTE);
		},
	);

test.serial("a SIM that is not there for hours: what it keeps in flash is not written each time", async t => {
	const rig = await Rig.for(t, { simulator: { radio: { sim: false } } });
	rig.start();
	await rig.clock.advance(6 * HOUR);
	const kept = rig.line.commands.filter(command => /^AT\+(CPSMS|CEDRXS)=/.test(command)).length;
	const { restart, probe } = rig.modem.recovery.counts;
	t.true(probe > 200, String(probe));
	t.true(kept <= 2 * (restart + 1), `${kept} in ${probe} attempts`);
	rig.sim.radio({ sim: true });
	await rig.up(3 * MINUTE);
});

test.serial("changes are told by onChanged, and at the bottom again", async t => {
	const told: (string | undefined)[] = [];
	const { rig, faults, cured } = await publishing(t, {
		modem: {
			...KEYS,
			onChanged(property) {
				if (property === "recovery") told.push(this.recovery.rung);
			},
		},
	});
	told.length = 0;
	faults.inject("module.hung", { until: "reset" });
	await cured(3 * MINUTE);
	t.is(told[0], "probe");
	t.true(told.includes("reset"));
	t.is(told[told.length - 1], undefined);
	t.is(rig.modem.recovery.rung, undefined);
});
