import "./globals.js";
import { seededRandom } from "../../shim/random.js";

/** A timer that is due at a time; `Infinity`: unscheduled. */
export interface Alarm {
	due: number;
	ring(): void;
}

/** An open port, for which the messages from outside are. */
export interface OpenPort {
	onReadable(count: number): void;
	onWritable(count: number): void;
}

/**
 * What the world outside tells with each message, and what the firmware tells it in the reply. The chip has one firmware: this is
 * module-level state.
 */
export const machine = {
	/** Milliseconds since the start. */
	now: 0,
	/** Milliseconds since 1970. */
	date: 0,
	alarms: [] as Alarm[],
	port: undefined as OpenPort | undefined,
	/** Bytes in the receive FIFO. */
	received: new Uint8Array(0),
	/** Written since the message came: the first `written` bytes of it. */
	output: new Uint8Array(4096),
	written: 0,
	/** What else happened since, as [name, value]. */
	events: [] as [name: string, value: unknown][],
	/** Size of the partition, and what was done to it since. */
	flash: { size: 0x100000, reads: 0, writes: 0, erases: 0 },
};

const random = seededRandom(1);
Math.random = random;
Date.now = () => Math.floor(machine.date);

/** The alarm that is due first. */
export function nextAlarm(): Alarm | undefined {
	let first: Alarm | undefined;
	for (const alarm of machine.alarms) if (alarm.due < (first?.due ?? Infinity)) first = alarm;
	return first;
}
