import test from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import { Rig } from "../bc20/rig.js";
import { listen, observe } from "./observe.js";

test("default export, and the packet types as statics", t => {
	t.deepEqual(Object.fromEntries(Object.entries(MQTTClient)), {
		CONNECT: 1,
		CONNACK: 2,
		PUBLISH: 3,
		PUBACK: 4,
		PUBREC: 5,
		PUBREL: 6,
		PUBCOMP: 7,
		SUBSCRIBE: 8,
		SUBACK: 9,
		UNSUBSCRIBE: 10,
		UNSUBACK: 11,
		PINGREQ: 12,
		PINGRESP: 13,
		DISCONNECT: 14,
	});
});

const long = (count: number) => "x".repeat(count);
const will = { topic: "gone", message: "" };
const bad: readonly [option: string, options: object][] = [
	["modem", { modem: undefined }],
	["host required", { host: undefined }],
	["host required", { host: "" }],
	["host", { host: 17 }],
	["host", { host: long(101) }],
	["host", { host: "é".repeat(51) }],
	["host", { host: 'a"b' }],
	["host", { host: "a\r\nb" }],
	["port", { port: 0 }],
	["port", { port: 65536 }],
	["port", { port: 1883.5 }],
	["id", { id: long(256) }],
	["id", { id: 'a"b' }],
	["id", { id: 5 }],
	["user", { user: long(256) }],
	["user", { user: "a\n" }],
	["user", { user: 5 }],
	["password", { password: long(256) }],
	["password", { password: 'pass"word' }],
	["password", { password: Uint8Array.of(1).buffer }],
	["keepAlive", { keepAlive: -1 }],
	["keepAlive", { keepAlive: 3_600_001 }],
	["keepAlive", { keepAlive: NaN }],
	["keepAlive", { keepAlive: "soon" }],
	["keepAlive", { keepalive: 3_600_001 }],
	["identifier", { identifier: 6 }],
	["identifier", { identifier: -1 }],
	["identifier", { identifier: 0.5 }],
	["packetTimeout", { packetTimeout: 0 }],
	["packetTimeout", { packetTimeout: 61 }],
	["retries", { retries: -1 }],
	["retries", { retries: 11 }],
	["dataFormat", { dataFormat: "binary" }],
	["format", { format: "number" }],
	["will.topic", { will: {} }],
	["will.topic", { will: { ...will, topic: "" } }],
	["will.topic", { will: { ...will, topic: long(256) } }],
	["will.topic", { will: { ...will, topic: 'a"b' } }],
	["will.topic", { will: { ...will, topic: "a/#" } }],
	["will.topic", { will: { ...will, topic: "+/a" } }],
	["will.message", { will: { topic: "gone" } }],
	["will.message", { will: { ...will, message: long(256) } }],
	["will.message", { will: { ...will, message: '{"a":1}' } }],
	["will.QoS", { will: { ...will, QoS: 3 } }],
	["will.QoS", { will: { ...will, QoS: 0.5 } }],
];

test.serial("each bad option: an error that names it, at once; nothing is taken", async t => {
	const rig = await Rig.ready(t);
	await rig.quiet();
	const before = rig.line.commands.length;
	const opened = rig.conversation.length;
	for (const [option, options] of bad) {
		const error = t.throws(() => observe(rig, options), undefined, JSON.stringify(options));
		t.regex(error.message, new RegExp(`^${option}`), JSON.stringify(options));
		t.false(error.message.includes("pass" + '"'), "no secret");
	}
	await rig.clock.advance(10_000);
	t.is(rig.line.commands.length, before);
	t.is(rig.conversation.length, opened);
});

test.serial("the limits themselves are good", async t => {
	const rig = await Rig.ready(t);
	const { connected, client } = observe(rig, {
		host: long(100),
		port: 65535,
		id: long(255),
		user: long(255),
		password: long(255),
		keepAlive: 3_600_000,
		identifier: 5,
		packetTimeout: 60,
		retries: 10,
		will: { topic: long(255), message: long(255), QoS: 2 },
	});
	await connected();
	t.is(rig.sim.sessions[5].state, "connected");
	client.close();
});

test.serial("defaults: port 1883, clean session, 120 s keep-alive, 10 s, 3 retries, no will", async t => {
	const rig = await Rig.ready(t, { simulator: { profile: "A" } });
	const { connected } = observe(rig);
	await connected();
	await rig.quiet();
	const sent = rig.line.commands.filter(command => command.includes("QMT"));
	t.deepEqual(sent, [
		"AT+QMTOPEN?",
		'AT+QMTCFG="keepalive",0,120',
		'AT+QMTCFG="session",0,1',
		'AT+QMTCFG="timeout",0,10,3,1',
		'AT+QMTCFG="will",0,0',
		'AT+QMTCFG="dataformat",0,0,1',
		'AT+QMTCFG="dataformat",0',
		'AT+QMTOPEN=0,"broker.test",1883',
		'AT+QMTCONN=0,"device"',
	]);
});

test.serial(
	"AliCloud: the module makes user and password of the device; the secret is in no trace",
	async t => {
		const users: [string | undefined, string | undefined][] = [];
		const rig = await Rig.ready(t, {
			broker: {
				authenticate: (_, user, password, done) => {
					users.push([user, password?.toString()]);
					done(null, true);
				},
			},
		});
		const aliAuth = { productKey: "product", deviceName: "device", deviceSecret: "s3cret" };
		const { connected } = observe(rig, { aliAuth });
		await connected();
		t.is(rig.count('AT+QMTCFG="aliauth",0,"product","device","s3cret"'), 1);
		t.is(users[0][0], "device&product");
		t.regex(users[0][1] ?? "", /^[0-9a-f]{40}$/);
		t.false(rig.conversation.join("\n").includes("s3cret"));
		const bad = { ...aliAuth, deviceSecret: 'a"b' };
		const error = t.throws(() => observe(rig, { aliAuth: bad }), { instanceOf: RangeError });
		t.regex(error.message, /^aliAuth\.deviceSecret/);
	},
);

test.serial("later firmware: MQTT 3.1.1, data format and echo mode are set", async t => {
	const rig = await Rig.ready(t);
	const { connected } = observe(rig, { clean: false });
	await connected();
	for (const command of [
		'AT+QMTCFG="session",0,0',
		'AT+QMTCFG="version",0,4',
		'AT+QMTCFG="dataformat",0,0,1',
		'AT+QMTCFG="echomode",0,0',
	])
		t.is(rig.count(command), 1, command);
});

for (const [options, seconds] of [
	[{ keepAlive: 0 }, 0],
	[{ keepAlive: 1 }, 1],
	[{ keepAlive: 1000 }, 1],
	[{ keepAlive: 1001 }, 2],
	[{ keepalive: 59_999.5 }, 60],
	[{ keepAlive: 3_600_000 }, 3600],
	[{ keepAlive: 5000, keepalive: 9000 }, 5],
] as const)
	test.serial(`keep-alive ${JSON.stringify(options)} ms is ${seconds} s`, async t => {
		const rig = await Rig.ready(t);
		const { connected } = observe(rig, options);
		await connected();
		t.is(rig.count(`AT+QMTCFG="keepalive",0,${seconds}`), 1);
	});

test.serial("frozen options and unknown keys; target; strings as ArrayBuffers; this", async t => {
	const users: string[] = [];
	const rig = await Rig.ready(t, {
		broker: {
			authenticate(_client, user, password, done) {
				users.push(`${user ?? ""}:${password?.toString() ?? ""}`);
				done(null, true);
			},
		},
	});
	const events: unknown[] = [];
	const options = Object.freeze({
		modem: rig.modem,
		io: MQTTClient,
		socket: Object.freeze({ io: null }),
		dns: null,
		nonsense: 1,
		host: "broker.test",
		target: 17,
		user: ArrayBuffer.fromString("somebody"),
		password: ArrayBuffer.fromString("secret"),
		will: null,
		onControl(this: unknown) {
			events.push(this);
		},
	});
	const client = new MQTTClient(options);
	await rig.clock.run(() => events.length > 0, 60_000);
	t.deepEqual(events, [client]);
	t.is(client.target, 17);
	t.deepEqual(users, ["somebody:secret"]);
});

test.serial("callbacks and options are read once", async t => {
	const rig = await Rig.ready(t);
	const options: Record<string, unknown> = {
		modem: rig.modem,
		host: "broker.test",
		will: { topic: "gone", message: "x" },
	};
	const client = new MQTTClient(options as never);
	Object.assign(options, { host: "elsewhere", onControl: () => t.fail(), onWritable: () => t.fail() });
	Object.assign(options.will as object, { topic: 'a"b' });
	await rig.clock.advance(5000);
	t.is(rig.count('AT+QMTOPEN=0,"broker.test",1883'), 1);
	t.is(rig.count('AT+QMTCFG="will",0,1,0,0,"gone","x"'), 1);
	t.is(rig.sim.sessions[0].state, "connected");
	client.close();
});

test.serial("no callbacks at all", async t => {
	const rig = await Rig.ready(t);
	const published = listen(rig);
	const client = new MQTTClient({ modem: rig.modem, host: "broker.test" });
	await rig.clock.advance(5000);
	client.write(new Uint8Array(1), { topic: "t", QoS: 1 });
	await rig.clock.advance(5000);
	t.is(published.length, 1);
	client.write(null, { operation: MQTTClient.DISCONNECT });
	await rig.clock.advance(5000);
	t.deepEqual(rig.traced, []);
});

test.serial("format is buffer and nothing else", async t => {
	const rig = await Rig.ready(t);
	const { client } = observe(rig, { format: "buffer" });
	t.is(client.format, "buffer");
	client.format = "buffer";
	t.throws(() => (client.format = "number" as never), { instanceOf: RangeError, message: /format/ });
});
