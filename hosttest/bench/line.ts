import type { TranscriptEntry } from "../simulator/options.js";
import type { Figure } from "./figure.js";
import { Firmware } from "./firmware.js";
import type { Publication } from "./publish-xs.js";

const SESSION = new URL("./publish-xs.ts", import.meta.url);
const WARM_UP = 5;
const MESSAGES = 200;
const CHARACTER_MS = (10 * 1000) / 115_200;
/** Characters of silence after which the UART tells of what is in its FIFO. */
const TIMEOUT_CHARACTERS = 4;

/** How much of the line publishes of QoS 0 use, back to back, with a modem that takes no time. */
export async function line(): Promise<Figure[]> {
	const firmware = await Firmware.load({
		entry: SESSION,
		modem: { delays: "none" },
		// The interrupt comes when it is due and its callback at once: what is measured is the firmware.
		uart: { early: 0, latencyCharacters: 0 },
	});
	firmware.start();
	const publish = async (count: number): Promise<void> => {
		const acknowledged = firmware.acknowledged + count;
		firmware.unit.call("publish", { QoS: 0, count } satisfies Publication);
		await firmware.until(acknowledged);
	};
	await publish(WARM_UP);
	firmware.take();
	const start = firmware.clock.now;
	await publish(MESSAGES);
	const tookMs = firmware.clock.now - start;
	const { transcript } = firmware.take();
	await firmware.close();
	const bytes = transcript.reduce((sum, entry) => sum + entry.bytes.length, 0);
	const answers = turnarounds(transcript);
	const leastMs = (bytes + answers * TIMEOUT_CHARACTERS) * CHARACTER_MS;
	const group = "line use";
	return [
		{
			group,
			name: "QoS 0, 100 bytes, back to back, 115200 baud",
			value: Number(((100 * leastMs) / tookMs).toFixed(1)),
			unit: "%",
			goal: { atLeast: 95 },
			deterministic: true,
			note: `${(bytes / MESSAGES).toFixed(0)} bytes and ${(answers / MESSAGES).toFixed(0)} receive time-outs a message: ${(leastMs / MESSAGES).toFixed(2)} ms of ${(tookMs / MESSAGES).toFixed(2)}`,
		},
		{
			group,
			name: "time a message",
			value: Number((tookMs / MESSAGES).toFixed(2)),
			unit: "ms",
			deterministic: true,
			note: `${((1000 * MESSAGES) / tookMs).toFixed(0)} messages a second`,
		},
	];
}

/** How often the modem falls silent and the host goes on: each time it waits for a receive time-out. */
function turnarounds(transcript: readonly TranscriptEntry[]): number {
	let count = 0;
	for (let index = 0; index < transcript.length; index++) {
		const next = transcript[index + 1]?.direction ?? "toModem";
		if (transcript[index].direction === "toHost" && next === "toModem") count++;
	}
	return count;
}
