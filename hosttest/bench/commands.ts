import type { TranscriptEntry } from "../simulator/options.js";
import { NOTE, justificationOf } from "./commands-table.js";
import type { Figure } from "./figure.js";
import { Firmware } from "./firmware.js";

const MESSAGES = 10;
const SETTLE_MS = 30_000;
const CR = 0x0d;
const PROMPT = 0x3e;
const SUB = 0x1a;
const ESC = 0x1b;

/** Commands, bytes and round trips: to the first acknowledged message, and for each one after it. */
export async function commands(): Promise<Figure[]> {
	const firmware = await Firmware.running(1);
	const first = await conversation(firmware);
	await firmware.until(1 + MESSAGES);
	const later = await conversation(firmware);
	await firmware.close();
	return [
		...figuresOf("power on to the first acknowledgement", first, 1),
		...figuresOf("each message after it", later, MESSAGES),
	];
}

/** What was said since the last time, and what belongs to it and is still to come. */
async function conversation(firmware: Firmware): Promise<TranscriptEntry[]> {
	await firmware.clock.advance(SETTLE_MS);
	return firmware.take().transcript;
}

function figuresOf(name: string, transcript: readonly TranscriptEntry[], messages: number): Figure[] {
	const sent = commandsOf(transcript);
	const rows = sent.map(justificationOf);
	const minimum = rows.filter(row => row?.why === NOTE).length / messages;
	const unjustified = sent.filter((_, index) => !rows[index]);
	const figure = { group: "commands", deterministic: true };
	const bytes = transcript.reduce((sum, entry) => sum + entry.bytes.length, 0);
	return [
		{
			...figure,
			name,
			value: sent.length / messages,
			unit: "commands",
			note: `the note's minimum: ${minimum}; the others are justified in commands-table.ts`,
		},
		{
			...figure,
			name: `${name}: neither minimum nor justified`,
			value: unjustified.length,
			unit: "commands",
			goal: { atMost: 0 },
			...(unjustified.length > 0 && { note: unjustified.join(", ") }),
		},
		{ ...figure, name: `${name}: both directions`, value: bytes / messages, unit: "bytes" },
		{ ...figure, name: `${name}: round trips`, value: roundTrips(transcript) / messages, unit: "" },
	];
}

/** The command lines in what the host sent; the messages behind the prompt left out. */
export function commandsOf(transcript: readonly TranscriptEntry[]): string[] {
	const found: string[] = [];
	let text = "";
	let inData = false;
	for (const { direction, bytes } of transcript) {
		if (direction === "toHost") {
			inData ||= bytes[bytes.length - 1] === PROMPT;
			continue;
		}
		for (const byte of bytes) {
			if (byte === SUB || byte === ESC) inData = false;
			else if (inData) continue;
			else if (byte !== CR) text += String.fromCharCode(byte);
			else {
				if (text.startsWith("AT")) found.push(text);
				text = "";
			}
		}
	}
	return found;
}

/** How often the host has spoken and then the modem. */
function roundTrips(transcript: readonly TranscriptEntry[]): number {
	let count = 0;
	for (let index = 1; index < transcript.length; index++)
		if (transcript[index].direction === "toHost" && transcript[index - 1].direction === "toModem") count++;
	return count;
}
