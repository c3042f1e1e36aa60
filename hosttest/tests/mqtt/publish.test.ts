import test, { type ExecutionContext } from "ava";
import { MQTTError, NotConnectedError, OverflowError, PayloadError } from "../../../modules/mqtt/errors.js";
import MQTTClient, { type WriteOptions } from "../../../modules/mqtt/client.js";
import { Rig, type RigOptions } from "../bc20/rig.js";
import { type Options, bytes, listen, observe } from "./observe.js";

const ROOM = 1288;

/** A connected client and what the broker gets. */
async function connected(t: ExecutionContext, options: Options = {}, rigOptions: RigOptions = {}) {
	const rig = await Rig.ready(t, rigOptions);
	const published = listen(rig);
	const observed = observe(rig, options);
	await observed.connected();
	return { rig, published, ...observed };
}
const A: RigOptions = { simulator: { profile: "A" } };

test.serial(
	"order: CONNACK, then onWritable with the room; nothing before, nothing from the constructor",
	async t => {
		const rig = await Rig.for(t);
		rig.start();
		const { client, events, control, self, until } = observe(rig);
		t.throws(() => client.write(bytes("x"), { topic: "t" }), { instanceOf: NotConnectedError });
		t.throws(() => client.write(null, { operation: MQTTClient.DISCONNECT }), {
			instanceOf: NotConnectedError,
		});
		t.deepEqual(events, []);
		await until("writable");
		t.deepEqual(events, ["control 2", `writable ${ROOM}`]);
		t.deepEqual(control, [{ operation: MQTTClient.CONNACK, returnCode: 0 }]);
		t.deepEqual([...self], [client]);
	},
);

for (const profile of ["A", "B"] as const)
	test.serial(`profile ${profile}: QoS 0, 1 and 2 with their acknowledgements and identifiers`, async t => {
		const { client, events, control, published, until } = await connected(t, {}, { simulator: { profile } });
		t.is(client.write(bytes("zero"), { topic: "a/b", id: 7 }), 0);
		await until("writable", 2);
		t.is(client.write(bytes("one"), { topic: "a/b", QoS: 1, id: 8 }), 0);
		t.deepEqual(events.slice(2), [`writable ${ROOM}`], "nothing from inside write");
		await until("writable", 3);
		client.write(bytes("two"), { topic: "a/b", QoS: 2, id: 9 });
		await until("writable", 4);
		t.deepEqual(events.slice(3), [
			"control 4",
			`writable ${ROOM}`,
			"control 5",
			"control 7",
			`writable ${ROOM}`,
		]);
		t.deepEqual(control.slice(1), [
			{ operation: MQTTClient.PUBACK, id: 8 },
			{ operation: MQTTClient.PUBREC, id: 9 },
			{ operation: MQTTClient.PUBCOMP, id: 9 },
		]);
		t.deepEqual(
			published.map(({ payload }) => payload),
			["zero", "one", "two"],
		);
	});

test.serial("retain reaches the broker", async t => {
	const { rig, client, until } = await connected(t);
	const retained: boolean[] = [];
	rig.broker.on("publish", packet => retained.push(packet.retain));
	client.write(bytes("1"), { topic: "t", QoS: 1, retain: true });
	await until("writable", 2);
	client.write(bytes("2"), { topic: "t", QoS: 1, duplicate: true });
	await until("writable", 3);
	t.deepEqual(retained, [true, false]);
});

for (const [id, msgID] of [
	[1, 1],
	[65535, 65535],
	[65536, 1],
	[65537, 2],
	[131_070, 65535],
	[131_071, 1],
	[5_000_000_000, ((5_000_000_000 - 1) % 65535) + 1],
	[0, 65535],
] as const)
	test.serial(`identifier ${id} goes as msgID ${msgID} and comes back as it was`, async t => {
		const { rig, client, control, until } = await connected(t, {}, A);
		client.write(bytes("x"), { topic: "t", QoS: 1, id });
		await until("writable", 2);
		t.deepEqual(control[1], { operation: MQTTClient.PUBACK, id });
		t.is(rig.count(`AT+QMTPUB=0,${msgID},1,0,"t","x"`), 1);
	});

test.serial("identifiers by default count from 1", async t => {
	const { client, control, until } = await connected(t);
	for (let i = 1; i <= 3; i++) {
		client.write(bytes("x"), { topic: "t", QoS: 1 });
		await until("writable", i + 1);
	}
	t.deepEqual(
		control.slice(1).map(({ id }) => id),
		[1, 2, 3],
	);
});

test.serial("bad values of write: named errors, nothing taken", async t => {
	const { rig, client, published, until } = await connected(t);
	await rig.quiet();
	const before = rig.line.commands.length;
	const cases: readonly [WriteOptions, RegExp][] = [
		[{ topic: "t", QoS: 3 }, /QoS/],
		[{ topic: "t", QoS: -1 }, /QoS/],
		[{ topic: "t", QoS: 1, id: -1 }, /id/],
		[{ topic: "t", QoS: 1, id: 1.5 }, /id/],
		[{ topic: "t", QoS: 1, id: NaN }, /id/],
		[{ topic: "t", byteLength: -1 }, /byteLength|overflow/],
		[{ topic: "t", byteLength: NaN }, /byteLength/],
		[{ topic: "t", byteLength: 7.5 }, /byteLength/],
		[{ topic: "t", byteLength: Infinity }, /byteLength|limit/],
		[{ operation: 15 }, /operation 15/],
		[{ operation: MQTTClient.SUBSCRIBE }, /items/],
	];
	for (const [options, message] of cases)
		t.throws(() => client.write(bytes("12345"), options), { message }, JSON.stringify(options));
	t.throws(() => client.write(bytes("x")), { instanceOf: MQTTError });
	t.throws(() => client.write(bytes("x"), null), { instanceOf: MQTTError });
	t.throws(() => client.write("text" as never, { topic: "t" }), { message: /data/ });
	t.is(rig.line.commands.length, before);
	client.write(bytes("fine"), { topic: "t", QoS: 1 });
	await until("writable", 2);
	t.deepEqual(
		published.map(({ payload }) => payload),
		["fine"],
	);
});

test.serial("topics: refused ones are named before anything is sent, in pieces too", async t => {
	const { rig, client, until } = await connected(t);
	await rig.quiet();
	const before = rig.line.commands.length;
	for (const topic of [
		"",
		"x".repeat(256),
		"é".repeat(128),
		'say "x"',
		"a\rb",
		"a\nb",
		"a\0b",
		"\x1a",
		"a/#",
		"a/+/b",
		"+",
		bytes('"').buffer,
	])
		for (const options of [{ topic }, { topic, byteLength: 10 }])
			t.throws(() => client.write(bytes("x"), options), { message: /topic/ }, JSON.stringify(options));
	t.throws(() => client.write(bytes("x"), {}), { message: /topic/ });
	t.throws(() => client.write(bytes("x"), { topic: 5 as never }), { message: /topic/ });
	t.is(rig.line.commands.length, before);
	client.write(bytes("x"), { topic: "good", QoS: 1 });
	await until("writable", 2);
});

test.serial("topics as string, ArrayBuffer and Uint8Array; UTF-8; the longest", async t => {
	const { client, published, until } = await connected(t);
	const long = "x".repeat(255);
	const topics = ["räume/küche", ArrayBuffer.fromString("räume/bad"), bytes("plain"), long, "a b,c;d{e}"];
	for (const [index, topic] of topics.entries()) {
		client.write(bytes("x"), { topic, QoS: 1 });
		await until("writable", index + 2);
	}
	t.deepEqual(
		published.map(({ topic }) => topic),
		["räume/küche", "räume/bad", "plain", long, "a b,c;d{e}"],
	);
});

test.serial("a topic in a buffer that is used again", async t => {
	const { client, published, until } = await connected(t);
	const topic = bytes("one");
	client.write(bytes("x"), { topic, QoS: 1 });
	topic.set(bytes("two"));
	await until("writable", 2);
	client.write(bytes("x"), { topic, QoS: 1 });
	topic.fill(0);
	await until("writable", 3);
	t.deepEqual(
		published.map(({ topic }) => topic),
		["one", "two"],
	);
});

test.serial("data: ArrayBuffer, views with an offset, DataView; taken at once", async t => {
	const { client, published, until } = await connected(t);
	const whole = bytes("0123456789");
	const pieces = [
		whole.slice().buffer,
		whole.subarray(2, 5),
		new DataView(whole.buffer, 3, 4),
		new Uint16Array(whole.buffer, 4, 2),
	];
	for (const [index, data] of pieces.entries()) {
		client.write(data, { topic: "t", QoS: 1 });
		await until("writable", index + 2);
	}
	const reused = bytes("before");
	client.write(reused, { topic: "t", QoS: 1 });
	reused.fill(0);
	await until("writable", 6);
	t.deepEqual(
		published.map(({ payload }) => payload),
		["0123456789", "234", "3456", "4567", "before"],
	);
});

test.serial("an empty message, in both profiles", async t => {
	for (const profile of ["A", "B"] as const) {
		const { rig, client, published, until } = await connected(t, {}, { simulator: { profile } });
		client.write(null, { topic: "t", QoS: 1 });
		await until("writable", 2);
		client.write(new ArrayBuffer(0), { topic: "t", QoS: 1, retain: true });
		await until("writable", 3);
		t.deepEqual(
			published.map(({ payload }) => payload),
			["", ""],
		);
		await rig.close();
	}
});

test.serial("in pieces: room left, onWritable between, the rest as write(view, null)", async t => {
	const { client, events, published, until } = await connected(t);
	t.is(client.write(bytes("0123"), { topic: "t", QoS: 1, byteLength: 12, id: 5 }), 8);
	t.deepEqual(events.length, 2);
	await until("writable 8");
	t.is(client.write(bytes("4567"), null), 4);
	await until("writable 4");
	t.is(client.write(bytes("89")), 2);
	t.is(client.write(bytes("ab"), null), 0);
	await until("control 4");
	t.deepEqual(events.slice(2), ["writable 8", "writable 4", "control 4", `writable ${ROOM}`]);
	t.deepEqual(published, [{ topic: "t", payload: "0123456789ab", QoS: 1, retain: false }]);
});

test.serial("in pieces: the first may be empty", async t => {
	const { client, published, until } = await connected(t);
	t.is(client.write(null, { topic: "t", QoS: 1, byteLength: 3 }), 3);
	await until("writable 3");
	client.write(bytes("abc"), null);
	await until("control 4");
	t.is(published[0].payload, "abc");
});

test.serial("overflow: more than announced, another message while one is under way", async t => {
	const { client, published, until } = await connected(t);
	const overflow = { instanceOf: OverflowError, message: "overflow" };
	t.throws(() => client.write(bytes("12345"), { topic: "t", byteLength: 4 }), overflow);
	client.write(bytes("12"), { topic: "t", QoS: 1, byteLength: 4 });
	t.throws(() => client.write(bytes("345"), null), overflow);
	t.throws(() => client.write(bytes("x"), { topic: "other" }), overflow);
	client.write(bytes("34"), null);
	t.throws(() => client.write(bytes("x"), { topic: "t" }), overflow);
	t.throws(() => client.write(bytes("x"), null), overflow);
	await until("control 4");
	t.deepEqual(
		published.map(({ payload }) => payload),
		["1234"],
	);
});

test.serial("a message in pieces that turns out impossible is given up; the next one goes", async t => {
	const { client, published, until } = await connected(t);
	client.write(bytes("12"), { topic: "t", QoS: 1, byteLength: 4 });
	t.throws(() => client.write(bytes("\x1a4"), null), { instanceOf: PayloadError, message: /0x1a at 2/ });
	client.write(bytes("next"), { topic: "t", QoS: 1 });
	await until("control 4");
	t.deepEqual(
		published.map(({ payload }) => payload),
		["next"],
	);
});

for (const [form, limit, options, rigOptions] of [
	["data", 1024, {}, {}],
	["inline", 700, {}, A],
	["hex", 350, { dataFormat: "hex" }, {}],
] as const)
	test.serial(`${form} form: ${limit} bytes go, one more does not; room never ends sooner`, async t => {
		const { client, published, events, until } = await connected(t, options, rigOptions);
		const topic = "t".repeat(255);
		const largest = new Uint8Array(limit).fill(0x78);
		client.write(largest, { topic, QoS: 2 });
		await until("writable", 2);
		t.is(published[0].payload, "x".repeat(limit));
		// A consumer that takes 7 + topic + 2 off the count still has room for all that the form carries.
		const count = Number(events[1].slice("writable ".length));
		t.true(count - 7 - 255 - 2 >= limit);
		const more = { instanceOf: PayloadError, message: new RegExp(`limit is ${limit}`) };
		t.throws(() => client.write(new Uint8Array(limit + 1).fill(0x78), { topic }), more);
		t.throws(() => client.write(new Uint8Array(1), { topic, byteLength: limit + 1 }), more);
	});

test.serial("a consumer in the way of mqtt/js: cuts by the count, goes on at onWritable", async t => {
	const message = "x".repeat(1000);
	const topic = "telemetry/device";
	let rest = bytes(message);
	let first = true;
	const { published, until } = await connected(t, {
		onWritable(count) {
			if (!rest.length) return;
			const room = first ? Math.min(count - 7 - topic.length - 2, 300) : Math.min(count, 300);
			const piece = rest.subarray(0, room);
			const byteLength = rest.length;
			rest = rest.subarray(room);
			this.write(piece, first ? { topic, QoS: 1, byteLength } : null);
			first = false;
		},
	});
	await until("control 4");
	t.is(published[0].payload, message);
});

const allBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);

test.serial("data form: every byte but 0x1A and 0x1B", async t => {
	const { client, published, until } = await connected(t);
	for (const byte of [0x1a, 0x1b])
		t.throws(() => client.write(Uint8Array.of(65, byte), { topic: "t" }), {
			instanceOf: PayloadError,
			message: new RegExp(`0x${byte.toString(16)} at 1.*dataFormat "hex"`),
		});
	const payload = allBytes.filter(byte => byte !== 0x1a && byte !== 0x1b);
	client.write(payload, { topic: "t", QoS: 1 });
	await until("control 4");
	t.is(published[0].payload, Buffer.from(payload).toString("latin1"));
});

test.serial("hex form: every byte", async t => {
	const { client, published, until } = await connected(t, { dataFormat: "hex" });
	client.write(allBytes, { topic: "t", QoS: 1 });
	await until("control 4");
	t.is(published[0].payload, Buffer.from(allBytes).toString("latin1"));
});

test.serial("inline form: every byte but control characters, quotes and commas among them", async t => {
	const { client, published, until } = await connected(t, {}, A);
	for (const byte of [0, 10, 13, 26, 27, 31, 127])
		t.throws(() => client.write(Uint8Array.of(65, byte), { topic: "t" }), {
			instanceOf: PayloadError,
			message: /at 1/,
		});
	const payload = allBytes.filter(byte => byte >= 32 && byte !== 127);
	client.write(payload, { topic: "t", QoS: 1 });
	await until("control 4");
	t.is(published[0].payload, Buffer.from(payload).toString("latin1"));
	client.write(bytes('{"a":"b","c":[1,"2"]}'), { topic: "t", QoS: 1 });
	await until("control 4", 2);
	t.is(published[1].payload, '{"a":"b","c":[1,"2"]}');
});

test.serial("hex on firmware that has no data format: refused, not published as digits", async t => {
	const rig = await Rig.ready(t, A);
	const published = listen(rig);
	const { events, errors, until } = observe(rig, {
		dataFormat: "hex",
		onWritable() {
			this.write(bytes("abc"), { topic: "t", QoS: 1 });
		},
	});
	await until("error");
	t.deepEqual(published, []);
	t.deepEqual(events, ["error MQTTError"]);
	t.regex(errors[0].message, /dataFormat/);
});

test.serial("writes from inside callbacks", async t => {
	let left = 3;
	const { rig, events, published, until } = await connected(t, {
		onControl({ operation }) {
			if (operation === MQTTClient.CONNACK || left-- > 0)
				this.write(bytes(`${left}`), { topic: "t", QoS: 1 });
		},
	});
	await until("control 4", 4);
	await rig.clock.advance(1000);
	t.is(published.length, 4);
	t.deepEqual(events, ["control 2", "control 4", "control 4", "control 4", "control 4", `writable ${ROOM}`]);
	t.deepEqual(rig.traced, []);
});

test.serial("several clients at once, each on its identifier, their messages interleaved", async t => {
	const rig = await Rig.ready(t);
	const published = listen(rig);
	const clients = Array.from({ length: 6 }, (_, index) => {
		let sent = 0;
		return observe(rig, {
			id: `client ${index}`,
			onWritable() {
				if (sent < 5) this.write(bytes(`${index}-${sent++}`), { topic: `t/${index}`, QoS: index % 3 });
			},
		});
	});
	await rig.clock.run(() => published.length === 30, 60_000);
	await rig.clock.advance(2000);
	for (const [index, { errors, events }] of clients.entries()) {
		t.deepEqual(errors, []);
		t.is(events.filter(event => event === `writable ${ROOM}`).length, 6);
		t.deepEqual(
			published.filter(({ topic }) => topic === `t/${index}`).map(({ payload }) => payload),
			[0, 1, 2, 3, 4].map(sent => `${index}-${sent}`),
		);
	}
	t.deepEqual(
		rig.sim.sessions.map(({ state }) => state),
		Array.from({ length: 6 }, () => "connected"),
	);
	t.deepEqual(rig.traced, []);
	t.true(
		published.some(({ topic }, index) => index > 0 && topic !== published[index - 1].topic),
		"interleaved",
	);
	t.is(rig.modem.statistics?.timeouts, 0);
});
