import test, { type ExecutionContext } from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import MQTTSession from "../../../modules/mqtt/session.js";
import type { MQTTProvider } from "../../../modules/common/mqtt-client.js";
import { Rig, type RigOptions } from "../bc20/rig.js";
import { bytes, listen, observe } from "./observe.js";
import { outcome } from "./scripted-client.js";

const { SUBACK, SUBSCRIBE, UNSUBACK, UNSUBSCRIBE } = MQTTClient;
const items = (...topics: string[]) => topics.map(topic => ({ topic, QoS: 1 }));

async function connected(t: ExecutionContext, options: RigOptions = {}) {
	const rig = await Rig.ready(t, options);
	const observed = observe(rig);
	await observed.connected();
	await rig.quiet();
	return { rig, ...observed };
}
const sent = (rig: Rig) => rig.line.commands.filter(command => /^AT\+QMT(SUB|UNS)=/.test(command));

for (const answer of ["ERROR", "+CME ERROR: 3", "+CME ERROR: 50"])
	test.serial(`${answer} to one topic: 128 for it, and the connection stays`, async t => {
		const { rig, client, control, errors, until } = await connected(t);
		rig.line.answer(/QMTSUB=.*"bad"/, `\r\n${answer}\r\n`);
		client.write(null, { operation: SUBSCRIBE, items: items("bad") });
		client.write(null, { operation: SUBSCRIBE, items: items("good") });
		client.write(bytes("x"), { topic: "t", QoS: 1 });
		await until(`control ${SUBACK}`, 2);
		await until("control 4");
		t.deepEqual(
			control.filter(({ operation }) => operation === SUBACK),
			[
				{ operation: SUBACK, id: 1, payload: [128] },
				{ operation: SUBACK, id: 2, payload: [1] },
			],
		);
		t.deepEqual(errors, []);
		t.is(rig.sim.sessions[0].state, "connected");
	});

test.serial("one of several topics is refused: the others are granted, each in its place", async t => {
	const { rig, client, control, until } = await connected(t);
	rig.line.answer(/QMTSUB=.*"bad"/, "\r\nERROR\r\n");
	client.write(null, { operation: SUBSCRIBE, items: items("a", "bad", "b") });
	await until(`control ${SUBACK}`);
	t.deepEqual(control[1], { operation: SUBACK, id: 1, payload: [1, 128, 1] });
	t.deepEqual(sent(rig).slice(1), ['AT+QMTSUB=0,1,"a",1', 'AT+QMTSUB=0,1,"bad",1', 'AT+QMTSUB=0,1,"b",1']);
});

test.serial("a packet of several commands, one of them refused", async t => {
	const { rig, client, control, until } = await connected(t);
	const topics = Array.from({ length: 9 }, (_, index) => String(index).repeat(250));
	rig.line.answer(/QMTSUB=.*"4{250}"/, "\r\nERROR\r\n");
	client.write(null, { operation: SUBSCRIBE, items: items(...topics) });
	await until(`control ${SUBACK}`);
	t.deepEqual(control[1].payload, [1, 1, 1, 1, 128, 1, 1, 1, 1]);
	t.is(sent(rig).length, 3 + 3);
});

test.serial("firmware that takes one topic at a time", async t => {
	const { rig, client, control, until } = await connected(t);
	rig.line.answer(/QMTSUB=\d,\d+,"[^"]*",\d,"/, "\r\nERROR\r\n");
	rig.line.answer(/QMTUNS=\d,\d+,"[^"]*","/, "\r\nERROR\r\n");
	client.write(null, { operation: SUBSCRIBE, items: items("a", "b", "c") });
	client.write(null, { operation: UNSUBSCRIBE, items: items("a", "b") });
	await until(`control ${UNSUBACK}`);
	t.deepEqual(control.slice(1), [
		{ operation: SUBACK, id: 1, payload: [1, 1, 1] },
		{ operation: UNSUBACK, id: 2 },
	]);
	t.is(rig.count('AT+QMTUNS=0,2,"b"'), 1);
});

test.serial("UNSUBSCRIBE that is refused is answered too", async t => {
	const { rig, client, control, errors, until } = await connected(t);
	rig.line.answer(/QMTUNS=/, "\r\nERROR\r\n", { times: 1 });
	client.write(null, { operation: UNSUBSCRIBE, items: items("a") });
	await until(`control ${UNSUBACK}`);
	t.deepEqual(control.slice(1), [{ operation: UNSUBACK, id: 1 }]);
	t.deepEqual(errors, []);
});

for (const [title, answer, state] of [
	["a code of the network", "+CME ERROR: 30", "+QMTCONN: 0,3"],
	["not connected any more", "ERROR", "+QMTCONN: 0,1"],
	["another final result code", "NO CARRIER", "+QMTCONN: 0,3"],
])
	test.serial(`${title}: the end, with the module's error`, async t => {
		const { rig, client, events, until } = await connected(t);
		rig.line.answer(/QMTSUB=/, `\r\n${answer}\r\n`);
		rig.line.answer(/QMTCONN\?/, `\r\n${state}\r\n\r\nOK\r\n`);
		client.write(null, { operation: SUBSCRIBE, items: items("a") });
		await until("error");
		t.deepEqual(events.slice(2), ["error CommandError"]);
	});

test.serial("close() while the module is asked: nothing comes any more", async t => {
	const { rig, client, events } = await connected(t);
	rig.line.answer(/QMTSUB=/, "\r\nERROR\r\n");
	client.write(null, { operation: SUBSCRIBE, items: items("a") });
	await rig.clock.run(() => rig.count("AT+QMTCONN?") > 0, 1000);
	client.close();
	await rig.clock.advance(5000);
	t.is(events.length, 2);
	t.is(rig.sim.sessions[0].state, "closed");
});

for (const isBatch of [true, false])
	test.serial(
		`a session with a filter that the module refuses, ${isBatch ? "in one packet with others" : "first"}: the others are subscribed`,
		async t => {
			const rig = await Rig.ready(t);
			const published = listen(rig);
			rig.line.answer(/QMTSUB=.*"bad"/, "\r\nERROR\r\n");
			const errors: Error[] = [];
			let connections = 0;
			const session = new MQTTSession({
				mqtt: { io: MQTTClient as never, modem: rig.modem } satisfies MQTTProvider,
				host: "broker.test",
				id: "session",
				onConnect: () => connections++,
				onError: error => errors.push(error),
			});
			t.teardown(() => session.close());
			const bad = outcome(session.subscribe("bad", () => undefined));
			if (!isBatch) await rig.clock.run(() => bad.now !== "pending", 60_000);
			const received: string[] = [];
			const good = outcome(session.subscribe("good", topic => received.push(topic)));
			await rig.clock.run(() => good.now !== "pending", 60_000);
			t.deepEqual([bad.now, good.now], ["SubscriptionRefusedError", "done 0"]);
			const done = outcome(session.publish("good", "x", { QoS: 1 }));
			await rig.clock.run(() => received.length > 0, 60_000);
			await rig.clock.run(() => done.now !== "pending", 60_000);
			t.is(done.now, "done");
			t.is(published.length, 1);
			t.is(connections, 1);
			t.deepEqual(
				errors.map(({ name }) => name),
				["SubscriptionRefusedError"],
			);
		},
	);
