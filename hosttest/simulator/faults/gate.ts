import type { LineInput } from "../line-input.js";
import type { Output } from "../output.js";
import type { Timers } from "../timers.js";
import type { Faults } from "./faults.js";
import type { Fate } from "./kind.js";

/** `+QMTPUB` of `+QMTPUB: 0,7,0`. */
const nameOf = (line: string): string => line.split(":", 1)[0];

/** What passes between the command line and its interpreter, as faults leave it; without faults, all as it is. */
export class Gate {
	readonly #faults: Faults | undefined;
	readonly #output: Output;
	readonly #input: () => LineInput;
	readonly #timers: Timers;
	readonly #commandMs: number;

	/** @param timers are cleared by a reset; @param commandMs is the time to an answer */
	constructor(
		faults: Faults | undefined,
		{ output, input, timers }: { output: Output; input: () => LineInput; timers: Timers },
		commandMs: number,
	) {
		this.#faults = faults;
		this.#output = output;
		this.#input = input;
		this.#timers = timers;
		this.#commandMs = commandMs;
	}

	/** Whether the line, or the data, is kept from running. */
	refuses(stage: "line" | "data", text: string): boolean {
		const fate = this.#faults?.command(stage, text);
		if (fate === undefined || fate === "run") return false;
		if (fate === "swallow") this.#input().next();
		else this.#timers.set(() => this.#answer(fate), this.#commandMs);
		return true;
	}

	prompt(): void {
		this.#output.prompt();
		this.#faults?.moment("prompt", this.#faults.currentCommand);
	}

	/** A final result; `done` is called once it is out, or is not to come out. */
	final(text: string, done: () => void): void {
		const name = this.#faults?.currentCommand ?? "";
		const fate = this.#faults?.pass("final", name);
		const finish = (): void => {
			if (fate !== "lost") this.#output.line(text);
			done();
			this.#faults?.moment("final", name);
		};
		if (typeof fate === "object") this.#timers.set(finish, fate.lateMs);
		else finish();
	}

	/** A later result. */
	result(line: string): void {
		const fate = this.#faults?.pass("result", line) ?? [{ line, afterMs: 0 }];
		for (const { line: text, afterMs } of fate)
			if (afterMs === 0) this.#output.line(text);
			else this.#timers.set(() => this.#output.line(text), afterMs);
		this.#faults?.moment("result", nameOf(line));
	}

	urc(text: string): void {
		if (this.#faults?.pass("urc", text)) return;
		this.#output.urc(text);
		this.#faults?.moment("urc", nameOf(text));
	}

	/** How long the final result is to wait for a later one that is to come before it; undefined: not. */
	waitForResult(): number | undefined {
		return this.#faults?.pass("order", this.#faults.currentCommand)?.waitMs;
	}

	/** The module has read bytes: a line, or data, may have begun. */
	typed(): void {
		if (this.#faults && this.#input().typed !== "")
			this.#faults.moment("typing", this.#input().inDataMode ? this.#faults.currentCommand : "");
	}

	#answer({ final }: Extract<Fate<"command">, object>): void {
		this.#output.line(final);
		this.#input().next();
		this.#output.flush();
	}
}
