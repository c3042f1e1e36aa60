// What stands in for hosttest/xs/tests/results.ts here: there the tests wait for commands, here for the test runner.
import type { Assertions, Declared } from "../xs/tests/ava.js";

/** The tests of one file. */
export interface TestFile {
	/** Under hosttest/tests/. */
	readonly file: string;
	readonly tests: readonly Declared[];
	readonly assertions: (title: string) => Assertions;
}

const KEY = Symbol.for("bc20-telemetry test files");

/** All that were loaded in this process, whatever copy of this file they were loaded with. */
export function testFiles(): TestFile[] {
	const holder = globalThis as { [KEY]?: TestFile[] };
	return (holder[KEY] ??= []);
}

/** As `serve` of results.ts. */
export function serve(tests: readonly Declared[], assertions: (title: string) => Assertions): void {
	const file = new URL(import.meta.url).searchParams.get("file") ?? "";
	testFiles().push({ file, tests, assertions });
}
