import test, { type ExecutionContext } from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import Digital from "../../shim/digital.js";
import { Rig, type RigOptions } from "./rig.js";

const RESET_PIN = 5;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A client that is connected and says nothing, as a subscriber's; `ends` has the errors it ended with. */
async function connected(t: ExecutionContext, options: RigOptions = {}) {
	const rig = await Rig.ready(t, options);
	const ends: Error[] = [];
	let isConnected = false;
	const client = new MQTTClient({
		modem: rig.modem,
		host: "broker.test",
		id: "device",
		keepAlive: 600_000,
		onControl: () => (isConnected = true),
		onError: error => ends.push(error),
	});
	t.teardown(() => client.close());
	await rig.clock.run(() => isConnected, MINUTE);
	await rig.quiet();
	return { rig, ends, client };
}

for (const [livenessMs, limitMs] of [
	[undefined, 37_000],
	[10_000, 17_000],
	[2000, 9000],
] as const)
	test.serial(
		`hung while a client is connected and silent: told within ${limitMs} ms (livenessMs ${livenessMs ?? "default"})`,
		async t => {
			for (let offset = 0; offset < 30_000; offset += 3700) {
				const { rig, ends } = await connected(t, { modem: livenessMs === undefined ? {} : { livenessMs } });
				await rig.clock.advance(offset);
				rig.sim.silent = true;
				const start = rig.clock.now;
				await rig.clock.run(() => ends.length > 0, HOUR);
				t.deepEqual(rig.errorNames, ["UnresponsiveError"]);
				t.true(rig.clock.now - start <= limitMs, `${rig.clock.now - start} ms`);
				await rig.close();
			}
		},
	);

test.serial(
	"hung with a wired RESET: up again without anybody's command, each time within a minute",
	async t => {
		for (let random = 1; random <= 10; random++) {
			const { rig } = await connected(t, {
				random,
				simulator: { keys: { reset: RESET_PIN } },
				modem: { reset: { io: Digital, pin: RESET_PIN } },
			});
			await rig.clock.advance(1000 * random);
			rig.sim.hang("reset");
			const start = rig.clock.now;
			await rig.clock.run(() => rig.modem.recovery.counts.reset > 0, HOUR);
			await rig.up();
			t.true(rig.clock.now - start < MINUTE, `${rig.clock.now - start} ms`);
			await rig.close();
		}
	},
);

test.serial("a silent line costs two AT a minute; one that is not silent none", async t => {
	const { rig } = await connected(t);
	await rig.clock.advance(MINUTE);
	rig.line.commands.length = 0;
	await rig.clock.advance(10 * MINUTE);
	const count = rig.count("AT");
	t.true(count >= 18 && count <= 20, String(count));
	const others = rig.line.commands.filter(command => command !== "AT");
	t.true(others.length <= 9, others.join());
	rig.line.commands.length = 0;
	for (let seconds = 0; seconds < 300; seconds += 10) {
		rig.line.say("+CEREG: 1");
		await rig.clock.advance(10_000);
	}
	t.is(rig.count("AT"), 0);
	t.deepEqual(rig.errors, []);
});

test.serial("lines that nobody knows are no sign of life", async t => {
	const { rig, ends } = await connected(t);
	rig.sim.silent = true;
	const start = rig.clock.now;
	while (!ends.length && rig.clock.now - start < HOUR) {
		rig.line.raw("\r\n\xf0\x81zz\r\n");
		await rig.clock.advance(1000);
	}
	t.deepEqual(rig.errorNames, ["UnresponsiveError"]);
	t.true(rig.clock.now - start < 40_000);
});

test.serial("livenessMs 0: no AT at all", async t => {
	const { rig, ends } = await connected(t, { modem: { livenessMs: 0 } });
	rig.line.commands.length = 0;
	await rig.clock.advance(5 * MINUTE);
	t.deepEqual(rig.line.commands, []);
	rig.sim.silent = true;
	await rig.clock.advance(8 * MINUTE);
	t.deepEqual(ends, []);
});

test.serial("closed: no timer is left", async t => {
	const { rig, client } = await connected(t);
	await rig.clock.advance(20_000);
	client.close();
	await rig.clock.advance(2000);
	rig.modem.close();
	t.true(await rig.isIdle());
});

/** How the report of a lost connection gets lost. */
const losses: readonly (readonly [title: string, bytes: string, limitMs: number])[] = [
	["broken off", "\r\n+QMTST", 1000],
	["swallowed by a line too long", `\r\n${"x".repeat(3000)}\r\n`, 1000],
	["garbled", "\r\n+QMTSTAX: 0,1\r\n", 20_000],
	["gone without a trace", "", 330_000],
];
for (const [title, bytes, limitMs] of losses)
	test.serial(
		`+QMTSTAT ${title}: the client hears that its connection is gone within ${limitMs} ms`,
		async t => {
			const { rig, ends } = await connected(t);
			rig.sim.sessions[0].reset();
			rig.line.raw(bytes);
			const start = rig.clock.now;
			await rig.clock.run(() => ends.length > 0, HOUR);
			t.is(ends[0].name, "LinkError");
			t.is((ends[0] as { code?: number }).code, 7);
			t.true(rig.clock.now - start <= limitMs, `${rig.clock.now - start} ms`);
			t.is(rig.modem.connection, 500);
			await rig.quiet();
			t.deepEqual(rig.errors, []);
		},
	);

test.serial("a gap while all connections are there takes none down", async t => {
	const { rig, ends } = await connected(t);
	rig.line.commands.length = 0;
	rig.line.raw("\r\n+QMTST");
	await rig.clock.advance(5000);
	t.deepEqual(rig.line.commands, ["AT+CEREG?", "AT+QMTOPEN?", "AT+QMTCONN?"]);
	t.deepEqual(ends, []);
	t.is(rig.modem.gaps, 1);
});

test.serial("firmware that does not know how to list connections: nothing is taken down", async t => {
	const { rig, ends } = await connected(t);
	rig.line.answer(/^AT\+QMT(OPEN|CONN)\?$/, "\r\nERROR\r\n");
	rig.line.raw("\r\n+QMTST");
	await rig.clock.advance(5000);
	t.deepEqual(ends, []);
	t.deepEqual(rig.errors, []);
});

test.serial("a gap while the queue is full: the state is read when there is room", async t => {
	const { rig, client } = await connected(t, { modem: { queue: 1 } });
	await rig.clock.advance(600_000);
	rig.line.answer(/^AT\+CSQ$/, undefined, { times: 1 });
	rig.line.commands.length = 0;
	rig.modem.refresh();
	rig.line.raw("\r\n+QMTST");
	await rig.clock.advance(10_000);
	t.true(rig.count("AT+CEREG?") >= 1);
	t.true(rig.count("AT+CBC") >= 1, "nor is the rest forgotten");
	client.close();
});

test.serial("a flood of gaps and unknown lines does not make a flood of commands", async t => {
	const { rig } = await connected(t);
	rig.line.commands.length = 0;
	for (let index = 0; index < 200; index++) {
		rig.line.raw("\r\n+XYZ: 1\r\n");
		await rig.clock.advance(100);
	}
	t.true(rig.line.commands.length <= 8, String(rig.line.commands.length));
});

test.serial("a registration that comes back while its report is lost is found", async t => {
	const { rig } = await connected(t);
	rig.line.say("+CEREG: 2");
	await rig.clock.advance(100);
	t.is(rig.modem.connection, 400);
	await rig.clock.run(() => rig.modem.connection === 500, 35_000);
	t.deepEqual(rig.errors, []);
});
