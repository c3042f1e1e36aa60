import { COMPLETE } from "./prefixes.js";
import type { Line } from "./line.js";
import { IDLE, type Request } from "./request.js";
import type { Scheduler } from "./scheduler.js";

/** The options of a scheduler that are functions. */
export interface SchedulerCallbacks {
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
 * Calls the functions of the application and of the dialect. An exception that left a callback of the port or of a timer would
 * restart the chip: it is contained here and reported to `onException`.
 */
export class Callbacks {
	/** Whether the conversation is traced: the texts of a trace are made only then. */
	readonly tracing: boolean;
	/** The scheduler is closed: from now on only the ends of requests are told. */
	closed = false;
	readonly options: SchedulerCallbacks;
	readonly #scheduler: Scheduler;

	/** @param scheduler `this` of the callbacks; @param options hold them, and do not change any more */
	constructor(scheduler: Scheduler, options: SchedulerCallbacks) {
		this.#scheduler = scheduler;
		this.options = options;
		this.tracing = Boolean(options.onTrace);
	}
	/** Calls a function, if there is one, with a line or another value. */
	call<Value>(callback: ((this: Scheduler, value: Value) => void) | undefined, value: Value): void {
		if (!callback || this.closed) return;
		try {
			callback.call(this.#scheduler, value);
		} catch (exception) {
			this.#report(exception);
		}
	}
	/** Whether a function of the dialect says so of a line; not if it throws. */
	holds(predicate: (line: Line) => boolean, line: Line): boolean {
		try {
			return predicate(line);
		} catch (exception) {
			this.#report(exception);
			return false;
		}
	}
	/** `Prefix.ends` out of a function of the dialect: where that throws, the line is complete. */
	contained(ends: (line: Line) => number): (line: Line) => number {
		return line => {
			try {
				return ends(line);
			} catch (exception) {
				this.#report(exception);
				return COMPLETE;
			}
		};
	}
	/** What a final result code with a number means, if the dialect knows. */
	meaning(final: string, code: number | undefined): string | undefined {
		if (code === undefined) return undefined;
		try {
			return this.options.describe?.(final, code);
		} catch (exception) {
			this.#report(exception);
			return undefined;
		}
	}
	/** A request is over: its owner may use it again, and is told unless it took it back. */
	end(request: Request, error?: Error): void {
		request.state = IDLE;
		request.due.clear();
		if (request.cancelled || !request.onDone) return;
		try {
			request.onDone(error);
		} catch (exception) {
			this.#report(exception);
		}
	}
	/** @param text without secrets */
	trace(direction: "send" | "receive", text: string): void {
		try {
			this.options.onTrace?.call(this.#scheduler, direction, text);
		} catch (exception) {
			this.#report(exception);
		}
	}

	#report(exception: unknown): void {
		try {
			if (!this.closed) this.options.onException?.call(this.#scheduler, exception);
		} catch {
			trace("AT: the handler of exceptions threw one\n");
		}
	}
}
