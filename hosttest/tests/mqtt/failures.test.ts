import test, { type ExecutionContext } from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import { NotConnectedError } from "../../../modules/mqtt/errors.js";
import { Rig, type RigOptions } from "../bc20/rig.js";
import { type Observed, type Options, bytes, listen, observe } from "./observe.js";

const A: RigOptions = { simulator: { profile: "A" } };
const disconnect = { operation: MQTTClient.DISCONNECT };

/** A connected client. */
async function connected(t: ExecutionContext, options: Options = {}, rigOptions: RigOptions = {}) {
	const rig = await Rig.ready(t, rigOptions);
	const observed = observe(rig, options);
	await observed.connected();
	await rig.quiet();
	return { rig, ...observed };
}
/** A client that will fail, and how it does. */
async function failing(
	rig: Rig,
	options: Options = {},
): Promise<Observed & { error: Error & { code?: number } }> {
	const observed = observe(rig, options);
	await observed.until("error");
	return { ...observed, error: observed.errors[0] };
}
/** The instance is done: one error and nothing behind it; in the module the identifier is closed, and here it is free. */
async function isOver(
	t: ExecutionContext,
	rig: Rig,
	{ client, events }: Observed,
	identifier = 0,
): Promise<void> {
	const count = events.length;
	t.throws(() => client.write(bytes("x"), { topic: "t" }), { instanceOf: NotConnectedError });
	t.throws(() => client.write(null, disconnect), { instanceOf: NotConnectedError });
	client.close();
	await rig.clock.advance(5000);
	t.is(events.length, count, "nothing behind the end");
	t.is(rig.sim.sessions[identifier].state, "closed");
	const next = observe(rig, { identifier });
	await next.connected();
	next.client.close();
	await rig.clock.advance(5000);
	t.is(rig.sim.sessions[identifier].state, "closed");
	t.deepEqual(rig.traced, []);
}

// The end of our own

test.serial("DISCONNECT: onClose, a graceful end at the broker, the identifier free", async t => {
	const all = await connected(t, { will: { topic: "gone", message: "x" } });
	const { rig, client, events, until } = all;
	const published = listen(rig);
	t.is(client.write(null, disconnect), 0);
	t.is(events.length, 2, "nothing from inside write");
	t.throws(() => client.write(bytes("x"), { topic: "t" }), { instanceOf: NotConnectedError });
	t.throws(() => client.write(null, disconnect), { instanceOf: NotConnectedError });
	await until("close");
	t.deepEqual(events.slice(2), ["close"]);
	await isOver(t, rig, all);
	t.deepEqual(published, [], "no will");
});

test.serial("DISCONNECT while a message is on its way", async t => {
	const all = await connected(t, {}, { simulator: { delays: "real" } });
	const { rig, client, events, until } = all;
	client.write(bytes("x"), { topic: "t", QoS: 1 });
	await rig.clock.advance(20);
	client.write(null, disconnect);
	await until("close");
	t.false(events.some(event => event.startsWith("error")));
	t.is(events[events.length - 1], "close");
	await isOver(t, rig, all);
});

test.serial("DISCONNECT while a message is half written", async t => {
	const all = await connected(t);
	all.client.write(bytes("x"), { topic: "t", byteLength: 3 });
	all.client.write(null, disconnect);
	await all.until("close");
	t.deepEqual(all.events.slice(2), ["close"]);
	await isOver(t, all.rig, all);
});

for (const [title, answer] of [
	["refused", "\r\nERROR\r\n"],
	["result -1", "\r\nOK\r\n\r\n+QMTDISC: 0,-1\r\n"],
	["no result", "\r\nOK\r\n"],
	["the server closes first", "\r\nOK\r\n\r\n+QMTSTAT: 0,5\r\n\r\n+QMTDISC: 0,0\r\n"],
	["the server closes first, no result", "\r\nOK\r\n\r\n+QMTSTAT: 0,5\r\n"],
	["no answer at all", undefined],
] as const)
	test.serial(`DISCONNECT: ${title}: a normal end all the same`, async t => {
		const all = await connected(t);
		const closed = title.startsWith("the server");
		all.rig.line.answer(
			/QMTDISC/,
			() => {
				if (closed) all.rig.sim.sessions[0].reset();
				return answer;
			},
			{ times: 1 },
		);
		all.client.write(null, disconnect);
		await all.until("close");
		t.deepEqual(all.events.slice(2), ["close"]);
		await isOver(t, all.rig, all);
	});

test.serial("the module leaves the connection to the server after DISCONNECT", async t => {
	const all = await connected(t, {}, { simulator: { variants: { disconnectCloses: false } } });
	all.client.write(null, disconnect);
	await all.until("close");
	await isOver(t, all.rig, all);
});

test.serial("a will is published at an abrupt end, not before", async t => {
	const { rig, client } = await connected(t, {
		will: { topic: "gone/device", message: ArrayBuffer.fromString("lost, 21 °C"), QoS: 1, retain: true },
	});
	const published = listen(rig);
	await rig.clock.advance(10_000);
	t.deepEqual(published, []);
	client.close();
	await rig.clock.advance(5000);
	t.is(published.length, 1);
	t.is(published[0].topic, "gone/device");
	t.is(Buffer.from(published[0].payload, "latin1").toString(), "lost, 21 °C");
});

test.serial("a client without a will does not inherit that of the identifier's last one", async t => {
	const { rig, client } = await connected(t, { will: { topic: "gone", message: "x" } });
	client.write(null, disconnect);
	await rig.clock.advance(5000);
	const published = listen(rig);
	const next = observe(rig);
	await next.connected();
	next.client.close();
	await rig.clock.advance(5000);
	t.deepEqual(published, []);
});

// close()

test.serial(
	"close() at every stage: nothing is called afterwards, identifier and connection are given up",
	async t => {
		const stages = new Set<string>();
		for (let stage = 0; stage < 60; stage++) {
			const rig = await Rig.ready(t, { simulator: { seed: stage } });
			const observed = observe(rig, {
				onWritable() {
					this.write(bytes("x"), { topic: "t", QoS: 2 });
				},
			});
			await rig.clock.advance(stage * 11);
			const count = observed.events.length;
			stages.add(rig.sim.sessions[0].state);
			observed.client.close();
			observed.client.close();
			t.is(observed.events.length, count);
			t.throws(() => observed.client.write(bytes("x"), { topic: "t" }), { instanceOf: NotConnectedError });
			const next = observe(rig, { identifier: 0 });
			await next.connected();
			t.is(observed.events.length, count, `called after close at stage ${stage}`);
			next.client.close();
			await rig.clock.advance(2000);
			t.deepEqual(
				rig.sim.sessions.map(({ state }) => state),
				Array.from({ length: 6 }, () => "closed"),
			);
			t.deepEqual(rig.traced, []);
			t.deepEqual(rig.errors, []);
			await rig.close();
		}
		t.deepEqual([...stages].sort(), ["closed", "connected", "connecting", "open", "opening"]);
	},
);

test.serial("close() while the message waits for the line: it is not sent any more", async t => {
	const { rig, client } = await connected(t, {}, A);
	await rig.clock.advance(20_000);
	rig.modem.refresh();
	client.write(bytes("x"), { topic: "t", QoS: 1 });
	client.close();
	await rig.clock.advance(5000);
	t.is(rig.count("AT+CSQ"), 2);
	t.is(rig.count("AT+QMTCLOSE=0"), 1);
	t.false(rig.line.commands.some(command => command.includes("QMTPUB")));
});

test.serial("close() before the modem is on the network: no identifier is taken", async t => {
	const rig = await Rig.for(t);
	rig.start();
	const { client, events } = observe(rig);
	client.close();
	await rig.up();
	await rig.clock.advance(5000);
	t.deepEqual(events, []);
	t.false(rig.line.commands.some(command => command.includes("QMTOPEN=")));
});

for (const last of ["control 2", "writable", "control 5", "control 7", "close", "error"])
	test.serial(`close() from inside the callback of ${last}: it is the last one`, async t => {
		const rig = await Rig.ready(t);
		const end = (client: MQTTClient, name: string) => {
			if (name.startsWith(last)) client.close();
		};
		let written = false;
		const { client, events } = observe(rig, {
			onControl({ operation }) {
				end(this, `control ${operation}`);
			},
			onWritable() {
				end(this, "writable");
				if (last === "writable") return;
				if (last === "close") this.write(null, disconnect);
				else if (last === "error") rig.line.say("+QMTSTAT: 0,1");
				else if (!written) this.write(bytes("x"), { topic: "t", QoS: 2 });
				written = true;
			},
			onClose() {
				end(this, "close");
			},
			onError(error) {
				end(this, `error ${error.name}`);
			},
		});
		await rig.clock.advance(20_000);
		t.true(events[events.length - 1].startsWith(last), events.join());
		t.throws(() => client.write(bytes("x"), { topic: "t" }), { instanceOf: NotConnectedError });
		t.deepEqual(rig.traced, []);
		const next = observe(rig, { identifier: 0 });
		await next.connected();
	});

test.serial("exceptions in every callback are contained, and the client goes on", async t => {
	const rig = await Rig.ready(t);
	const published = listen(rig);
	const thrower = () => {
		throw new Error("of the application");
	};
	let sent = 0;
	const { client, events, until } = observe(rig, {
		onControl: thrower,
		onWritable() {
			if (sent++ < 2) this.write(bytes("x"), { topic: "t", QoS: 2 });
			thrower();
		},
		onClose: thrower,
		onError: thrower,
	});
	await until("control 7", 2);
	await rig.clock.advance(100);
	t.is(published.length, 2);
	client.write(null, disconnect);
	await until("close");
	const failed = observe(rig, { identifier: 0, onError: thrower });
	await failed.connected();
	rig.line.say("+QMTSTAT: 0,1");
	await failed.until("error");
	const contained = rig.errors.filter(error => error.message.includes("of the application")).length;
	t.is(contained, events.length + 1);
	await rig.clock.advance(5000);
});

// Refusals

for (const [result, text] of [
	[-1, /failed to open network/],
	[1, /wrong parameter/],
	[3, /PDP/],
	[4, /domain name/],
	[5, /disconnection/],
	[9, /\(9\)/],
] as const)
	test.serial(`QMTOPEN result ${result}: OpenError`, async t => {
		const rig = await Rig.ready(t);
		rig.line.answer(/QMTOPEN=/, `\r\nOK\r\n\r\n+QMTOPEN: 0,${result}\r\n`, { times: 1 });
		const failed = await failing(rig);
		t.is(failed.error.name, "OpenError");
		t.is(failed.error.code, result);
		t.regex(failed.error.message, text);
		t.regex(failed.error.message, /broker\.test:1883/);
		t.is(rig.count('AT+QMTOPEN=0,"broker.test",1883'), 1);
		await isOver(t, rig, failed);
	});

test.serial("hosts that cannot be reached, by the simulated network", async t => {
	const rig = await Rig.ready(t, { unreachable: { "no.such": "dns", refuses: "refused" } });
	t.is((await failing(rig, { host: "no.such" })).error.code, 4);
	t.is((await failing(rig, { host: "refuses" })).error.code, -1);
	rig.sim.radio({ coverage: false });
	await rig.clock.advance(1000);
	t.is((await failing(rig)).error.code, 3);
});

for (const openInUse of ["result", "error"] as const)
	for (const state of ["open", "opening"] as const)
		test.serial(
			`an identifier that is ${state} already (${openInUse}) is closed and opened again`,
			async t => {
				const rig = await Rig.ready(t, { simulator: { variants: { openInUse }, delays: "real" } });
				rig.sim.sessions[0].open("broker.test", 1883, () => undefined);
				if (state === "open") await rig.clock.run(() => rig.sim.sessions[0].state === "open", 10_000);
				const { connected, client } = observe(rig);
				await connected();
				t.is(rig.count("AT+QMTCLOSE=0"), 1);
				t.is(rig.count('AT+QMTOPEN=0,"broker.test",1883'), 2);
				client.close();
			},
		);

test.serial("occupied for good: told, no endless attempts", async t => {
	const rig = await Rig.ready(t);
	rig.line.answer(/QMTOPEN=/, "\r\nOK\r\n\r\n+QMTOPEN: 0,2\r\n", { times: 2 });
	const failed = await failing(rig);
	t.is(failed.error.name, "OpenError");
	t.is(failed.error.code, 2);
	await isOver(t, rig, failed);
});

test.serial("QMTOPEN answers with an error twice: that error is told, with its meaning", async t => {
	const rig = await Rig.ready(t);
	rig.line.answer(/QMTOPEN=/, "\r\n+CME ERROR: 30\r\n", { times: 2 });
	const failed = await failing(rig);
	t.is(failed.error.name, "NotOpenedError");
	t.regex(failed.error.message, /AT\+QMTOPEN: \+CME ERROR: 30 \(no network service\)/);
	await isOver(t, rig, failed);
});

for (const [code, text] of [
	[1, /protocol version/],
	[2, /identifier rejected/],
	[3, /server unavailable/],
	[4, /bad user name or password/],
	[5, /not authorized/],
	[200, /\(200\)/],
] as const)
	test.serial(`QMTCONN return code ${code}: ConnectionRefusedError`, async t => {
		const rig = await Rig.ready(t);
		rig.line.answer(/QMTCONN=/, `\r\nOK\r\n\r\n+QMTCONN: 0,0,${code}\r\n`, { times: 1 });
		const failed = await failing(rig);
		t.is(failed.error.name, "ConnectionRefusedError");
		t.is(failed.error.code, code);
		t.regex(failed.error.message, text);
		t.deepEqual(failed.events, ["error ConnectionRefusedError"]);
		await isOver(t, rig, failed);
	});

const broker = {
	authenticate(
		_client: unknown,
		user: string | undefined,
		password: Readonly<Buffer> | undefined,
		done: (error: (Error & { returnCode: number }) | null, success: boolean) => void,
	) {
		const good = user === "somebody" && password?.toString() === "pass-word";
		done(good ? null : Object.assign(new Error("bad"), { returnCode: 4 }), good);
	},
};

for (const profile of ["A", "B"] as const)
	test.serial(`profile ${profile}: a wrong password, then the right one; never shown`, async t => {
		const rig = await Rig.ready(t, { broker, simulator: { profile } });
		const failed = await failing(rig, { user: "somebody", password: "wrong-word" });
		t.is(failed.error.code, 4);
		const refused = await failing(rig, { user: "somebody" });
		t.is(refused.error.code, 4);
		const { connected } = observe(rig, { user: "somebody", password: "pass-word" });
		await connected();
		await rig.quiet();
		t.is(rig.count('AT+QMTCONN=0,"device","somebody","pass-word"'), 1);
		const shown = [
			...rig.conversation,
			...rig.traced,
			String(failed.error),
			JSON.stringify(failed.error),
			String(refused.error),
		].join("\n");
		for (const secret of ["pass-word", "wrong-word"]) t.false(shown.includes(secret));
		t.regex(shown, /AT\+QMTCONN=0,"device",\*\*\*,\*\*\*/);
	});

test.serial("a password is not shown where the module echoes", async t => {
	const rig = await Rig.ready(t, { broker });
	rig.line.answer(/QMTCONN=/, match => `${match[0] ? match.input : ""}\r\r\n+CME ERROR: 3\r\n`);
	const { error } = await failing(rig, { user: "somebody", password: "pass-word" });
	t.is(error.name, "CommandError");
	t.false([...rig.conversation, ...rig.traced, String(error)].join("\n").includes("pass-word"));
});

test.serial("a password without a user name", async t => {
	const rig = await Rig.ready(t);
	const { connected } = observe(rig, { password: "pass-word" });
	await connected();
	t.is(rig.count('AT+QMTCONN=0,"device","","pass-word"'), 1);
});

for (const [key, required] of [
	["keepalive", true],
	["session", true],
	["timeout", true],
	["will", false],
	["version", false],
	["dataformat", false],
	["echomode", false],
] as const)
	test.serial(`QMTCFG "${key}" refused: ${required ? "an error" : "goes on without"}`, async t => {
		const rig = await Rig.ready(t);
		rig.line.answer(new RegExp(`QMTCFG="${key}"`), "\r\nERROR\r\n");
		if (required) {
			const { error } = await failing(rig);
			t.is(error.name, "NotOpenedError");
			t.regex(error.message, /QMTCFG/);
			t.false(rig.line.commands.some(command => command.includes("QMTOPEN=")));
		} else await t.notThrowsAsync(observe(rig).connected());
	});

test.serial("a will that is refused, hex that is refused: errors", async t => {
	const rig = await Rig.ready(t);
	rig.line.answer(/QMTCFG="(will|dataformat)"/, "\r\nERROR\r\n");
	t.is((await failing(rig, { will: { topic: "t", message: "" } })).error.name, "NotOpenedError");
	t.is((await failing(rig, { dataFormat: "hex" })).error.name, "MQTTError", "as firmware V1.0");
	rig.line.answer(/QMTCFG="dataformat",0$/, '\r\n+QMTCFG: "dataformat",0,0\r\n\r\nOK\r\n');
	t.is((await failing(rig, { dataFormat: "hex" })).error.name, "NotOpenedError");
});

// The link

for (const [code, text] of [
	[1, /closed or reset by peer/],
	[2, /PINGREQ/],
	[3, /CONNECT timed out/],
	[4, /CONNACK/],
	[5, /normal/],
	[6, /sending kept failing/],
	[7, /not alive/],
	[8, /reserved/],
	[255, /reserved.*\(255\)/],
] as const)
	test.serial(`QMTSTAT ${code}: LinkError`, async t => {
		const all = await connected(t);
		all.rig.sim.sessions[0].reset();
		all.rig.line.say(`+QMTSTAT: 0,${code}`);
		await all.until("error");
		const [error] = all.errors as (Error & { code: number })[];
		t.is(error.name, "LinkError");
		t.is(error.code, code);
		t.regex(error.message, text);
		await isOver(t, all.rig, all);
	});

test.serial("QMTSTAT of another identifier is nobody's business", async t => {
	const { rig, events } = await connected(t);
	rig.line.say("+QMTSTAT: 1,1", "+QMTSTAT: 17,1", "+QMTSTAT: x");
	await rig.clock.advance(1000);
	t.is(events.length, 2);
});

test.serial("QMTSTAT while connecting, without a result", async t => {
	const rig = await Rig.ready(t, { simulator: { variants: { connectTimeout: "stat" } } });
	rig.line.answer(/QMTCONN=/, "\r\nOK\r\n\r\n+QMTSTAT: 0,4\r\n", { times: 1 });
	rig.line.answer(/QMTOPEN=/, "\r\nOK\r\n\r\n+QMTOPEN: 0,0\r\n", { times: 1 });
	const failed = await failing(rig);
	t.is(failed.error.name, "LinkError");
	t.is(failed.error.code, 4);
	await isOver(t, rig, failed);
});

test.serial("the broker closes the connection", async t => {
	const all = await connected(t);
	const { clients } = all.rig.broker as unknown as { clients: Record<string, { close(): void }> };
	for (const client of Object.values(clients)) client.close();
	await all.until("error");
	t.is((all.errors[0] as { code?: number }).code, 1);
	await isOver(t, all.rig, all);
});

test.serial("a newer client with the same id makes the broker drop the older one", async t => {
	const { rig, until, errors } = await connected(t, { id: "same" });
	const second = observe(rig, { id: "same" });
	await second.connected();
	await until("error");
	t.is(errors[0].name, "LinkError");
	t.is(second.errors.length, 0);
});

test.serial("no broker that answers CONNECT: PacketError or LinkError in time", async t => {
	for (const connectTimeout of ["both", "result", "stat"] as const) {
		const rig = await Rig.ready(t, {
			simulator: { variants: { connectTimeout } },
			broker: { preConnect: () => undefined },
		});
		const start = rig.clock.now;
		const failed = await failing(rig, { packetTimeout: 5 });
		t.true(rig.clock.now - start < 9000);
		t.is(failed.error.name, connectTimeout === "stat" ? "LinkError" : "PacketError");
		await rig.clock.advance(20_000);
		t.is(rig.sim.sessions[0].state, "closed");
		t.is(failed.events.length, 1);
		await rig.close();
	}
});

test.serial("publish result 2: PacketError", async t => {
	const all = await connected(t, {}, A);
	all.rig.line.answer(/QMTPUB=/, "\r\nOK\r\n\r\n+QMTPUB: 0,1,2\r\n");
	all.client.write(bytes("x"), { topic: "t", QoS: 1 });
	await all.until("error");
	t.is(all.errors[0].name, "PacketError");
	t.regex(all.errors[0].message, /PUBLISH.*failed to send/);
	t.deepEqual(all.events.slice(2), ["error PacketError"], "no PUBACK");
	await isOver(t, all.rig, all);
});

test.serial("publish result 1 is progress", async t => {
	const { rig, client, events, until } = await connected(t, {}, A);
	rig.line.answer(/QMTPUB=/, "\r\nOK\r\n\r\n+QMTPUB: 0,1,1,1\r\n\r\n+QMTPUB: 0,1,1,2\r\n");
	client.write(bytes("x"), { topic: "t", QoS: 1 });
	await rig.clock.advance(20_000);
	t.is(events.length, 2);
	rig.line.say("+QMTPUB: 0,1,0");
	await until("control 4");
});

test.serial("a publish that is acknowledged only when sent again", async t => {
	const { rig, client, until } = await connected(t, { packetTimeout: 2, retries: 3 });
	rig.sim.radio({ coverage: false });
	client.write(bytes("x"), { topic: "t", QoS: 2 });
	await rig.clock.advance(5000);
	rig.sim.radio({ coverage: true });
	await until("control 7");
	t.true(
		rig.conversation.some(line => /\+QMTPUB: 0,1,1,2/.test(line)),
		"retransmissions are noticed",
	);
});

test.serial(
	"a publish that never is: failed by the module, in the time of packet time-out and retries",
	async t => {
		const all = await connected(t, { packetTimeout: 2, retries: 1 });
		all.rig.sim.radio({ coverage: false });
		const start = all.rig.clock.now;
		all.client.write(bytes("x"), { topic: "t", QoS: 1 });
		await all.until("error");
		t.is(all.errors[0].name, "PacketError");
		t.true(all.rig.clock.now - start < 5000);
		all.rig.sim.radio({ coverage: true });
		await all.rig.up();
		await isOver(t, all.rig, all);
	},
);

for (const [QoS, limitMs] of [
	[0, 42_000],
	[1, 42_000],
	[2, 84_000],
] as const)
	test.serial(`no result of a publish with QoS ${QoS}: TimeoutError after ${limitMs} ms`, async t => {
		const all = await connected(t, {}, A);
		all.rig.line.answer(/QMTPUB=/, "\r\nOK\r\n");
		const start = all.rig.clock.now;
		all.client.write(bytes("x"), { topic: "t", QoS });
		await all.until("error");
		t.is(all.errors[0].name, "TimeoutError");
		const took = all.rig.clock.now - start;
		t.true(took >= limitMs && took < limitMs + 1000, String(took));
		await isOver(t, all.rig, all);
	});

for (const [command, result, limitMs] of [
	["QMTOPEN", "+QMTOPEN: 0,0", 75_000],
	["QMTCONN", "+QMTCONN: 0,0,0", 12_000],
] as const)
	test.serial(`no result of ${command}: TimeoutError, torn down; a late one harms nobody`, async t => {
		const rig = await Rig.ready(t);
		rig.line.answer(new RegExp(`${command}=`), "\r\nOK\r\n", { times: 1 });
		const start = rig.clock.now;
		const failed = await failing(rig);
		t.is(failed.error.name, "TimeoutError");
		const took = rig.clock.now - start;
		t.true(took >= limitMs && took < limitMs + 2000, String(took));
		await rig.clock.advance(1000);
		t.is(rig.count("AT+QMTCLOSE=0"), 1);
		rig.line.say(result);
		await isOver(t, rig, failed);
	});

for (const command of ["QMTOPEN", "QMTCONN", "QMTPUB"])
	test.serial(`no answer at all to ${command}: TimeoutError, the next client connects`, async t => {
		const rig = await Rig.ready(t, A);
		rig.line.answer(new RegExp(`${command}=`), undefined, { times: 1 });
		const failed = await failing(rig, {
			onWritable() {
				this.write(bytes("x"), { topic: "t" });
			},
		});
		t.is(failed.error.name, "TimeoutError");
		await isOver(t, rig, failed);
	});

test.serial("publish refused: NotSentError with the meaning", async t => {
	const all = await connected(t, {}, A);
	all.rig.line.answer(/QMTPUB=/, "\r\n+CME ERROR: 3\r\n");
	all.client.write(bytes("x"), { topic: "t" });
	await all.until("error");
	t.regex(
		all.errors[0].message,
		/AT\+QMTPUB: \+CME ERROR: 3 \(operation not allowed; the message was not sent\)/,
	);
	await isOver(t, all.rig, all);
});

test.serial("results before OK", async t => {
	const rig = await Rig.ready(t, { simulator: { variants: { resultBeforeOk: true }, delays: "none" } });
	const published = listen(rig);
	const { client, connected, until } = observe(rig);
	await connected();
	client.write(bytes("x"), { topic: "t", QoS: 1 });
	await until("control 4");
	client.write(null, disconnect);
	await until("close");
	t.is(published.length, 1);
});

// A new one after the old one

test.serial("a new instance made inside onError gets connected", async t => {
	const rig = await Rig.ready(t);
	let next: Observed | undefined;
	const first = observe(rig, {
		identifier: 2,
		onError() {
			next = observe(rig, { identifier: 2 });
		},
	});
	await first.connected();
	rig.line.say("+QMTSTAT: 2,1");
	await first.until("error");
	await next?.connected();
	t.deepEqual(next?.events, ["control 2", "writable 1288"]);
});

test.serial("a new instance made as the old one is closed waits its turn", async t => {
	const { rig, client, events } = await connected(t, { identifier: 0 });
	client.close();
	const next = observe(rig, { identifier: 0 });
	await next.connected();
	t.is(events.length, 2);
	t.is(rig.sim.sessions[0].state, "connected");
});

test.serial("the seventh client connects when one of six has ended", async t => {
	const rig = await Rig.ready(t);
	const clients = Array.from({ length: 7 }, (_, index) => observe(rig, { id: `client ${index}` }));
	for (const client of clients.slice(0, 6)) await client.connected();
	await rig.clock.advance(10_000);
	t.deepEqual(clients[6].events, []);
	clients[3].client.write(null, disconnect);
	await clients[6].connected();
	t.is(rig.sim.sessions[3].state, "connected");
});

for (const [title, lose, error] of [
	["resets", (rig: Rig) => rig.sim.reset(), "ModemResetError"],
	["hangs", (rig: Rig) => (rig.sim.silent = true), "UnresponsiveError"],
] as const)
	test.serial(`the modem ${title}: connected, connecting and waiting clients, and a new one`, async t => {
		const rig = await Rig.ready(t);
		const next: Observed[] = [];
		const onError = () => void next.push(observe(rig, { id: `next ${next.length}` }));
		const up = observe(rig, { onError });
		await up.connected();
		const connecting = observe(rig, { id: "connecting", onError });
		const closed = observe(rig, { id: "closed" });
		await rig.clock.run(() => rig.sim.sessions[1].state === "opening", 5000);
		closed.client.close();
		const waiting = observe(rig, { id: "waiting", identifier: 0 });
		lose(rig);
		await up.until("error");
		await connecting.until("error");
		if (error === "ModemResetError")
			t.deepEqual([up.errors[0].name, connecting.errors[0].name], [error, error]);
		t.deepEqual(closed.events, []);
		t.deepEqual(waiting.events, []);
		await rig.clock.advance(20_000);
		rig.sim.silent = false;
		await rig.clock.run(() => next.length === 2, 60_000);
		for (const client of [...next, waiting]) await client.connected();
		t.is(up.errors.length, 1);
		t.is(connecting.errors.length, 1);
		t.deepEqual(rig.traced, []);
	});

test.serial("the modem is closed: clients are told, later ones too", async t => {
	const { rig, events, errors, until } = await connected(t);
	rig.modem.close();
	t.is(events.length, 2, "not from inside close");
	await until("error");
	t.is(errors[0].name, "ClosedError");
	const { client, events: late } = observe(rig);
	t.deepEqual(late, []);
	await rig.clock.advance(10_000);
	t.deepEqual(late, ["error ClosedError"]);
	client.close();
	t.true(await rig.isIdle());
});

test.serial("nothing is left behind a client", async t => {
	const { rig, client } = await connected(t);
	client.write(bytes("x"), { topic: "t", byteLength: 2 });
	client.close();
	await rig.clock.advance(20_000);
	rig.modem.close();
	t.true(await rig.isIdle());
});
