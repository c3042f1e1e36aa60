import test from "ava";
import type { Command, Listed, Result } from "../../xs/tests/results.js";
import { programOrReason, testFiles } from "../../xs/tests/program.js";
import { XSWorker, missingXS } from "../../xs/worker.js";

/** The most computrons that a test may take, some 20 s: one that takes more never ends. */
export const TEST_COMPUTRONS = 2_000_000_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The tests of a program of `testProgram`, on a machine of XS of their own. A test that ends the machine (by a stack overflow, or by never
 * ending) fails, and the next one gets a new machine.
 */
export class TestsOnXS {
	readonly #program: string;
	readonly #limit: number;
	#worker: XSWorker | undefined;

	constructor(program: string, limit = TEST_COMPUTRONS) {
		this.#program = program;
		this.#limit = limit;
	}
	list(): Listed[] {
		return this.#ask({ list: true }) as Listed[];
	}
	/** Runs a test by its place in the list. */
	run(index: number): Result {
		try {
			return this.#ask({ run: index }) as Result;
		} catch (error) {
			this.close();
			return { failure: String(error), logs: [] };
		}
	}
	close(): void {
		this.#worker?.close();
		this.#worker = undefined;
	}

	#ask(command: Command): unknown {
		if (!this.#worker) {
			this.#worker = new XSWorker({ limit: this.#limit });
			this.#worker.evaluate(this.#program);
		}
		const { bytes } = this.#worker.command(encoder.encode(JSON.stringify(command)));
		return JSON.parse(decoder.decode(bytes));
	}
}

/** Why tests with the rig of hosttest/tests/bc20 run on Node alone. */
export const RIG = "hosttest/tests/bc20/rig.ts imports aedes, which is not there on XS";

/**
 * Registers the tests of a folder of modules/ as tests of ava that run on XS, "xs <file> › <title>". Where XS is missing they are
 * skipped, in CI they fail.
 * @param nodeAlone the test files that run on Node alone, and why: another one is less that is tested on the chip's engine
 */
export async function testOnXS(
	folder: string,
	nodeAlone: Readonly<Record<string, string>> = {},
): Promise<void> {
	const missing = missingXS();
	const reasons: Record<string, string> = {};
	const programs = new Map<string, string>();
	for (const file of testFiles(folder)) {
		const built = await programOrReason(file);
		if ("reason" in built) reasons[file] = built.reason;
		else programs.set(`xs ${file.replace(".test.ts", "")}`, built.program);
	}
	// Ava wants all tests declared in one turn.
	test(`xs ${folder}: the tests that need no Node run on XS`, t => t.deepEqual(reasons, nodeAlone));
	for (const [title, program] of programs)
		if (missing === undefined) register(title, new TestsOnXS(program));
		else skip(title, missing);
}

/** Skips a test that needs XS where it is missing: in CI it fails. */
export function skip(title: string, reason: string): void {
	if (process.env.CI) test(title, t => t.fail(reason));
	else test.skip(`${title} (${reason})`, t => t.fail());
}

function register(fileTitle: string, tests: TestsOnXS): void {
	let list: Listed[];
	try {
		list = tests.list();
	} catch (error) {
		test(fileTitle, t => t.fail(String(error)));
		return;
	}
	const last = list.findLastIndex(({ isSkipped }) => !isSkipped);
	for (const [index, { title, isSkipped }] of list.entries())
		(isSkipped ? test.serial.skip : test.serial)(`${fileTitle} › ${title}`, t => {
			if (index === last) t.teardown(() => tests.close());
			const { failure, logs } = tests.run(index);
			t.log(...logs);
			if (failure === undefined) t.pass();
			else t.fail(failure);
		});
}
