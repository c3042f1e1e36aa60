import test from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import { Telemetry } from "../../../modules/telemetry/telemetry.js";
import { Rig } from "../bc20/rig.js";
import { listen } from "../mqtt/observe.js";
import { MemoryFlash } from "./memory-flash.js";

class Thermometer {
	sample() {
		return { temperature: 21.5 };
	}
	close() {
		return undefined;
	}
}

for (const [title, code, isKept] of [
	["for want of a network, five times", 30, true],
	["for what the message holds, three times", 50, false],
] as const)
	test.serial(`a sample that the module refuses ${title}: ${isKept ? "kept" : "given up"}`, async t => {
		const rig = await Rig.ready(t, { simulator: { profile: "A" } });
		const published = listen(rig);
		const errors: unknown[] = [];
		const acknowledged: number[] = [];
		rig.line.answer(/QMTPUB=/, `\r\n+CME ERROR: ${code}\r\n`, { times: isKept ? 5 : 3 });
		const telemetry = new Telemetry({
			mqtt: { io: MQTTClient, modem: rig.modem },
			host: "broker.test",
			id: "unit-1",
			topic: "site/unit-1",
			QoS: 1,
			intervalMs: 600_000,
			sensors: [{ io: Thermometer, name: "air" }],
			flash: new MemoryFlash(4, 1024),
			backoff: { firstMs: 1000 },
			onAcknowledged: ({ sequence }) => acknowledged.push(sequence),
			onError: error => errors.push((error as { code?: unknown }).code),
		});
		t.teardown(() => telemetry.close());
		await rig.clock.advance(500_000);
		t.deepEqual(acknowledged, isKept ? [1] : []);
		t.is(published.length, isKept ? 1 : 0);
		t.is(errors.includes("refused"), !isKept);
		await rig.clock.advance(600_000);
		t.deepEqual(acknowledged, isKept ? [1, 2] : [2]);
	});
