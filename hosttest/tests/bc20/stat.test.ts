import test, { type ExecutionContext } from "ava";
import type { Scheduler } from "../../../modules/at/scheduler.js";
import { type Reaction, linkState } from "../../../modules/bc20/link-states.js";
import { LinkError } from "../../../modules/bc20/qmt-errors.js";
import { QMT } from "../../../modules/bc20/qmt.js";
import { settled } from "./qmt-bench.js";
import { Rig, type RigOptions } from "./rig.js";

const table: readonly [code: number, reaction: Reaction, message: RegExp][] = [
	[1, "reopen", /closed or reset by peer; open and connect again/],
	[2, "cycle", /PINGREQ timed out or failed; the PDP context is activated anew, then open/],
	[3, "check", /CONNECT timed out.*check user name, password and a unique client ID/],
	[4, "check", /CONNACK timed out.*check user name, password and a unique client ID/],
	[5, "normal", /normal/],
	[6, "reopen", /sending kept failing; check the data, then open again/],
	[7, "reopen", /link is not alive or the server is unavailable; check them/],
	[8, "reopen", /reserved code; open and connect again/],
	[255, "reopen", /reserved code; open and connect again/],
];

for (const [code, reaction, message] of table)
	test(`+QMTSTAT ${code}: ${reaction}`, t => {
		t.is(linkState(code).reaction, reaction);
		const error = new LinkError(code);
		t.is(error.name, "LinkError");
		t.is(error.code, code);
		t.is(error.reaction, reaction);
		t.regex(error.message, message);
	});

/** Holds an identifier as a client does, and gives it back when its connection is gone. */
class Client {
	readonly wish = undefined;
	identifier: number | undefined;
	scheduler: Scheduler | undefined;
	readonly status: number[] = [];
	readonly lost: Error[] = [];
	readonly #rig: Rig;

	constructor(rig: Rig) {
		this.#rig = rig;
		rig.modem.identifiers.acquire(this);
	}
	onAcquired(identifier: number, scheduler: Scheduler): void {
		this.identifier = identifier;
		this.scheduler = scheduler;
	}
	onStatus(code: number): void {
		this.status.push(code);
		this.#rig.modem.identifiers.release(this);
	}
	onReceived(): void {
		throw new Error("nothing is subscribed to");
	}
	onLost(error: Error): void {
		this.lost.push(error);
	}
}

/** A modem that is up, with so many clients that hold an identifier each; `cycles` has the commands that concern the context. */
async function up(t: ExecutionContext, count: number, options?: RigOptions) {
	const rig = await Rig.ready(t, options);
	const clients = Array.from({ length: count }, () => new Client(rig));
	await rig.clock.advance(10);
	await rig.quiet();
	const cycles = () => rig.line.commands.filter(command => command.startsWith("AT+CGACT"));
	const status = () => clients.map(client => client.status);
	return { rig, clients, cycles, status };
}

for (const [code, reaction] of table)
	if (reaction !== "cycle")
		test.serial(`+QMTSTAT ${code} is told to its holder alone, and the context stays`, async t => {
			const { rig, cycles, status } = await up(t, 2);
			rig.line.say(`+QMTSTAT: 0,${code}`);
			await rig.clock.advance(10_000);
			t.deepEqual(status(), [[code], []]);
			t.deepEqual(cycles(), []);
			t.is(rig.modem.connection, 500);
		});

for (const profile of ["A", "B"] as const)
	test.serial(
		`profile ${profile}: +QMTSTAT 2 deactivates and activates the context; connections can be opened again`,
		async t => {
			const { rig, clients, cycles, status } = await up(t, 3, { simulator: { profile } });
			const { scheduler } = clients[1];
			if (!scheduler) throw new Error("no line");
			const qmt = new QMT(scheduler);
			for (const id of [0, 1]) {
				await settled(rig, qmt.open(id, "broker.test", 1883));
				await settled(rig, qmt.connect(id, { clientId: `client ${id}` }));
			}
			rig.connections.length = 0;
			rig.line.say("+QMTSTAT: 0,2");
			await rig.clock.run(() => status()[0].length > 0, 1000);
			const next = [new Client(rig), new Client(rig)];
			await rig.clock.run(() => cycles().length === 2, 5000);
			t.deepEqual(rig.connections, [400]);
			t.deepEqual(
				next.map(({ identifier }) => identifier),
				[undefined, undefined],
				"none is given out meanwhile",
			);
			await rig.clock.run(() => rig.modem.connection === 500, 5000);
			await rig.clock.advance(10);
			t.deepEqual(cycles(), ["AT+CGACT=0,1", "AT+CGACT=1,1"]);
			t.deepEqual(rig.connections, [400, 500]);
			t.deepEqual(status(), [[2], [7], [7]], "each once, though the module reports it too");
			t.deepEqual(
				next.map(({ identifier }) => identifier),
				[0, 1],
			);
			t.is(rig.modem.address, "10.170.235.216");
			t.deepEqual(await settled(rig, qmt.open(1, "broker.test", 1883)), { result: undefined });
			t.deepEqual(rig.errors, []);
			t.is(rig.modem.restarts, 0);
		},
	);

test.serial("what nobody holds changes nothing; nor does an identifier that is none", async t => {
	const { rig, cycles } = await up(t, 1);
	rig.line.say("+QMTSTAT: 4,2", "+QMTSTAT: 6,2", "+QMTSTAT: ,2", "+QMTSTAT: 2");
	await rig.clock.advance(5000);
	t.deepEqual(cycles(), []);
});

test.serial("two keep-alives fail at once: one cycle", async t => {
	const { rig, cycles, status } = await up(t, 2);
	rig.line.say("+QMTSTAT: 0,2", "+QMTSTAT: 1,2");
	await rig.up();
	await rig.clock.advance(10_000);
	// The second hears of its own failure or, where the cycle has begun by then, of that.
	t.deepEqual(status()[0], [2]);
	t.is(status()[1].length, 1);
	t.deepEqual(cycles(), ["AT+CGACT=0,1", "AT+CGACT=1,1"]);
});

test.serial("the broker falls silent: PINGREQ fails, the context is cycled", async t => {
	const { rig, clients, cycles, status } = await up(t, 1);
	const { scheduler } = clients[0];
	if (!scheduler) throw new Error("no line");
	const qmt = new QMT(scheduler);
	await settled(rig, qmt.setKeepAlive(0, 20));
	await settled(rig, qmt.open(0, "broker.test", 1883));
	t.deepEqual(await settled(rig, qmt.connect(0, { clientId: "x" })), { result: undefined });
	rig.sim.radio({ coverage: false });
	await rig.clock.run(() => status()[0].length > 0, 60_000);
	rig.sim.radio({ coverage: true });
	await rig.clock.run(() => cycles().length === 2, 60_000);
	await rig.up();
	t.deepEqual(status(), [[2]]);
	t.deepEqual(rig.errors, []);
});

test.serial(
	"NO CARRIER is the success of a deactivation, an OK behind it no answer to the next command",
	async t => {
		const { rig, cycles } = await up(t, 1);
		rig.line.answer(/^AT\+CGACT=0,1$/, "\r\nNO CARRIER\r\n\r\nOK\r\n");
		rig.line.answer(/^AT\+CGACT=1,1$/, undefined, { times: 1 });
		rig.line.say("+QMTSTAT: 0,2");
		await rig.clock.run(() => cycles().length === 2, 5000);
		await rig.clock.advance(30_000);
		t.is(rig.modem.connection, 400, "the activation is still awaited");
		rig.line.say("OK");
		await rig.up();
		t.deepEqual(rig.errors, []);
	},
);

test.serial("a deactivation that fails is told, and the modem brought up again", async t => {
	const { rig, clients, cycles } = await up(t, 2);
	rig.line.answer(/^AT\+CGACT=0,1$/, "\r\n+CME ERROR: 3\r\n");
	rig.modem.cycleContext();
	await rig.clock.run(() => rig.errors.length > 0, 5000);
	t.deepEqual(rig.errorNames, ["ContextError"]);
	t.is((rig.errors[0] as { code?: number }).code, 3);
	t.regex(rig.errors[0].message, /cannot deactivate the PDP context: .*operation not allowed/);
	t.true(rig.hasRetries(1000), rig.retries.join());
	const next = new Client(rig);
	await rig.up();
	await rig.clock.advance(10_000);
	t.deepEqual(cycles(), ["AT+CGACT=0,1"], "not insisted upon: some networks refuse it for the only context");
	t.is(rig.modem.restarts, 1);
	t.not(next.identifier, undefined);
	t.deepEqual(clients[0].lost, [], "it has released its identifier when it was told of the cycle");
});

test.serial("an activation that fails is tried again with each bring-up until it succeeds", async t => {
	const { rig, cycles } = await up(t, 1);
	rig.line.answer(/^AT\+CGACT=1,1$/, "\r\n+CME ERROR: 703\r\n", { times: 3 });
	rig.line.say("+QMTSTAT: 0,2");
	await rig.clock.run(() => rig.errors.length === 3, 60_000);
	t.deepEqual(rig.errorNames, ["ContextError", "ContextError", "ContextError"]);
	t.regex(rig.errors[0].message, /cannot activate the PDP context: .*congestion/);
	t.true(rig.hasRetries(1000, 2000, 4000), rig.retries.join());
	const client = new Client(rig);
	await rig.clock.run(() => client.identifier !== undefined, 60_000);
	t.is(rig.modem.address, "10.170.235.216");
	t.deepEqual(cycles(), ["AT+CGACT=0,1", ...Array.from({ length: 4 }, () => "AT+CGACT=1,1")]);
	rig.sim.reset();
	await rig.clock.run(() => rig.modem.restarts === 4, 60_000);
	await rig.up();
	t.is(cycles().length, 5, "not again once it has succeeded");
});

test.serial("no answer for 150 s: told, and brought up again", async t => {
	const { rig, cycles } = await up(t, 1);
	rig.line.answer(/^AT\+CGACT=0,1$/, undefined);
	rig.line.say("+QMTSTAT: 0,2");
	await rig.clock.run(() => cycles().length > 0, 1000);
	await rig.clock.advance(149_000);
	t.deepEqual(rig.errors, []);
	await rig.clock.run(() => rig.errors.length > 0, 2000);
	t.regex(
		rig.errors[0].message,
		/cannot deactivate the PDP context: .*no final result code within 150000 ms/,
	);
	await rig.up();
	t.deepEqual(cycles(), ["AT+CGACT=0,1", "AT+CGACT=1,1"], "whether it took effect is not known");
});

test.serial("a reset in the middle of a cycle: brought up with the context of the restart", async t => {
	const { rig, cycles } = await up(t, 1);
	rig.line.say("+QMTSTAT: 0,2");
	await rig.clock.run(() => cycles().length === 1, 1000);
	await rig.clock.advance(500);
	rig.sim.reset();
	await rig.clock.run(() => rig.errors.length > 0, 10_000);
	t.deepEqual(rig.errorNames, ["ModemResetError"]);
	await rig.up();
	await rig.clock.advance(10_000);
	t.deepEqual(cycles(), ["AT+CGACT=0,1"]);
	t.is(rig.modem.connection, 500);
});

test.serial("registration that changes during a cycle", async t => {
	const { rig, cycles } = await up(t, 1);
	rig.line.say("+QMTSTAT: 0,2");
	await rig.clock.run(() => cycles().length === 1, 1000);
	rig.line.say("+CEREG: 2", "+CEREG: 1");
	await rig.clock.advance(100);
	t.is(rig.modem.connection, 400);
	await rig.up();
	t.deepEqual(rig.errors, []);
});

test.serial(
	"cycleContext by hand: no callback from inside it; nothing before the modem is up; once at a time",
	async t => {
		const rig = await Rig.for(t);
		const modem = rig.start();
		modem.cycleContext();
		await rig.up();
		const client = new Client(rig);
		await rig.clock.advance(10);
		modem.cycleContext();
		modem.cycleContext();
		t.deepEqual(client.status, []);
		t.is(modem.connection, 500);
		await rig.clock.advance(1);
		t.is(modem.connection, 400);
		await rig.up();
		await rig.clock.advance(10_000);
		t.is(rig.count("AT+CGACT=0,1"), 1);
		t.is(rig.count("AT+CGACT=1,1"), 1);
		t.deepEqual(client.status, [7]);
	},
);

test.serial("closed at every stage of a cycle: no callback after it, no timer left", async t => {
	for (const stage of [0, 1, 20, 500, 1000, 1020, 1040]) {
		const { rig } = await up(t, 2);
		rig.line.say("+QMTSTAT: 1,2");
		await rig.clock.advance(stage);
		rig.modem.close();
		const { length } = rig.connections;
		t.true(await rig.isIdle(), `${stage} ms`);
		t.is(rig.connections.length, length);
		t.deepEqual(rig.errors, []);
		t.deepEqual(rig.traced, []);
	}
});
