import Timer from "timer";
import { CommandBuilder } from "./builder.js";
import { Callbacks, type SchedulerCallbacks } from "./callbacks.js";
import { Deadline } from "./deadline.js";
import { Dispatcher } from "./dispatcher.js";
import { ATError, ClosedError, DeadlineError, TimeoutError, commandName } from "./errors.js";
import { Exchange, FREE, QUARANTINE } from "./exchange.js";
import { Framer } from "./framer.js";
import type { Line } from "./line.js";
import { Port, type SerialOptions } from "./port.js";
import { PrefixTable } from "./prefixes.js";
import { Quarantine } from "./quarantine.js";
import { RequestQueue } from "./queue.js";
import { ReceiveBuffer } from "./receive-buffer.js";
import { Receiver } from "./receiver.js";
import { IDLE, QUEUED, type Request } from "./request.js";
import { LaterResults } from "./results.js";
import { Room } from "./room.js";

/** Options of the scheduler: the port, the sizes of what it allocates once, and its callbacks. */
export interface SchedulerOptions extends SchedulerCallbacks {
	/** Constructor and options of the serial port. */
	readonly serial: SerialOptions;
	/** Buffer for what is received, bytes, 256 or more; 2048 by default. The longest line is this less 128. */
	readonly receiveBuffer?: number;
	/** Longest command, bytes; 1152 by default. */
	readonly commandBuffer?: number;
	/** Commands that may wait for the line, 1 or more; 8 by default. */
	readonly queue?: number;
	/** Lines handled before other work gets its turn; 16 by default. */
	readonly linesPerTurn?: number;
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
	readonly #buffer: ReceiveBuffer;
	readonly #prefixes = new PrefixTable();
	readonly #framer: Framer;
	readonly #builder: CommandBuilder;
	readonly #queue: RequestQueue;
	readonly #room: Room;
	readonly #port: Port;
	readonly #exchange: Exchange;
	readonly #waiting = new LaterResults();
	readonly #quarantine: Quarantine;
	readonly #dispatcher: Dispatcher;
	readonly #receiver: Receiver;
	readonly #callbacks: Callbacks;
	/** When the exchange, or the quarantine, does not wait any longer. */
	readonly #stepDue = new Deadline();
	readonly #armed = new Deadline();
	readonly #onTimer = () => this.#tick();
	#timer: Timer | undefined;
	#timeouts = 0;

	/** @throws what the serial constructor throws */
	constructor(options: SchedulerOptions) {
		const { serial, receiveBuffer, commandBuffer, queue, linesPerTurn, ...functions } = options;
		const callbacks = new Callbacks(this, functions);
		this.#callbacks = callbacks;
		this.#buffer = new ReceiveBuffer(receiveBuffer ?? 2048);
		this.#framer = new Framer(this.#buffer, this.#prefixes);
		this.#builder = new CommandBuilder(commandBuffer ?? 1152);
		this.#queue = new RequestQueue(queue ?? 8);
		this.#room = new Room(this.#queue);
		this.#port = new Port(serial, this.#buffer, () => this.#sent());
		this.#exchange = new Exchange(this.#builder, this.#port, this.#framer, this.#stepDue, callbacks);
		this.#quarantine = new Quarantine(
			this.#prefixes,
			this.#exchange,
			this.#port,
			this.#stepDue,
			callbacks,
			() => this.#arm(),
		);
		this.#dispatcher = new Dispatcher(
			this.#prefixes,
			this.#exchange,
			this.#waiting,
			this.#quarantine,
			callbacks,
		);
		this.#receiver = new Receiver(
			this.#buffer,
			this.#framer,
			this.#dispatcher,
			this.#exchange,
			callbacks,
			linesPerTurn ?? 16,
			() => {
				// Unless nothing is under way.
				if (this.#exchange.state === FREE && !this.#queue.length && !this.#waiting.length) return;
				this.#start();
				this.#arm();
			},
			this.#port.receive,
		);
		this.#port.receiver = this.#receiver;
		this.#quarantine.begin();
	}
	/**
	 * Whether no command is on the line or waits for it, and nothing is half received: the moment for slow work such as flash
	 * writes. A later result or a URC may still come; a line of less than 128 bytes waits in the FIFO.
	 */
	get quiet(): boolean {
		if (this.#buffer.length) return false;
		const { state } = this.#exchange;
		return state === QUARANTINE || (state === FREE && !this.#queue.length);
	}
	/** Whether `submit` would throw a QueueFullError. */
	get full(): boolean {
		return this.#queue.full;
	}
	/** Whether so many wait for room already that a further command should not: 32 of them. */
	get crowded(): boolean {
		return this.#room.crowded;
	}
	/** Whether the modem answers. */
	get synchronised(): boolean {
		return this.#exchange.state !== QUARANTINE;
	}
	/** Lines so far that were understood: as long as it grows, the modem is there. */
	get heard(): number {
		return this.#dispatcher.heard;
	}
	/** Lines so far that nobody claimed. */
	get unknown(): number {
		return this.#dispatcher.unknown;
	}
	/** Counters over the life of the scheduler. */
	get statistics() {
		return {
			receiveHighWater: this.#buffer.highWater,
			receiveDropped: this.#buffer.dropped,
			queueHighWater: this.#queue.highWater,
			gaps: this.#framer.gaps,
			unknown: this.#dispatcher.unknown,
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
		if (ends) entry.ends = this.#callbacks.contained(ends);
	}
	/**
	 * Queues a command.
	 * @throws ParameterError, QueueFullError, ClosedError; ATError if the request is under way already; RangeError if the prefix
	 * is none. Nothing is taken then.
	 */
	submit(request: Request): void {
		if (this.#callbacks.closed) throw new ClosedError(commandName(request));
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
	 * Waits for a place in the queue, behind those who wait already. Another may take the place first: ask `full`, and wait again.
	 * @param onRoom called once, from a timer, when there is room, or when the scheduler is closed; waiting already, it does not wait twice
	 */
	whenRoom(onRoom: () => void): void {
		this.#room.wait(onRoom);
	}
	/** Does not wait for a place any more. */
	forget(onRoom: () => void): void {
		this.#room.forget(onRoom);
	}
	/**
	 * Gives back the memory that commands have left behind: to be called when a sequence of many that will not come again is over. Does
	 * nothing while one is under way.
	 */
	trim(): void {
		if (this.#exchange.state === FREE && !this.#queue.length && !this.#waiting.length) this.#prefixes.trim();
	}
	/**
	 * Takes a command back; none of its callbacks comes any more. One that holds the line keeps it, and stays busy, until its final
	 * result code: its outcome is not known. One that awaits the prompt is ended by Esc when the prompt comes.
	 * @returns whether it was queued or under way
	 */
	cancel(request: Request): boolean {
		if (this.#exchange.request === request) {
			request.cancelled = true;
			return true;
		}
		if (!this.#queue.remove(request) && !this.#waiting.remove(request)) return false;
		request.state = IDLE;
		return true;
	}
	/** Ends everything and gives the port back. Whatever was queued or under way ends with a `ClosedError`, after this returns. */
	close(): void {
		const callbacks = this.#callbacks;
		const exchange = this.#exchange;
		if (callbacks.closed) return;
		callbacks.closed = true;
		Timer.clear(this.#timer);
		this.#receiver.close();
		this.#port.close();
		const ended = this.#waiting.removeAll();
		if (exchange.request) ended.push(exchange.request);
		for (let request = this.#queue.at(0); request; request = this.#queue.at(0)) {
			this.#queue.remove(request);
			ended.push(request);
		}
		exchange.request = undefined;
		if (ended.length)
			Timer.set(() =>
				ended.forEach(request => callbacks.end(request, new ClosedError(commandName(request)))),
			);
	}

	// Sending

	/** Gives the free line to the first command that may have it. */
	#start(): void {
		// What has come already is no answer to a command that has not gone out: it is handled first.
		if (this.#exchange.state !== FREE || this.#port.sending || !this.#receiver.isDone) return;
		// The echo of the command could be taken for more of the line: time, HELD_MS, decides first.
		if (this.#framer.held) return;
		for (let index = 0; ; index++) {
			const request = this.#queue.at(index);
			if (!request) return;
			if (this.#waiting.isAmbiguous(request)) continue;
			this.#queue.remove(request);
			this.#exchange.begin(request);
			return;
		}
	}
	/** All that was given to the port is in its FIFO. */
	#sent(): void {
		if (this.#exchange.state === FREE) this.#start();
		else this.#exchange.sent();
	}

	// Time

	#arm(): void {
		if (this.#callbacks.closed) return;
		const due = Math.min(this.#stepDue.remaining, this.#waiting.remaining, this.#queue.remaining);
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
		this.#receiver.look();
		if (!this.#receiver.isDone || this.#callbacks.closed) return;
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
				this.#callbacks.end(request, new DeadlineError(commandName(request)));
			}
		}
	}
	#expireWaiting(): void {
		for (let request = this.#waiting.overdue; request; request = this.#waiting.overdue) {
			this.#waiting.remove(request);
			this.#timeouts++;
			const budget = request.resultTimeout ?? request.spec.result?.timeout ?? 0;
			this.#callbacks.end(request, new TimeoutError(commandName(request), "result", budget));
		}
	}
	#stepOver(): void {
		if (this.#callbacks.closed) return;
		if (this.#exchange.state === QUARANTINE) {
			this.#quarantine.probe();
			return;
		}
		const { request } = this.#exchange;
		if (!request) return;
		this.#timeouts++;
		const error = this.#exchange.giveUp();
		this.#quarantine.begin(request);
		this.#callbacks.end(request, error);
	}
}
