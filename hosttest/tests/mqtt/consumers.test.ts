import test, { type ExecutionContext } from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import { Rig, type RigOptions } from "../bc20/rig.js";
import { inbox, send } from "./inbox.js";
import { type Options, bytes, listen, observe } from "./observe.js";
import { QueueingClient } from "./queueing-client.js";

// What existing consumers of the class do with it: see queueing-client.ts.

const { CONNACK, PUBACK, PUBCOMP, PUBREC, PUBREL, SUBACK, SUBSCRIBE, UNSUBACK, UNSUBSCRIBE } = MQTTClient;
const LIMIT_MS = 200_000;

/** A consumer, what the broker gets, and the rig. */
async function consumer(
	t: ExecutionContext,
	options: Options = {},
	rigOptions: RigOptions & { readonly cold?: boolean; readonly firstId?: number } = {},
) {
	const { cold, firstId, ...others } = rigOptions;
	const rig = cold ? await Rig.for(t, others) : await Rig.ready(t, others);
	if (cold) rig.start();
	const published = listen(rig);
	const client = new QueueingClient(
		{ modem: rig.modem, host: "broker.test", id: "device", ...options },
		firstId,
	);
	const until = (done: () => boolean) => rig.clock.run(done, LIMIT_MS);
	const times = (event: string) => client.events.filter(name => name === event).length;
	return { rig, client, published, until, times };
}
const destroy = (rig: Rig) => {
	const { clients } = rig.broker as unknown as {
		clients: Record<string, { conn: { destroy(): void } } | undefined>;
	};
	clients.device?.conn.destroy();
};
const payloads = (published: readonly { payload: string }[]) => published.map(({ payload }) => payload);

test("the SDK's name for it is the same class", async t => {
	const name: string = "embedded:network/mqtt/client";
	t.is(((await import(name)) as { default: unknown }).default, MQTTClient);
});

for (const profile of ["A", "B"] as const) {
	const simulator = { profile };

	test.serial(`profile ${profile}: queued before the modem is up: all goes, in order`, async t => {
		const { client, published, until } = await consumer(t, {}, { simulator, cold: true });
		for (let i = 0; i < 20; i++) client.publish(`t/${i}`, `m${i}`, { QoS: i % 3 });
		await until(() => client.idle);
		await until(() => published.length >= 20);
		t.deepEqual(
			published.map(({ topic, payload, QoS }) => [topic, payload, QoS]),
			Array.from({ length: 20 }, (_, i) => [`t/${i}`, `m${i}`, i % 3]),
		);
		t.deepEqual(client.events, ["connected"]);
	});

	test.serial(
		`profile ${profile}: subscriptions without end among publishes are held back by the count`,
		async t => {
			const { rig, client, until } = await consumer(t, {}, { simulator });
			const ids: number[] = [];
			for (let i = 0; i < 25; i++) {
				ids.push(client.subscribe(`s/${i}`));
				if (i % 10 === 5) client.publish("t", `m${i}`, { QoS: 1 });
			}
			await until(() => client.granted.size === 25 && client.idle);
			t.deepEqual(
				client.answers.filter(answer => answer.startsWith(`${SUBACK} `)),
				ids.map(id => `${SUBACK} ${id}`),
			);
			t.true(client.rooms.includes(0), "held back");
			t.deepEqual(rig.traced, []);
			for (let i = 0; i < 25; i++) client.unsubscribe(`s/${i}`);
			await until(() => client.granted.size === 25 && client.idle && answered(UNSUBACK) === 25);
			t.deepEqual(client.events, ["connected"]);

			function answered(operation: number): number {
				return client.answers.filter(answer => answer.startsWith(`${operation} `)).length;
			}
		},
	);

	test.serial(
		`profile ${profile}: 60 topics in one SUBSCRIBE: several commands, one SUBACK in their order`,
		async t => {
			const rig = await Rig.ready(t, {
				simulator,
				broker: {
					authorizeSubscribe: (_, { topic, qos }, done) => {
						done(null, /\/(7|33)$/.test(topic) ? null : { topic, qos });
					},
				},
			});
			const { messages, onReadable } = inbox();
			const { client, connected, control, until } = observe(rig, { onReadable });
			await connected();
			const items = Array.from({ length: 60 }, (_, i) => ({
				topic: `building/floor/room/sensor/${i}`,
				QoS: 1,
			}));
			const room = client.write(null, { operation: SUBSCRIBE, id: 9, items });
			t.true(room > 0);
			await until("control 9");
			await send(rig, "building/floor/room/sensor/59", "21.5");
			await rig.clock.run(() => messages.length === 1, LIMIT_MS);
			client.write(null, { operation: UNSUBSCRIBE, id: 10, items });
			await until("control 11");
			await send(rig, "building/floor/room/sensor/59", "22");
			await rig.clock.advance(5000);
			t.deepEqual(control.slice(1), [
				{ operation: SUBACK, id: 9, payload: items.map((_, i) => (i === 7 || i === 33 ? 128 : 1)) },
				{ operation: UNSUBACK, id: 10 },
			]);
			t.is(messages.length, 1);
			const commands = rig.line.commands.filter(command => /^AT\+QMT(SUB|UNS)=/.test(command));
			t.true(commands.length > 2);
			t.true(commands.every(command => command.length <= 1000));
		},
	);

	test.serial(
		`profile ${profile}: link lost with messages under way: another client, nothing of QoS 1 and 2 is missing`,
		async t => {
			const { rig, client, published, until, times } = await consumer(t, {}, { simulator });
			await until(() => times("connected") === 1);
			for (let i = 0; i < 6; i++) client.publish("t", `m${i}`, { QoS: 1 + (i % 2) });
			await rig.clock.advance(300);
			destroy(rig);
			await until(() => times("connected") === 2 && client.idle);
			t.deepEqual(client.events, ["connected", "LinkError", "connected"]);
			t.deepEqual(
				[...new Set(payloads(published))].sort(),
				Array.from({ length: 6 }, (_, i) => `m${i}`),
			);
			t.true(
				rig.sim.sessions.slice(1).every(({ state }) => state === "closed"),
				"the identifier was free",
			);
		},
	);

	test.serial(`profile ${profile}: close with QoS 0 just written: it goes out first`, async t => {
		const { rig, client, published, until, times } = await consumer(t, {}, { simulator });
		await until(() => times("connected") === 1);
		await rig.quiet();
		client.publish("t", "bye");
		client.end();
		await until(() => published.length === 1);
		await until(() => rig.sim.sessions.every(({ state }) => state === "closed"));
		t.deepEqual(payloads(published), ["bye"]);
		t.deepEqual(rig.broker.connectedClients, 0);
		client.reconnect();
		await until(() => times("connected") === 2);
		t.deepEqual(client.events, ["connected", "connected"]);
	});

	test.serial(
		`profile ${profile}: bursts of text, of binary and of empty messages are read in onReadable`,
		async t => {
			const { rig, client, until } = await consumer(t, {}, { simulator });
			const id = client.subscribe("in/#");
			await until(() => client.granted.has(id));
			const all = Uint8Array.from({ length: 256 }, (_, i) => i);
			const sent: [string, string | Uint8Array][] = [
				["in/empty", ""],
				["in/all", all],
				...Array.from({ length: 15 }, (_, i): [string, string] => [`in/${i}`, `burst ${i}`]),
			];
			for (const [topic, payload] of sent) await send(rig, topic, payload, { QoS: 1 });
			await until(() => client.messages.length === 16);
			t.deepEqual(
				client.messages,
				sent.slice(1).map(([topic, payload]) => [topic, Buffer.from(payload).toString("latin1")]),
			);
		},
	);
}

test.serial("close with QoS 0 just written, and the link is lost or the modem gone: it ends", async t => {
	for (const fail of [(rig: Rig) => rig.line.say("+QMTSTAT: 0,1"), (rig: Rig) => rig.sim.reset()]) {
		const { rig, client, until, times } = await consumer(t);
		await until(() => times("connected") === 1);
		await rig.quiet();
		rig.line.answer(/^AT\+QMTPUB/, undefined, { times: 1 });
		client.publish("t", "bye");
		client.end();
		await rig.clock.advance(10);
		fail(rig);
		const next = observe(rig, { identifier: 0, id: "next" });
		await next.connected();
		t.deepEqual(client.events, ["connected"]);
		await rig.close();
	}
});

test.serial("identifiers counted without end, over the end of msgID", async t => {
	const { client, published, until } = await consumer(t, {}, { firstId: 131_066 });
	for (let i = 0; i < 8; i++) client.publish("t", `m${i}`, { QoS: 1 + (i % 2) });
	const id = client.subscribe("a", "b");
	await until(() => client.idle && client.granted.size === 1);
	t.is(id, 131_074);
	t.deepEqual(client.answers, [
		...Array.from({ length: 8 }, (_, i) =>
			i % 2 ? [`${PUBREC} ${131_066 + i}`, `${PUBCOMP} ${131_066 + i}`] : [`${PUBACK} ${131_066 + i}`],
		).flat(),
		`${SUBACK} ${id}`,
	]);
	t.is(published.length, 8);
});

test.serial("the longest message by a consumer's own reckoning of the room", async t => {
	const { client, published, until } = await consumer(t);
	for (const length of [0, 1, 1000, 1023, 1024])
		for (const topic of ["t", "x".repeat(255)]) client.publish(topic, "m".repeat(length), { QoS: 2 });
	await until(() => client.idle);
	t.deepEqual(
		published.map(({ payload }) => payload.length),
		[0, 0, 1, 1, 1000, 1000, 1023, 1023, 1024, 1024],
	);
});

test.serial("a message over the limit, queued: told with the limit, no loop, the client lives", async t => {
	const { rig, client, until, times, published } = await consumer(t);
	client.publish("t", "m".repeat(2000));
	await until(() => times("connected") === 1);
	await rig.clock.advance(60_000);
	t.true(rig.errors.join("").includes("the limit is 1024"));
	t.deepEqual(client.events, ["connected"]);
	t.deepEqual(published, []);
});

test.serial("a port as a URL has it", async t => {
	const { rig, until, times } = await consumer(t, { port: "1884" });
	await until(() => times("connected") === 1);
	t.is(rig.count('AT+QMTOPEN=0,"broker.test",1884'), 1);
	for (const port of ["", " ", "x", "1.5", "0", "70000"])
		t.throws(() => observe(rig, { port }), { message: /^port must/ }, port);
});

test.serial("wrong password: one attempt a second, each told, none keeps an identifier", async t => {
	const { rig, times, until } = await consumer(
		t,
		{ user: "u", password: "wrong" },
		{
			broker: {
				authenticate: (_, __, password, done) => {
					if (password?.toString() === "right") done(null, true);
					else done(Object.assign(new Error("refused"), { returnCode: 4 }), null);
				},
			},
		},
	);
	await until(() => times("ConnectionRefusedError") === 8);
	t.is(times("connected"), 0);
	const other = observe(rig, { user: "u", password: "right", id: "other" });
	await other.connected();
});

test.serial("subscribing in the first onWritable returns the room for the first message", async t => {
	const rig = await Rig.ready(t);
	const published = listen(rig);
	let isFirst = true;
	const { until, events } = observe(rig, {
		keepalive: 60_000,
		onWritable(count) {
			if (!isFirst) return;
			isFirst = false;
			const room = this.write(null, {
				operation: SUBSCRIBE,
				items: [{ topic: "a" }, { topic: "b", QoS: 2 }],
			});
			t.is(room, count);
			this.write(bytes("birth"), { topic: "status", QoS: 1, retain: true });
		},
	});
	await until("control 9");
	await until("control 4");
	t.deepEqual(published, [{ topic: "status", payload: "birth", QoS: 1, retain: true }]);
	t.is(rig.count('AT+QMTCFG="keepalive",0,60'), 1);
	t.false(events.some(event => event.startsWith("error")));
});

test.serial("PUBREL of a message that an earlier client has sent is answered", async t => {
	const rig = await Rig.ready(t);
	const { control, until } = observe(rig, {
		onControl({ operation }) {
			if (operation === CONNACK) this.write(null, { operation: PUBREL, id: 70_001 });
		},
	});
	await until("control 7");
	t.deepEqual(control[1], { operation: PUBCOMP, id: 70_001 });
});
