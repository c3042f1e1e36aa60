import { Aedes, type AedesOptions } from "aedes";
import { useClock, VirtualClock } from "../../shim/clock.js";
import { SimulatedBC20 } from "../../simulator/modem.js";
import { brokerNetwork, streamNetwork, type Network } from "../../simulator/network.js";
import type { BC20Options, TranscriptEntry } from "../../simulator/options.js";

const FINAL = /\r\n(OK|ERROR|\+CME ERROR: [^\r]*)\r\n$/;

const linesOf = (text: string): string[] => text.split(/[\r\n]+/).filter(line => line !== "");

/** No network: nothing answers anywhere. */
export const nowhere: Network = streamNetwork(() => "unreachable");

/** A terminal program on the simulated BC20, on a virtual clock of its own. Use it in serial tests only. */
export class Terminal {
	readonly clock = new VirtualClock({ date: Date.UTC(2026, 0, 2, 3, 4, 5), turns: 40 });
	readonly modem: SimulatedBC20;
	readonly transcript: TranscriptEntry[] = [];
	/** All that came since the last `take`. */
	#output = "";

	constructor(options: BC20Options = {}, baud = 115_200) {
		useClock(this.clock);
		this.modem = new SimulatedBC20({
			start: "on",
			network: nowhere,
			transcript: entry => this.transcript.push(entry),
			...options,
		});
		this.open(baud);
	}

	/** A terminal without echo, to the module that is on. */
	static async quiet(options: BC20Options = {}): Promise<Terminal> {
		const terminal = new Terminal(options);
		await terminal.ask("ATE0");
		await terminal.ask("AT+QSCLK=0");
		return terminal;
	}

	open(baud: number): void {
		this.modem.open(baud, bytes => (this.#output += Buffer.from(bytes).toString("latin1")));
	}

	/** Bytes to the module, one for each character. */
	type(text: string): void {
		this.modem.write(Buffer.from(text, "latin1"));
	}

	/** What came so far, raw; forgets it. */
	take(): string {
		const output = this.#output;
		this.#output = "";
		return output;
	}

	/** What came so far as lines; forgets it. */
	lines(): string[] {
		return linesOf(this.take());
	}

	/** Sends a command and returns the raw answer with its final result. */
	async ask(command: string, limitMs = 10_000): Promise<string> {
		this.type(`${command}\r`);
		await this.clock.run(() => FINAL.test(this.#output), limitMs);
		return this.take();
	}

	/** Sends a command and returns the lines of the answer. */
	async answer(command: string): Promise<string[]> {
		return linesOf(await this.ask(command));
	}

	/** Runs until that text came, and returns the lines up to it; what follows is kept. */
	async until(text: string, limitMs = 100_000): Promise<string[]> {
		try {
			await this.clock.run(() => this.#output.includes(text), limitMs);
		} catch (cause) {
			throw new Error(`${text} did not come, but ${JSON.stringify(this.#output)}`, { cause });
		}
		const output = this.take();
		const end = output.indexOf(text) + text.length;
		this.#output = output.slice(end);
		return linesOf(output.slice(0, end));
	}

	/** Sends a command and returns the lines up to its later result. */
	async result(command: string, result: string): Promise<string[]> {
		this.type(`${command}\r`);
		return this.until(`\r\n${result}`);
	}

	/** Opens and connects identifier 0. */
	async connect(clientId = "terminal", id = 0): Promise<void> {
		await this.result(`AT+QMTOPEN=${id},"broker",1883`, `+QMTOPEN: ${id},0\r\n`);
		await this.result(`AT+QMTCONN=${id},"${clientId}"`, `+QMTCONN: ${id},0,0\r\n`);
	}
}

/** An in-process broker, and the network that leads to it. */
export async function makeBroker(options: AedesOptions = {}): Promise<{ broker: Aedes; network: Network }> {
	const broker = await Aedes.createBroker(options);
	return { broker, network: brokerNetwork(stream => broker.handle(stream)) };
}
