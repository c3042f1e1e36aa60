// What a full outbox drops when the power is cut, as Telemetry reports it and as a receiver sees it.
import test from "ava";
import { Telemetry, TelemetryError } from "../../../modules/telemetry/telemetry.js";
import { VirtualClock, useClock } from "../../shim/clock.js";
import { FakeBroker } from "./fake-mqtt.js";
import { MemoryFlash } from "./memory-flash.js";

class Thermometer {
	sample() {
		return { temperature: 21.5 };
	}
	close() {
		return undefined;
	}
}

interface Unit {
	readonly telemetry: Telemetry;
	/** Numbers of the samples that were accepted. */
	readonly sampled: number[];
	/** Messages that were reported as dropped. */
	dropped: number;
}

function start(broker: FakeBroker, flash: MemoryFlash): Unit {
	const sampled: number[] = [];
	const unit: Unit = {
		telemetry: new Telemetry({
			mqtt: broker.provider,
			host: "broker.example",
			id: "unit-1",
			topic: "site/unit-1",
			intervalMs: 1_000,
			sensors: [{ io: Thermometer, name: "air" }],
			flash,
			backoff: { firstMs: 1_000, random: () => 0.5 },
			onSampled: ({ sequence }) => void sampled.push(sequence),
			onError: error => {
				if (error instanceof TelemetryError && error.code === "full") unit.dropped += error.count;
			},
		}),
		sampled,
		dropped: 0,
	};
	return unit;
}

const OFFLINE_MS = 60_000;

/** A unit without a broker until the power is cut; then one that has one. Returns what is known at the end. */
async function run(cutAt: number, steps?: [first: number, last: number][]) {
	const clock = new VirtualClock({ turns: 1 });
	useClock(clock);
	const broker = new FakeBroker();
	broker.connectPlan = () => "error";
	const flash = new MemoryFlash(4, 1024);
	flash.cutAt = cutAt;
	const eraseBlock = flash.eraseBlock.bind(flash);
	flash.eraseBlock = block => {
		steps?.push([flash.steps - 24, flash.steps + 8]);
		eraseBlock(block);
	};
	const first = start(broker, flash);
	await clock.advance(OFFLINE_MS);
	first.telemetry.close();
	broker.connectPlan = () => "accept";
	const second = start(broker, flash.reopened());
	await clock.advance(OFFLINE_MS);
	second.telemetry.close();
	const received = new Set(
		broker.received.map(({ payload }) => (JSON.parse(payload) as { v: number }[])[0].v),
	);
	// Messages go out in their order: what is missing below the highest is gone.
	const due = [...first.sampled, ...second.sampled].filter(sequence => sequence < Math.max(...received));
	const lost = due.filter(sequence => !received.has(sequence)).length;
	return { lost, told: first.dropped + second.dropped, before: first.dropped };
}

test.serial(
	"drops: told before or after a power cut in the erase, as many as the receiver's numbers have holes",
	async t => {
		const erases: [number, number][] = [];
		const whole = await run(Infinity, erases);
		t.true(whole.lost > 20);
		t.is(whole.told, whole.lost);
		const later = erases.slice(-2);
		let after = 0;
		for (const [from, to] of later)
			for (let cutAt = from; cutAt <= to; cutAt++) {
				const { lost, told, before } = await run(cutAt);
				t.is(told, lost, `cut at step ${cutAt}`);
				if (told > before) after++;
			}
		t.true(after > 40, "by the start after the cut");
	},
);
