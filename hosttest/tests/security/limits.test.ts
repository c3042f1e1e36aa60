import test, { type ExecutionContext } from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import MQTTSession from "../../../modules/mqtt/session.js";
import { Rig } from "../bc20/rig.js";
import { send } from "../mqtt/inbox.js";
import { listen, observe } from "../mqtt/observe.js";

/** A session that hears all that comes, on a unit that a broker sends so many messages a second for half a minute. */
async function flooded(t: ExecutionContext, perSecond: number) {
	const rig = await Rig.ready(t);
	const published = listen(rig, "out/#");
	const heard: number[] = [];
	const errors: string[] = [];
	const session = new MQTTSession({
		mqtt: { io: MQTTClient, modem: rig.modem },
		host: "broker.test",
		id: "device",
		onError: error => errors.push(error.name),
	});
	const handler = (_topic: string, payload: ArrayBuffer) => heard.push(payload.byteLength);
	session.subscribe("in/#", handler).catch(() => undefined);
	await rig.clock.run(() => session.connected, 100_000);
	await rig.clock.advance(3000);
	const outcomes: string[] = [];
	const publish = (message: string) =>
		void session.publish("out/t", message, { QoS: 1 }).then(
			() => outcomes.push(message),
			(error: unknown) => outcomes.push(`${message} ${String(error)}`),
		);
	for (let second = 0; second < 30; second++) {
		for (let i = 0; i < perSecond; i++) await send(rig, `in/${i}`, "x".repeat(i % 2 ? 100 : 1060));
		if (second % 5 === 0) publish(String(second));
		await rig.clock.advance(1000);
	}
	return { rig, session, published, heard, errors, outcomes, publish };
}

test.serial(
	"a broker that fills the line: the unit's own messages are acknowledged all the same",
	async t => {
		const { rig, session, published, heard, errors, outcomes } = await flooded(t, 8);
		await rig.clock.run(() => outcomes.length === 6, 100_000);
		t.deepEqual(outcomes, ["0", "5", "10", "15", "20", "25"]);
		t.deepEqual(
			published.map(({ payload }) => payload),
			outcomes,
		);
		t.is(heard.filter(length => length === 100).length, 120);
		t.true(
			heard.every(length => length === 100),
			"longer than messageLimit: dropped, and told",
		);
		t.true(errors.length > 0 && errors.every(name => name === "MessageTooLongError"));
		t.is(rig.modem.gaps, 0);
		session.close();
	},
);

test.serial(
	"a broker that sends four times what the line carries: an own message may wait, and all goes on behind it",
	async t => {
		const { rig, session, heard, errors, outcomes, publish } = await flooded(t, 40);
		await rig.clock.run(() => outcomes.length === 6, 1_000_000);
		for (const outcome of outcomes) t.regex(outcome, /^\d+$|^\d+ OutcomeUnknownError/);
		await rig.clock.run(() => session.connected, 1_000_000);
		publish("behind");
		await rig.clock.run(() => outcomes.length === 7, 1_000_000);
		t.is(outcomes[6], "behind");
		t.true(heard.length > 10);
		const { receiveHighWater = 0, queueHighWater = 0 } = rig.modem.statistics ?? {};
		t.true(receiveHighWater <= 2560 && queueHighWater <= 12);
		t.log([...new Set(errors)].join(), outcomes.join());
		session.close();
	},
);

test.serial(
	"a handler that throws, or rejects, at each message: told each time, and nothing else is touched",
	async t => {
		const rig = await Rig.ready(t);
		const errors: Error[] = [];
		const session = new MQTTSession({
			mqtt: { io: MQTTClient, modem: rig.modem },
			host: "broker.test",
			id: "device",
			onError: error => {
				errors.push(error);
				throw new Error("the handler of errors too");
			},
		});
		let heard = 0;
		const failing = [
			() => {
				throw new Error("sync");
			},
			() => Promise.reject(new Error("async")),
			() => {
				// eslint-disable-next-line @typescript-eslint/only-throw-error -- JavaScript may
				throw undefined;
			},
			() => heard++,
		];
		for (const handler of failing)
			session.subscribe("in/#", handler).catch((error: unknown) => t.fail(String(error)));
		await rig.clock.run(() => session.connected, 100_000);
		await rig.clock.advance(5000);
		for (let i = 0; i < 50; i++) {
			await send(rig, "in/t", `${i}`);
			await rig.clock.advance(200);
		}
		t.is(heard, 50);
		t.is(errors.length, 150);
		t.true(errors.every(({ name }) => name === "CallbackError"));
		t.true(session.connected);
		let done = false;
		session.publish("out/t", "x", { QoS: 1 }).then(
			() => (done = true),
			(error: unknown) => t.fail(String(error)),
		);
		await rig.clock.run(() => done, 100_000);
		session.close();
	},
);

test.serial(
	"an application that never reads, under a flood: 16 messages and 2048 bytes are kept, the rest is counted",
	async t => {
		const rig = await Rig.ready(t);
		const readable: number[] = [];
		const { client, connected, until, errors } = observe(rig, {
			onReadable: count => void readable.push(count),
		});
		await connected();
		client.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: "in/#", QoS: 0 }] });
		await until("control 9");
		for (let i = 0; i < 1000; i++) {
			await send(rig, "in/t", "x".repeat(i % 2 ? 900 : i % 300));
			if (i % 20 === 0) await rig.clock.advance(2000);
		}
		await rig.clock.advance(60_000);
		t.true(client.dropped >= 980, `${client.dropped} dropped`);
		t.true(readable.length <= 16);
		let kept = 0;
		for (let piece = client.read(); piece; piece = client.read()) {
			kept += piece.byteLength;
			await rig.clock.advance(1);
		}
		t.true(kept > 0 && kept <= 2048, `${kept} bytes`);
		t.deepEqual(errors, []);
		client.close();
	},
);

test.serial(
	"unknown lines and URCs of nobody, without end: counted, the line goes on, and nothing is kept of them",
	async t => {
		const rig = await Rig.ready(t);
		const { connected, client, errors, events } = observe(rig);
		await connected();
		const before = rig.errors.length;
		const lines = [
			"+QMTSTAT: 6,1",
			"+QMTSTAT: -1,1",
			"+QMTSTAT: 99999999999,1",
			'+QMTRECV: 7,0,"t","x"',
			"+QMTRECV: ,,,",
		];
		const names = ["+QMTSTAT", "+CEREG", "+QMTRECV", "+QMTCONN"];
		for (let i = 0; i < 3000; i++) {
			rig.line.say(...(i % 10 ? [`+X${i}: ${i}`, `noise ${i}`] : lines), `${names[i % 4]}${i}: 0,1`);
			if (i % 20 === 0) await rig.clock.advance(200);
		}
		await rig.clock.advance(10_000);
		t.is(rig.modem.connection, 500);
		t.is(rig.errors.length, before);
		t.deepEqual(errors, []);
		t.true((rig.modem.statistics?.unknown ?? 0) > 1000);
		client.write(ArrayBuffer.fromString("x"), { topic: "t", QoS: 1 });
		await rig.clock.run(() => events.includes("control 4"), 60_000);
		client.close();
	},
);
