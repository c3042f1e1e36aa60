import { seededRandom } from "../shim/random.js";

/** What the firmware asks for during the day. */
export type Command = "publish" | "signal" | "supply" | "registration" | "clock";

/** What the modem says without a pause, in the pieces in which the UART hands it over. */
export interface Block {
	readonly text: string;
	/** Bytes of each piece; all of them together are the text. */
	readonly pieces: readonly number[];
	/** ms of silence before it. */
	readonly pauseMs: number;
	/** The command that it answers; the firmware sends it at the end of the pause. */
	readonly command?: Command;
}

/** A message that the log brings. */
interface Message {
	readonly topic: string;
	readonly payload: string;
}

/** A log and what a receiver must find in it. */
export interface Log {
	readonly blocks: readonly Block[];
	readonly bytes: number;
	readonly lines: number;
	readonly messages: readonly Message[];
}

/** The topics that the device is subscribed to. */
const TOPICS: readonly string[] = ["d/17/set", "d/17/config", "fleet/all/notice", "d/17/firmware/part"];
/** FIFO threshold of the ESP32's UART. */
export const THRESHOLD = 96;
const SHORTEST = 16;
const LONGEST = 1000;

/** Of a hundred blocks of events, so many are of each kind. */
const KINDS: readonly (readonly [count: number, (day: Day) => void])[] = [
	[30, day => day.publish()],
	[9, day => day.answer("signal", `+CSQ: ${day.integer(8, 31)},0`)],
	[6, day => day.answer("supply", `+CBC: 0,0,${day.integer(3100, 3620)}`)],
	[5, day => day.answer("registration", "+CEREG: 1,1")],
	[3, day => day.answer("clock", `+CCLK: "20/03/${day.integer(10, 28)},12:${day.integer(10, 59)}:07+32"`)],
	[20, day => day.say(`+CSCON: ${day.integer(0, 1)}`)],
	[4, day => day.say('+CEREG: 1,"69C9","06923252",9')],
	[2, day => day.say('+QNBIOTEVENT: "EXIT PSM"')],
	[1, day => day.say("+IP: 10.170.235.216")],
	[20, day => day.message()],
];

/**
 * What a BC20 says on a working day of a telemetry device: responses, URCs and messages in the forms of the module's reference, echo off.
 * Every fifth event is a message of 16 to 1,000 bytes, short ones more often than long ones; nearly a third are publishes of QoS 1.
 * @param length bytes at least
 */
export function workingDay(length: number, seed = 1): Log {
	const day = new Day(seed);
	while (day.length < length) day.event();
	return day.log;
}

/** A log of `count` messages of one size, each on its own, in pieces of the FIFO's threshold. */
export function messagesOf(payloadLength: number, count: number, hex = false): Log {
	const day = new Day(1, 0);
	for (let index = 0; index < count; index++) day.message(payloadLength, hex);
	return day.log;
}

/** A log of lines, each a block of its own. */
export function linesOf(lines: readonly string[]): Log {
	const day = new Day(1, 0);
	for (const line of lines) day.say(line);
	return day.log;
}

/** What of a log brings messages. */
export function messagesOnly({ blocks, messages }: Log): Log {
	const kept = blocks.filter(({ text }) => text.includes("+QMTRECV"));
	const bytes = kept.reduce((sum, { text }) => sum + text.length, 0);
	return { blocks: kept, bytes, lines: kept.length, messages };
}

/** Makes a log. */
class Day {
	readonly #random: () => number;
	readonly #early: number;
	readonly #blocks: Block[] = [];
	readonly #messages: Message[] = [];
	#lines = 0;
	#publishes = 0;
	length = 0;

	/** @param early how often a piece is shorter than the threshold, since the modem pauses within a line */
	constructor(seed: number, early = 0.5) {
		this.#random = seededRandom(seed);
		this.#early = early;
	}
	get log(): Log {
		return { blocks: this.#blocks, bytes: this.length, lines: this.#lines, messages: this.#messages };
	}
	integer(from: number, to: number): number {
		return from + Math.floor(this.#random() * (to - from + 1));
	}
	event(): void {
		let at = this.integer(0, 99);
		for (const [count, add] of KINDS) {
			at -= count;
			if (at < 0) {
				add(this);
				return;
			}
		}
	}
	say(line: string): void {
		this.#add(`\r\n${line}\r\n`, 1);
	}
	/** An information response; now and then a URC comes before it. */
	answer(command: Command, line: string): void {
		const urc = this.#random() < 0.1 ? "\r\n+CSCON: 1\r\n" : "";
		this.#add(`${urc}\r\n${line}\r\n\r\nOK\r\n`, urc ? 3 : 2, command);
	}
	publish(): void {
		const id = (this.#publishes++ % 65_535) + 1;
		this.#add("\r\nOK\r\n", 1, "publish");
		this.say(`+QMTPUB: 0,${id},0`);
	}
	message(length = Math.round(SHORTEST * (LONGEST / SHORTEST) ** this.#random()), hex = false): void {
		const topic = TOPICS[this.integer(0, TOPICS.length - 1)];
		const payload = this.#payload(length);
		this.#messages.push({ topic, payload });
		const shown = hex ? Buffer.from(payload, "latin1").toString("hex").toUpperCase() : payload;
		this.say(`+QMTRECV: 0,${this.#messages.length % 100},"${topic}","${shown}"`);
	}

	/** JSON where there is room for some, filled up. */
	#payload(length: number): string {
		let text = '{"id":1,"v":[';
		while (text.length < length - 8) text += `${this.integer(0, 9999)},`;
		return `${text.slice(0, length - 3)}0]}`.padEnd(length, " ");
	}
	#add(text: string, lines: number, command?: Command): void {
		const pieces: number[] = [];
		for (let left = text.length; left > 0;) {
			const threshold = this.#random() < this.#early ? this.integer(1, THRESHOLD) : THRESHOLD;
			const piece = Math.min(left, threshold);
			pieces.push(piece);
			left -= piece;
		}
		this.#blocks.push({ text, pieces, pauseMs: this.integer(100, 1500), ...(command && { command }) });
		this.#lines += lines;
		this.length += text.length;
	}
}
