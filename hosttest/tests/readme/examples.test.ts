import test, { type ExecutionContext } from "ava";
import { readFileSync } from "node:fs";
import { Identifiers } from "../../../modules/bc20/identifiers.js";
import { Rig } from "../bc20/rig.js";
import { send } from "../mqtt/inbox.js";
import { listen } from "../mqtt/observe.js";
import { examples, run } from "./examples.js";

const LONGEST = 30;
const found = examples(readFileSync("README.md", "utf8"));
const started = new Set<string>();

/** Runs an example of the README against the simulated module and a broker. */
async function start(t: ExecutionContext, name: string) {
	const rig = await Rig.for(t);
	const published = listen(rig);
	const code = found.get(name);
	if (code === undefined) throw new Error(`README.md has no example named ${name}`);
	started.add(name);
	await run(code);
	return {
		rig,
		/** Messages to a topic that the broker got. */
		to: (topic: string) => published.filter(message => message.topic === topic),
		until: (condition: () => boolean) => rig.clock.run(condition, 120_000),
	};
}

test.serial("examples are short", t => {
	for (const [name, code] of found) t.true(code.split("\n").length - 1 <= LONGEST, name);
});

test.serial("the MQTT client class", async t => {
	const { rig, to, until } = await start(t, "class");
	await until(() => rig.traced.includes("granted QoS 1\n") && to("pump/7").length === 1);
	t.deepEqual(to("pump/7"), [{ topic: "pump/7", payload: "on", QoS: 1, retain: true }]);
	await send(rig, "pump/7/set", "off");
	await until(() => rig.traced.includes("pump/7/set: off\n"));
	await until(() => rig.traced.includes("acknowledged 1\n"));
	await rig.clock.advance(60_000);
	t.is(to("pump/7").length, 1);
});

test.serial("the session", async t => {
	const { rig, to, until } = await start(t, "session");
	await until(() => rig.traced.includes("the broker knows\n"));
	t.deepEqual(to("pump/7"), [{ topic: "pump/7", payload: "on", QoS: 1, retain: true }]);
	await send(rig, "pump/7/set", "off", { QoS: 1 });
	await until(() => to("pump/7").length === 2);
	t.is(to("pump/7")[1].payload, "off");
	t.true(rig.traced.includes("pump/7/set: off\n"));
});

test.serial("an existing program over device.network.mqtt", async t => {
	const global = globalThis as { device?: unknown };
	const { device } = global;
	t.teardown(() => (global.device = device));
	global.device = { other: 1, network: { other: 2 } };
	const { to, until } = await start(t, "device");
	await until(() => to("pump/7").length === 2);
	t.deepEqual(
		to("pump/7").map(({ payload, QoS }) => [payload, QoS]),
		[
			["on", 0],
			["off", 0],
		],
	);
	t.like(global.device, { other: 1, network: { other: 2 } });
});

test.serial("the commands of the application note", async t => {
	const original = Object.getOwnPropertyDescriptor(Identifiers.prototype, "release") as PropertyDescriptor;
	t.teardown(() => Object.defineProperty(Identifiers.prototype, "release", original));
	let released = 0;
	Identifiers.prototype.release = function (holder) {
		released++;
		(original.value as (holder: unknown) => void).call(this, holder);
	};
	const { rig, to, until } = await start(t, "note");
	await until(() => rig.line.commands.some(command => command.startsWith("AT+QMTDISC")));
	await rig.clock.advance(10_000);
	t.deepEqual(to("pump/7"), [{ topic: "pump/7", payload: "on", QoS: 1, retain: true }]);
	const [acknowledged, granted, received, ...more] = rig.traced.slice().sort();
	t.is(acknowledged, "acknowledged\n");
	t.is(granted, "granted QoS 1\n");
	t.regex(received, /^received 0,\d+,"pump\/7","on"\n$/);
	t.deepEqual(more, []);
	t.is(released, 1, "the identifier is free again");
	const commands = rig.line.commands.filter(command => command.includes("QMT"));
	t.deepEqual(commands.slice(commands.findIndex(command => command.includes("keepalive"))), [
		'AT+QMTCFG="keepalive",0,60',
		'AT+QMTOPEN=0,"broker.example.com",1883',
		'AT+QMTCONN=0,"pump-7"',
		'AT+QMTSUB=0,1,"pump/7",1',
		'AT+QMTPUB=0,2,1,1,"pump/7","on"',
		"AT+QMTDISC=0",
		"AT+QMTCLOSE=0",
	]);
});

test.serial("the AT engine: a command and a URC of the application's own", async t => {
	const { rig, until } = await start(t, "engine");
	await until(() => rig.traced.some(text => text.startsWith("rssi ")));
	await until(() => rig.traced.includes("registration 1\n"));
	t.true(rig.line.commands.includes("AT+CEREG=1"));
	t.true(rig.line.commands.includes("AT+CSQ"));
	rig.line.raw("\r\n+CERE");
	await until(() => rig.traced.includes("something was lost on the line\n"));
});

test.serial("there is no example that is not run", t => {
	t.deepEqual([...found.keys()].sort(), [...started].sort());
});
