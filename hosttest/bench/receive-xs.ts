// Plays logs to receivers on XS. An entry for bundle.ts.
import "./natives-xs.js";
import { machine } from "../xs/shim/machine.js";
import { answerCalls, passTo } from "./calls-xs.js";
import type { Block } from "./log.js";
import { answers } from "./receive-answers.js";
import { FirmwareReceiver } from "./receive-firmware.js";
import { ReceivePort, pause, resumeAt } from "./receive-port.js";
import { StringReceiver } from "./receive-strings.js";
import type { Receiver } from "./receiver.js";

/** A block with its pieces as bytes. */
interface Playable extends Omit<Block, "pieces" | "text"> {
	readonly pieces: readonly Uint8Array[];
}

/** ms that a bring-up step may pass; and after the log, for what is held or waits. */
const STEP_MS = 100;
const SILENCE_MS = 1000;

const receivers: Readonly<Record<string, () => Receiver>> = {
	empty: () => {
		new ReceivePort({ onReadable: () => undefined });
		return {
			isReady: true,
			messages: 0,
			payloadBytes: 0,
			responses: 0,
			acknowledged: 0,
			errors: [],
			issue: () => undefined,
		};
	},
	firmware: () => new FirmwareReceiver(false),
	"firmware and client": () => new FirmwareReceiver(true),
	strings: () => new StringReceiver(false),
	"strings and client": () => new StringReceiver(true),
};
let receiver: Receiver;
/** What a piece costs with an `onReadable` that does nothing. */
let harnessComputrons = 0;
let blocks: Playable[] = [];

answerCalls({
	open: ({ name, later }: { name: string; later: boolean }) => {
		ReceivePort.answer = answers(later);
		ReceivePort.calibrate();
		harnessComputrons = receiveOn(new ReceivePort({ onReadable: () => undefined }), new Uint8Array(1));
		receiver = receivers[name]();
	},
	/** Brings it up, a step each call: promise jobs run in between. */
	step: () => {
		passTo(machine.now + STEP_MS);
		if (!receiver.isReady) return false;
		ReceivePort.answer = undefined;
		return true;
	},
	load: (log: readonly Block[]) => {
		blocks = log.map(playable);
	},
	/** Plays blocks of the log. @returns computrons */
	play: ({ from, to }: { from: number; to: number }) => {
		let computrons = 0;
		for (let index = from; index < to; index++) computrons += play(blocks[index]);
		return computrons + passTo(machine.now + SILENCE_MS);
	},
	collect: () => gc(),
	nothing: () => 0,
	found: () => {
		const { messages, payloadBytes, responses, acknowledged, errors } = receiver;
		return { messages, payloadBytes, responses, acknowledged, errors };
	},
	listen: (prefixes: readonly string[]) => {
		if (!(receiver instanceof FirmwareReceiver)) throw new Error("no firmware");
		const { scheduler } = receiver;
		for (const prefix of prefixes) scheduler.listen(prefix, () => undefined);
	},
});

function playable({ text, pieces, ...rest }: Block): Playable {
	const bytes = new Uint8Array(ArrayBuffer.fromString(text));
	let at = 0;
	return { ...rest, pieces: pieces.map(length => bytes.subarray(at, (at += length))) };
}

function play({ pieces, pauseMs, command }: Playable): number {
	let computrons = passTo(machine.now + pauseMs);
	if (command) {
		receiver.issue(command);
		// What sending costs is another measure.
		passTo(machine.now);
	}
	const port = ReceivePort.last;
	for (let index = 0; index < pieces.length; index++) {
		computrons += receiveOn(port, pieces[index]) - harnessComputrons;
		// The rest of a turn: lines that were left over.
		computrons += passTo(machine.now);
	}
	return computrons;
}

function receiveOn(port: ReceivePort, piece: Uint8Array): number {
	resumeAt(0);
	port.receive(piece);
	return pause();
}

declare function gc(): void;
