import test, { type ExecutionContext } from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import MQTTSession from "../../../modules/mqtt/session.js";
import type { MQTTSessionOptions } from "../../../modules/mqtt/session-options.js";
import { Rig, type RigOptions } from "../bc20/rig.js";
import { send } from "./inbox.js";
import { listen } from "./observe.js";
import { outcome } from "./scripted-client.js";

// The session on the BC20's client class, the simulated module and a broker.

const PROFILES = ["A", "B"] as const;

async function bench(
	t: ExecutionContext,
	options: Partial<MQTTSessionOptions> = {},
	rigOptions: RigOptions = {},
) {
	const rig = await Rig.for(t, rigOptions);
	rig.start();
	const published = listen(rig);
	const errors: Error[] = [];
	const received: string[] = [];
	const session = new MQTTSession({
		mqtt: { io: MQTTClient, modem: rig.modem },
		host: "broker.test",
		id: "device",
		backoff: { firstMs: 1000, random: () => 0.5 },
		onError: error => errors.push(error),
		...options,
	});
	t.teardown(() => session.close());
	const handler =
		(name: string) =>
		(topic: string, payload: ArrayBuffer, { QoS }: { QoS: number }) =>
			received.push(`${name} ${topic} ${String.fromArrayBuffer(payload)} ${QoS}`);
	/** Until a promise is settled. */
	const settled = async (promise: Promise<unknown>) => {
		const state = outcome(promise);
		await rig.clock.run(() => state.now !== "pending", 300_000);
		return state.now;
	};
	return { rig, session, published, errors, received, handler, settled };
}

/** The broker closes all connections. */
function loseLink(rig: Rig): void {
	const { clients } = rig.broker as unknown as { clients: Record<string, { close(): void }> };
	for (const client of Object.values(clients)) client.close();
}

for (const profile of PROFILES) {
	const rigOptions: RigOptions = { simulator: { profile } };

	test.serial(
		`profile ${profile}: QoS 0, 1 and 2, retained, queued before the module has even started`,
		async t => {
			const { session, published, errors, settled } = await bench(t, {}, rigOptions);
			const all = ([0, 1, 2] as const).map(QoS =>
				session.publish("pump/7", `on ${QoS}`, { QoS, retain: QoS === 1 }),
			);
			t.is(await settled(Promise.all(all)), "done ,,");
			t.deepEqual(
				published.map(({ topic, payload, QoS }) => [topic, payload, QoS]),
				[
					["pump/7", "on 0", 0],
					["pump/7", "on 1", 1],
					["pump/7", "on 2", 2],
				],
			);
			t.deepEqual(errors, []);
		},
	);

	test.serial(
		`profile ${profile}: messages come to the handlers whose filters match, in all QoS`,
		async t => {
			const { rig, session, received, handler, settled, errors } = await bench(t, {}, rigOptions);
			const granted = Promise.all([
				session.subscribe("pump/+/set", handler("set"), { QoS: 2 }),
				session.subscribe("valve/#", handler("valve")),
			]);
			t.is(await settled(granted), "done 2,0");
			for (const QoS of [0, 1, 2] as const) await send(rig, "pump/7/set", `QoS ${QoS}`, { QoS });
			await send(rig, "valve", "open");
			await send(rig, "pump/7/get", "nobody");
			await rig.clock.run(() => received.length === 4, 60_000);
			t.deepEqual(received.map(text => text.replace(/ \d$/, "")).sort(), [
				"set pump/7/set QoS 0",
				"set pump/7/set QoS 1",
				"set pump/7/set QoS 2",
				"valve valve open",
			]);
			t.is(await settled(session.unsubscribe("pump/+/set")), "done");
			await send(rig, "pump/7/set", "late");
			await rig.clock.advance(10_000);
			t.is(received.length, 4);
			t.deepEqual(errors, []);
		},
	);

	test.serial(
		`profile ${profile}: link lost: connected, subscribed and published again by itself`,
		async t => {
			const { rig, session, published, received, handler, settled, errors } = await bench(t, {}, rigOptions);
			t.is(await settled(session.subscribe("pump/+/set", handler("set"), { QoS: 1 })), "done 1");
			for (let round = 0; round < 3; round++) {
				loseLink(rig);
				await rig.clock.run(() => !session.connected, 60_000);
				t.is(await settled(session.publish("pump/7", String(round), { QoS: 1 })), "done");
				await send(rig, "pump/7/set", String(round));
				await rig.clock.run(() => received.length > round, 60_000);
			}
			t.deepEqual(
				published.filter(({ topic }) => topic === "pump/7").map(({ payload }) => payload),
				["0", "1", "2"],
			);
			t.deepEqual(received, ["set pump/7/set 0 0", "set pump/7/set 1 0", "set pump/7/set 2 0"]);
			t.deepEqual(
				errors.map(({ name }) => name),
				["LinkError", "LinkError", "LinkError"],
			);
		},
	);
}

test.serial("a filter that the broker refuses, and those that it does not", async t => {
	const { session, handler, settled, errors } = await bench(
		t,
		{},
		{
			broker: {
				authorizeSubscribe: (_, { topic, qos }, done) => {
					done(null, topic === "secret" ? null : { topic, qos });
				},
			},
		},
	);
	const refused = session.subscribe("secret", handler("secret"));
	t.is(await settled(session.subscribe("open", handler("open"))), "done 0");
	t.is(await settled(refused), "SubscriptionRefusedError");
	t.deepEqual(
		errors.map(({ name }) => name),
		["SubscriptionRefusedError"],
	);
});

test.serial("link lost while the acknowledgement is awaited: unknown; the next message goes on", async t => {
	const { rig, session, published, settled } = await bench(t, {}, { simulator: { profile: "A" } });
	t.is(await settled(session.publish("t", "first", { QoS: 1 })), "done");
	rig.line.answer(/^AT\+QMTPUB/, "\r\nOK\r\n", { times: 1 });
	const unknown = session.publish("t", "second", { QoS: 1 });
	const state = outcome(unknown);
	await rig.clock.advance(2000);
	t.is(state.now, "pending");
	loseLink(rig);
	t.is(await settled(unknown), "OutcomeUnknownError");
	t.is(await settled(session.publish("t", "third", { QoS: 1 })), "done");
	t.is(published[published.length - 1].payload, "third");
});

test.serial(
	"a message that the module cannot carry is refused by the class's error, the next is not",
	async t => {
		const { session, settled, published } = await bench(t, {}, { simulator: { profile: "A" } });
		const refused = session.publish("t", "line\r\nbreak", { QoS: 1 });
		const topic = session.publish('say "hi"', "x", { QoS: 1 });
		const filter = session.subscribe('say "hi"', () => undefined);
		const good = session.publish("t", "good", { QoS: 1 });
		t.deepEqual(
			[await settled(refused), await settled(topic), await settled(filter), await settled(good)],
			["PayloadError", "RangeError", "RangeError", "done"],
		);
		t.deepEqual(
			published.map(({ payload }) => payload),
			["good"],
		);
	},
);

test.serial("20 filters: 3 commands, and as many after a reconnection", async t => {
	const { rig, session, received, handler, settled } = await bench(t);
	const commands = () => rig.line.commands.filter(command => command.startsWith("AT+QMTSUB=")).length;
	const filters = Array.from({ length: 20 }, (_, index) => `topic/${index}`);
	const all = Promise.all(filters.map(filter => session.subscribe(filter, handler(filter))));
	const published = session.publish("t", "x", { QoS: 1 });
	t.is(await settled(all), `done ${Array(20).fill(0).join()}`);
	t.is(await settled(published), "done");
	t.is(commands(), 3);
	loseLink(rig);
	await rig.clock.run(() => !session.connected, 60_000);
	await rig.clock.run(() => commands() === 6, 60_000);
	await rig.clock.advance(5000);
	t.is(commands(), 6);
	await send(rig, "topic/19", "x");
	await rig.clock.run(() => received.length === 1, 60_000);
	t.deepEqual(received, ["topic/19 topic/19 x 0"]);
});

for (const QoS of [0, 1, 2] as const)
	test.serial(
		`QoS ${QoS}: ERROR to a PUBLISH is that message's alone: the connection and the queue go on`,
		async t => {
			const { rig, session, published, settled, errors } = await bench(
				t,
				{},
				{ simulator: { profile: "A" } },
			);
			t.is(await settled(session.publish("t", "first", { QoS })), "done");
			rig.line.answer(/^AT\+QMTPUB/, "\r\nERROR\r\n", { times: 1 });
			const refused = session.publish("t", "second", { QoS });
			const next = session.publish("t", "third", { QoS });
			t.is(await settled(refused), "PublishRefusedError");
			t.is(await settled(next), "done");
			await rig.clock.advance(5000);
			t.deepEqual(
				published.map(({ payload }) => payload),
				["first", "third"],
			);
			t.deepEqual(
				errors.map(({ name }) => name),
				["PublishRefusedError"],
			);
		},
	);

test.serial("end: the message on its way arrives, the broker hears DISCONNECT, so no will", async t => {
	const { rig, session, published, settled } = await bench(t, { will: { topic: "will", message: "gone" } });
	t.is(await settled(session.publish("t", "first", { QoS: 1 })), "done");
	const last = session.publish("t", "last", { QoS: 2 });
	await rig.clock.advance(1);
	t.is(await settled(session.end()), "done");
	t.is(await settled(last), "done");
	await rig.clock.advance(60_000);
	t.deepEqual(
		published.map(({ topic, payload }) => `${topic} ${payload}`),
		["t first", "t last"],
	);
});
