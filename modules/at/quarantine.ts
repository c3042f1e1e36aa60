import type { Callbacks } from "./callbacks.js";
import type { Deadline } from "./deadline.js";
import { type Exchange, FREE, QUARANTINE } from "./exchange.js";
import type { Line } from "./line.js";
import type { Port } from "./port.js";
import type { Prefix, PrefixTable } from "./prefixes.js";
import type { Request } from "./request.js";
import { AGAIN, DONE, IGNORED, Synchroniser } from "./synchroniser.js";

/** Keeps commands from a line of unknown state, and sends probes on it until the modem answers them cleanly. */
export class Quarantine {
	readonly #prefixes: PrefixTable;
	readonly #exchange: Exchange;
	readonly #port: Port;
	readonly #due: Deadline;
	readonly #callbacks: Callbacks;
	readonly #onBegin: () => void;
	readonly #synchroniser = new Synchroniser();
	/** A read form that had no answer in time, until the line is clean. */
	#lateRead: Request | undefined;

	/**
	 * @param prefixes gets that of the probe's response at each beginning
	 * @param due set to when `probe` is to be called; cleared once the line is clean
	 * @param onBegin called at each beginning, when `due` has been set
	 */
	constructor(
		prefixes: PrefixTable,
		exchange: Exchange,
		port: Port,
		due: Deadline,
		callbacks: Callbacks,
		onBegin: () => void,
	) {
		this.#prefixes = prefixes;
		this.#exchange = exchange;
		this.#port = port;
		this.#due = due;
		this.#callbacks = callbacks;
		this.#onBegin = onBegin;
	}
	/** @param overdue the request that had no final result code in time, if that is why */
	begin(overdue?: Request): void {
		this.#lateRead = overdue?.form === "read" ? overdue : undefined;
		this.#exchange.state = QUARANTINE;
		this.#prefixes.add(this.#synchroniser.prefix);
		this.#synchroniser.begin();
		this.#due.set(0);
		this.#onBegin();
	}
	/** The last probe had no answer, or there was none yet: sends the next. */
	probe(): void {
		const callbacks = this.#callbacks;
		const { probes } = this.#synchroniser;
		if (probes && probes % PROBES === 0) {
			callbacks.call(callbacks.options.onUnresponsive, probes);
			if (callbacks.closed) return;
		}
		const bytes = this.#synchroniser.next();
		this.#due.set(this.#synchroniser.period);
		if (this.#port.sending) return;
		if (callbacks.tracing) callbacks.trace("send", this.#synchroniser.text);
		this.#port.send(bytes, 0, bytes.length);
	}
	/** Whether a line is the echo of a probe, or that of the last command, come late. */
	isEcho(line: Line): boolean {
		return this.#exchange.isEcho(line) || this.#synchroniser.isEcho(line);
	}
	/** Whether it answers the read form that timed out: `+CEREG: 0,1` is not to be taken for the URC `+CEREG: 0`. */
	isLateAnswer(line: Line, prefix: Prefix): boolean {
		const request = this.#lateRead;
		if (request?.prefix !== prefix) return false;
		const { isResponse } = request.spec;
		return !isResponse || this.#callbacks.holds(isResponse, line);
	}
	/**
	 * A line that belongs to nobody else: the answer to a probe?
	 * @returns whether it means something
	 */
	line(prefix: Prefix | undefined): boolean {
		const meaning = this.#synchroniser.line(prefix?.text, prefix?.final);
		if (meaning === AGAIN) this.#due.set(0);
		else if (meaning === DONE) {
			this.#exchange.state = FREE;
			this.#lateRead = undefined;
			this.#due.clear();
			this.#callbacks.call(this.#callbacks.options.onSynchronised, undefined);
		}
		return meaning !== IGNORED;
	}
}

/** Probes without an answer until the modem counts as unresponsive. */
const PROBES = 10;
