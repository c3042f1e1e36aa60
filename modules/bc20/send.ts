import type { CommandSpec, Form } from "../at/command.js";
import { CommandError, TimeoutError } from "../at/errors.js";
import { type ExecuteOptions, execute } from "../at/execute.js";
import type { Value } from "../at/request.js";
import type { Scheduler } from "../at/scheduler.js";
import { RUNGS } from "./ladder.js";

export type Send = (
	spec: CommandSpec,
	form: Form,
	values?: readonly Value[],
	options?: ExecuteOptions,
) => Promise<void>;

/**
 * Sends commands that may be repeated: one that has no answer in time is sent again, as often as the ladder says. They wait for room
 * however many wait already: who sends by it sends one at a time.
 */
export function sender(scheduler: Scheduler, onRepeat: () => void): Send {
	return async (spec, form, values, options) => {
		const waiting = { ...options, waits: true };
		for (let left = RUNGS[REPEAT].limit; ; left--) {
			try {
				await execute(scheduler, spec, form, values, waiting);
				return;
			} catch (error) {
				if (left === 0 || !(error instanceof TimeoutError)) throw error;
				onRepeat();
			}
		}
	};
}

/** Index of the rung `repeat`. */
const REPEAT = 0;

/** Lets an error of the modem pass: the command is one that a firmware may lack. */
export async function tolerate(sent: Promise<void>): Promise<void> {
	try {
		await sent;
	} catch (error) {
		if (!(error instanceof CommandError)) throw error;
	}
}
