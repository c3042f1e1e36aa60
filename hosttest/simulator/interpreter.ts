import type { Call, Command, CommandTable, Lines, Unit } from "./command.js";
import { CommandError, MqttError, textOf } from "./errors.js";
import { Parameters } from "./parameters.js";
import type { Report } from "./session.js";
import type { Timers } from "./timers.js";

/** What comes out of a command. */
export interface InterpreterEvents {
	/** Lines of information, a result, or a final result, to be framed together. */
	onLine(...texts: readonly string[]): void;
	/** A final result; `done` is called once it is out, or is not to come out. */
	onFinal(text: string, done: () => void): void;
	/** A later result. */
	onResult(line: string): void;
	/** How long the final result is to wait for a later one that is to come before it; undefined: not. */
	waitForResult(): number | undefined;
	onPrompt(echo: boolean): void;
	/** The final result is out: the line is free. */
	onEnd(): void;
	/** A command was recognised, by its name without AT. */
	onCommand(name: string): void;
}

type Action = (call: Call) => Lines;

/** Longest wait of OK for a result that is to come before it (`resultBeforeOk`). */
const RESULT_FIRST_LIMIT_MS = 300;

const COMMAND = /^(?:\+([A-Z][A-Z\d]*)(=\?|\?|=|$)|(&?[A-Z])(?=\d*$))/i;

const attention: Command = { execute: () => undefined };
const unknown: Command = {};
const publishData: Command = { mqtt: true };

/** Runs the command lines, one at a time, from a table. */
export class Interpreter {
	readonly #unit: Unit;
	readonly #table: CommandTable;
	readonly #timers: Timers;
	readonly #events: InterpreterEvents;
	#onData: ((data: string, call: Call) => Lines) | undefined;

	constructor(unit: Unit, table: CommandTable, timers: Timers, events: InterpreterEvents) {
		this.#unit = unit;
		this.#table = table;
		this.#timers = timers;
		this.#events = events;
	}

	/** A line as it came. What stands before AT is ignored (V.250, 5.2.1), and so is a line without AT. */
	run(line: string): void {
		const start = line.search(/at/i);
		if (start < 0) {
			this.#events.onEnd();
			return;
		}
		const text = line.slice(start + 2);
		if (line.length > this.#unit.variants.lineLimit) this.#execute(unknown, fail);
		else if (text.trim() === "") this.#execute(attention, () => undefined);
		else this.#dispatch(text);
	}

	/** The end of data mode. */
	data(data: string, cancelled: boolean): void {
		const onData = this.#onData;
		this.#onData = undefined;
		if (!cancelled && onData) this.#execute(publishData, call => onData(data, call));
		else this.#answer(attention, () => this.#cancel());
	}

	reset(): void {
		this.#onData = undefined;
	}

	#dispatch(text: string): void {
		const match = COMMAND.exec(text);
		const name = match ? (match[1] ? `+${match[1]}` : match[3]).toUpperCase() : "";
		if (!match || !Object.hasOwn(this.#table, name)) {
			this.#execute(unknown, fail);
			return;
		}
		const command = this.#table[name];
		const parameters = new Parameters(text.slice(match[0].length));
		if (command.mqtt) parameters.mqtt();
		this.#events.onCommand(name);
		this.#execute(command, formOf(command, match[2], this.#unit, parameters));
	}

	/** After the command's time: runs it, answers, and lets the line go. */
	#execute(command: Command, action: Action): void {
		this.#answer(command, () => {
			const running = new Running(line => this.#events.onResult(line));
			let failure: string | undefined;
			try {
				this.#inform(action(running));
			} catch (error) {
				failure = failureText(error, command, this.#unit);
			}
			if (failure !== undefined) this.#finish(failure);
			else this.#conclude(running);
		});
	}

	#answer(command: Command, action: () => void): void {
		const { delays, random } = this.#unit;
		this.#timers.set(action, random.between(delays[command.delay ?? "command"]));
	}

	#conclude(running: Running): void {
		if (running.onData) {
			this.#onData = running.onData;
			this.#events.onPrompt(running.echoData);
			return;
		}
		const finish = (): void => {
			this.#timers.clear(limit);
			running.onReport = undefined;
			running.hold();
			this.#finish(running.isSilent ? undefined : "OK", () => {
				running.release();
				for (const action of running.actions) action();
			});
		};
		let limit: object | undefined;
		const waitMs = running.reportsLater && running.actions.length === 0 ? this.#resultFirstMs() : undefined;
		if (waitMs !== undefined) {
			running.onReport = finish;
			limit = this.#timers.set(finish, waitMs);
		} else finish();
	}

	#resultFirstMs(): number | undefined {
		const { resultBeforeOk } = this.#unit.variants;
		return this.#events.waitForResult() ?? (resultBeforeOk ? RESULT_FIRST_LIMIT_MS : undefined);
	}

	#cancel(): void {
		const { escape } = this.#unit.variants;
		this.#finish(escape === "nothing" ? undefined : escape);
	}

	#finish(final: string | undefined, then?: () => void): void {
		const done = (): void => {
			this.#events.onEnd();
			then?.();
		};
		if (final === undefined) done();
		else this.#events.onFinal(final, done);
	}

	#inform(lines: Lines): void {
		if (lines === undefined) return;
		const all = typeof lines === "string" ? [lines] : lines;
		if (this.#unit.variants.informationLines === "apart") for (const line of all) this.#events.onLine(line);
		else if (all.length > 0) this.#events.onLine(...all);
	}
}

/** What one command asks for while it runs. */
class Running implements Call {
	readonly actions: (() => void)[] = [];
	reportsLater = false;
	isSilent = false;
	echoData = false;
	onData: ((data: string, call: Call) => Lines) | undefined;
	onReport: (() => void) | undefined;
	readonly #report: Report;
	/** Results that have to wait for the final result. */
	#held: string[] | undefined;

	constructor(report: Report) {
		this.#report = report;
	}

	later(): Report {
		this.reportsLater = true;
		return line => {
			if (this.#held) this.#held.push(line);
			else this.#report(line);
			this.onReport?.();
		};
	}

	hold(): void {
		this.#held = [];
	}

	release(): void {
		const held = this.#held ?? [];
		this.#held = undefined;
		for (const line of held) this.#report(line);
	}

	after(action: () => void): void {
		this.actions.push(action);
	}

	prompt(echo: boolean, onData: (data: string, call: Call) => Lines): void {
		this.echoData = echo;
		this.onData = onData;
	}

	silent(): void {
		this.isSilent = true;
	}
}

function fail(): never {
	throw new CommandError();
}

/** What the form of the command does: test, read, write, or execution. */
function formOf(command: Command, form: string | undefined, unit: Unit, parameters: Parameters): Action {
	const { test, read, write, execute } = command;
	if (form === "=?") {
		if (test === undefined || parameters.more) return fail;
		return () => (typeof test === "function" ? test(unit) : test);
	}
	if (form === "?") return read && !parameters.more ? () => read(unit) : fail;
	const action = form === "=" ? write : execute;
	return action ? call => action(unit, parameters, call) : fail;
}

/** The final result of a command that threw; anything but the two errors of commands is a defect of the simulator. */
function failureText(error: unknown, command: Command, { profile, settings, variants }: Unit): string {
	if (error instanceof MqttError) {
		if (profile.mqttErrors === "plain") return "ERROR";
		const codes = {
			"not allowed": variants.notAllowedCode,
			parameter: variants.wrongParameterCode,
			"too long": variants.tooLongCode,
			characters: variants.wrongCharactersCode,
		};
		return codeText(codes[error.fault], settings.errorMode);
	}
	if (!(error instanceof CommandError)) throw error;
	if (error.code === undefined || command.mqtt) return "ERROR";
	return codeText(error.code, settings.errorMode);
}

function codeText(code: number, errorMode: number): string {
	if (errorMode === 0) return "ERROR";
	return `+CME ERROR: ${errorMode === 1 ? code : textOf(code)}`;
}
