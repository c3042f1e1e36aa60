import type { Figure } from "./figure.js";
import { EMPTY, Harness } from "./firmware-harness.js";
import { Firmware, MAIN } from "./firmware.js";
import { type Heap, type Live, bytesOf, heapOf } from "./memory-heap.js";
import { instantNetwork } from "./memory-network.js";

const group = "memory";
/** 32 KB. */
const LIMIT_BYTES = 32_768;
const SETTLE_MS = 30_000;
const MESSAGES = 100_000;
/** So many messages have all that recurs among them: at one a minute the supply voltage is asked for with each tenth. */
const PEAK_MESSAGES = 12;
/** Tables have grown to their sizes by then. */
const WARM_UP = 1000;
/** Buffers smaller than this are told as one sum. */
const SMALL_BYTES = 64;

/** The heap of the whole firmware, as on the chip: 16 bytes a slot, and the chunks of strings, buffers and arrays. */
export async function memory(): Promise<Figure[]> {
	const own = await idle(EMPTY);
	return connected(own.byClass.get("") ?? { slots: 0, chunkBytes: 0 });
}

/** What is live once a program is started and idle, over what is live when it is loaded: that the chip has in flash. */
interface Difference {
	readonly live: Live;
	readonly byClass: ReadonlyMap<string, Live>;
	readonly buffers: ReadonlyMap<string, number>;
}

async function idle(entry: URL): Promise<Difference> {
	const firmware = await Firmware.load({ entry });
	const loaded = heapOf(firmware.unit);
	firmware.start();
	await firmware.clock.advance(SETTLE_MS);
	const difference = over(loaded, heapOf(firmware.unit));
	await firmware.close();
	return difference;
}

async function connected(own: Live): Promise<Figure[]> {
	const harness = await Harness.measure();
	const firmware = await Firmware.load({ entry: MAIN });
	const loaded = heapOf(firmware.unit);
	const loadedSlots = firmware.collect();
	firmware.start();
	await firmware.until(3);
	await firmware.clock.advance(SETTLE_MS);
	const { live, byClass, buffers } = over(loaded, heapOf(firmware.unit));
	const slots = live.slots - own.slots;
	const chunkBytes = live.chunkBytes - own.chunkBytes;
	const bytes = slots * 16 + chunkBytes;
	const largest = [...byClass]
		.filter(([name]) => name)
		.sort(([, one], [, other]) => bytesOf(other) - bytesOf(one))
		.slice(0, 8)
		.map(([name, part]) => `${name} ${bytesOf(part)}`);

	const { publishing, any } = await peaks(firmware, harness);
	const bytesAt = (peak: number) => (peak - loadedSlots - own.slots) * 16 + chunkBytes;
	await firmware.close();

	const figure = { group, unit: "bytes", deterministic: true };
	const goal = { atMost: LIMIT_BYTES };
	return [
		{ ...figure, name: "connected and idle", value: bytes, goal, note: `most of it: ${largest.join(", ")}` },
		{ ...figure, name: "of it slots", value: slots, unit: "slots", note: `16 bytes each: ${slots * 16}` },
		{ ...figure, name: "of it buffers, strings, items of arrays", value: chunkBytes },
		...buffersOf(buffers).map(([name, value]) => ({ ...figure, name: `buffer ${name}`, value })),
		{
			...figure,
			name: "peak while publishing",
			value: bytesAt(publishing),
			goal,
			note: `slots that live before a turn, and all that it takes, garbage included: the most of all turns of ${PEAK_MESSAGES} messages; chunks as when idle`,
		},
		{
			...figure,
			name: "peak between messages too",
			value: bytesAt(any),
			goal,
			note: "likewise, of all turns: every 5 minutes the driver reads the module's state anew",
		},
	];
}

/** Slots before a turn, collected, and those that it takes: the most of all turns. */
interface Peaks {
	/** From a sample to its acknowledgement. */
	readonly publishing: number;
	/** Of all turns: the supervision of the module between the messages is among them. */
	readonly any: number;
}

async function peaks(firmware: Firmware, harness: Harness): Promise<Peaks> {
	let publishing = 0;
	let any = 0;
	let isPublishing = false;
	/** Of the turn before: a sample is taken in the one before it is kept. */
	let before = 0;
	// Each collection leaves one slot behind.
	let collections = 0;
	firmware.collect();
	firmware.onTurn = turn => {
		const slots = turn.slots - harness.slotsOf([turn]) - ++collections;
		any = Math.max(any, slots);
		if (turn.events.includes("sampled")) {
			isPublishing = true;
			publishing = Math.max(publishing, before);
		}
		if (isPublishing) publishing = Math.max(publishing, slots);
		if (turn.events.includes("acknowledged")) isPublishing = false;
		before = slots;
		firmware.collect();
	};
	await firmware.until(firmware.acknowledged + PEAK_MESSAGES);
	await firmware.clock.advance(SETTLE_MS);
	firmware.onTurn = undefined;
	return { publishing, any };
}

/** What very many messages leave behind. */
export async function endurance(): Promise<Figure[]> {
	const firmware = await Firmware.load({
		network: instantNetwork(),
		modem: { delays: "none" },
		serial: { baud: 5_000_000 },
		telemetry: { interval: 0.05 },
	});
	firmware.onTurn = () => undefined;
	firmware.start();
	await firmware.until(WARM_UP);
	const before = heapOf(firmware.unit).total;
	const { acknowledged } = firmware;
	await firmware.until(MESSAGES, Infinity);
	const after = heapOf(firmware.unit).total;
	await firmware.close();
	return [
		{
			group,
			name: `growth over ${MESSAGES.toLocaleString("en")} messages`,
			value: bytesOf(after) - bytesOf(before),
			unit: "bytes",
			goal: { atMost: 0 },
			deterministic: true,
			note: `since message ${acknowledged}, when all tables have their sizes`,
		},
	];
}

function buffersOf(buffers: ReadonlyMap<string, number>): [name: string, bytes: number][] {
	const large: [string, number][] = [];
	let small = 0;
	for (const [name, bytes] of buffers) {
		if (bytes >= SMALL_BYTES) large.push([name, bytes]);
		else small += bytes;
	}
	large.sort(([, one], [, other]) => other - one);
	return [...large, [`(all below ${SMALL_BYTES} bytes)`, small]];
}

function over(loaded: Heap, heap: Heap): Difference {
	const byClass = new Map<string, Live>();
	for (const [name, { slots, chunkBytes }] of heap.byClass) {
		const old = loaded.byClass.get(name);
		byClass.set(name, { slots: slots - (old?.slots ?? 0), chunkBytes: chunkBytes - (old?.chunkBytes ?? 0) });
	}
	const buffers = new Map<string, number>();
	for (const { name, bytes } of heap.buffers) buffers.set(name, (buffers.get(name) ?? 0) + bytes);
	for (const { name } of loaded.buffers) buffers.delete(name);
	const live = {
		slots: heap.total.slots - loaded.total.slots,
		chunkBytes: heap.total.chunkBytes - loaded.total.chunkBytes,
	};
	return { live, byClass, buffers };
}
