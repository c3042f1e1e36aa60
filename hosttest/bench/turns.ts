import { Random } from "../simulator/random.js";
import type { Turn } from "../xs/unit.js";
import type { Figure } from "./figure.js";
import { Firmware, timesOf } from "./firmware.js";

const SEED = 1;
const DAY_MS = 86_400_000;
const INTERVAL_S = 30;
/** Some 200 to 400 messages: an outage of hours fills it. */
const FLASH_BYTES = 0x8000;
/** From one trouble to the next, ms. */
const PAUSE_MS = [60_000, 1_200_000] as const;
/** Of hangs and lost coverage, ms. */
const TROUBLE_MS = [1000, 600_000] as const;
/** Longer than it takes to fill the outbox. */
const OUTAGE_MS = 5 * 3_600_000;

const CHARACTER_US = (10 * 1e6) / 115_200;
const FIFO_BYTES = 128;
/** The interrupt comes with so many bytes in the FIFO. */
const INTERRUPT_BYTES = 96;
/** Millions of bytecodes a second at which the goal is to be met. */
const GOAL_SPEED = 2;

/** The most computrons of one callback in a day of trouble. */
export async function turns(): Promise<Figure[]> {
	const random = Random.for(SEED, "day");
	const firmware = await Firmware.load({
		modem: { seed: SEED, delays: "real" },
		telemetry: { interval: INTERVAL_S },
		flashBytes: FLASH_BYTES,
	});
	const longest = new Longest();
	firmware.onTurn = turn => longest.add(turn);
	firmware.start();
	const { clock } = firmware;
	const troubles = troublesOf(firmware, random);
	while (clock.now < DAY_MS) {
		await clock.advance(random.between(PAUSE_MS));
		troubles[random.integer([0, troubles.length - 1])]();
	}
	await firmware.close();
	return [
		figureOf("bytes have come: the FIFO is just emptied", longest.readable, FIFO_BYTES),
		figureOf(
			"timer or room to write: the FIFO may be about to interrupt",
			longest.other,
			FIFO_BYTES - INTERRUPT_BYTES,
		),
		figureOf("flash and sensors: while the line is quiet", longest.quiet, FIFO_BYTES),
		figureOf("opening the port", longest.open),
	];
}

/** The longest turns so far. */
class Longest {
	/** The interrupt is not on yet. */
	open: Turn | undefined;
	readable: Turn | undefined;
	other: Turn | undefined;
	/** Timers that use the flash: they wait for a quiet line. */
	quiet: Turn | undefined;

	add(turn: Turn): void {
		// main() is not a turn of the loop: see start-up.
		if (turn.kind === "call") return;
		if (turn.events.includes("open")) this.open = longer(this.open, turn);
		else if (turn.kind === "tick" && usesFlash(turn)) this.quiet = longer(this.quiet, turn);
		else if (turn.kind === "readable") this.readable = longer(this.readable, turn);
		else this.other = longer(this.other, turn);
	}
}

function usesFlash({ flashReads, flashWrites, flashErases }: Turn): boolean {
	return flashReads + flashWrites + flashErases > 0;
}

function longer(one: Turn | undefined, other: Turn): Turn {
	return one && one.computrons >= other.computrons ? one : other;
}

function troublesOf({ modem, clock }: Firmware, random: Random): readonly (() => void)[] {
	let outages = 1;
	let uncovered = 0;
	const loseCoverage = (ms: number): void => {
		uncovered++;
		modem.radio({ coverage: false });
		clock.set(() => modem.radio({ coverage: --uncovered === 0 }), ms);
	};
	return [
		() => modem.reset(),
		() => modem.reset({ banner: false }),
		() => {
			modem.silent = true;
			clock.set(() => (modem.silent = false), random.between(TROUBLE_MS));
		},
		() => loseCoverage(outages-- > 0 ? OUTAGE_MS : random.between(TROUBLE_MS)),
		// The broker restarts.
		() => modem.sessions[0].detach(),
		() => modem.swallow(),
		() => {
			for (let count = 0; count < 20; count++) modem.urc('+QNBIOTEVENT: "ENTER PSM"');
		},
		() => modem.urc(`+QMTRECV: 0,0,"t","${'say "OK"\r\nOK,'.repeat(80)}"`),
		() => modem.urc(`+NOISE${"\x00\xff\x80".repeat(1000)}`),
	];
}

function figureOf(name: string, turn: Turn | undefined, roomBytes?: number): Figure {
	if (!turn) throw new Error(`no turn: ${name}`);
	const group = "longest turn";
	const { computrons } = turn;
	const roomMs = roomBytes === undefined ? undefined : (roomBytes * CHARACTER_US) / 1000;
	const arithmetic =
		roomMs === undefined
			? ""
			: `; goal: ${roomBytes} bytes of FIFO × ${CHARACTER_US.toFixed(1)} µs = ${roomMs.toFixed(2)} ms at ${GOAL_SPEED} M/s`;
	return {
		group,
		name,
		value: computrons,
		unit: "computrons",
		...(roomMs !== undefined && { goal: { atMost: Math.floor(roomMs * 1000 * GOAL_SPEED) } }),
		deterministic: true,
		note: `${nameOf(turn)}; ${timesOf(computrons)}${arithmetic}`,
	};
}

/** What a turn was about. */
function nameOf(turn: Turn): string {
	const { kind, count, received, sent, flashReads, flashWrites, flashErases } = turn;
	const shown = (bytes: Uint8Array): string =>
		JSON.stringify(Buffer.from(bytes).toString("latin1").trim().slice(0, 24)).slice(1, -1);
	return [
		kind,
		received.length ? `${count} bytes "${shown(received)}…"` : "",
		sent.length ? `sends "${shown(sent)}…"` : "",
		usesFlash(turn) ? `flash: ${flashReads} reads, ${flashWrites} writes, ${flashErases} erases` : "",
	]
		.filter(text => text)
		.join(", ");
}
