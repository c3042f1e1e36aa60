import type { Figure } from "./figure.js";
import { Firmware, MAIN, computronsOf } from "./firmware.js";
import { Harness } from "./firmware-harness.js";
import type { Publication } from "./publish-xs.js";

/**
 * The first measurement, of 22 November 2026, before anything was made faster: computrons for one message, by QoS. The goal is half.
 */
const FIRST = {
	session: [37_126, 38_100, 38_877],
	telemetry: [73_479, 73_966, 74_264],
} as const;

const SESSION = new URL("./publish-xs.ts", import.meta.url);
const WARM_UP = 5;
const MESSAGES = 10;
const QOS = [0, 1, 2] as const;
/** Behind the acknowledgement: what it leaves behind is part of the message. */
const SETTLE_MS = 1_000;
const MINUTE_MS = 60_000;

/** From `MQTTSession.publish` to the acknowledgement, and from the sample to it. */
export async function publish(): Promise<Figure[]> {
	const harness = await Harness.measure();
	const figures: Figure[] = [];
	for (const QoS of QOS) {
		const cost = await measured(harness, await Firmware.load({ entry: SESSION }), firmware =>
			firmware.unit.call("publish", { QoS, count: 1 } satisfies Publication),
		);
		figures.push(...figuresOf(`MQTTSession.publish, 100 bytes, QoS ${QoS}`, cost, FIRST.session[QoS]));
	}
	for (const QoS of QOS) {
		const firmware = await Firmware.load({ entry: MAIN, telemetry: { QoS } });
		const cost = await measured(harness, firmware);
		const note = `with the modem's signal and voltage: ${cost.bytes} bytes on the wire`;
		figures.push(...figuresOf(`sample to acknowledgement, QoS ${QoS}`, cost, FIRST.telemetry[QoS], note));
	}
	figures.push(await supervision());
	return figures;
}

interface Cost {
	readonly computrons: number;
	readonly garbage: number;
	readonly bytes: number;
}

/** Of one message, on average, once all is warm. `begin` starts each, where the program does not on its own. */
async function measured(
	harness: Harness,
	firmware: Firmware,
	begin?: (firmware: Firmware) => void,
): Promise<Cost> {
	const costs: Cost[] = [];
	firmware.start();
	for (let message = 1; message <= WARM_UP + MESSAGES; message++) {
		const slots = firmware.collect();
		firmware.take();
		begin?.(firmware);
		await firmware.until(message);
		await firmware.clock.advance(SETTLE_MS);
		if (message > WARM_UP) costs.push(costOf(harness, firmware, begin ? "publish" : "sampled", slots));
	}
	await firmware.close();
	const mean = (name: keyof Cost) => Math.round(costs.reduce((sum, cost) => sum + cost[name], 0) / MESSAGES);
	return { computrons: mean("computrons"), garbage: mean("garbage"), bytes: mean("bytes") };
}

/** Of the turns since the one that told of an event: what the driver did before, such as asking a silent module, is not the message's. */
function costOf(harness: Harness, firmware: Firmware, event: string, slotsBefore: number): Cost {
	const { turns } = firmware.take();
	const first = turns.findIndex(({ events }) => events.includes(event));
	if (first < 0) throw new Error(`no turn told of "${event}"`);
	// A sample is taken in the turn before it is kept.
	const from = Math.max(first - 1, 0);
	const counted = turns.slice(from);
	const slots = counted[counted.length - 1].slots - (from ? turns[from - 1].slots : slotsBefore);
	return {
		computrons: computronsOf(counted),
		garbage: slots - harness.slotsOf(counted),
		bytes: counted.reduce((sum, { received, sent }) => sum + received.length + sent.length, 0),
	};
}

/** What the driver does while nobody wants anything: it asks a silent module whether it lives, and for its state. */
async function supervision(): Promise<Figure> {
	const firmware = await Firmware.load({ entry: SESSION });
	firmware.start();
	await firmware.clock.advance(2 * MINUTE_MS);
	firmware.take();
	await firmware.clock.advance(10 * MINUTE_MS);
	const { turns } = firmware.take();
	await firmware.close();
	return {
		group: "publish cost",
		name: "a silent minute, connected: supervision",
		value: Math.round(computronsOf(turns) / 10),
		unit: "computrons",
		deterministic: true,
	};
}

function figuresOf(name: string, { computrons, garbage }: Cost, first: number, note?: string): Figure[] {
	const group = "publish cost";
	const at = `first measurement: ${first.toLocaleString("en")}`;
	return [
		{
			group,
			name,
			value: computrons,
			unit: "computrons",
			goal: { atMost: Math.floor(first / 2) },
			deterministic: true,
			note: note === undefined ? at : `${at}; ${note}`,
		},
		{ group, name: `${name}: garbage`, value: garbage, unit: "slots", deterministic: true },
	];
}
