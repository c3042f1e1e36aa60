import test, { type ExecutionContext } from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import { Faults } from "../../simulator/faults/faults.js";
import { Rig } from "./rig.js";

const MINUTE = 60_000;
const KEEP_ALIVE_MS = 20 * MINUTE;

/** A modem that has just come back: it stands on a rung. */
async function recovered(t: ExecutionContext): Promise<Rig> {
	const faults = new Faults();
	const rig = await Rig.ready(t, { simulator: { faults } });
	faults.inject("module.hung", { until: "time", ms: 2 * MINUTE });
	await rig.clock.run(() => rig.modem.connection < 500, 2 * MINUTE);
	await rig.up(10 * MINUTE);
	t.is(rig.modem.recovery.rung, "probe");
	return rig;
}

test.serial("without a client: the bottom of the ladder after 15 min on the network", async t => {
	const rig = await recovered(t);
	await rig.clock.advance(14 * MINUTE);
	t.is(rig.modem.recovery.rung, "probe");
	await rig.clock.advance(2 * MINUTE);
	t.is(rig.modem.recovery.rung, undefined);
});

test.serial("with a client: when its connection has lasted twice the keep-alive", async t => {
	const rig = await recovered(t);
	const client = new MQTTClient({
		modem: rig.modem,
		host: "broker.test",
		id: "device",
		keepAlive: KEEP_ALIVE_MS,
	});
	t.teardown(() => client.close());
	await rig.clock.advance(2 * KEEP_ALIVE_MS - 5 * MINUTE);
	t.is(rig.modem.recovery.rung, "probe", "15 min of a network prove nothing where there is a client");
	await rig.clock.advance(10 * MINUTE);
	t.is(rig.modem.recovery.rung, undefined);
});

for (const command of ["AT+CEREG=1", "AT+CFUN?", "AT+CPIN?"])
	test.serial(`a module that swallows ${command}: it is sent again, and nothing begins anew`, async t => {
		const rig = await Rig.for(t);
		const pattern = new RegExp(`^${command.replace(/[+?]/g, "\\$&")}$`);
		rig.line.answer(pattern, undefined, { times: 1 });
		rig.start();
		await rig.up(2 * MINUTE);
		t.deepEqual(rig.errors, []);
		t.is(rig.modem.recovery.counts.repeat, 1);
		t.true(rig.count(command) >= 2);
		t.is(rig.modem.recovery.rung, undefined);
	});
