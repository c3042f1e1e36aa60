import test from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import Digital from "../../shim/digital.js";
import { everyFault, Faults } from "../../simulator/faults/faults.js";
import { Rig } from "../bc20/rig.js";
import { bytes, listen } from "../mqtt/observe.js";

const MESSAGES = 20;

/** The firmware publishes messages one after the other; the conversation, bytes with their times. */
async function conversation(t: Parameters<typeof Rig.for>[0], faults?: Faults): Promise<string[]> {
	const entries: string[] = [];
	const rig = await Rig.ready(t, {
		simulator: {
			...(faults && { faults }),
			transcript: ({ timeMs, direction, bytes: piece }) =>
				entries.push(`${timeMs} ${direction} ${Buffer.from(piece).toString("latin1")}`),
		},
	});
	const published = listen(rig);
	let acknowledged = 0;
	const client = new MQTTClient({
		modem: rig.modem,
		host: "broker.test",
		id: "device",
		onControl: ({ operation }) => {
			if (operation === MQTTClient.PUBACK) acknowledged++;
		},
		onWritable() {
			if (acknowledged < MESSAGES)
				this.write(bytes(`m${acknowledged}`), { topic: "t", QoS: 1, id: acknowledged + 1 });
		},
	});
	await rig.clock.run(() => acknowledged === MESSAGES, 600_000);
	t.is(published.length, MESSAGES);
	client.close();
	await rig.quiet();
	return entries;
}

test.serial(
	"without a fault, and with faults switched off, the conversation is the same to the byte",
	async t => {
		const plain = await conversation(t);
		t.true(plain.length > 50);
		const off = new Faults({ rates: everyFault(1000) });
		off.enabled = false;
		t.deepEqual(await conversation(t, off), plain);
		t.deepEqual(await conversation(t, new Faults()), plain);
	},
);

test.serial("a module that hangs until its power key is used is found by the firmware", async t => {
	const POWER = 4;
	const faults = new Faults();
	const rig = await Rig.ready(t, {
		simulator: { faults, keys: { power: POWER } },
		modem: { power: { io: Digital, pin: POWER } },
	});
	faults.inject("module.hung", { until: "power" });
	rig.modem.refresh();
	await rig.clock.run(() => rig.modem.connection < 500, 600_000);
	await rig.clock.run(() => rig.modem.connection === 500, 600_000);
	t.false(rig.sim.silent);
	t.deepEqual(faults.running, []);
});
