import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { runCommand } from "../cli/command-line.js";
import { kindNames, kinds } from "../simulator/faults/faults.js";
import { HELP, type SoakOptions, soakOptions } from "./options.js";
import { failureReport, failuresOf, report } from "./report.js";
import type { Outcome } from "./seed.js";

/** `npm run soak`: each seed in a process of its own; exit code 1 where one fails, with the command that runs it again. */

const print = (line: string) => void process.stdout.write(line + "\n");
const note = (line: string) => void process.stderr.write(line + "\n");

const NOT_RUN: Outcome = { failure: "was not run" };

/** @returns whether all seeds have passed */
async function soak(options: SoakOptions): Promise<boolean> {
	const { seeds, days, jobs = availableParallelism() } = options;
	const outcomes = new Map(seeds.map(seed => [seed, NOT_RUN]));
	const waiting = [...seeds];
	const work = async (): Promise<void> => {
		for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
			const startMs = performance.now();
			const outcome = await outcomeOf(seed);
			outcomes.set(seed, outcome);
			const verdict = failuresOf(outcome).length > 0 ? "FAILED" : "passed";
			note(`seed ${seed} ${verdict}: ${days} days in ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
		}
	};
	await Promise.all(Array.from({ length: Math.min(jobs, seeds.length) }, work));
	print(report([...outcomes.values()].flatMap(outcome => ("result" in outcome ? [outcome.result] : []))));
	const failed = failureReport(options, outcomes);
	if (failed) print(`\n${failed}`);
	return failed === "";
}

function outcomeOf(seed: number): Promise<Outcome> {
	return new Promise(resolve => {
		const program = fileURLToPath(new URL("./seed.ts", import.meta.url));
		// The last --seed counts.
		const child = fork(program, [...process.argv.slice(2), "--seed", String(seed)], {
			serialization: "advanced",
		});
		let outcome: Outcome = { failure: "its process ended without a result" };
		child.on("message", message => (outcome = message as Outcome));
		child.on("error", error => (outcome = { failure: error.message }));
		child.on("close", () => resolve(outcome));
	});
}

function help(): string {
	const width = Math.max(...kindNames.map(name => name.length));
	return [
		HELP,
		"",
		"Kinds of fault:",
		...kindNames.map(name => `  ${name.padEnd(width)}  ${kinds[name].about}`),
	].join("\n");
}

await runCommand(async () => {
	const options = soakOptions(process.argv.slice(2));
	if (options) return (await soak(options)) ? 0 : 1;
	print(help());
	return 0;
});
