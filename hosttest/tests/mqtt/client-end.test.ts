import test, { type ExecutionContext } from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import { Rig, type RigOptions } from "../bc20/rig.js";
import { inbox } from "./inbox.js";
import { type Options, listen, observe } from "./observe.js";

const disconnect = { operation: MQTTClient.DISCONNECT };

/** A connected client that reads each message at once. */
async function connected(t: ExecutionContext, options: Options = {}, rigOptions: RigOptions = {}) {
	const rig = await Rig.ready(t, rigOptions);
	const { messages, onReadable } = inbox();
	const observed = observe(rig, { onReadable, ...options });
	await observed.connected();
	await rig.quiet();
	return { rig, messages, ...observed };
}

// +QMTSTAT

for (const [code, closes] of [
	[1, true],
	[2, true],
	[3, true],
	[4, true],
	[5, false],
	[6, true],
	[7, true],
	[8, true],
	[255, true],
] as const)
	for (const closeUnopened of ["error", "result"] as const)
		test.serial(
			`+QMTSTAT ${code}: ${closes ? "QMTCLOSE, whatever it answers" : "nothing to close"} (${closeUnopened}), then the identifier is free`,
			async t => {
				const { rig, events, errors, until } = await connected(
					t,
					{ identifier: 0 },
					{ simulator: { variants: { closeUnopened } } },
				);
				rig.sim.sessions[0].reset();
				rig.line.say(`+QMTSTAT: 0,${code}`);
				await until("error");
				const next = observe(rig, { identifier: 0 });
				await next.connected();
				t.is(rig.count("AT+QMTCLOSE=0"), closes ? 1 : 0);
				t.deepEqual(events.slice(2), ["error LinkError"]);
				t.is((errors[0] as { code?: number }).code, code);
				t.deepEqual(rig.traced, []);
				t.deepEqual(rig.errors, []);
			},
		);

test.serial(
	"a module that reports the end of a connection and keeps it open is brought to close it",
	async t => {
		const { rig, until } = await connected(t, { identifier: 0 });
		rig.line.say("+QMTSTAT: 0,6");
		await until("error");
		await rig.clock.advance(1000);
		t.is(rig.sim.sessions[0].state, "closed");
	},
);

test.serial("the modem is gone: nothing is sent", async t => {
	const { rig, until } = await connected(t);
	rig.sim.reset();
	await until("error");
	await rig.up();
	t.is(rig.count("AT+QMTCLOSE=0"), 0);
});

test.serial(
	"+QMTSTAT of an earlier connection, before QMTOPEN is answered, is not this client's",
	async t => {
		const rig = await Rig.ready(t);
		const stat = "\r\n+QMTSTAT: 0,1\r\n";
		rig.line.answer(/QMTCFG="keepalive"/, `${stat}\r\nOK\r\n${stat}`);
		rig.line.answer(/QMTOPEN=/, `${stat}\r\nOK\r\n${stat}\r\n+QMTOPEN: 0,0\r\n`);
		rig.line.answer(/QMTCONN=/, "\r\nOK\r\n\r\n+QMTCONN: 0,0,0\r\n");
		const { events, connected } = observe(rig);
		await connected();
		await rig.clock.advance(1000);
		t.deepEqual(events, ["control 2", "writable 1288"]);
		t.is(rig.count('AT+QMTOPEN=0,"broker.test",1883'), 1);
	},
);

test.serial("+QMTSTAT right behind the result of QMTOPEN is this client's", async t => {
	const rig = await Rig.ready(t);
	rig.line.answer(/QMTOPEN=/, "\r\nOK\r\n\r\n+QMTOPEN: 0,0\r\n\r\n+QMTSTAT: 0,1\r\n");
	const { errors, until } = observe(rig);
	await until("error");
	t.is(errors[0].name, "LinkError");
	t.is((errors[0] as { code?: number }).code, 1);
});

test.serial("the PDP context goes down before QMTOPEN is answered: the end at once", async t => {
	const rig = await Rig.ready(t);
	rig.line.answer(/QMTOPEN=/, "\r\nOK\r\n", { times: 1 });
	const { errors, until } = observe(rig);
	await rig.clock.run(() => rig.line.commands.some(command => command.includes("QMTOPEN=")), 10_000);
	await rig.clock.advance(100);
	rig.modem.cycleContext();
	await rig.clock.advance(10);
	await until("error");
	t.is((errors[0] as { code?: number }).code, 7);
});

test.serial("+QMTSTAT 5 that nobody asked for: onError, as for each end by the far side", async t => {
	const { rig, events, errors, until } = await connected(t);
	rig.sim.sessions[0].reset();
	rig.line.say("+QMTSTAT: 0,5");
	await until("error");
	t.deepEqual(events.slice(2), ["error LinkError"]);
	t.is((errors[0] as { reaction?: string }).reaction, "normal");
});

// Messages at the end

for (const profile of ["A", "B"] as const)
	test.serial(
		`profile ${profile}: messages between DISCONNECT and its result are delivered, later ones are nobody's`,
		async t => {
			const { rig, client, messages, events, until } = await connected(t, {}, { simulator: { profile } });
			const line = (text: string) =>
				`\r\n+QMTRECV: 0,1,"t","${profile === "A" ? text : Buffer.from(text).toString("hex")}"\r\n`;
			rig.line.answer(/QMTDISC/, `${line("one")}\r\nOK\r\n${line("two")}\r\n+QMTDISC: 0,0\r\n`);
			client.write(null, disconnect);
			await until("close");
			rig.line.raw(line("three"));
			await rig.clock.advance(5000);
			t.deepEqual(
				messages.map(({ payload }) => payload.toString()),
				["one", "two"],
			);
			t.is(client.dropped, 0);
			t.deepEqual(events.slice(2), ["close"]);
		},
	);

test.serial("what finds no room behind DISCONNECT is counted", async t => {
	const { rig, client, until } = await connected(t, { onReadable: () => undefined });
	const line = '\r\n+QMTRECV: 0,1,"t","31"\r\n';
	rig.line.answer(/QMTDISC/, `\r\nOK\r\n${line.repeat(20)}\r\n+QMTDISC: 0,0\r\n`);
	client.write(null, disconnect);
	await until("close");
	t.is(client.dropped, 4);
});

test.serial("hex that comes before CONNACK takes the room of its bytes, not of its digits", async t => {
	const rig = await Rig.ready(t);
	const { messages, onReadable } = inbox();
	const line = (text: string) =>
		`\r\n+QMTRECV: 0,1,"t","${Buffer.from(text.repeat(1000)).toString("hex")}"\r\n`;
	rig.line.answer(/QMTCONN=/, `\r\nOK\r\n${line("a")}${line("b")}\r\n+QMTCONN: 0,0,0\r\n`);
	const { client, connected } = observe(rig, { onReadable });
	await connected();
	await rig.clock.advance(1000);
	t.deepEqual(
		messages.map(({ payload }) => payload.toString()),
		["a".repeat(1000), "b".repeat(1000)],
	);
	t.is(client.dropped, 0);
});

test.serial("a message for the identifier before this client's QMTOPEN is not this client's", async t => {
	const rig = await Rig.ready(t);
	const { messages, onReadable } = inbox();
	rig.line.answer(/QMTCFG="keepalive"/, '\r\n+QMTRECV: 0,1,"t","31"\r\n\r\nOK\r\n');
	const { connected } = observe(rig, { onReadable });
	await connected();
	await rig.clock.advance(100);
	t.deepEqual(messages, []);
});

test.serial("a will is not published where the server closes first", async t => {
	const { rig, client, until } = await connected(
		t,
		{ will: { topic: "gone", message: "x" } },
		{ simulator: { variants: { disconnectCloses: false } } },
	);
	const published = listen(rig);
	client.write(null, disconnect);
	await until("close");
	await rig.clock.advance(5000);
	t.deepEqual(published, []);
});
