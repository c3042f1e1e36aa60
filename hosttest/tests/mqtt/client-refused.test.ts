import test, { type ExecutionContext } from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import { NotConnectedError, OverflowError, PublishRefusedError } from "../../../modules/mqtt/errors.js";
import { Rig, type RigOptions } from "../bc20/rig.js";
import { type Options, bytes, listen, observe } from "./observe.js";

const ROOM = 1288;
const A: RigOptions = { simulator: { profile: "A" } };

/** A connected client that hears of refusals. */
async function connected(t: ExecutionContext, options: Options = {}, rigOptions: RigOptions = {}) {
	const rig = await Rig.ready(t, rigOptions);
	const published = listen(rig);
	const refused: [id: number, error: PublishRefusedError][] = [];
	const observed = observe(rig, {
		onRefused(id, error) {
			observed.self.add(this);
			observed.events.push("refused");
			refused.push([id, error]);
		},
		...options,
	});
	await observed.connected();
	await rig.quiet();
	return { rig, published, refused, ...observed };
}

const answers: readonly [string, "A" | "B", string, number | undefined, RegExp][] = [
	["+CME ERROR", "A", "\r\n+CME ERROR: 3\r\n", 3, /\+CME ERROR: 3 \(operation not allowed\)/],
	["ERROR", "A", "\r\nERROR\r\n", undefined, /ERROR/],
	["ERROR in place of the prompt", "B", "\r\nERROR\r\n", undefined, /ERROR/],
];
for (const [title, profile, answer, code, message] of answers)
	for (const [QoS, given, id] of [
		[0, undefined, 0],
		[0, 9, 9],
		[1, undefined, 1],
		[2, 70_000, 70_000],
	] as const)
		test.serial(
			`profile ${profile}, ${title}, QoS ${QoS}, id ${given}: this message alone is refused`,
			async t => {
				const all = await connected(t, {}, { simulator: { profile } });
				const { rig, client, refused, events, published, until } = all;
				rig.line.answer(/QMTPUB=/, answer, { times: 1 });
				client.write(bytes("x"), { topic: "t", QoS, ...(given !== undefined && { id: given }) });
				await until("refused");
				await until("writable", 2);
				t.deepEqual(events.slice(2), ["refused", `writable ${ROOM}`]);
				t.is(refused[0][0], id);
				const [, error] = refused[0];
				t.true(error instanceof PublishRefusedError);
				t.is(error.name, "PublishRefusedError");
				t.is(error.code, code);
				t.regex(error.message, message);
				t.is(rig.count("AT+QMTCONN?"), 1);
				client.write(bytes("next"), { topic: "t", QoS: 1 });
				await until("control 4");
				t.deepEqual(
					published.map(({ payload }) => payload),
					["next"],
				);
				t.deepEqual([...all.self], [client]);
				t.is(rig.sim.sessions[0].state, "connected");
			},
		);

test.serial("refused behind the data, too", async t => {
	const { rig, client, events, until } = await connected(t);
	rig.line.answer(/QMTPUB=/, "\r\n> ", { times: 1 });
	client.write(bytes("x"), { topic: "t", QoS: 1 });
	await rig.clock.advance(200);
	rig.line.say("ERROR");
	await until("writable", 2);
	t.deepEqual(events.slice(2), ["refused", `writable ${ROOM}`]);
});

for (const [title, answer] of [
	["initial", "\r\n+QMTCONN: 0,1\r\n\r\nOK\r\n"],
	["disconnecting", "\r\n+QMTCONN: 0,4\r\n\r\nOK\r\n"],
	["not listed", "\r\nOK\r\n"],
	["another one is connected", "\r\n+QMTCONN: 3,3\r\n\r\nOK\r\n"],
	["an error", "\r\nERROR\r\n"],
	["no answer", undefined],
] as const)
	test.serial(`refused, and QMTCONN? says: ${title}: the end, with the module's error`, async t => {
		const { rig, client, refused, events, errors, until } = await connected(t, {}, A);
		rig.line.answer(/QMTPUB=/, "\r\n+CME ERROR: 3\r\n");
		rig.line.answer(/QMTCONN\?/, answer, { times: 1 });
		client.write(bytes("x"), { topic: "t", QoS: 1 });
		await until("error");
		await rig.clock.advance(5000);
		t.deepEqual(events.slice(2), ["error NotSentError"]);
		t.regex(errors[0].message, /AT\+QMTPUB: \+CME ERROR: 3/);
		t.deepEqual(refused, []);
		t.is(rig.sim.sessions[0].state, "closed");
	});

for (const code of [30, 31, 100, 615])
	test.serial(
		`+CME ERROR: ${code} says nothing about the message: the end, and nothing is asked`,
		async t => {
			const { rig, client, refused, errors, until } = await connected(t, {}, A);
			rig.line.answer(/QMTPUB=/, `\r\n+CME ERROR: ${code}\r\n`);
			client.write(bytes("x"), { topic: "t", QoS: 1 });
			await until("error");
			t.is(errors[0].name, "NotSentError");
			t.like(errors[0], { code });
			t.regex(errors[0].message, /the message was not sent/);
			t.deepEqual(refused, []);
			t.is(rig.count("AT+QMTCONN?"), 0);
		},
	);

test.serial("without onRefused a refusal is the end, as before, and nothing is asked", async t => {
	const { rig, client, events, until } = await connected(t, { onRefused: undefined }, A);
	rig.line.answer(/QMTPUB=/, "\r\nERROR\r\n");
	client.write(bytes("x"), { topic: "t" });
	await until("error");
	t.deepEqual(events.slice(2), ["error NotSentError"]);
	t.is(rig.count("AT+QMTCONN?"), 0);
});

for (const [title, answer, name] of [
	["result 2", "\r\nOK\r\n\r\n+QMTPUB: 0,1,2\r\n", "PacketError"],
	["no result", "\r\nOK\r\n", "TimeoutError"],
	["no answer", undefined, "TimeoutError"],
	["another final result code", "\r\nNO CARRIER\r\n", "CommandError"],
] as const)
	test.serial(`${title} is no refusal: the end`, async t => {
		const { rig, client, events, until } = await connected(t, {}, A);
		rig.line.answer(/QMTPUB=/, answer);
		client.write(bytes("x"), { topic: "t", QoS: 1 });
		await until("error");
		t.deepEqual(events.slice(2), [`error ${name}`]);
	});

test.serial("while the module is asked: no other message, and the end comes once", async t => {
	for (const ending of ["QMTSTAT", "DISCONNECT", "close"] as const) {
		const { rig, client, events, refused } = await connected(t, {}, A);
		rig.line.answer(/QMTPUB=/, "\r\nERROR\r\n", { times: 1 });
		rig.line.answer(/QMTCONN\?/, undefined, { times: 1 });
		client.write(bytes("x"), { topic: "t" });
		await rig.clock.run(() => rig.count("AT+QMTCONN?") > 0, 1000);
		t.throws(() => client.write(bytes("y"), { topic: "t" }), { instanceOf: OverflowError });
		if (ending === "QMTSTAT") rig.line.say("+QMTSTAT: 0,1");
		else if (ending === "DISCONNECT") client.write(null, { operation: MQTTClient.DISCONNECT });
		else client.close();
		rig.line.say("OK");
		await rig.clock.advance(20_000);
		t.throws(() => client.write(bytes("y"), { topic: "t" }), { instanceOf: NotConnectedError });
		const end = { QMTSTAT: ["error LinkError"], DISCONNECT: ["error NotSentError"], close: [] }[ending];
		t.deepEqual(events.slice(2), end);
		t.deepEqual(refused, []);
		t.is(rig.sim.sessions[0].state, "closed");
		const next = observe(rig, { identifier: 0 });
		await next.connected();
		await rig.close();
	}
});

test.serial("close() while a refused message of QoS 0 was on its way: the connection is closed", async t => {
	const { rig, client, events } = await connected(t, {}, A);
	rig.line.answer(/QMTPUB=/, "\r\nERROR\r\n", { times: 1 });
	client.write(bytes("x"), { topic: "t" });
	client.close();
	await rig.clock.advance(1000);
	t.is(events.length, 2);
	t.is(rig.count("AT+QMTCONN?"), 0);
	t.is(rig.sim.sessions[0].state, "closed");
});

test.serial("an exception in onRefused is contained, and the client goes on", async t => {
	const { rig, client, until } = await connected(
		t,
		{
			onRefused() {
				throw new Error("of the application");
			},
		},
		A,
	);
	rig.line.answer(/QMTPUB=/, "\r\nERROR\r\n", { times: 1 });
	client.write(bytes("x"), { topic: "t" });
	await until("writable", 2);
	t.true(rig.errors.some(error => error.message.includes("of the application")));
});

test.serial("write() inside onRefused: the same message again", async t => {
	const { rig, client, control, events, published, until } = await connected(
		t,
		{
			onRefused(id) {
				this.write(bytes("x"), { topic: "t", QoS: 1, id });
			},
		},
		A,
	);
	rig.line.answer(/QMTPUB=/, "\r\nERROR\r\n", { times: 2 });
	client.write(bytes("x"), { topic: "t", QoS: 1, id: 5 });
	await until("writable", 2);
	t.deepEqual(events.slice(2), ["control 4", `writable ${ROOM}`]);
	t.is(control[1].id, 5);
	t.is(published.length, 1);
	t.is(rig.count("AT+QMTCONN?"), 2);
});

test.serial("close() inside onRefused: no onWritable any more", async t => {
	const { rig, client, events } = await connected(
		t,
		{
			onRefused() {
				this.close();
			},
		},
		A,
	);
	rig.line.answer(/QMTPUB=/, "\r\nERROR\r\n", { times: 1 });
	client.write(bytes("x"), { topic: "t" });
	await rig.clock.advance(5000);
	t.is(events.length, 2);
	t.is(rig.sim.sessions[0].state, "closed");
});

// How long a result is awaited

for (const options of [{}, { packetTimeout: 2, retries: 0 }, { packetTimeout: 60, retries: 10 }] as const)
	for (const [QoS, operation] of [
		[0, "QMTPUB"],
		[1, "QMTPUB"],
		[2, "QMTPUB"],
		[1, "QMTSUB"],
	] as const)
		test.serial(
			`acknowledgeLimitMs is beyond what ${operation} with QoS ${QoS} takes, ${JSON.stringify(options)}`,
			async t => {
				for (const stage of ["nothing", "prompt", "OK"] as const) {
					const { rig, client, errors } = await connected(t, options);
					const limitMs = client.acknowledgeLimitMs;
					rig.line.answer(new RegExp(operation), stage === "nothing" ? undefined : "\r\n> ");
					const start = rig.clock.now;
					if (operation === "QMTSUB")
						client.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: "t", QoS }] });
					else client.write(new Uint8Array(1024).fill(65), { topic: "t".repeat(255), QoS });
					if (stage === "OK") {
						await rig.clock.advance(operation === "QMTSUB" ? 200 : 4800);
						rig.line.say("OK");
					}
					await rig.clock.run(() => errors.length > 0, 2_000_000);
					t.is(errors[0].name, "TimeoutError");
					const tookMs = rig.clock.now - start;
					t.true(tookMs < limitMs, `${tookMs} of ${limitMs}`);
					if (stage === "OK" && QoS === 2) t.true(tookMs > limitMs - 20_000, `${tookMs} of ${limitMs}`);
					await rig.close();
				}
			},
		);
