import type { Request } from "./request.js";

/** What all errors of the AT engine have in common. No message ever holds a parameter's value. */
export class ATError extends Error {
	override name = "ATError";
	/** The command that it is about, such as `AT+QMTOPEN`. */
	readonly command: string | undefined;

	constructor(message: string, command?: string) {
		super(command === undefined ? message : `${command}: ${message}`);
		this.command = command;
	}
}

/** The modem answered with an error as final result code: `ERROR`, `+CME ERROR: <code>`, `NO CARRIER` … */
export class CommandError extends ATError {
	override name = "CommandError";
	/** Final result code without its number, such as `+CME ERROR`. */
	readonly final: string;
	/** `<err>` of `+CME ERROR: <err>`, where there is one. */
	readonly code: number | undefined;

	constructor(command: string, final: string, code?: number, meaning?: string) {
		super(final + (code === undefined ? "" : `: ${code}`) + (meaning ? ` (${meaning})` : ""), command);
		this.final = final;
		this.code = code;
	}
}

/**
 * No final result code, prompt or later result in time. The modem may have carried the command out all the same: the outcome
 * is unknown.
 */
export class TimeoutError extends ATError {
	override name = "TimeoutError";

	/** @param awaited what did not come; @param timeoutMs how long it was awaited, ms */
	constructor(command: string, awaited: string, timeoutMs: number) {
		super(`no ${awaited} within ${timeoutMs} ms; whether it took effect is not known`, command);
	}
}

/** The command waited for the line until its deadline and was not sent. */
export class DeadlineError extends ATError {
	override name = "DeadlineError";

	constructor(command: string) {
		super("not sent: its deadline passed while it waited for the line", command);
	}
}

/** The queue of commands is full; nothing was taken. Wait for a command to complete. */
export class QueueFullError extends ATError {
	override name = "QueueFullError";

	constructor(command: string, capacity: number) {
		super(`not taken: ${capacity} commands are waiting already; try again when one has completed`, command);
	}
}

/** A parameter is outside of what the command can carry; nothing was sent. */
export class ParameterError extends ATError {
	override name = "ParameterError";
	/** Name of the parameter as the manual has it. */
	readonly parameter: string;

	constructor(command: string, parameter: string, problem: string) {
		super(`<${parameter}> ${problem}`, command);
		this.parameter = parameter;
	}
}

/** The engine is closed: no command goes out any more; what was under way has an unknown outcome. */
export class ClosedError extends ATError {
	override name = "ClosedError";

	constructor(command?: string) {
		super("the line to the modem is closed", command);
	}
}

/** Name of a request's command, for errors and traces. */
export function commandName(request: Pick<Request, "spec">): string {
	return "AT" + request.spec.name;
}
