// The tests of one bundle, as Node asks for them: a message is a command, its reply is made when nothing is left to happen.
import type { Assertions, Declared } from "./ava.js";

/** What Node asks for: the list of tests, or one of them to be run. */
export type Command = { readonly list: true } | { readonly run: number };

/** A test as the list has it. */
export interface Listed {
	readonly title: string;
	readonly isSkipped: boolean;
}

/** How a test went. */
export interface Result {
	/** Why it failed. */
	readonly failure?: string;
	readonly logs: readonly string[];
}

/** What came to nobody's notice while a test ran. */
let unhandled: string[] = [];

/** Answers the commands. */
export function serve(tests: readonly Declared[], assertions: (title: string) => Assertions): void {
	const answer = (command: Command): (() => readonly Listed[] | Result) => {
		if ("list" in command) return () => tests.map(({ title, isSkipped }) => ({ title, isSkipped }));
		const { title, run } = tests[command.run];
		const t = assertions(title);
		unhandled = [];
		let failure: string | undefined = "never ends: nothing is left to happen";
		void t.perform(run).then(result => {
			failure = result;
		});
		return () => {
			const all = [...(failure === undefined ? [] : [failure]), ...unhandled];
			return { logs: t.logs, ...(all.length && { failure: all.join("\n") }) };
		};
	};
	const handle = (buffer: ArrayBuffer) => {
		const reply = answer(JSON.parse(String.fromArrayBuffer(buffer)) as Command);
		return {
			get result() {
				return ArrayBuffer.fromString(JSON.stringify(reply()));
			},
		};
	};
	Object.defineProperty(globalThis, "handleCommand", { value: handle });
	// xsnap tells it of promises that were rejected and not looked at.
	const error = (...log: unknown[]) => unhandled.push(log.map(String).join(" "));
	Object.defineProperty(globalThis, "console", { value: { error }, configurable: true });
}
