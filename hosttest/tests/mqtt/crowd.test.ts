import test, { type ExecutionContext } from "ava";
import { execute } from "../../../modules/at/execute.js";
import MQTTClient from "../../../modules/mqtt/client.js";
import { Rig } from "../bc20/rig.js";
import { Application } from "./occupy.js";
import { type Options, listen, observe } from "./observe.js";

const SIGNAL = { name: "+CSQ", timeout: 300 };
/** So many may wait for room until `execute` gives up. */
const CROWD = 32;
const WILL: Options = { identifier: 0, will: { topic: "gone", message: "x" } };

/** A modem whose line is held, whose queue is full, and where as many wait for room as may. */
async function crowded(t: ExecutionContext, before: (rig: Rig) => Promise<void>) {
	const rig = await Rig.ready(t);
	const published = listen(rig);
	await before(rig);
	const application = await Application.on(rig);
	await application.occupy();
	const waiting: string[] = [];
	for (let i = 0; i < CROWD; i++)
		execute(application.scheduler, SIGNAL, "execute").then(
			() => waiting.push("done"),
			(error: unknown) => waiting.push((error as Error).name),
		);
	return { rig, application, published, waiting };
}

for (const ending of ["DISCONNECT", "close"] as const)
	test.serial(`${ending} behind a crowd: what ends the connection goes out all the same`, async t => {
		let observed: ReturnType<typeof observe> | undefined;
		const { rig, application, published, waiting } = await crowded(t, async rig => {
			observed = observe(rig, WILL);
			await observed.connected();
		});
		if (ending === "close") observed?.client.close();
		else observed?.client.write(null, { operation: MQTTClient.DISCONNECT });
		await rig.clock.advance(20_000);
		t.is(observed?.events.length, 2, "not told before it is so");
		application.release();
		await rig.clock.advance(60_000);
		t.deepEqual(observed?.events.slice(2), ending === "close" ? [] : ["close"]);
		t.is(rig.count("AT+QMTDISC=0"), ending === "close" ? 0 : 1);
		t.is(rig.count("AT+QMTCLOSE=0"), 1);
		t.is(rig.sim.sessions[0].state, "closed");
		t.is(published.length, ending === "close" ? 1 : 0, "the will");
		t.deepEqual(waiting, Array<string>(CROWD).fill("done"));
	});

test.serial("connecting behind a crowd waits", async t => {
	const { rig, application } = await crowded(t, () => Promise.resolve());
	const { events, connected } = observe(rig, { identifier: 0 });
	await rig.clock.advance(20_000);
	t.deepEqual(events, []);
	application.release();
	await connected();
	t.deepEqual(events, ["control 2", "writable 1288"]);
});

test.serial("an application that is one too many is still told", async t => {
	const { application } = await crowded(t, () => Promise.resolve());
	await t.throwsAsync(execute(application.scheduler, SIGNAL, "execute"), { name: "QueueFullError" });
});

test.serial("activating the context behind a crowd waits, and takes nothing down", async t => {
	const { rig, application } = await crowded(t, () => Promise.resolve());
	rig.modem.cycleContext();
	await rig.clock.advance(20_000);
	application.release();
	await rig.clock.advance(60_000);
	t.is(rig.count("AT+CGACT=1,1"), 1);
	t.is(rig.modem.connection, 500);
	t.deepEqual(rig.errorNames, []);
});

// The answer to QMTCLOSE is lost

for (const [title, answer] of [
	["no answer", undefined],
	["no result", "\r\nOK\r\n"],
] as const)
	test.serial(`QMTCLOSE: ${title}: it is sent again, and only then is the identifier free`, async t => {
		const rig = await Rig.ready(t);
		const published = listen(rig);
		const { client, connected } = observe(rig, WILL);
		await connected();
		rig.line.answer(/QMTCLOSE=0/, answer, { times: 1 });
		client.close();
		await rig.clock.advance(60_000);
		t.is(rig.count("AT+QMTCLOSE=0"), 2);
		t.is(rig.sim.sessions[0].state, "closed");
		t.is(published.length, 1, "the will");
		t.is(rig.modem.recovery.counts.repeat, 1);
		const next = observe(rig, { identifier: 0 });
		await next.connected();
	});
