import type { Callbacks } from "./callbacks.js";
import { SLACK_MS } from "./deadline.js";
import { CommandError, commandName } from "./errors.js";
import { BREAK, type Exchange, FREE, QUARANTINE, SUCCESS, UNRELATED } from "./exchange.js";
import type { Line } from "./line.js";
import type { Prefix, PrefixTable } from "./prefixes.js";
import type { Quarantine } from "./quarantine.js";
import type { Request } from "./request.js";
import { type LaterResults, isProgress, isResultOf } from "./results.js";

/**
 * Gives each line to whom it belongs: the command on the line, one that waits for its later result, a listener, the quarantine,
 * or nobody.
 */
export class Dispatcher {
	readonly #exchange: Exchange;
	readonly #waiting: LaterResults;
	readonly #quarantine: Quarantine;
	readonly #callbacks: Callbacks;
	/** Lines so far that nobody claimed. */
	unknown = 0;
	/** All lines so far. */
	#lines = 0;

	/** @param prefixes gets those of the final result codes */
	constructor(
		prefixes: PrefixTable,
		exchange: Exchange,
		waiting: LaterResults,
		quarantine: Quarantine,
		callbacks: Callbacks,
	) {
		this.#exchange = exchange;
		this.#waiting = waiting;
		this.#quarantine = quarantine;
		this.#callbacks = callbacks;
		for (const [text, success] of FINALS) prefixes.add(text).final = success;
	}
	/** Lines so far that were understood. */
	get heard(): number {
		return this.#lines - this.unknown;
	}
	line(line: Line, prefix: Prefix | undefined): void {
		this.#lines++;
		if (this.#callbacks.tracing) this.#trace(line, prefix);
		const state = this.#exchange.state;
		if (state !== FREE) {
			if (state === QUARANTINE) this.#lineInQuarantine(line, prefix);
			else this.#lineOfExchange(line, prefix);
			return;
		}
		// No command is on the line: nothing is an echo, a response or a final result code.
		if (prefix && prefix.final === undefined) {
			const awaited = this.#waiting.length ? this.#waiting.find(line, prefix) : undefined;
			if (awaited) {
				this.#laterResult(awaited, line);
				return;
			}
			if (prefix.onLine) {
				this.#callbacks.call(prefix.onLine, line);
				return;
			}
		}
		this.unknown++;
		if (this.#callbacks.options.onUnknown) this.#callbacks.call(this.#callbacks.options.onUnknown, line);
	}

	#lineOfExchange(line: Line, prefix: Prefix | undefined): void {
		const exchange = this.#exchange;
		const callbacks = this.#callbacks;
		const current = exchange.request;
		if (exchange.isEcho(line)) return;
		if (prefix) {
			if (prefix.final !== undefined) {
				this.#final(line, prefix, prefix.final);
				return;
			}
			const asked = current?.prefix === prefix ? current : undefined;
			if (asked && this.#isReadResponse(asked, line)) {
				this.#inform(asked, line);
				return;
			}
			const awaited = this.#waiting.find(line, prefix);
			if (awaited) {
				this.#laterResult(awaited, line);
				return;
			}
			if (asked && this.#answers(asked, line)) return;
			if (prefix.onLine) {
				callbacks.call(prefix.onLine, line);
				return;
			}
		}
		if (!prefix && current?.spec.prefix === null && current.onInformation) this.#inform(current, line);
		else this.#unclaimed(line, prefix);
	}

	#lineInQuarantine(line: Line, prefix: Prefix | undefined): void {
		const quarantine = this.#quarantine;
		if (quarantine.isEcho(line)) return;
		if (prefix && prefix.final === undefined && !quarantine.isLateAnswer(line, prefix)) {
			const awaited = this.#waiting.find(line, prefix);
			if (awaited) {
				this.#laterResult(awaited, line);
				return;
			}
			if (prefix.onLine) {
				this.#callbacks.call(prefix.onLine, line);
				return;
			}
		}
		if (!quarantine.line(prefix)) this.#unclaimed(line, prefix);
	}
	#inform(request: Request, line: Line): void {
		if (!request.cancelled) this.#callbacks.call(request.onInformation, line);
	}
	/** The response of a read form that can be told from a URC and a later result of the same prefix. */
	#isReadResponse({ form, spec }: Request, line: Line): boolean {
		return form === "read" && spec.isResponse !== undefined && this.#callbacks.holds(spec.isResponse, line);
	}
	/** A line with the prefix of the command on the line: its information response, or its later result before `OK`. */
	#answers(request: Request, line: Line): boolean {
		const { spec, form } = request;
		if (form === "write" && spec.result) {
			// The second result is another's.
			if (request.early || !isResultOf(request, line)) return false;
			const progress = isProgress(spec, line);
			request.early = !progress;
			if (!request.cancelled) this.#callbacks.call(progress ? request.onProgress : request.onResult, line);
			return true;
		}
		// Where no information is awaited it is a URC: `+CEREG: 2` before the `OK` to `AT+CEREG=1`.
		if ((form === "read" && spec.isResponse) || !request.onInformation) return false;
		this.#inform(request, line);
		return true;
	}
	#laterResult(request: Request, line: Line): void {
		if (isProgress(request.spec, line)) {
			this.#callbacks.call(request.onProgress, line);
			return;
		}
		this.#callbacks.call(request.onResult, line);
		// Unless that call has cancelled it or closed the line.
		if (this.#waiting.remove(request)) this.#callbacks.end(request);
	}
	#final(line: Line, prefix: Prefix, success: boolean): void {
		const { request } = this.#exchange;
		const outcome = this.#exchange.final(success);
		if (!request || outcome === UNRELATED) this.#unclaimed(line, prefix);
		else if (outcome === SUCCESS) this.#succeed(request);
		else {
			if (outcome === BREAK) this.#quarantine.begin();
			const code = line.integer(0);
			const meaning = success ? "without the prompt" : this.#callbacks.meaning(prefix.text, code);
			this.#callbacks.end(request, new CommandError(commandName(request), prefix.text, code, meaning));
		}
	}
	#succeed(request: Request): void {
		const later = request.form === "write" ? request.spec.result : undefined;
		if (!later || request.early || request.cancelled) this.#callbacks.end(request);
		else this.#waiting.add(request, (request.resultTimeout ?? later.timeout) + SLACK_MS);
	}
	#unclaimed(line: Line, prefix: Prefix | undefined): void {
		this.unknown++;
		const callbacks = this.#callbacks;
		if (!this.#exchange.mayRepeatSecret(line, prefix)) callbacks.call(callbacks.options.onUnknown, line);
	}
	/** An echo shows the command, so it may hold a secret: it is left out, and so is what may be a garbled one. */
	#trace(line: Line, prefix: Prefix | undefined): void {
		const exchange = this.#exchange;
		const echo = exchange.state === QUARANTINE ? this.#quarantine.isEcho(line) : exchange.isEcho(line);
		let text;
		if (echo) text = "(echo)";
		else if (exchange.mayRepeatSecret(line, prefix))
			text = `${prefix ? `${prefix.text}: ` : ""}(withheld: may repeat a secret)`;
		else text = line.text;
		this.#callbacks.trace("receive", text);
	}
}

/** Final result codes (3GPP TS 27.007 9.1, ITU-T V.250 5.7.1) and whether they are success. */
const FINALS: readonly (readonly [string, boolean])[] = [
	["OK", true],
	["ERROR", false],
	["+CME ERROR", false],
	["+CMS ERROR", false],
	["NO CARRIER", false],
	["ABORTED", false],
];
