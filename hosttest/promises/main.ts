import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { UsageError, numberOf, runCommand, valuesOf } from "../cli/command-line.js";
import { type Kept, PROMISES } from "./promises.js";
import { Workshop } from "./workshop.js";

/** `npm run promises`: takes out, one after the other, the code that keeps each promise, and looks whether a test fails. */

const HELP = `Takes out the code that keeps a promise and runs its test, which has to fail; in a copy of the tree.

npm run promises -- [options]
  --only <text>   promises that hold this text
  --jobs <n>      at the same time (as many as processors, at most 4)
  --help          this text`;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const print = (line: string) => void process.stdout.write(line + "\n");

interface Options {
	readonly only: string;
	readonly jobs: number;
}

function options(argv: readonly string[]): Options | undefined {
	const values = valuesOf(argv, {
		only: { type: "string" },
		jobs: { type: "string" },
		help: { type: "boolean", short: "h" },
	});
	if (values.help) return undefined;
	const jobs = Math.min(4, availableParallelism());
	return {
		only: values.only ?? "",
		jobs: numberOf("--jobs", values.jobs, jobs, { minimum: 1, maximum: 64 }),
	};
}

/**
 * @param known titles of all tests, which pass with all code in place
 * @returns undefined where a test has noticed that the code is gone; what is wrong otherwise
 */
async function problemOf(kept: Kept, workshop: Workshop, known: readonly string[]) {
	const { promise, file, code, instead = "", test, title } = kept;
	try {
		const { failed, passed, output } = await workshop.without(file, code, instead, () =>
			workshop.run([test], title),
		);
		// A file that cannot be loaded any more fails too, but is no test.
		const noticed = failed.filter(name =>
			known.some(whole => whole === name || whole.endsWith(` › ${name}`)),
		);
		const count = `(${noticed.length} of ${noticed.length + passed.length} in ${test})`;
		print(`${noticed.length ? "noticed" : "MISSED "}  ${promise}  ${count}`);
		if (noticed.length) return undefined;
		return passed.length
			? `${promise}: ${test} passes without it`
			: `${promise}: ${test} did not run: ${output}`;
	} catch (error) {
		return `${promise}: ${(error as Error).message}`;
	}
}

/** @returns whether each promise has a test that fails without its code */
async function check({ only, jobs }: Options): Promise<boolean> {
	const chosen = PROMISES.filter(({ promise }) => promise.includes(only));
	if (!chosen.length) throw new UsageError(`--only: no promise holds "${only}"`);
	const workshops = Array.from(
		{ length: Math.min(jobs, chosen.length) },
		(_, index) => new Workshop(ROOT, `${ROOT}build/promises/${index}`),
	);
	const whole = await workshops[0].run([...new Set(chosen.map(({ test }) => test))]);
	if (whole.failed.length || !whole.passed.length) {
		print(`Tests fail with all code in place:\n${whole.output}`);
		return false;
	}
	const problems: string[] = [];
	const waiting = [...chosen];
	const work = async (workshop: Workshop): Promise<void> => {
		for (let kept = waiting.shift(); kept; kept = waiting.shift()) {
			const problem = await problemOf(kept, workshop, whole.passed);
			if (problem !== undefined) problems.push(problem);
		}
	};
	await Promise.all(workshops.map(work));
	for (const workshop of workshops) workshop.close();
	print(
		`${chosen.length - problems.length} of ${chosen.length} promises have a test that fails without the code that keeps them`,
	);
	for (const problem of problems) print(problem);
	return problems.length === 0;
}

await runCommand(async () => {
	const chosen = options(process.argv.slice(2));
	if (chosen) return (await check(chosen)) ? 0 : 1;
	print(HELP);
	return 0;
});
