import type { CommandSpec, Form } from "./command.js";
import type { Line } from "./line.js";
import { Request, type Value } from "./request.js";
import type { Scheduler } from "./scheduler.js";
import { bytesOf } from "./text.js";

/** What a single command may want besides its values. */
export interface ExecuteOptions {
	readonly priority?: number;
	/** ms to the later result, instead of the table's. */
	readonly resultTimeout?: number;
	/** Bytes sent behind the prompt. */
	readonly data?: Uint8Array;
	/** Waits for room however many wait already: for commands that must go out, of which there are few at a time. */
	readonly waits?: boolean;
	/** Gets each line of the information response. */
	readonly onInformation?: (line: Line) => void;
	/** Gets each later result that is progress. */
	readonly onProgress?: (line: Line) => void;
	/** Gets the later result. */
	readonly onResult?: (line: Line) => void;
}

/**
 * Carries out one command as a promise, for sequences such as boot and connect. It waits for room where the queue is full. Where commands
 * follow each other all day, a `Request` that is used again costs less. Buffers in the values, and the data, are copied: what is sent is what was
 * checked, whatever becomes of them while the command waits.
 * @returns settles when the command is complete, its later result included
 * @throws (rejects) the errors of `Scheduler.submit` and of the command; QueueFullError only if too many wait for room already, and never
 *   with `waits`
 */
export function execute(
	scheduler: Scheduler,
	spec: CommandSpec,
	form: Form,
	values: readonly Value[] = [],
	options: ExecuteOptions = {},
): Promise<void> {
	return new Promise((resolve, reject) => {
		const request = new Request(spec, form, values.length ? values.map(copyOf) : values);
		request.priority = options.priority ?? 0;
		request.resultTimeout = options.resultTimeout;
		request.data = options.data && (copyOf(options.data) as Uint8Array);
		request.onProgress = options.onProgress;
		request.onInformation = options.onInformation;
		request.onResult = options.onResult;
		const done = (error?: Error) => {
			if (error) reject(error);
			else resolve();
		};
		request.onDone = done;
		const submit = () => {
			try {
				if (scheduler.full && (options.waits || !scheduler.crowded)) scheduler.whenRoom(submit);
				else scheduler.submit(request);
			} catch (error) {
				done(error as Error);
			}
		};
		submit();
	});
}

function copyOf(value: Value): Value {
	return value instanceof Uint8Array || value instanceof ArrayBuffer ? new Uint8Array(bytesOf(value)) : value;
}
