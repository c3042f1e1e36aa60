import test from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import { A, A_BARE, B, B_BARE, session } from "./hostile-session.js";
import { send } from "./inbox.js";
import { bytes } from "./observe.js";

/** Topics that somebody else may publish to. What a profile A module makes of those that nobody can tell from a message. */
const TOPICS: readonly (readonly [topic: string, ambiguous?: readonly [topic: string, payload: string]])[] = [
	["in/a,b"],
	['in/a"b'],
	['in/a"'],
	['in/"'],
	['in/""'],
	['in/a",b'],
	["in/ "],
	["in/a b"],
	["in/'"],
	["in/OK"],
	["in/+QMTSTAT: 0,1"],
	["in/>"],
	["in/grün/温度"],
	["in/\\"],
	["in/" + "x".repeat(252)],
	['in/a","b', ["in/a", 'b","x']],
	['in/a",', ["in/a", ',"x']],
	['in/","', ["in/", '","x']],
	['in/{"a","b"}', ['in/{"a', 'b"}","x']],
];
/** With quotes around them these are told from lines of the module. */
const WITH_LINE_ENDS: typeof TOPICS = [
	["in/\r\n"],
	["in/\r\nOK\r\n"],
	["in/\r\n+QMTSTAT: 0,1\r\n"],
	['in/"\r\n\r\n+QMTSTAT: 0,1\r\n'],
];

for (const mode of [A, B])
	test.serial(`topics of incoming messages, ${mode.title}`, async t => {
		const { receive, goesOn, errors, client } = await session(t, mode);
		for (const [topic, ambiguous] of [...TOPICS, ...WITH_LINE_ENDS]) {
			t.deepEqual(
				await receive("x", topic),
				[mode === A && ambiguous ? [...ambiguous] : [topic, "x"]],
				topic,
			);
			t.true(await goesOn(), topic);
		}
		t.is(client.dropped, 0);
		t.deepEqual(errors, []);
	});

for (const mode of [A_BARE, B_BARE])
	test.serial(`topics of incoming messages, ${mode.title}: a comma ends one in text`, async t => {
		const { receive, goesOn, errors, client } = await session(t, mode);
		for (const [topic] of TOPICS) {
			const comma = mode === A_BARE ? topic.indexOf(",") : -1;
			const expected = comma < 0 ? [topic, "x"] : [topic.slice(0, comma), `${topic.slice(comma + 1)},x`];
			t.deepEqual(await receive("x", topic), [expected], topic);
			t.true(await goesOn(), topic);
		}
		t.is(client.dropped, 0);
		t.deepEqual(errors, []);
	});

for (const mode of [A_BARE, B_BARE])
	test.serial(`topics with line ends, ${mode.title}: what follows passes for the module's`, async t => {
		for (const [topic] of WITH_LINE_ENDS) {
			const { rig, client, goesOn, errors, messages } = await session(t, mode);
			await send(rig, topic, "x");
			await rig.clock.advance(1000);
			t.deepEqual(messages, [], topic);
			t.is(client.dropped, 1);
			const forged = topic.includes("+QMTSTAT");
			t.deepEqual(
				errors.map(({ name }) => name),
				forged ? ["LinkError"] : [],
			);
			if (!forged) t.true(await goesOn(), topic);
			await rig.close();
		}
	});

for (const mode of [A_BARE, B_BARE])
	test.serial(`a topic that begins with a quote, ${mode.title}: lost, and the line goes on`, async t => {
		const { rig, client, messages, goesOn, until, control } = await session(t, mode);
		client.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: "+/x", QoS: 0 }] });
		await until(() => control.filter(({ operation }) => operation === MQTTClient.SUBACK).length === 2);
		await send(rig, '"a/x', "x");
		await rig.clock.advance(1000);
		t.deepEqual(messages, []);
		t.is(rig.modem.gaps, 1);
		t.true(await goesOn());
	});

test.serial("the longest topic leaves room for 1076 bytes in hex, 2048 in text", async t => {
	for (const [mode, length] of [
		[A, 2048],
		[B, 1076],
	] as const) {
		const { rig, receive, goesOn } = await session(t, mode);
		const topic = "in/" + "x".repeat(252);
		const payload = "y".repeat(length);
		t.deepEqual(await receive(payload, topic), [[topic, payload]]);
		t.true(await goesOn());
		await rig.close();
	}
});

test.serial("a topic longer than the module's limit is dropped and counted", async t => {
	const { rig, client, messages, goesOn } = await session(t, B);
	await send(rig, "in/" + "x".repeat(253), "x");
	await rig.clock.advance(1000);
	t.is(client.dropped, 1);
	t.deepEqual(messages, []);
	t.true(await goesOn());
});

for (const [mode, dropped] of [
	[A, 0],
	[B, 1],
] as const)
	test.serial(
		`a topic with line ends that ends a message, ${mode.title}: what follows passes for the module's`,
		async t => {
			const { rig, client, errors } = await session(t, mode);
			await send(rig, 'in/a","b"\r\n\r\n+QMTSTAT: 0,1\r\n', "x");
			await rig.clock.advance(1000);
			t.deepEqual(
				errors.map(({ name }) => name),
				["LinkError"],
			);
			t.is(client.dropped, dropped);
		},
	);

test.serial(
	"topics to publish to: every character that MQTT allows but quotes and control characters",
	async t => {
		const { client, published, publish, goesOn } = await session(t, B);
		const topics = [
			"out/ ",
			"out/,",
			"out/a,b",
			"out/>",
			"out/'\\",
			"out//",
			"out/$x",
			"out/grün/温度/😀",
			"out/" + "x".repeat(251),
		];
		for (const topic of topics) {
			published.length = 0;
			await publish("x", 0, topic);
			t.is(published[0].topic, topic);
			t.true(await goesOn());
		}
		for (const topic of ['a"b', "a\rb", "a\nb", "a\0b", "a\x1ab", "a\x7fb", "a+b", "#", "", "x".repeat(256)])
			t.throws(() => client.write(bytes("x"), { topic }), { instanceOf: RangeError, message: /^topic / });
		t.true(await goesOn());
	},
);
