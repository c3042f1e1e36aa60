import Timer from "timer";
import { CommandBuilder } from "./builder.js";
import { Deadline } from "./deadline.js";
import { ATError, ClosedError, CommandError, DeadlineError, TimeoutError, commandName } from "./errors.js";
import { Framer, GAP, LINE, NONE, PROMPT } from "./framer.js";
import type { Line } from "./line.js";
import { Port, type SerialOptions } from "./port.js";
import { COMPLETE, type Prefix, PrefixTable } from "./prefixes.js";
import { RequestQueue } from "./queue.js";
import { IDLE, QUEUED, type Request, SENT, WAITING } from "./request.js";
import { LaterResults, isProgress, isResultOf } from "./results.js";
import { ByteRing } from "./ring.js";
import { AGAIN, DONE, IGNORED, Synchroniser } from "./synchroniser.js";
import { ESC, SUB } from "./text.js";

/** What the line is doing. */
const FREE = 0;
/** Bytes of the command are going out. */
const SENDING = 1;
/** Awaiting the final result code. */
const FINAL = 2;
/** Awaiting the prompt. */
const AWAIT_PROMPT = 3;
/** Data behind the prompt are going out. */
const DATA = 4;
/** Nothing is sent but probes, until the modem answers them cleanly. */
const QUARANTINE = 5;

export interface SchedulerOptions {
	/** Constructor and options of the serial port. */
	readonly serial: SerialOptions;
	/** Ring for what is received, bytes. The longest line is this less 128. */
	readonly receiveBuffer?: number;
	/** Longest command, bytes. */
	readonly commandBuffer?: number;
	/** Commands that may wait for the line. */
	readonly queue?: number;
	/** Lines handled before other work gets its turn. */
	readonly linesPerTurn?: number;
	/** What an error code means, for the texts of errors. */
	readonly describe?: (final: string, code: number) => string | undefined;
	/** The line answers cleanly: at first, and after each quarantine. */
	readonly onSynchronised?: (this: Scheduler) => void;
	/** So many probes in a row had no answer. Called at the tenth and every tenth after it; probing goes on. */
	readonly onUnresponsive?: (this: Scheduler, probes: number) => void;
	/** Bytes or lines were lost. */
	readonly onGap?: (this: Scheduler) => void;
	/** A line that nobody claimed. It is valid during the call. One that may repeat a secret is counted only. */
	readonly onUnknown?: (this: Scheduler, line: Line) => void;
	/** The conversation, secrets left out. The only callback that may come from inside `submit`. */
	readonly onTrace?: (this: Scheduler, direction: "send" | "receive", text: string) => void;
	/** An exception that a callback threw: contained, and reported here. */
	readonly onException?: (this: Scheduler, error: unknown) => void;
}

/**
 * The cooperative AT scheduler: commands take turns on one line to a modem.
 *
 * One command holds the line until its final result code. A command with a later result gives the line back at `OK` and is
 * completed by its own result, told by identifier and msgID, so several are under way at once. URCs may come between any two
 * lines. After a time-out the line is in quarantine: only probes go out until the modem answers them cleanly, and a late line
 * is never credited to another command. It starts in quarantine, so that a modem of unknown state and baud rate is met the same way.
 * Only a later result that comes after its command was given up can be taken for that of a later command with the same keys: use
 * another msgID for it, or close the identifier first.
 *
 * All callbacks but `onTrace` come from the port or a timer, never from inside a method. Exceptions in them are contained. A command
 * that a callback submits is sent when all lines that have come are handled: none of them can be its answer.
 */
export class Scheduler {
	readonly #ring: ByteRing;
	readonly #prefixes = new PrefixTable();
	readonly #framer: Framer;
	readonly #builder: CommandBuilder;
	readonly #queue: RequestQueue;
	readonly #port: Port;
	readonly #options: SchedulerOptions;
	readonly #linesPerTurn: number;
	readonly #synchroniser = new Synchroniser();
	readonly #waiting = new LaterResults();
	readonly #stepDue = new Deadline();
	readonly #settleDue = new Deadline();
	readonly #armed = new Deadline();
	readonly #onTimer = () => this.#tick();
	readonly #onTurn = () => {
		this.#turn = undefined;
		this.#read(this.#linesPerTurn);
	};
	readonly #control = Uint8Array.of(SUB, ESC);
	#timer: Timer | undefined;
	#turn: Timer | undefined;
	#state = QUARANTINE;
	#reading = false;
	#current: Request | undefined;
	/** The last one sent, if it may hold a secret that the modem repeats. */
	#secret: Request | undefined;
	/** A read form that had no answer in time, until the line is clean. */
	#lateRead: Request | undefined;
	/** Pieces of the current one's data that have gone out: the data, Ctrl-Z. */
	#dataSent = 0;
	#unknown = 0;
	#timeouts = 0;
	#closed = false;

	/** @throws what the serial constructor throws */
	constructor(options: SchedulerOptions) {
		this.#options = { ...options };
		this.#linesPerTurn = options.linesPerTurn ?? 16;
		this.#ring = new ByteRing(options.receiveBuffer ?? 2048);
		this.#framer = new Framer(this.#ring, this.#prefixes);
		this.#builder = new CommandBuilder(options.commandBuffer ?? 1152);
		this.#queue = new RequestQueue(options.queue ?? 8);
		for (const [text, success] of FINALS) this.#prefixes.add(text).final = success;
		this.#prefixes.add(this.#synchroniser.prefix);
		this.#port = new Port(
			options.serial,
			this.#ring,
			() => this.#received(),
			() => this.#sent(),
		);
		this.#quarantine();
	}
	/**
	 * Whether no command is on the line or waits for it, and nothing is half received: the moment for slow work such as flash
	 * writes. A later result or a URC may still come; a line of less than 128 bytes waits in the FIFO.
	 */
	get quiet(): boolean {
		if (this.#ring.length) return false;
		return this.#state === QUARANTINE || (this.#state === FREE && !this.#queue.length);
	}
	/** Whether the modem answers. */
	get synchronised(): boolean {
		return this.#state !== QUARANTINE;
	}
	/** Counters over the life of the scheduler. */
	get statistics() {
		return {
			receiveHighWater: this.#ring.highWater,
			receiveDropped: this.#ring.dropped,
			queueHighWater: this.#queue.highWater,
			gaps: this.#framer.gaps,
			unknown: this.#unknown,
			timeouts: this.#timeouts,
		};
	}
	/**
	 * Hears of lines with a prefix that no command claims. One listener a prefix: a second call replaces the first.
	 * @param prefix such as `+QMTSTAT`
	 * @param onLine gets the line, valid during the call; undefined takes the listener away
	 * @param ends for lines that may hold line ends: called at each, answers `COMPLETE`, `OPEN` or `HELD`
	 */
	listen(prefix: string, onLine: ((line: Line) => void) | undefined, ends?: (line: Line) => number): void {
		const entry = this.#prefixes.add(prefix);
		entry.onLine = onLine;
		if (!ends) return;
		entry.ends = line => {
			try {
				return ends(line);
			} catch (exception) {
				this.#exception(exception);
				return COMPLETE;
			}
		};
	}
	/**
	 * Queues a command.
	 * @throws ParameterError, QueueFullError, ClosedError; ATError if the request is under way already; RangeError if the prefix
	 * is none. Nothing is taken then.
	 */
	submit(request: Request): void {
		if (this.#closed) throw new ClosedError(commandName(request));
		if (request.busy) throw new ATError("is under way already", commandName(request));
		this.#builder.check(request);
		const { name, prefix = name } = request.spec;
		const entry = prefix ? this.#prefixes.add(prefix) : undefined;
		this.#queue.add(request);
		request.prefix = entry;
		request.state = QUEUED;
		request.early = request.cancelled = false;
		if (request.deadline === undefined) request.due.clear();
		else request.due.set(request.deadline);
		this.#start();
		this.#arm();
	}
	/**
	 * Takes a command back; none of its callbacks comes any more. One that holds the line keeps it, and stays busy, until its final
	 * result code: its outcome is not known. One that awaits the prompt is ended by Esc when the prompt comes.
	 * @returns whether it was queued or under way
	 */
	cancel(request: Request): boolean {
		if (this.#current === request) {
			request.cancelled = true;
			return true;
		}
		if (!this.#queue.remove(request) && !this.#waiting.remove(request)) return false;
		request.state = IDLE;
		return true;
	}
	/** Ends everything and gives the port back. Whatever was queued or under way ends with a `ClosedError`, after this returns. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		Timer.clear(this.#timer);
		Timer.clear(this.#turn);
		this.#port.close();
		const ended = this.#waiting.removeAll();
		if (this.#current) ended.push(this.#current);
		for (let request = this.#queue.at(0); request; request = this.#queue.at(0)) {
			this.#queue.remove(request);
			ended.push(request);
		}
		this.#current = undefined;
		if (ended.length)
			Timer.set(() => ended.forEach(request => this.#end(request, new ClosedError(commandName(request)))));
	}

	// Sending

	/** Gives the free line to the first command that may have it. */
	#start(): void {
		// What has come already is no answer to a command that has not gone out: it is handled first.
		if (this.#state !== FREE || this.#port.sending || this.#reading || this.#turn) return;
		// The echo of the command could be taken for more of the line: time, HELD_MS, decides first.
		if (this.#framer.held) return;
		for (let index = 0; ; index++) {
			const request = this.#queue.at(index);
			if (!request) return;
			if (this.#waiting.isAmbiguous(request)) continue;
			this.#queue.remove(request);
			this.#transmit(request);
			return;
		}
	}
	#transmit(request: Request): void {
		this.#current = request;
		request.state = SENT;
		this.#secret = mayHoldSecret(request) ? request : undefined;
		this.#builder.build(request);
		this.#dataSent = 0;
		this.#state = SENDING;
		if (this.#options.onTrace) this.#trace("send", this.#builder.describe(request));
		const budget = request.timeout ?? request.spec.timeout;
		this.#stepDue.set(budget + this.#transmitTime(this.#builder.length));
		if (this.#port.send(this.#builder.bytes, 0, this.#builder.length)) this.#sent();
	}
	/** A generous time for bytes to leave a slow port (4800 baud): part of no time limit. */
	#transmitTime(bytes: number): number {
		return 2 * bytes + SLACK_MS;
	}
	/** All that was given to the port is in its FIFO. */
	#sent(): void {
		const request = this.#current;
		if (this.#state === SENDING) {
			this.#state = request?.data ? AWAIT_PROMPT : FINAL;
			this.#framer.promptArmed = this.#state === AWAIT_PROMPT;
		} else if (this.#state === DATA && request?.data) {
			if (this.#dataSent++ === 0) {
				if (this.#port.send(this.#control, 0, 1)) this.#sent();
			} else this.#state = FINAL;
		} else if (this.#state === FREE) this.#start();
	}
	#prompted(): void {
		const request = this.#current;
		if (!request?.data) return;
		if (this.#options.onTrace) this.#trace("receive", ">");
		if (request.cancelled) {
			this.#state = FINAL;
			if (this.#options.onTrace) this.#trace("send", "(Esc)");
			this.#port.send(this.#control, 1, 2);
			return;
		}
		this.#state = DATA;
		if (this.#options.onTrace) this.#trace("send", `(${request.data.length} bytes, Ctrl-Z)`);
		this.#stepDue.set((request.timeout ?? request.spec.timeout) + this.#transmitTime(request.data.length));
		if (this.#port.send(request.data, 0, request.data.length)) this.#sent();
	}

	// Receiving

	#received(): void {
		if (this.#turn && !this.#ring.full) return;
		this.#read(this.#ring.full ? Infinity : this.#linesPerTurn);
	}
	/** Handles what lies in the ring, in portions so that the FIFO is emptied in between. */
	#read(lines: number): void {
		const framer = this.#framer;
		this.#settleDue.clear();
		this.#reading = true;
		let event;
		for (; lines > 0 && !this.#closed; lines--) {
			event = framer.next();
			if (event === NONE) break;
			if (event === LINE) this.#line(framer.line, framer.prefix);
			else if (event === PROMPT) this.#prompted();
			else if (event === GAP) this.#call(this.#options.onGap);
		}
		this.#reading = false;
		if (this.#closed) return;
		if (event !== NONE) {
			this.#turn ??= Timer.set(this.#onTurn);
			return;
		}
		if (framer.held) this.#settleDue.set(HELD_MS);
		else if (framer.open) this.#settleDue.set(OPEN_MS);
		this.#start();
		this.#arm();
	}
	#line(line: Line, prefix: Prefix | undefined): void {
		if (this.#options.onTrace) this.#traceLine(line, prefix);
		if (this.#state === QUARANTINE) {
			this.#lineInQuarantine(line, prefix);
			return;
		}
		const current = this.#current;
		if (this.#isEcho(line)) return;
		if (prefix) {
			if (prefix.final !== undefined) {
				this.#final(line, prefix.final, prefix);
				return;
			}
			if (current?.prefix === prefix && this.#isReadResponse(current, line)) {
				this.#inform(current, line);
				return;
			}
			if (this.#isLaterResult(line, prefix)) return;
			if (current?.prefix === prefix && this.#answers(current, line)) return;
			if (prefix.onLine) {
				this.#call(prefix.onLine, line);
				return;
			}
		}
		if (!prefix && current?.spec.prefix === null && current.onInformation) this.#inform(current, line);
		else this.#unclaimed(line, prefix);
	}
	#inform(request: Request, line: Line): void {
		if (!request.cancelled) this.#call(request.onInformation, line);
	}
	/** The response of a read form that can be told from a URC and a later result of the same prefix. */
	#isReadResponse(request: Request, line: Line): boolean {
		const { isResponse } = request.spec;
		return (
			request.form === "read" && isResponse !== undefined && this.#contain(() => isResponse(line)) === true
		);
	}
	/** A line with the prefix of the command on the line: its information response, or its later result before `OK`. */
	#answers(request: Request, line: Line): boolean {
		const { spec, form } = request;
		if (form === "write" && spec.result) {
			// The second result is another's.
			if (request.early || !isResultOf(request, line)) return false;
			const progress = isProgress(spec, line);
			request.early = !progress;
			if (!request.cancelled) this.#call(progress ? request.onProgress : request.onResult, line);
			return true;
		}
		// Where no information is awaited it is a URC: `+CEREG: 2` before the `OK` to `AT+CEREG=1`.
		if ((form === "read" && spec.isResponse) || !request.onInformation) return false;
		this.#inform(request, line);
		return true;
	}
	#isLaterResult(line: Line, prefix: Prefix): boolean {
		const request = this.#waiting.find(line, prefix);
		if (!request) return false;
		if (isProgress(request.spec, line)) this.#call(request.onProgress, line);
		else {
			this.#call(request.onResult, line);
			// Unless that call has cancelled it or closed the line.
			if (this.#waiting.remove(request)) this.#end(request);
		}
		return true;
	}
	#final(line: Line, success: boolean, prefix: Prefix): void {
		const request = this.#current;
		const state = this.#state;
		// `OK` ends a command that was sent whole; an error may come sooner.
		if (!request || (success && state !== FINAL && state !== AWAIT_PROMPT)) {
			this.#unclaimed(line, prefix);
			return;
		}
		// The modem left in the middle of the command or of its data: what it has not read must not be read as commands.
		const incomplete = this.#port.sending || this.#dataSent > 0;
		this.#releaseLine();
		if (success && state === FINAL) {
			this.#succeed(request);
			return;
		}
		if (incomplete) {
			this.#port.abort();
			this.#quarantine();
		}
		const code = line.integer(0);
		const meaning = success ? "without the prompt" : this.#meaning(prefix.text, code);
		this.#end(request, new CommandError(commandName(request), prefix.text, code, meaning));
	}
	#meaning(final: string, code: number | undefined): string | undefined {
		return code === undefined ? undefined : this.#contain(() => this.#options.describe?.(final, code));
	}
	#succeed(request: Request): void {
		const later = request.form === "write" ? request.spec.result : undefined;
		if (!later || request.early || request.cancelled) {
			this.#end(request);
			return;
		}
		request.state = WAITING;
		request.due.set((request.resultTimeout ?? later.timeout) + SLACK_MS);
		this.#waiting.add(request);
	}
	#releaseLine(): void {
		this.#current = undefined;
		this.#framer.promptArmed = false;
		this.#state = FREE;
		this.#stepDue.clear();
	}
	/** The modem repeats the command while echo is on; anything that follows it on the same line is not an echo. */
	#isEcho(line: Line): boolean {
		if (this.#state === FREE || (line.at(0) | 0x20) !== LOWER_A) return false;
		return (
			line.equals(this.#builder.command) || (this.#state === QUARANTINE && this.#synchroniser.isEcho(line))
		);
	}
	#unclaimed(line: Line, prefix: Prefix | undefined): void {
		this.#unknown++;
		if (!this.#mayRepeatSecret(prefix)) this.#call(this.#options.onUnknown, line);
	}
	/** Whether a line may be a garbled echo of a secret, or the modem's answer that tells it. */
	#mayRepeatSecret(prefix: Prefix | undefined): boolean {
		if (!this.#secret || this.#state === FREE) return false;
		return !prefix || (prefix.final === undefined && prefix === this.#secret.prefix);
	}

	// Time

	#arm(): void {
		if (this.#closed) return;
		let due = Math.min(this.#stepDue.remaining, this.#settleDue.remaining, this.#waiting.remaining);
		for (let index = 0, request; (request = this.#queue.at(index)); index++)
			due = Math.min(due, request.due.remaining);
		// A timer that is due sooner serves as well: it finds nothing to do and arms the next.
		if (due === Infinity || (this.#timer && this.#armed.remaining <= due)) return;
		Timer.clear(this.#timer);
		this.#timer = Timer.set(this.#onTimer, due);
		this.#armed.set(due);
	}
	#tick(): void {
		this.#timer = undefined;
		// The host may have been busy itself: what has come meanwhile is no silence. What is left to handle arms the timer again.
		this.#port.receive();
		if (this.#turn || this.#closed) return;
		if (this.#settleDue.remaining === 0) {
			this.#framer.settle();
			this.#read(this.#linesPerTurn);
		}
		this.#expireQueue();
		this.#expireWaiting();
		if (this.#stepDue.remaining === 0) this.#stepOver();
		this.#start();
		this.#arm();
	}
	/** Each one at most once: a callback may submit another that is overdue at once. */
	#expireQueue(): void {
		let index = 0;
		for (let left = this.#queue.length; left > 0; left--) {
			const request = this.#queue.at(index);
			if (!request) return;
			if (request.due.remaining > 0) index++;
			else {
				this.#queue.remove(request);
				this.#end(request, new DeadlineError(commandName(request)));
			}
		}
	}
	#expireWaiting(): void {
		for (let request = this.#waiting.overdue; request; request = this.#waiting.overdue) {
			this.#waiting.remove(request);
			this.#timeouts++;
			const budget = request.resultTimeout ?? request.spec.result?.timeout ?? 0;
			this.#end(request, new TimeoutError(commandName(request), "result", budget));
		}
	}
	#stepOver(): void {
		if (this.#closed) return;
		if (this.#state === QUARANTINE) {
			this.#probe();
			return;
		}
		const request = this.#current;
		if (!request) return;
		const awaited = this.#state === AWAIT_PROMPT ? "prompt" : "final result code";
		this.#timeouts++;
		this.#port.abort();
		this.#releaseLine();
		this.#quarantine();
		if (request.form === "read") this.#lateRead = request;
		if (request.early) this.#end(request);
		else
			this.#end(
				request,
				new TimeoutError(commandName(request), awaited, request.timeout ?? request.spec.timeout),
			);
	}

	// Quarantine

	#quarantine(): void {
		this.#state = QUARANTINE;
		this.#framer.promptArmed = false;
		this.#synchroniser.begin();
		this.#stepDue.set(0);
		this.#arm();
	}
	#probe(): void {
		const { probes } = this.#synchroniser;
		if (probes && probes % PROBES === 0) {
			this.#contain(() => this.#options.onUnresponsive?.call(this, probes));
			if (this.#closed) return;
		}
		const bytes = this.#synchroniser.next();
		this.#stepDue.set(this.#synchroniser.period);
		if (this.#port.sending) return;
		if (this.#options.onTrace) this.#trace("send", this.#synchroniser.text);
		this.#port.send(bytes, 0, bytes.length);
	}
	#lineInQuarantine(line: Line, prefix: Prefix | undefined): void {
		if (this.#isEcho(line)) return;
		if (prefix && prefix.final === undefined && !this.#isLateAnswer(line, prefix)) {
			if (this.#isLaterResult(line, prefix)) return;
			if (prefix.onLine) {
				this.#call(prefix.onLine, line);
				return;
			}
		}
		const meaning = this.#synchroniser.line(prefix?.text, prefix?.final);
		if (meaning === IGNORED) this.#unclaimed(line, prefix);
		else if (meaning === AGAIN) this.#stepDue.set(0);
		else if (meaning === DONE) {
			this.#state = FREE;
			this.#lateRead = undefined;
			this.#stepDue.clear();
			this.#call(this.#options.onSynchronised);
		}
	}
	/** The answer to the read form that timed out: `+CEREG: 0,1` is not to be taken for the URC `+CEREG: 0`. */
	#isLateAnswer(line: Line, prefix: Prefix): boolean {
		const request = this.#lateRead;
		if (request?.prefix !== prefix) return false;
		const { isResponse } = request.spec;
		return !isResponse || this.#contain(() => isResponse(line)) === true;
	}

	// Ends and calls

	#end(request: Request, error?: Error): void {
		request.state = IDLE;
		request.due.clear();
		if (request.cancelled || !request.onDone) return;
		try {
			request.onDone(error);
		} catch (exception) {
			this.#exception(exception);
		}
	}
	#call(callback: ((this: this, line: Line) => void) | undefined, line: Line = this.#framer.line): void {
		if (!callback || this.#closed) return;
		try {
			callback.call(this, line);
		} catch (exception) {
			this.#exception(exception);
		}
	}
	/** What a function of the dialect says; undefined if it throws. */
	#contain<Result>(ask: () => Result): Result | undefined {
		try {
			return ask();
		} catch (exception) {
			this.#exception(exception);
			return undefined;
		}
	}
	#exception(exception: unknown): void {
		try {
			if (!this.#closed) this.#options.onException?.call(this, exception);
		} catch {
			trace("AT: the handler of exceptions threw one\n");
		}
	}
	#trace(direction: "send" | "receive", text: string): void {
		try {
			this.#options.onTrace?.call(this, direction, text);
		} catch (exception) {
			this.#exception(exception);
		}
	}
	/** An echo shows the command, so it may hold a secret: it is left out, and so is what may be a garbled one. */
	#traceLine(line: Line, prefix: Prefix | undefined): void {
		if (this.#isEcho(line)) this.#trace("receive", "(echo)");
		else if (this.#mayRepeatSecret(prefix))
			this.#trace("receive", `${prefix ? `${prefix.text}: ` : ""}(withheld: may repeat a secret)`);
		else this.#trace("receive", line.text);
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
/** The host's allowance above the modem's own maximum, ms. */
const SLACK_MS = 200;
/** A complete line waits so long for bytes that would make it longer, ms: some characters at 4800 baud. */
const HELD_MS = 50;
/**
 * A line that was begun and not ended is given up after so long without a byte, ms. Less than the time between two probes: a message
 * that has lost its closing quote must not swallow the answers to them for ever.
 */
const OPEN_MS = 250;
/** Probes without an answer until the modem counts as unresponsive. */
const PROBES = 10;
const LOWER_A = 0x61;

/** Whether the modem's echo of it, or its answer, may show a parameter that is a secret. */
function mayHoldSecret({ form, spec }: Request): boolean {
	return form === "write" && (spec.parameters?.some(parameter => parameter.secret) ?? false);
}
