import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the tests need of the tree. */
const COPIED = [
	"hosttest",
	"modules",
	"main.ts",
	"manifest.json",
	"package.json",
	"partitions.csv",
	"README.md",
];
/** A test that hangs without the code has noticed too, but the next one has to come. */
const TIMEOUT = "60s";

/** How a run of tests ended. */
export interface Run {
	/** Titles of the tests that passed, and of those that failed. */
	readonly passed: readonly string[];
	readonly failed: readonly string[];
	/** What ava printed. */
	readonly output: string;
}

/** A copy of the tree in which code may be taken out. */
export class Workshop {
	readonly #folder: string;

	/** @param folder made anew */
	constructor(root: string, folder: string) {
		this.#folder = folder;
		rmSync(folder, { recursive: true, force: true });
		mkdirSync(folder, { recursive: true });
		for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
		symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
	}
	/** Does something while other text stands in place of some code. @throws Error where the code is not there exactly once */
	async without<Outcome>(
		file: string,
		code: string,
		instead: string,
		action: () => Promise<Outcome>,
	): Promise<Outcome> {
		const path = join(this.#folder, file);
		const text = readFileSync(path, "utf8");
		const parts = text.split(code);
		if (parts.length !== 2)
			throw new Error(`${file}: the code is there ${parts.length - 1} times, not once: ${code}`);
		writeFileSync(path, parts.join(instead));
		try {
			return await action();
		} finally {
			writeFileSync(path, text);
		}
	}
	/** Removes the copy. */
	close(): void {
		rmSync(this.#folder, { recursive: true, force: true });
	}
	/** Runs tests with ava: files under hosttest/tests/, and where one is given only titles that hold this text. */
	run(tests: readonly string[], title?: string): Promise<Run> {
		const files = tests.map(test => `hosttest/tests/${test}`);
		const match = title === undefined ? [] : ["--match", `*${title}*`];
		const options = ["node_modules/ava/entrypoints/cli.mjs", "--tap", "--timeout", TIMEOUT, ...match];
		return new Promise(resolve => {
			execFile(
				process.execPath,
				[...options, ...files],
				{ cwd: this.#folder, maxBuffer: 1 << 28 },
				(_, stdout, stderr) => {
					const titles = (pattern: RegExp) =>
						stdout.split("\n").flatMap(line => pattern.exec(line)?.[1] ?? []);
					// Those that are skipped have not passed.
					const passed = titles(/^ok \d+ - (?!.* # (?:SKIP|TODO))(.*)/);
					const failed = titles(/^not ok \d+ - (.*)/);
					resolve({ passed, failed, output: stdout + stderr });
				},
			);
		});
	}
}
