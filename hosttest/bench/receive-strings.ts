import type { Command } from "./log.js";
import { ReceivePort } from "./receive-port.js";
import type { Receiver } from "./receiver.js";

/** What stands in for `String.fromArrayBuffer`, which xsnap lacks: one native call as well. */
declare const TextDecoder: new (label: string) => { decode(buffer: ArrayBuffer): string };

const PREFIXES: Readonly<Record<Command, string>> = {
	publish: "+QMTPUB:",
	signal: "+CSQ:",
	supply: "+CBC:",
	registration: "+CEREG:",
	clock: "+CCLK:",
};
/** The prefixes that the firmware listens to, and those of the results of QMT commands. */
const IGNORED: readonly string[] = [
	"+QMTSTAT:",
	"+CEREG:",
	"F1:",
	"Leaving the BROM",
	"+CFUN:",
	"+CPIN:",
	"+QMTOPEN:",
	"+QMTCLOSE:",
	"+QMTCONN:",
	"+QMTDISC:",
	"+QMTSUB:",
	"+QMTUNS:",
];

interface Handler {
	readonly prefix: string;
	readonly onLine: (line: string) => void;
}

/**
 * The usual string parser of an AT library: a string that grows by each piece, split at CR LF, and a list of handlers that each line is
 * held against. It has fewer duties than the firmware: no time-outs, no noise, no line ends in payloads, no limit.
 */
export class StringReceiver implements Receiver {
	readonly isReady = true;
	readonly errors: readonly string[] = [];
	messages = 0;
	payloadBytes = 0;
	responses = 0;
	acknowledged = 0;
	readonly #decoder = new TextDecoder("utf-8");
	readonly #handlers: Handler[] = [];
	#buffer = "";
	/** Prefix of the response to the command under way. */
	#awaited: string | undefined;

	/** @param listening whether an application is interested in messages */
	constructor(listening: boolean) {
		new ReceivePort({ onReadable: () => this.#receive() });
		this.#handlers.push({ prefix: "+QMTRECV:", onLine: line => listening && this.#message(line) });
		this.#handlers.push({ prefix: "+QMTPUB:", onLine: line => listening && this.#published(line) });
		for (const prefix of IGNORED) this.#handlers.push({ prefix, onLine: () => undefined });
		this.#listening = listening;
	}
	readonly #listening: boolean;
	issue(command: Command): void {
		if (this.#listening) this.#awaited = PREFIXES[command];
	}

	#receive(): void {
		const piece = ReceivePort.last.read();
		if (!piece) return;
		this.#buffer += this.#decoder.decode(piece);
		const lines = this.#buffer.split("\r\n");
		this.#buffer = lines.pop() ?? "";
		for (const line of lines) if (line) this.#line(line);
	}
	#line(line: string): void {
		if (line === "OK" || line === "ERROR" || line.startsWith("+CME ERROR:")) {
			this.#awaited = undefined;
			return;
		}
		if (this.#awaited && this.#awaited !== PREFIXES.publish && line.startsWith(this.#awaited)) {
			this.responses++;
			return;
		}
		for (const { prefix, onLine } of this.#handlers)
			if (line.startsWith(prefix)) {
				onLine(line);
				return;
			}
	}
	#message(line: string): void {
		const topic = line.indexOf('"') + 1;
		const end = line.indexOf('","', topic);
		this.#onMessage(line.slice(topic, end), line.slice(end + 3, -1));
	}
	#onMessage(topic: string, payload: string): void {
		if (!topic) return;
		this.messages++;
		this.payloadBytes += payload.length;
	}
	#published(line: string): void {
		if (line.endsWith(",0")) this.acknowledged++;
	}
}
