import test, { type ExecutionContext } from "ava";
import MQTTClient, { type ReadableOptions } from "../../../modules/mqtt/client.js";
import { LinkError, NotConnectedError, OverflowError, PacketError } from "../../../modules/mqtt/errors.js";
import type { SubscribeItem } from "../../../modules/mqtt/subscribing.js";
import { Rig, type RigOptions } from "../bc20/rig.js";
import { inbox, send } from "./inbox.js";
import { type Options, bytes, listen, observe } from "./observe.js";

const { PUBLISH, SUBACK, SUBSCRIBE, UNSUBACK, UNSUBSCRIBE } = MQTTClient;
const ROOM = 1288;
const PROFILES = ["A", "B"] as const;
/** SUBSCRIBE and UNSUBSCRIBE that one client may have under way. */
const UNDER_WAY = 8;

/** A connected client that reads each message at once, unless the options say otherwise. */
async function connected(t: ExecutionContext, options: Options = {}, rigOptions: RigOptions = {}) {
	const rig = await Rig.ready(t, rigOptions);
	const { messages, onReadable } = inbox();
	const observed = observe(rig, { onReadable, ...options });
	await observed.connected();
	return { rig, messages, ...observed };
}
const textOf = (buffer: ArrayBuffer | undefined) => buffer && Buffer.from(buffer).toString("latin1");
const encoded = (text: string) => ArrayBuffer.fromString(text);
const subscription = (topic: string, QoS = 1) => ({ operation: SUBSCRIBE, items: [{ topic, QoS }] });

// Subscribing

for (const profile of PROFILES) {
	const simulator = { profile };

	test.serial(
		`profile ${profile}: SUBSCRIBE to one topic and to several; the SUBACK has the granted QoS of each`,
		async t => {
			const { rig, client, control, events, until } = await connected(
				t,
				{},
				{
					simulator,
					broker: {
						authorizeSubscribe: (_, { topic, qos }, done) => {
							done(null, topic === "secret" ? null : { topic, qos });
						},
					},
				},
			);
			t.is(client.write(null, { operation: SUBSCRIBE, id: 7, items: [{ topic: "a/b" }] }), ROOM);
			t.is(events.length, 2, "nothing from inside write");
			await until("control 9");
			const items: SubscribeItem[] = [
				{ topic: "a", QoS: 0 },
				{ topic: "b/+/c", QoS: 1 },
				{ topic: encoded("d/#"), QoS: 2 },
				{ topic: "secret", QoS: 1 },
				{ topic: new Uint8Array(encoded("grün")), QoS: 2 },
			];
			client.write(null, { operation: SUBSCRIBE, items });
			await until("control 9", 2);
			t.deepEqual(control.slice(1), [
				{ operation: SUBACK, id: 7, payload: [0] },
				{ operation: SUBACK, id: 1, payload: [0, 1, 2, 128, 2] },
			]);
			t.is(rig.count('AT+QMTSUB=0,7,"a/b",0'), 1);
			t.is(events.filter(event => event.startsWith("writable")).length, 1, "onWritable is for messages");
		},
	);

	test.serial(
		`profile ${profile}: UNSUBSCRIBE, with the identifier that was given and with the next`,
		async t => {
			const { rig, client, control, messages, until } = await connected(t, {}, { simulator });
			client.write(null, { operation: SUBSCRIBE, items: [{ topic: "a" }, { topic: "b" }, { topic: "c" }] });
			await until("control 9");
			client.write(null, { operation: UNSUBSCRIBE, id: 70_000, items: [{ topic: "a" }] });
			await until("control 11");
			client.write(null, { operation: UNSUBSCRIBE, items: [{ topic: encoded("b") }, { topic: "never" }] });
			await until("control 11", 2);
			t.deepEqual(control.slice(2), [
				{ operation: UNSUBACK, id: 70_000 },
				{ operation: UNSUBACK, id: 2 },
			]);
			t.is(rig.count('AT+QMTUNS=0,2,"b","never"'), 1);
			for (const topic of ["a", "b", "c"]) await send(rig, topic, topic);
			await rig.clock.run(() => messages.length > 0, 10_000);
			await rig.clock.advance(1000);
			t.deepEqual(
				messages.map(({ topic }) => topic),
				["c"],
			);
		},
	);

	test.serial(
		`profile ${profile}: messages of QoS 0, 1 and 2, retained ones and those of our own, once each`,
		async t => {
			const rig = await Rig.ready(t, { simulator });
			await send(rig, "kept/1", "was there", { QoS: 1, retain: true });
			const { messages, onReadable } = inbox();
			const { client, connected, until, events } = observe(rig, { onReadable });
			await connected();
			client.write(null, subscription("#", 2));
			await rig.clock.run(() => messages.length > 0, 10_000);
			await until("control 9");
			for (const QoS of [0, 1, 2] as const) await send(rig, `t/${QoS}`, `QoS ${QoS}`, { QoS });
			await rig.clock.run(() => messages.length >= 4, 10_000);
			client.write(bytes("echo"), { operation: PUBLISH, topic: "own", QoS: 2 });
			await until("control 7");
			await rig.clock.advance(120_000);
			t.deepEqual(
				messages.map(({ topic, QoS, payload }) => [topic, QoS, payload.toString()]),
				[
					["kept/1", 1, "was there"],
					["t/0", 0, "QoS 0"],
					["t/1", 1, "QoS 1"],
					["t/2", 1, "QoS 2"],
					["own", 1, "echo"],
				],
			);
			t.is(client.dropped, 0);
			t.false(events.some(event => event.startsWith("error")));
		},
	);
}

test.serial(
	"SUBSCRIBE leaves the room for a message as it is: in pieces, and while one is under way",
	async t => {
		const { rig, client, control, until } = await connected(t);
		const published = listen(rig);
		t.is(client.write(null, subscription("a")), ROOM);
		t.is(client.write(bytes("he"), { topic: "t", byteLength: 5, QoS: 1, id: 50 }), 3);
		t.is(client.write(null, subscription("b")), 3);
		t.is(client.write(null, { operation: UNSUBSCRIBE, items: [{ topic: "b" }] }), 3);
		t.is(client.write(bytes("llo"), null), 0);
		t.is(client.write(null, subscription("c")), 0);
		t.throws(() => client.write(bytes("x"), { topic: "t" }), { instanceOf: OverflowError });
		await rig.clock.run(() => control.length >= 6, 60_000);
		await until("writable 1288", 2);
		t.deepEqual(published, [{ topic: "t", payload: "hello", QoS: 1, retain: false }]);
		t.deepEqual(
			control
				.slice(1)
				.map(({ operation, id }) => `${operation} ${id}`)
				.sort(),
			["11 3", "4 50", "9 1", "9 2", "9 4"],
		);
	},
);

test.serial(
	"several at once go one by one, each with its own acknowledgement; too many are an overflow",
	async t => {
		const { client, control, events, until } = await connected(t);
		for (let i = 1; i <= UNDER_WAY; i++)
			client.write(null, { ...subscription(`t/${i}`, i % 3), id: 100 + i });
		for (const operation of [SUBSCRIBE, UNSUBSCRIBE])
			t.throws(() => client.write(null, { operation, items: [{ topic: "one more" }] }), {
				instanceOf: OverflowError,
				message: "overflow",
			});
		// A message finds its place all the same.
		t.is(client.write(bytes("x"), { topic: "m" }), 0);
		await until("control 9", UNDER_WAY);
		await until("writable", 2);
		t.deepEqual(
			control.slice(1).map(({ id, payload }) => [id, ...(payload ?? [])]),
			Array.from({ length: UNDER_WAY }, (_, i) => [101 + i, (i + 1) % 3]),
		);
		client.write(null, subscription("one more"));
		await until("control 9", UNDER_WAY + 1);
		t.false(events.some(event => event.startsWith("error")));
	},
);

test.serial("the same identifier twice: the second waits for the first", async t => {
	const { client, control, until } = await connected(t);
	client.write(null, { ...subscription("a", 1), id: 5 });
	client.write(null, { ...subscription("b", 2), id: 5 });
	await until("control 9", 2);
	t.deepEqual(control.slice(1), [
		{ operation: SUBACK, id: 5, payload: [1] },
		{ operation: SUBACK, id: 5, payload: [2] },
	]);
});

test.serial("bad items: named errors, nothing sent, and the next one works", async t => {
	const { rig, client, events, until } = await connected(t);
	await rig.quiet();
	const before = rig.line.commands.length;
	const cases: readonly [unknown, RegExp][] = [
		[undefined, /^items must name at least one topic/],
		[[], /^items must name at least one topic/],
		[null, /^items must be/],
		["a/b", /^items must be/],
		[[undefined], /^items\[0\] must/],
		[["a/b"], /^items\[0\]/],
		[[{}], /^items\[0\]\.topic must be a string/],
		[[{ topic: 5 }], /^items\[0\]\.topic must be a string/],
		[[{ topic: "" }], /^items\[0\]\.topic has 0 bytes/],
		[[{ topic: "a" }, { topic: "x".repeat(256) }], /^items\[1\]\.topic has 256 bytes/],
		[[{ topic: "ü".repeat(128) }], /^items\[0\]\.topic has 256 bytes/],
		[[{ topic: 'a"b' }], /^items\[0\]\.topic holds a quote/],
		[[{ topic: "a\rb" }], /^items\[0\]\.topic holds .* control/],
		[[{ topic: "a\0" }], /^items\[0\]\.topic holds .* control/],
		[[{ topic: "a/#/b" }], /^items\[0\]\.topic.*wildcard/],
		[[{ topic: "a/b#" }], /^items\[0\]\.topic.*wildcard/],
		[[{ topic: "a+/b" }], /^items\[0\]\.topic.*wildcard/],
		[[{ topic: "a/+b" }], /^items\[0\]\.topic.*wildcard/],
	];
	for (const [items, message] of cases)
		for (const operation of [SUBSCRIBE, UNSUBSCRIBE])
			t.throws(() => client.write(null, { operation, items: items as SubscribeItem[] }), { message });
	for (const QoS of [3, -1, 0.5, NaN, "1", null])
		t.throws(
			() => client.write(null, { operation: SUBSCRIBE, items: [{ topic: "a", QoS: QoS as number }] }),
			{ message: /QoS|qos/ },
			String(QoS),
		);
	for (const id of [-1, 1.5, NaN])
		t.throws(() => client.write(null, { ...subscription("a"), id }), { message: /^id must be/ });
	await rig.clock.advance(1000);
	t.is(rig.line.commands.length, before);
	t.is(events.length, 2);
	for (const topic of ["#", "+", "/", "+/+/#", "a//b", "$SYS/x", "ü".repeat(127), "x".repeat(255)])
		client.write(null, subscription(topic));
	await until("control 9", 8);
});

test.serial("before CONNACK and after the end it throws", async t => {
	const rig = await Rig.for(t);
	rig.start();
	const { client, until } = observe(rig);
	const throws = () =>
		t.throws(() => client.write(null, subscription("a")), { instanceOf: NotConnectedError });
	throws();
	await until("writable");
	client.write(null, { operation: MQTTClient.DISCONNECT });
	throws();
	await until("close");
	throws();
});

// How it fails

for (const [name, command, operation, done] of [
	["SUBSCRIBE", "+QMTSUB", SUBSCRIBE, "0,1,0,2"],
	["UNSUBSCRIBE", "+QMTUNS", UNSUBSCRIBE, "0,1,0"],
] as const) {
	const write = (client: MQTTClient) => client.write(null, { operation, items: [{ topic: "a" }] });

	test.serial(`${name}: a report of progress is no result`, async t => {
		const { rig, client, control, until } = await connected(t);
		rig.line.answer(/^AT\+QMT(SUB|UNS)/, "\r\nOK\r\n");
		write(client);
		await rig.clock.advance(100);
		for (const count of [1, 2]) rig.line.say(`${command}: 0,1,1,${count}`);
		await rig.clock.advance(30_000);
		t.is(control.length, 1);
		rig.line.say(`${command}: ${done}`);
		await until(`control ${operation + 1}`);
		t.deepEqual(control[1], {
			operation: operation + 1,
			id: 1,
			...(operation === SUBSCRIBE && { payload: [2] }),
		});
	});

	test.serial(`${name}: result 2 is a PacketError that names the packet, and the end`, async t => {
		const { rig, client, errors, until } = await connected(t);
		rig.line.answer(/^AT\+QMT(SUB|UNS)/, `\r\nOK\r\n\r\n${command}: 0,1,2\r\n`);
		write(client);
		await until("error");
		t.true(errors[0] instanceof PacketError);
		t.like(errors[0], { code: 2 });
		t.regex(errors[0].message, new RegExp(`^${name}: `));
		t.throws(() => write(client), { instanceOf: NotConnectedError });
		await rig.quiet();
		t.is(rig.count("AT+QMTCLOSE=0"), 1);
	});

	test.serial(`${name}: no result in the time that packetTimeout and retries make is onError`, async t => {
		const { rig, client, errors, until } = await connected(t, { packetTimeout: 4, retries: 2 });
		rig.line.answer(/^AT\+QMT(SUB|UNS)/, "\r\nOK\r\n");
		write(client);
		const begin = rig.clock.now;
		await rig.clock.advance(12_000);
		t.is(errors.length, 0);
		await until("error");
		t.is(errors[0].name, "TimeoutError");
		t.true(rig.clock.now - begin < 15_000, `${rig.clock.now - begin} ms`);
	});

	test.serial(
		`${name} under way at close: nothing comes any more, and its late result is nobody's`,
		async t => {
			for (const waitMs of [0, 3, 50]) {
				const { rig, client, events } = await connected(t);
				rig.line.answer(/^AT\+QMT(SUB|UNS)/, "\r\nOK\r\n");
				write(client);
				await rig.clock.advance(waitMs);
				client.close();
				await rig.clock.advance(100);
				rig.line.say(`${command}: ${done}`);
				const next = observe(rig);
				await next.connected();
				rig.line.answer(/^AT\+QMT(SUB|UNS)/, `\r\nOK\r\n\r\n${command}: ${done}\r\n`);
				write(next.client);
				await next.until(`control ${operation + 1}`);
				t.is(events.length, 2, `after ${waitMs} ms`);
				await rig.close();
			}
		},
	);

	test.serial(`${name} under way when the link is lost: one onError, with the cause`, async t => {
		const { rig, client, errors, events } = await connected(t);
		rig.line.answer(/^AT\+QMT(SUB|UNS)/, "\r\nOK\r\n");
		for (let i = 0; i < 3; i++) write(client);
		await rig.clock.advance(50);
		rig.line.say("+QMTSTAT: 0,1");
		await rig.clock.advance(100_000);
		t.is(errors.length, 1);
		t.true(errors[0] instanceof LinkError);
		t.is(events.at(-1), "error LinkError");
	});
}

test.serial("a broker that does not answer: retries and notices of the module, then onError", async t => {
	const { rig, client, errors, until } = await connected(
		t,
		{ packetTimeout: 2, retries: 1 },
		{ broker: { authorizeSubscribe: () => undefined } },
	);
	client.write(null, subscription("a"));
	await until("error");
	t.true(errors[0] instanceof PacketError, String(errors[0]));
	t.is(rig.count('AT+QMTSUB=0,1,"a",1'), 1);
});

// Reading

/** Messages from the broker, the client not reading by itself. */
async function reading(t: ExecutionContext, options: Options = {}) {
	const told: (ReadableOptions & { count: number })[] = [];
	const all = await connected(t, {
		onReadable: (count, options) => told.push({ count, ...options }),
		...options,
	});
	all.client.write(null, subscription("#", 2));
	await all.until("control 9");
	/** Sends, and waits until it has arrived at the module's line and is through it. */
	const arrive = async (topic: string, payload: string) => {
		await send(all.rig, topic, payload);
		await all.rig.clock.advance(500);
	};
	return { ...all, told, arrive };
}

test.serial(
	"onReadable tells count, topic, QoS and length; reading in pieces, outside of the callback",
	async t => {
		const { rig, client, told, arrive } = await reading(t);
		t.is(client.read(10), undefined, "nothing there");
		await arrive("a/b", "0123456789");
		t.deepEqual(told, [{ count: 10, topic: "a/b", QoS: 0, byteLength: 10, more: false }]);
		t.is(textOf(client.read(4)), "0123");
		const view = new Uint8Array(8).fill(0x2e);
		t.is(client.read(view.subarray(1, 4)), 3);
		t.is(Buffer.from(view).toString(), ".456....");
		const buffer = new ArrayBuffer(8);
		t.is(client.read(new DataView(buffer, 2, 1)), 1);
		t.is(Buffer.from(buffer).toString("latin1"), "\0\0" + "7" + "\0\0\0\0\0");
		t.is(told.length, 1, "told once");
		t.is(client.read(buffer), 2, "no more than there is");
		t.is(client.read(10), undefined);
		await rig.clock.advance(1000);
		t.is(told.length, 1);
	},
);

test.serial("a message that is not read: the next is told of when it is", async t => {
	const { rig, client, told, arrive } = await reading(t);
	await arrive("1", "one");
	await arrive("2", "two");
	await arrive("3", "three");
	t.deepEqual(
		told.map(({ topic }) => topic),
		["1"],
	);
	t.is(textOf(client.read(2)), "on");
	await rig.clock.advance(1000);
	t.is(told.length, 1, "not read to its end");
	t.is(textOf(client.read(100)), "e");
	t.is(told.length, 1, "not from inside read");
	await rig.clock.advance(0);
	t.deepEqual(told.at(-1), { count: 3, topic: "2", QoS: 0, byteLength: 3, more: false });
	t.is(textOf(client.read(3)), "two");
	t.is(textOf(client.read(3)), "thr", "one that is there can be read before it is told of");
	await rig.clock.advance(0);
	t.is(told.at(-1)?.topic, "3");
	t.is(textOf(client.read(3)), "ee");
	await rig.clock.advance(1000);
	t.is(told.length, 3);
	t.is(client.dropped, 0);
});

test.serial("empty messages are told of and need no read", async t => {
	const { client, told, arrive } = await reading(t);
	await arrive("1", "");
	await arrive("2", "");
	await arrive("3", "x");
	t.deepEqual(
		told.map(({ topic, count, byteLength }) => [topic, count, byteLength]),
		[
			["1", 0, 0],
			["2", 0, 0],
			["3", 1, 1],
		],
	);
	t.is(textOf(client.read(1)), "x");
	t.is(client.dropped, 0);
});

test.serial(
	"16 messages wait; what exceeds them is dropped and counted, and nothing else is lost",
	async t => {
		const { rig, client, told, arrive, control } = await reading(t);
		for (let i = 0; i < 20; i++) await arrive(`t/${i}`, `message ${i}`);
		t.is(client.dropped, 4);
		const published = listen(rig);
		client.write(bytes("out"), { topic: "out", QoS: 1 });
		await rig.clock.run(() => control.some(({ operation }) => operation === MQTTClient.PUBACK), 10_000);
		t.is(published[0].payload, "out");
		// It came back and was dropped.
		await rig.clock.advance(500);
		t.is(client.dropped, 5);
		for (let i = 0; i < 16; i++) {
			t.is(told.length, i + 1);
			t.is(told[i].topic, `t/${i}`);
			t.is(textOf(client.read(100)), `message ${i}`);
			await rig.clock.advance(0);
		}
		t.is(told.length, 16);
		await arrive("again", "works");
		t.is(textOf(client.read(100)), "works");
		t.is(client.dropped, 5);
	},
);

for (const profile of PROFILES)
	test.serial(
		`profile ${profile}: 2048 bytes wait, whatever their form on the line; the rest is dropped and counted`,
		async t => {
			const told: string[] = [];
			const { rig, client, until } = await connected(
				t,
				{ onReadable: (_, { topic }) => told.push(topic) },
				{ simulator: { profile } },
			);
			client.write(null, subscription("#"));
			await until("control 9");
			const arrive = async (topic: string, payload: string) => {
				await send(rig, topic, payload);
				await rig.clock.advance(500);
			};
			await arrive("1", "1".repeat(1024));
			await arrive("2", "2".repeat(1000));
			await arrive("3", "3".repeat(25));
			await arrive("4", "4".repeat(24));
			t.is(client.dropped, 1);
			t.is(textOf(client.read(1000)), "1".repeat(1000));
			// The place of what has been read serves again.
			await arrive("5", "5".repeat(1000));
			await arrive("6", "x");
			t.is(client.dropped, 2);
			t.is(textOf(client.read(1000)), "1".repeat(24));
			for (const [digit, count] of [
				["2", 1000],
				["4", 24],
				["5", 1000],
			] as const)
				t.is(textOf(client.read(1024)), digit.repeat(count));
			await rig.clock.advance(0);
			t.is(client.read(1), undefined);
		},
	);

test.serial("no onReadable: messages are nobody's", async t => {
	const { rig, client, errors } = await connected(t, { onReadable: undefined });
	client.write(null, subscription("#"));
	await rig.clock.advance(1000);
	for (let i = 0; i < 30; i++) await send(rig, "t", "x");
	await rig.clock.advance(5000);
	t.is(client.read(1), undefined);
	t.deepEqual(errors, []);
});

test.serial("close() inside onReadable: nothing comes any more, nothing can be read", async t => {
	let calls = 0;
	const { rig, client, told, arrive } = await reading(t, {
		onReadable(count) {
			if (++calls < 2) return;
			this.close();
			t.is(this.read(count), undefined);
		},
	});
	await arrive("1", "one");
	await arrive("2", "two");
	await arrive("3", "three");
	t.is(textOf(client.read(10)), "one");
	await rig.clock.advance(10_000);
	t.is(calls, 2);
	t.is(told.length, 0);
	t.is(client.read(10), undefined);
	t.is(rig.count("AT+QMTCLOSE=0"), 1);
});

test.serial("write() inside onReadable: an answer to each message", async t => {
	const answers: string[] = [];
	const { rig, client, errors, until } = await connected(t, {
		onReadable(count, { topic }) {
			const text = textOf(this.read(count)) ?? "";
			answers.push(`${topic} ${text}`);
			if (topic !== "ask") return;
			t.is(this.write(bytes(`re: ${text}`), { topic: "answer", QoS: 1 }), 0);
			t.is(this.write(null, subscription("more")), 0);
		},
	});
	for (const topic of ["ask", "answer"]) client.write(null, subscription(topic));
	await until("control 9", 2);
	await send(rig, "ask", "why?", { QoS: 2 });
	await rig.clock.run(() => answers.length === 2, 10_000);
	t.deepEqual(answers, ["ask why?", "answer re: why?"]);
	await until("control 9", 3);
	t.deepEqual(errors, []);
});

test.serial("an exception in onReadable is contained; the message waits", async t => {
	let calls = 0;
	const { rig, client, errors, arrive } = await reading(t, {
		onReadable(count) {
			if (++calls === 1) throw new Error("of the application");
			this.read(count);
			throw new Error("again");
		},
	});
	await arrive("1", "one");
	await arrive("2", "two");
	t.is(calls, 1);
	t.is(textOf(client.read(10)), "one");
	await rig.clock.advance(100);
	await arrive("3", "three");
	t.is(calls, 3);
	t.is(rig.errors.filter(error => error.message.includes("callback threw")).length, 3);
	t.deepEqual(errors, []);
	t.is(client.read(10), undefined);
});

test.serial("read() checks what it is given", async t => {
	const { client, arrive } = await reading(t);
	await arrive("1", "one");
	for (const count of [NaN, -1]) t.throws(() => client.read(count), { message: /^count must be/ });
	for (const target of ["3", {}]) t.throws(() => client.read(target as number), { instanceOf: TypeError });
	t.is(client.read(0)?.byteLength, 0);
	t.is(textOf(client.read(1.5)), "o");
	t.is(textOf(client.read()), "ne", "all of it by default");
});

// A session that is kept

for (const profile of PROFILES)
	test.serial(
		`profile ${profile}: clean false: what came while the client was away arrives when it is back, once`,
		async t => {
			const rig = await Rig.ready(t, { simulator: { profile } });
			const first = observe(rig, { clean: false });
			await first.connected();
			first.client.write(null, subscription("kept/#", 2));
			await first.until("control 9");
			first.client.write(null, { operation: MQTTClient.DISCONNECT });
			await first.until("close");
			for (let i = 0; i < 5; i++) await send(rig, `kept/${i}`, `offline ${i}`, { QoS: i % 2 ? 1 : 2 });
			const order: string[] = [];
			const { messages, onReadable } = inbox();
			const second = observe(rig, {
				clean: false,
				onControl: ({ operation }) => order.push(`control ${operation}`),
				onReadable(count, options) {
					order.push("readable");
					onReadable.call(this, count, options);
				},
			});
			await second.connected();
			await rig.clock.run(() => messages.length >= 5, 30_000);
			await rig.clock.advance(60_000);
			t.is(order[0], "control 2");
			t.deepEqual(messages.map(({ payload }) => payload.toString()).sort(), [
				"offline 0",
				"offline 1",
				"offline 2",
				"offline 3",
				"offline 4",
			]);
			await send(rig, "kept/live", "without SUBSCRIBE", { QoS: 1 });
			await rig.clock.run(() => messages.length >= 6, 10_000);
		},
	);

for (const [profile, payload] of [
	["A", (text: string) => text],
	["B", (text: string) => Buffer.from(text).toString("hex")],
] as const)
	test.serial(`profile ${profile}: +QMTRECV just before and just behind +QMTCONN`, async t => {
		const rig = await Rig.ready(t, { simulator: { profile } });
		const order: string[] = [];
		const line = (text: string, identifier = 0) =>
			`\r\n+QMTRECV: ${identifier},${text.length},"t","${payload(text)}"\r\n`;
		rig.line.answer(
			/^AT\+QMTCONN=/,
			`\r\nOK\r\n${line("before")}${line("other", 3)}\r\n+QMTCONN: 0,0,0\r\n${line("behind")}${line("")}`,
		);
		const { client, connected } = observe(rig, {
			clean: false,
			onControl: ({ operation }) => order.push(`control ${operation}`),
			onWritable: () => order.push("writable"),
			onReadable(count, { byteLength, topic }) {
				order.push(`${topic} ${byteLength} ${textOf(this.read(count))}`);
			},
		});
		await connected();
		await rig.clock.advance(100);
		t.deepEqual(order.slice(0, 4), ["control 2", "writable", "t 6 before", "t 6 behind"]);
		t.regex(order[4], /^t 0/);
		t.is(client.dropped, 0);
	});

test.serial("hex that is none is dropped and counted, before CONNACK as after it", async t => {
	const rig = await Rig.ready(t);
	const { messages, onReadable } = inbox();
	const bad = ["4", "4g", "zz", "4 "].map(hex => `\r\n+QMTRECV: 0,0,"t","${hex}"\r\n`).join("");
	const good = (hex: string) => `\r\n+QMTRECV: 0,0,"t","${hex}"\r\n`;
	rig.line.answer(
		/^AT\+QMTCONN=/,
		`\r\nOK\r\n${good("31")}${bad}${good("3233")}\r\n+QMTCONN: 0,0,0\r\n${good("34")}`,
	);
	const { client, connected } = observe(rig, { onReadable });
	await connected();
	rig.line.raw(bad + good("aAbBcC"));
	await rig.clock.advance(100);
	t.deepEqual(
		messages.map(({ payload }) => payload.toString("latin1")),
		["1", "23", "4", "\xaa\xbb\xcc"],
	);
	t.is(client.dropped, 8);
});

// What the module does by itself

test.serial(
	"PUBREL is answered by PUBCOMP; PINGREQ, PUBACK, PUBREC and PUBCOMP are taken and nothing is sent",
	async t => {
		const { rig, client, control, events } = await connected(t);
		await rig.quiet();
		const before = rig.line.commands.length;
		for (const operation of [
			MQTTClient.PINGREQ,
			MQTTClient.PUBACK,
			MQTTClient.PUBREC,
			MQTTClient.PUBCOMP,
		] as const)
			t.is(client.write(null, { operation, id: 3 }), ROOM);
		t.is(client.write(null, { operation: MQTTClient.PUBREL, id: 3 }), ROOM);
		t.is(client.write(null, { operation: MQTTClient.PUBREL, id: 4 }), ROOM);
		t.is(events.length, 2);
		await rig.clock.advance(100);
		t.deepEqual(control.slice(1), [
			{ operation: MQTTClient.PUBCOMP, id: 3 },
			{ operation: MQTTClient.PUBCOMP, id: 4 },
		]);
		t.is(rig.line.commands.length, before);
		client.write(null, { operation: MQTTClient.PUBREL, id: 5 });
		client.close();
		await rig.clock.advance(100);
		t.is(control.length, 3);
	},
);

test.serial("a consumer that answers PUBREC by PUBREL hears of PUBCOMP once", async t => {
	const { rig, client, control, until } = await connected(t, {
		onControl({ operation, id = 0 }) {
			if (operation === MQTTClient.PUBREC) this.write(null, { operation: MQTTClient.PUBREL, id });
		},
	});
	for (const id of [5, 0x10005, 5]) {
		const count = control.length;
		client.write(bytes("x"), { topic: "t", QoS: 2, id });
		await until("control 7", control.filter(({ operation }) => operation === MQTTClient.PUBCOMP).length + 1);
		await rig.clock.advance(1000);
		t.deepEqual(control.slice(count), [
			{ operation: MQTTClient.PUBREC, id },
			{ operation: MQTTClient.PUBCOMP, id },
		]);
	}
	client.write(null, { operation: MQTTClient.PUBREL, id: 6 });
	await rig.clock.advance(1000);
	t.deepEqual(control[control.length - 1], { operation: MQTTClient.PUBCOMP, id: 6 }, "of an earlier session");
});

test.serial("two clients at one modem: each has its own messages", async t => {
	const one = await connected(t, { id: "one" });
	const { messages, onReadable } = inbox();
	const two = observe(one.rig, { id: "two", onReadable });
	await two.connected();
	one.client.write(null, subscription("one/#"));
	two.client.write(null, subscription("two/#"));
	await one.until("control 9");
	await two.until("control 9");
	for (const name of ["one", "two"]) for (let i = 0; i < 5; i++) await send(one.rig, `${name}/${i}`, `${i}`);
	await one.rig.clock.run(() => one.messages.length + messages.length >= 10, 20_000);
	t.deepEqual(
		one.messages.map(({ topic }) => topic),
		[0, 1, 2, 3, 4].map(i => `one/${i}`),
	);
	t.deepEqual(
		messages.map(({ topic }) => topic),
		[0, 1, 2, 3, 4].map(i => `two/${i}`),
	);
});
