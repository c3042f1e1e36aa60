import type { CommandSpec, Form } from "./command.js";
import { Deadline } from "./deadline.js";
import type { Line } from "./line.js";
import type { Prefix } from "./prefixes.js";
import type { CheckedText, Text } from "./text.js";

/** Where a request stands. */
export const IDLE = 0;
export const QUEUED = 1;
/** It holds the line. */
export const SENT = 2;
/** Its final result code has come; its later result has not. */
export const WAITING = 3;

/** A value of a parameter. */
export type Value = number | Text | CheckedText;

/**
 * One command to be carried out. It belongs to who made it, may be reused once it is done, and is only read by the
 * scheduler. Set the fields, then `scheduler.submit(request)`.
 *
 * Fields that are only declared are absent until they are set: on XS each takes memory.
 */
export class Request {
	/** Not to be changed while the request is busy. */
	spec: CommandSpec;
	form: Form;
	/**
	 * Values of the parameters of the write form, in their order. Trailing ones may be left out. They are checked by `submit`: neither they nor
	 * the bytes of buffers may change while the request is busy.
	 */
	values: readonly Value[];
	/** Bytes sent behind the prompt `>`, ended by Ctrl-Z; refused if they hold 0x1A or 0x1B. They may not change while the request is busy. */
	declare data?: Uint8Array | undefined;
	/** Higher goes first; 0 by default. */
	priority = 0;
	/** ms after `submit` by which it must have begun, or it fails with a `DeadlineError`. */
	declare deadline?: number | undefined;
	/** ms to the final result code, instead of the table's. */
	declare timeout?: number | undefined;
	/** ms to the later result, instead of the table's. */
	declare resultTimeout?: number | undefined;
	/** A line of the information response; valid during the call. */
	declare onInformation?: ((line: Line) => void) | undefined;
	/** A later result that is progress (a retransmission). */
	declare onProgress?: ((line: Line) => void) | undefined;
	/** The later result; `onDone` follows. */
	declare onResult?: ((line: Line) => void) | undefined;
	/** The end: without an error, or with a named one. */
	declare onDone?: ((error?: Error) => void) | undefined;
	/** @internal */
	state = IDLE;
	/** @internal The later result came before the final result code. */
	early = false;
	/** @internal */
	cancelled = false;
	/** @internal */
	readonly due = new Deadline();
	/** @internal The entry of its information response and later result. */
	declare prefix?: Prefix | undefined;
	/** @internal The one behind it in the queue. */
	declare next?: Request | undefined;

	constructor(spec: CommandSpec, form: Form = "write", values: readonly Value[] = NONE) {
		this.spec = spec;
		this.form = form;
		this.values = values;
	}
	/** Whether it is queued or under way. */
	get busy(): boolean {
		return this.state !== IDLE;
	}
}

const NONE: readonly Value[] = [];
