import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MissingOnXS, bundle } from "../bundle.js";

const hosttest = new URL("../../", import.meta.url);
const path = (file: string) => fileURLToPath(new URL(file, hosttest));

const replacements = new Map([
	["ava", path("xs/tests/ava.ts")],
	["node:assert/strict", path("xs/tests/assert.ts")],
	[path("shim/globals.ts"), path("xs/shim/globals.ts")],
	[path("tests/sampling.ts"), path("xs/tests/sampling.ts")],
]);

/**
 * A test file as a program for XS, unchanged but for ava, node:assert and what XS has of itself; fast-check comes along.
 * @param file such as "at/line.test.ts", under hosttest/tests/
 * @throws MissingOnXS where it, or what it imports, needs Node
 */
export function testProgram(file: string): Promise<string> {
	return bundle(new URL(`tests/${file}`, hosttest), "shim", {
		replacements,
		packages: ["fast-check"],
		treeshake: false,
	});
}

/** The test files of a folder of modules/, by name. */
export function testFiles(folder: string): string[] {
	return readdirSync(new URL(`tests/${folder}`, hosttest))
		.filter(name => name.endsWith(".test.ts"))
		.map(name => `${folder}/${name}`)
		.sort();
}

/** A program, or why there is none. */
export async function programOrReason(file: string): Promise<{ program: string } | { reason: string }> {
	try {
		return { program: await testProgram(file) };
	} catch (error) {
		if (error instanceof MissingOnXS) return { reason: error.message };
		throw error;
	}
}
