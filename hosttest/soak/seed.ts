import { createWriteStream } from "node:fs";
import { soakOptions } from "./options.js";
import type { RunResult } from "./result.js";
import { run } from "./run.js";

/** One seed in a process of its own, forked by main.ts with its command line. */

/** What the process sends. */
export type Outcome = { readonly result: RunResult } | { readonly failure: string };

async function outcome(): Promise<Outcome> {
	const options = soakOptions(process.argv.slice(2));
	if (!options) return { failure: "no options" };
	const { seeds, log } = options;
	const [seed] = seeds;
	const file = log === undefined ? undefined : createWriteStream(`${log}.${seed}`);
	try {
		const onEvent = file && ((line: string) => void file.write(`${line}\n`));
		return { result: await run({ ...options, seed, ...(onEvent && { onEvent }) }) };
	} catch (error) {
		return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
	} finally {
		file?.end();
	}
}

process.send?.(await outcome(), () => process.disconnect());
