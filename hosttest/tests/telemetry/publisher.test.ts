import test from "ava";
import { Backoff } from "../../../modules/common/backoff.js";
import { Outbox } from "../../../modules/telemetry/outbox.js";
import { Publisher } from "../../../modules/telemetry/publisher.js";
import { QuietQueue } from "../../../modules/telemetry/quiet.js";
import { VirtualClock, useClock } from "../../shim/clock.js";
import { FakeBroker } from "./fake-mqtt.js";
import { MemoryFlash } from "./memory-flash.js";

// What happens between the broker's answer and the moment in which flash may be written.

function setup() {
	const clock = new VirtualClock({ turns: 1 });
	useClock(clock);
	const broker = new FakeBroker();
	const outbox = new Outbox({ flash: new MemoryFlash(4, 1024), payloadLimit: 100 });
	const line = { isQuiet: true };
	const told: string[] = [];
	const quiet = new QuietQueue({
		isQuiet: () => line.isQuiet,
		patienceMs: 60_000,
		onError: error => told.push(String(error)),
	});
	const add = (text: string) => outbox.append(new Uint8Array(ArrayBuffer.fromString(text)));
	const publisher = new Publisher(
		told,
		{ mqtt: broker.provider, host: "h", id: "i", topic: "t" },
		{ outbox, quiet, backoff: new Backoff({ firstMs: 1_000, random: () => 0.5 }) },
		{
			onConnected: told => told.push("connected"),
			onDisconnected: told => told.push("disconnected"),
			onAcknowledged: (told, { sequence }) => told.push(`acknowledged ${sequence}`),
			onRefused: (told, sequence) => told.push(`refused ${sequence}`),
		},
	);
	return { clock, broker, outbox, line, told, add, publisher };
}

test.serial("link lost in between: the message is not sent again, and acknowledged once", async t => {
	const { clock, broker, outbox, line, told, add, publisher } = setup();
	add("first");
	add("second");
	line.isQuiet = false;
	await clock.advance(1_000);
	t.is(broker.received.length, 1);
	broker.lose(new Error("gone"));
	await clock.advance(5_000);
	t.true(publisher.isConnected);
	t.is(outbox.waiting, 2);
	line.isQuiet = true;
	await clock.advance(1_000);
	t.deepEqual(
		broker.received.map(({ payload, id }) => [payload, id]),
		[
			["first", 1],
			["second", 2],
		],
	);
	t.deepEqual(told, ["connected", "disconnected", "connected", "acknowledged 1", "acknowledged 2"]);
	publisher.close();
});

test.serial("link lost in between, while it stops: acknowledged first", async t => {
	const { clock, broker, outbox, line, told, add, publisher } = setup();
	add("first");
	line.isQuiet = false;
	await clock.advance(1_000);
	publisher.stop(() => told.push("stopped"));
	await clock.advance(100);
	broker.lose(new Error("gone"));
	await clock.advance(1_000);
	t.deepEqual(told, ["connected"]);
	line.isQuiet = true;
	await clock.advance(1_000);
	t.deepEqual(told, ["connected", "acknowledged 1", "stopped"]);
	t.is(outbox.waiting, 0);
});

for (const isDropped of [false, true])
	test.serial(
		`refused three times, ${isDropped ? "dropped by the outbox" : "nothing"} in between: told as what it was`,
		async t => {
			const { clock, broker, outbox, line, told, add, publisher } = setup();
			broker.publishPlan = count => (count <= 3 ? "refuse later" : "acknowledge");
			add("first");
			await clock.run(() => broker.publishes === 3, 60_000);
			line.isQuiet = false;
			await clock.advance(20_000);
			t.true(publisher.isConnected);
			t.is(broker.publishes, 3, "not tried a fourth time");
			if (isDropped) t.true(outbox.acknowledge(1));
			add("second");
			line.isQuiet = true;
			await clock.advance(1_000);
			t.deepEqual(
				told.filter(event => !event.endsWith("connected")),
				isDropped ? ["acknowledged 2"] : ["refused 1", "acknowledged 2"],
			);
			t.is(outbox.waiting, 0);
			publisher.close();
		},
	);
