import type { CommandBuilder } from "./builder.js";
import type { Callbacks } from "./callbacks.js";
import { type Deadline, SLACK_MS } from "./deadline.js";
import { TimeoutError, commandName } from "./errors.js";
import type { Framer } from "./framer.js";
import type { Line } from "./line.js";
import type { Port } from "./port.js";
import type { Prefix } from "./prefixes.js";
import { type Request, SENT } from "./request.js";
import { ESC, SUB } from "./text.js";

/** What the line is doing: nothing, a command may go out. */
export const FREE = 0;
/** Bytes of the command are going out. */
const SENDING = 1;
/** Awaiting the final result code. */
const FINAL = 2;
/** Awaiting the prompt. */
const AWAIT_PROMPT = 3;
/** Data behind the prompt are going out. */
const DATA = 4;
/** No exchange: nothing is sent but probes, until the modem answers them cleanly. */
export const QUARANTINE = 5;

/** What a final result code means: it is no answer to the command. */
export const UNRELATED = 0;
export const SUCCESS = 1;
export const FAILURE = 2;
/** A failure before all was sent: what the modem has not read must not be read as commands. */
export const BREAK = 3;

/**
 * The one command on the line, from its first byte to its final result code: goes out in pieces, and with data behind the prompt,
 * ended by Ctrl-Z.
 */
export class Exchange {
	/** What the line is doing. */
	state = QUARANTINE;
	/** Whose command it is; undefined while the line is free or in quarantine. */
	request: Request | undefined;
	readonly #builder: CommandBuilder;
	readonly #port: Port;
	readonly #framer: Framer;
	readonly #due: Deadline;
	readonly #callbacks: Callbacks;
	readonly #control = Uint8Array.of(SUB, ESC);
	/** The last one sent, if it may hold a secret that the modem repeats. */
	#secret: Request | undefined;
	#hasBegun = false;
	/** Pieces of the data that have gone out: the data, Ctrl-Z. */
	#dataSent = 0;

	/** @param due set to when the modem's answer is overdue; cleared at the end */
	constructor(builder: CommandBuilder, port: Port, framer: Framer, due: Deadline, callbacks: Callbacks) {
		this.#builder = builder;
		this.#port = port;
		this.#framer = framer;
		this.#due = due;
		this.#callbacks = callbacks;
	}
	/** Puts a request, checked by the builder, on the free line. */
	begin(request: Request): void {
		const builder = this.#builder;
		this.request = request;
		this.#hasBegun = true;
		request.state = SENT;
		this.#secret = mayHoldSecret(request) ? request : undefined;
		builder.build(request);
		this.#dataSent = 0;
		this.state = SENDING;
		if (this.#callbacks.tracing) this.#callbacks.trace("send", builder.describe(request));
		this.#due.set(timeoutOf(request) + transmitTime(builder.length));
		if (this.#port.send(builder.bytes, 0, builder.length)) this.sent();
	}
	/** All that was given to the port is in its FIFO. */
	sent(): void {
		const { request } = this;
		if (this.state === SENDING) {
			this.state = request?.data ? AWAIT_PROMPT : FINAL;
			this.#framer.promptArmed = this.state === AWAIT_PROMPT;
		} else if (this.state === DATA && request?.data) {
			if (this.#dataSent++ === 0) {
				if (this.#port.send(this.#control, 0, 1)) this.sent();
			} else this.state = FINAL;
		}
	}
	/** The prompt has come: the data follow, or Esc if they are not wanted any more. */
	prompted(): void {
		const callbacks = this.#callbacks;
		const { request } = this;
		if (!request?.data) return;
		if (callbacks.tracing) callbacks.trace("receive", ">");
		if (request.cancelled) {
			this.state = FINAL;
			if (callbacks.tracing) callbacks.trace("send", "(Esc)");
			this.#port.send(this.#control, 1, 2);
			return;
		}
		this.state = DATA;
		if (callbacks.tracing) callbacks.trace("send", `(${request.data.length} bytes, Ctrl-Z)`);
		this.#due.set(timeoutOf(request) + transmitTime(request.data.length));
		if (this.#port.send(request.data, 0, request.data.length)) this.sent();
	}
	/**
	 * A final result code has come. The line is free after it, unless it is `UNRELATED`.
	 * @param success as in `Prefix.final`
	 * @returns UNRELATED, SUCCESS, FAILURE or BREAK
	 */
	final(success: boolean): number {
		const { request, state } = this;
		// `OK` ends a command that was sent whole; an error may come sooner.
		if (!request || (success && state !== FINAL && state !== AWAIT_PROMPT)) return UNRELATED;
		const incomplete = this.#port.sending || this.#dataSent > 0;
		this.#release();
		if (success && state === FINAL) return SUCCESS;
		if (!incomplete) return FAILURE;
		this.#port.abort();
		return BREAK;
	}
	/**
	 * The answer is overdue: nothing more of it is sent, and the line is released.
	 * @returns the error that the request ends with; undefined where its later result has come all the same
	 */
	giveUp(): Error | undefined {
		const { request, state } = this;
		this.#port.abort();
		this.#release();
		if (!request || request.early) return undefined;
		const awaited = state === AWAIT_PROMPT ? "prompt" : "final result code";
		return new TimeoutError(commandName(request), awaited, timeoutOf(request));
	}
	/** The modem repeats the command while echo is on; anything that follows it on the same line is not an echo. */
	isEcho(line: Line): boolean {
		if (this.state === FREE || (line.at(0) | 0x20) !== LOWER_A) return false;
		return line.equals(this.#builder.command);
	}
	/**
	 * Whether a line may be a garbled echo of a secret, or the modem's answer that tells it. Where the end of a line was lost an echo may stand
	 * behind anything: then only numbers are none. Before the first command it may be that of a command from before a restart, in quotes.
	 */
	mayRepeatSecret(line: Line, prefix: Prefix | undefined): boolean {
		// Behind its final result code only what repeats the whole command.
		if (this.state === FREE) return this.#secret !== undefined && line.equals(this.#builder.command);
		if (!this.#hasBegun) return line.indexOf('"', 0) >= 0;
		if (!this.#secret) return false;
		if (!prefix || (prefix.final === undefined && prefix === this.#secret.prefix)) return true;
		return !/^[-0-9, ]*$/.test(line.value);
	}

	#release(): void {
		this.request = undefined;
		this.#framer.promptArmed = false;
		this.state = FREE;
		this.#due.clear();
	}
}

const LOWER_A = 0x61;

/** ms from the last byte sent to the modem's answer. */
function timeoutOf({ timeout, spec }: Request): number {
	return timeout ?? spec.timeout;
}

/** A generous time for bytes to leave a slow port (4800 baud): part of no time limit. */
function transmitTime(bytes: number): number {
	return 2 * bytes + SLACK_MS;
}

/** Whether the modem's echo of it, or its answer, may show a parameter that is a secret. */
function mayHoldSecret({ form, spec }: Request): boolean {
	return form === "write" && (spec.parameters?.some(parameter => parameter.secret) ?? false);
}
