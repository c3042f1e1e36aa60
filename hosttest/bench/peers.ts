import { ReadlineParser } from "@serialport/parser-readline";
import { VirtualClock, useClock } from "../shim/clock.js";
import type { Figure, Measure } from "./figure.js";
import { type Log, workingDay } from "./log.js";
import { answers } from "./receive-answers.js";
import { FirmwareReceiver } from "./receive-firmware.js";
import { ReceivePort } from "./receive-port.js";

const LOG_BYTES = 100_000;
const ROUNDS = 21;
const BRING_UP_MS = 60_000;
const LINE = /^(OK|ERROR|\+CM[ES] ERROR|\+[A-Z]+)(?:: ?(.*))?$/s;
const MESSAGE = /^\d,\d+,"(.*?)","(.*)"$/s;

/** What a way to receive has to say of a log. */
interface Heard {
	readonly messages: number;
	readonly payloadBytes: number;
}

/**
 * The log on Node, through the firmware's receive path with a client that reads, and through serialport's ReadlineParser with a regular
 * expression: in turns in one run, the median of all rounds. Wall-clock time: not the same twice.
 */
export const peers: Measure = async () => {
	const log = workingDay(LOG_BYTES);
	const pieces = piecesOf(log);
	const clock = new VirtualClock();
	useClock(clock);
	ReceivePort.answer = answers(false);
	const receiver = new FirmwareReceiver(true);
	await clock.run(() => receiver.isReady, BRING_UP_MS);
	ReceivePort.answer = undefined;
	const times: Record<"own" | "peer", number[]> = { own: [], peer: [] };
	for (let round = 0; round < ROUNDS; round++) {
		const { messages, payloadBytes } = receiver;
		const start = performance.now();
		for (const piece of pieces) ReceivePort.last.receive(piece);
		times.own.push(performance.now() - start);
		// The last message is held until the line has been silent.
		await clock.advance(1000);
		check(log, {
			messages: receiver.messages - messages,
			payloadBytes: receiver.payloadBytes - payloadBytes,
		});
		const startPeer = performance.now();
		const heard = await readLines(pieces);
		times.peer.push(performance.now() - startPeer);
		check(log, heard);
	}
	const own = median(times.own);
	const peer = median(times.peer);
	const figure = (name: string, value: number, unit: string, rest: Partial<Figure> = {}): Figure => ({
		group: "peers on Node",
		name,
		value,
		unit,
		deterministic: false,
		...rest,
	});
	return [
		figure("firmware, MQTT client reads", own, "ms"),
		figure("@serialport/parser-readline and a regular expression", peer, "ms"),
		figure("firmware's, of the peer's", own / peer, "", { goal: { atMost: 1 } }),
	];
};

/** The peer: lines as strings, each held against an expression, and messages against a second. */
function readLines(pieces: readonly Uint8Array[]): Promise<Heard> {
	const heard = { messages: 0, payloadBytes: 0 };
	const handlers = new Map([
		[
			"+QMTRECV",
			(value: string) => {
				const message = MESSAGE.exec(value);
				if (!message) return;
				heard.messages++;
				heard.payloadBytes += message[2].length;
			},
		],
	]);
	const parser = new ReadlineParser({ delimiter: "\r\n" });
	parser.on("data", (text: string) => {
		const line = LINE.exec(text);
		if (line) handlers.get(line[1])?.(line[2]);
	});
	return new Promise(resolve => {
		parser.on("end", () => resolve(heard));
		for (const piece of pieces) parser.write(piece);
		parser.end();
	});
}

function piecesOf({ blocks }: Log): Uint8Array[] {
	return blocks.flatMap(({ text, pieces }) => {
		let at = 0;
		return pieces.map(length => new Uint8Array(Buffer.from(text.slice(at, (at += length)), "latin1")));
	});
}

/** @throws Error where not all of the log was heard: the time would mean nothing */
function check({ messages }: Log, heard: Heard): void {
	if (heard.messages !== messages.length) throw new Error(`${heard.messages} of ${messages.length} messages`);
	const bytes = messages.reduce((sum, { payload }) => sum + payload.length, 0);
	if (heard.payloadBytes !== bytes) throw new Error(`${heard.payloadBytes} of ${bytes} bytes`);
}

function median(values: readonly number[]): number {
	return [...values].sort((a, b) => a - b)[values.length >> 1];
}
