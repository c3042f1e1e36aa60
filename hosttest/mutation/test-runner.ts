import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { type InstrumenterContext, INSTRUMENTER_CONSTANTS } from "@stryker-mutator/api/core";
import { PluginKind, declareClassPlugin } from "@stryker-mutator/api/plugin";
import {
	type DryRunOptions,
	type DryRunResult,
	DryRunStatus,
	type MutantRunOptions,
	type MutantRunResult,
	type TestResult,
	type TestRunner,
	type TestRunnerCapabilities,
	TestStatus,
	determineHitLimitReached,
	toMutantRunResult,
} from "@stryker-mutator/api/test-runner";
import fc from "fast-check";
import { TableIgnorer } from "./table-ignorer.js";
import { type TestFile, testFiles } from "./registry.js";
import { ended } from "./watch.js";

/** The tests that are to notice a mutant, under hosttest/tests/. */
const TESTS = [/^at\/[^/]+\.test\.ts$/, /^telemetry\/(outbox|crc32)[^/]*\.test\.ts$/];
/** How long each test took without a mutant, ms by id: for the workers that are started later. */
const DURATIONS = "durations.json";

interface Test {
	readonly id: string;
	readonly title: string;
	readonly isSkipped: boolean;
	readonly perform: () => Promise<string | undefined>;
}

/**
 * Stryker's test runner for the tests of modules/at and of the outbox. They run in this process, by the stand-in for ava that XS has, one
 * after the other, the fastest first; the mutant is switched at run time. Stryker ends and restarts the process where a mutant never ends.
 */
class InProcessTestRunner implements TestRunner {
	#tests: Test[] | undefined;
	readonly #unhandled: string[] = [];
	readonly #context: InstrumenterContext;

	constructor() {
		const holder = globalThis as { [INSTRUMENTER_CONSTANTS.NAMESPACE]?: InstrumenterContext };
		this.#context = holder[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {};
		process.on("unhandledRejection", reason => this.#unhandled.push(String(reason)));
	}
	capabilities(): TestRunnerCapabilities {
		return { reloadEnvironment: false };
	}
	async dryRun({ disableBail }: DryRunOptions): Promise<DryRunResult> {
		const tests = await this.#load();
		const result = await this.#run(tests, disableBail);
		if (result.status !== DryRunStatus.Complete) return result;
		const durations = result.tests.map(({ id, timeSpentMs }) => [id, timeSpentMs]);
		writeFileSync(DURATIONS, JSON.stringify(Object.fromEntries(durations)));
		return { ...result, mutantCoverage: this.#context.mutantCoverage };
	}
	async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
		const context = this.#context;
		const { activeMutant, mutantActivation, testFilter, hitLimit, disableBail } = options;
		// Of a counterexample nobody wants the shortest.
		fc.configureGlobal({ endOnFailure: true });
		if (mutantActivation === "static") context.activeMutant = activeMutant.id;
		let tests;
		try {
			tests = await this.#load();
		} catch (error) {
			return toMutantRunResult(complete([failed("load", 0, String(error))]));
		}
		context.activeMutant = activeMutant.id;
		context.hitCount = hitLimit === undefined ? undefined : 0;
		// Stryker allows a hundred times what all tests took together: for a loop in the middle of the CRC that is minutes.
		context.hitLimit = hitLimit && hitLimit / 25;
		const filtered = testFilter ? tests.filter(({ id }) => testFilter.includes(id)) : tests;
		const result = await this.#run(fastestFirst(filtered), disableBail);
		return toMutantRunResult(determineHitLimitReached(context.hitCount, context.hitLimit) ?? result);
	}

	/** Loads the tests of the sandbox that this process works in, once. */
	async #load(): Promise<Test[]> {
		if (this.#tests) return this.#tests;
		const sandbox = pathToFileURL(`${process.cwd()}/`);
		register(new URL("hosttest/loader/hooks.js", sandbox));
		register(new URL("hosttest/mutation/hooks.js", sandbox));
		const folder = new URL("hosttest/tests/", sandbox);
		const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
		for (const file of files)
			if (TESTS.some(pattern => pattern.test(file))) await import(new URL(file, folder).href);
		this.#tests = testFiles().flatMap(testsOf);
		return this.#tests;
	}
	async #run(tests: readonly Test[], disableBail: boolean): Promise<DryRunResult> {
		const results: TestResult[] = [];
		for (const test of tests) {
			const result = await this.#runOne(test);
			results.push(result);
			if (result.status === TestStatus.Failed && !disableBail) break;
		}
		return complete(results);
	}
	async #runOne({ id, isSkipped, perform }: Test): Promise<TestResult> {
		if (isSkipped) return { id, name: id, timeSpentMs: 0, status: TestStatus.Skipped };
		this.#context.currentTestId = id;
		this.#unhandled.length = 0;
		const begun = performance.now();
		const failure = await ended(detached(perform), "never ends: nothing is left to happen");
		await new Promise(resolve => setImmediate(resolve));
		const timeSpentMs = performance.now() - begun;
		this.#context.currentTestId = undefined;
		const failures = failure === undefined ? this.#unhandled : [failure, ...this.#unhandled];
		if (failures.length) return failed(id, timeSpentMs, failures.join("\n"));
		return { id, name: id, timeSpentMs, status: TestStatus.Success };
	}
}

/** Runs an action with a call stack of its own: tests look at how deep they are. */
const detached = <Outcome>(action: () => Promise<Outcome>): Promise<Outcome> =>
	new Promise((resolve, reject) => {
		setImmediate(() => {
			action().then(
				outcome => resolve(outcome),
				(error: unknown) => reject(error as Error),
			);
		});
	});

const complete = (tests: TestResult[]): DryRunResult => ({ status: DryRunStatus.Complete, tests });
const failed = (id: string, timeSpentMs: number, failureMessage: string): TestResult => ({
	id,
	name: id,
	timeSpentMs,
	status: TestStatus.Failed,
	failureMessage,
});

function testsOf({ file, tests, assertions }: TestFile): Test[] {
	return tests.map(({ title, isSkipped, run }) => ({
		id: `${file} › ${title}`,
		title,
		isSkipped,
		perform: () => assertions(title).perform(run),
	}));
}

function fastestFirst(tests: readonly Test[]): Test[] {
	const durations = JSON.parse(readFileSync(DURATIONS, "utf8")) as Record<string, number>;
	return [...tests].sort((one, other) => (durations[one.id] ?? 0) - (durations[other.id] ?? 0));
}

/** Read by Stryker. */
export const strykerPlugins = [
	declareClassPlugin(PluginKind.TestRunner, "in-process", InProcessTestRunner),
	declareClassPlugin(PluginKind.Ignore, "tables", TableIgnorer),
];
