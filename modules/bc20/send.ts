import type { CommandSpec, Form } from "../at/command.js";
import { CommandError, TimeoutError } from "../at/errors.js";
import { type ExecuteOptions, execute } from "../at/execute.js";
import type { Value } from "../at/request.js";
import type { Scheduler } from "../at/scheduler.js";

export type Send = (
	spec: CommandSpec,
	form: Form,
	values?: readonly Value[],
	options?: ExecuteOptions,
) => Promise<void>;

/** Sends commands that may be repeated: one that has no answer in time is sent a second time. */
export function sender(scheduler: Scheduler): Send {
	return async (spec, form, values, options) => {
		try {
			await execute(scheduler, spec, form, values, options);
		} catch (error) {
			if (!(error instanceof TimeoutError)) throw error;
			await execute(scheduler, spec, form, values, options);
		}
	};
}

/** Lets an error of the modem pass: the command is one that a firmware may lack. */
export async function tolerate(sent: Promise<void>): Promise<void> {
	try {
		await sent;
	} catch (error) {
		if (!(error instanceof CommandError)) throw error;
	}
}
