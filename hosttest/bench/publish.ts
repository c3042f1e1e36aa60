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
/** Behind the last message: what it leaves behind is part of it. */
const SETTLE_MS = 30_000;

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
	let count = 0;
	const next = async (): Promise<void> => {
		begin?.(firmware);
		await firmware.until(++count);
		await firmware.clock.advance(SETTLE_MS);
	};
	firmware.start();
	for (let message = 0; message < WARM_UP; message++) await next();
	firmware.take();
	const before = firmware.collect();
	for (let message = 0; message < MESSAGES; message++) await next();
	const { turns, transcript } = firmware.take();
	const after = turns[turns.length - 1].slots;
	await firmware.close();
	return {
		computrons: Math.round(computronsOf(turns) / MESSAGES),
		garbage: Math.round((after - before - harness.slotsOf(turns)) / MESSAGES),
		bytes: Math.round(transcript.reduce((sum, { bytes }) => sum + bytes.length, 0) / MESSAGES),
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
