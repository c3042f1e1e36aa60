import test, { type ExecutionContext } from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import { OverflowError } from "../../../modules/mqtt/errors.js";
import { Rig, type RigOptions } from "../bc20/rig.js";
import { Application } from "./occupy.js";
import { type Options, bytes, listen, observe } from "./observe.js";

const ROOM = 1288;
const overflow = { instanceOf: OverflowError, message: "overflow" };
const disconnect = { operation: MQTTClient.DISCONNECT };
const subscribe = (topic: string) => ({ operation: MQTTClient.SUBSCRIBE, items: [{ topic }] });

/** A connected client, and an application that may fill the queue of AT commands. */
async function connected(t: ExecutionContext, options: Options = {}, rigOptions: RigOptions = {}) {
	const rig = await Rig.ready(t, rigOptions);
	const published = listen(rig);
	const observed = observe(rig, options);
	await observed.connected();
	const application = await Application.on(rig);
	return { rig, published, application, ...observed };
}

for (const profile of ["A", "B"] as const)
	test.serial(
		`profile ${profile}: a full queue is an overflow; onWritable comes when there is room`,
		async t => {
			const all = await connected(t, {}, { simulator: { profile } });
			const { rig, client, application, events, published } = all;
			await application.occupy();
			for (let i = 0; i < 3; i++)
				t.throws(() => client.write(bytes("x"), { topic: "t", QoS: 1, id: 7 }), overflow);
			await rig.clock.advance(20_000);
			t.is(events.length, 2, "no room yet");
			application.release();
			await all.until("writable", 2);
			t.false(rig.line.commands.some(command => command.includes("QMTPUB")));
			t.is(client.write(bytes("y"), { topic: "t", QoS: 1 }), 0);
			await all.until("control 4");
			await rig.clock.advance(5000);
			t.deepEqual(events.slice(2), [`writable ${ROOM}`, "control 4", `writable ${ROOM}`]);
			t.is(all.control[1].id, 1, "what was not taken has used up no identifier");
			t.deepEqual(
				published.map(({ payload }) => payload),
				["y"],
			);
			t.is(application.ended, 13);
			t.deepEqual(all.errors, []);
		},
	);

test.serial("a message in pieces: the last one needs the place, and is not taken without", async t => {
	const { rig, client, application, events, published, until } = await connected(t);
	await application.occupy();
	t.is(client.write(bytes("abc"), { topic: "t", QoS: 1, byteLength: 6 }), 3);
	t.is(client.write(bytes("d"), null), 2);
	t.throws(() => client.write(bytes("ef"), null), overflow);
	await rig.clock.advance(5000);
	t.deepEqual(events.slice(2), ["writable 2"]);
	application.release();
	await until("writable 2", 2);
	t.is(client.write(bytes("ef"), null), 0);
	await until("control 4");
	t.is(published[0].payload, "abcdef");
});

test.serial("SUBSCRIBE and UNSUBSCRIBE on a full queue: an overflow, then onWritable", async t => {
	const { rig, client, application, events, control, until } = await connected(t);
	await application.occupy();
	t.throws(() => client.write(null, subscribe("a")), overflow);
	t.throws(
		() => client.write(null, { operation: MQTTClient.UNSUBSCRIBE, items: [{ topic: "a" }] }),
		overflow,
	);
	t.is(client.write(null, { operation: MQTTClient.PINGREQ }), 0, "no room is told as it is");
	application.release();
	await until("writable", 2);
	await rig.quiet();
	t.is(client.write(null, subscribe("a")), ROOM);
	await until("control 9");
	t.deepEqual(events.slice(2), [`writable ${ROOM}`, "control 9"]);
	t.is(control[1].id, 1);
});

test.serial("the SUBSCRIBE that takes the last place: no room, onWritable when there is", async t => {
	const { rig, client, events, until } = await connected(t, {}, { modem: { queue: 1 } });
	t.is(client.write(null, subscribe("a")), ROOM, "it is on the line, its place is free again");
	t.is(client.write(bytes("x"), { topic: "t" }), 0);
	t.is(client.write(null, subscribe("b")), 0);
	await until("control 9", 2);
	await rig.clock.advance(1000);
	t.deepEqual(
		events.filter(event => event.startsWith("writable")),
		[`writable ${ROOM}`, `writable ${ROOM}`],
	);
});

for (const [title, items] of [
	["another SUBSCRIBE", [{ topic: "b" }]],
	["the rest of a SUBSCRIBE", Array.from({ length: 5 }, (_, i) => ({ topic: `${i}`.repeat(250) }))],
] as const)
	test.serial(`${title}, accepted and not sent, waits for room and goes on`, async t => {
		const { rig, client, application, control, errors, until } = await connected(t);
		rig.line.answer(/^AT\+QMTSUB=0,1,/, "\r\nOK\r\n", { times: 1 });
		if (title === "another SUBSCRIBE") client.write(null, { ...subscribe("a"), id: 1 });
		client.write(null, { operation: MQTTClient.SUBSCRIBE, id: items.length > 1 ? 1 : 2, items });
		await rig.clock.advance(100);
		await application.occupy();
		rig.line.say(`+QMTSUB: 0,1,0${",0".repeat(items.length > 1 ? 3 : 1)}`);
		await rig.clock.advance(20_000);
		const sent = () => rig.line.commands.filter(command => command.includes("QMTSUB")).length;
		t.is(sent(), 1);
		application.release();
		await until("control 9", items.length > 1 ? 1 : 2);
		t.is(sent(), 2);
		t.is(control[control.length - 1].payload?.length, items.length);
		t.deepEqual(errors, []);
	});

test.serial("DISCONNECT on a full queue goes out when there is room; onClose behind it, no will", async t => {
	const { rig, client, application, events, published, until } = await connected(t, {
		will: { topic: "gone", message: "x" },
	});
	await application.occupy();
	t.is(client.write(null, disconnect), 0);
	await rig.clock.advance(20_000);
	t.is(events.length, 2);
	application.release();
	await until("close");
	await rig.clock.advance(1000);
	t.is(rig.count("AT+QMTDISC=0"), 1);
	t.is(rig.sim.sessions[0].state, "closed");
	t.deepEqual(published, []);
});

test.serial(
	"close() on a full queue: QMTCLOSE goes out when there is room, then the identifier is free",
	async t => {
		const { rig, client, application, events } = await connected(t, { identifier: 0 });
		await application.occupy();
		client.close();
		const next = observe(rig, { identifier: 0, id: "next" });
		await rig.clock.advance(20_000);
		t.is(rig.count("AT+QMTCLOSE=0"), 0);
		application.release();
		await next.connected();
		t.is(rig.count("AT+QMTCLOSE=0"), 1);
		t.is(events.length, 2);
	},
);

test.serial(
	"DISCONNECT and close() at once, as the SDK's documents have it: both go out, in order",
	async t => {
		for (const isFull of [false, true]) {
			const { rig, client, application, events, published } = await connected(t, {
				will: { topic: "gone", message: "x" },
			});
			if (isFull) await application.occupy();
			client.write(null, disconnect);
			client.close();
			await rig.clock.advance(100);
			if (isFull) application.release();
			await rig.clock.advance(5000);
			const ending = rig.line.commands.filter(command => /DISC|CLOSE/.test(command));
			t.deepEqual(ending, ["AT+QMTDISC=0", "AT+QMTCLOSE=0"]);
			t.is(events.length, 2);
			t.deepEqual(published, [], "no will");
			await rig.close();
		}
	},
);

test.serial("connecting waits for room too; so does onWritable behind CONNACK", async t => {
	const rig = await Rig.ready(t);
	const application = await Application.on(rig);
	await application.occupy();
	const { events, connected } = observe(rig);
	await rig.clock.advance(20_000);
	t.deepEqual(events, []);
	application.release();
	await connected();
	t.deepEqual(events, ["control 2", `writable ${ROOM}`]);
});

test.serial("CONNACK with a full queue: onWritable is held back", async t => {
	const rig = await Rig.ready(t);
	const application = await Application.on(rig);
	rig.line.answer(/^AT\+QMTCONN=/, "\r\nOK\r\n");
	const { events, until } = observe(rig);
	await rig.clock.run(() => rig.line.commands.some(command => command.includes("QMTCONN=")), 10_000);
	await rig.clock.advance(100);
	await application.occupy();
	rig.line.say("+QMTCONN: 0,0,0");
	await rig.clock.advance(1000);
	t.deepEqual(events, ["control 2"]);
	application.release();
	await until("writable");
});

for (const profile of ["A", "B"] as const)
	test.serial(`profile ${profile}: a queue of one place is enough`, async t => {
		const rig = await Rig.ready(t, { simulator: { profile }, modem: { queue: 1 } });
		const published = listen(rig);
		let sent = 0;
		const { client, control, errors, until } = observe(rig, {
			onControl({ operation }) {
				if (operation === MQTTClient.CONNACK) this.write(null, subscribe("a"));
			},
			onWritable() {
				if (sent === 6) return;
				this.write(bytes(`${sent}`), { topic: "t", QoS: sent % 3 });
				sent++;
			},
		});
		await rig.clock.run(() => published.length === 6 || errors.length > 0, 60_000);
		await rig.clock.advance(5000);
		rig.modem.refresh();
		client.write(null, disconnect);
		await until("close");
		t.deepEqual(errors, []);
		t.true(control.some(({ operation }) => operation === MQTTClient.SUBACK));
		t.deepEqual(
			published.map(({ payload }) => payload),
			["0", "1", "2", "3", "4", "5"],
		);
	});

test.serial("six clients on a queue of one place all connect, publish and end", async t => {
	const rig = await Rig.ready(t, { modem: { queue: 1 } });
	const published = listen(rig);
	const clients = Array.from({ length: 6 }, (_, index) => {
		let left = 3;
		return observe(rig, {
			id: `client ${index}`,
			onWritable() {
				if (!left) return;
				try {
					this.write(bytes("x"), { topic: `t/${index}`, QoS: 1 });
					left--;
				} catch (error) {
					if (!(error instanceof OverflowError)) throw error;
				}
			},
		});
	});
	await rig.clock.run(() => published.length === 18, 120_000);
	await rig.clock.advance(5000);
	for (const { client } of clients) client.write(null, disconnect);
	for (const { until } of clients) await until("close");
	for (const { errors } of clients) t.deepEqual(errors, []);
	await rig.clock.advance(5000);
	t.deepEqual(rig.traced, []);
	t.true(rig.sim.sessions.every(({ state }) => state === "closed"));
});

test.serial("the modem is lost while commands wait for room: one onError, nothing left", async t => {
	const { rig, client, application, events, errors, until } = await connected(t);
	await application.occupy();
	t.throws(() => client.write(bytes("x"), { topic: "t" }), overflow);
	rig.modem.close();
	await until("error");
	t.is(errors[0].name, "ClosedError");
	await rig.clock.advance(1000);
	t.is(events.length, 3);
	t.true(await rig.isIdle());
});
