import test, { type ExecutionContext } from "ava";
import { readFileSync } from "node:fs";
import { Rig } from "../bc20/rig.js";
import { send } from "../mqtt/inbox.js";
import { listen } from "../mqtt/observe.js";
import { examples, run } from "./examples.js";

const LONGEST = 30;
const found = examples(readFileSync("README.md", "utf8"));

/** Runs an example of the README against the simulated module and a broker. */
async function start(t: ExecutionContext, name: string) {
	const rig = await Rig.for(t);
	const published = listen(rig);
	const code = found.get(name);
	if (code === undefined) throw new Error(`README.md has no example named ${name}`);
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
