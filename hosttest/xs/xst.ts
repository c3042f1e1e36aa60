import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UsageError, runCommand, valuesOf } from "../cli/command-line.js";
import { programOrReason, testFiles } from "./tests/program.js";

/**
 * `npm run xst`: the tests of modules/ that need no Node on the XS of a Moddable SDK, which is newer than that of `npm test`.
 */

const HELP = `The tests of modules/ that need no Node, on the XS of a Moddable SDK.

npm run xst -- --xst <path>
  --xst <path>   the SDK's test shell: make GOAL=release -f xst.mk in xs/makefiles/lin builds it,
                 as $MODDABLE/build/bin/lin/release/xst (which is the default)
  --help         this text`;

const FOLDER = fileURLToPath(new URL("../../build/xst/", import.meta.url));
const DEFAULT = "build/bin/lin/release/xst";
const TIMEOUT_MS = 300_000;

/** What xst has under other names than xsnap, for which the programs are made. Its event loop does not end while a timeout waits. */
const BEFORE = `
const sdk = { print, setTimeout };
globalThis.gc = () => $262.gc();
globalThis.issueCommand = buffer => buffer;
globalThis.performance ??= { now: () => Date.now() };
globalThis.setImmediate = (callback, ...values) => void Promise.resolve().then(() => callback(...values));
`;
/** Runs all tests one after the other, and prints a line for each: "passed", "skipped", or "failed" and why, as JSON. */
const BEHIND = `
{
	const ask = (command, onReply) => {
		const reply = handleCommand(ArrayBuffer.fromString(JSON.stringify(command)));
		sdk.setTimeout(() => onReply(JSON.parse(String.fromArrayBuffer(reply.result))), 1);
	};
	ask({ list: true }, list => {
		const run = index => {
			if (index === list.length) return;
			const { title, isSkipped } = list[index];
			const tell = (state, failure) => {
				sdk.print(JSON.stringify([state, title, failure]));
				run(index + 1);
			};
			if (isSkipped) tell("skipped");
			else ask({ run: index }, ({ failure }) => tell(failure === undefined ? "passed" : "failed", failure));
		};
		run(0);
	});
}
`;

type Line = readonly [state: "passed" | "failed" | "skipped", title: string, failure?: string];

const print = (line: string) => void process.stdout.write(line + "\n");

/** Runs a program. @returns its lines, and what else it said */
function run(xst: string, program: string): Promise<{ lines: Line[]; rest: string }> {
	return new Promise(resolve => {
		execFile(xst, [program], { timeout: TIMEOUT_MS, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
			const lines: Line[] = [];
			let rest = stderr + (error?.message ?? "");
			for (const text of stdout.split("\n"))
				if (/^\["(passed|failed|skipped)",/.test(text)) lines.push(JSON.parse(text) as Line);
				else rest += text;
			resolve({ lines, rest });
		});
	});
}

/** @returns whether all tests pass */
async function test(xst: string): Promise<boolean> {
	rmSync(FOLDER, { recursive: true, force: true });
	mkdirSync(FOLDER, { recursive: true });
	const count = { passed: 0, failed: 0, skipped: 0 };
	for (const folder of readdirSync(new URL("../../modules/", import.meta.url)))
		for (const file of testFiles(folder)) {
			const built = await programOrReason(file);
			if ("reason" in built) continue;
			const path = `${FOLDER}${file.replace(/\W/g, "-")}.js`;
			writeFileSync(path, BEFORE + built.program + BEHIND);
			const { lines, rest } = await run(xst, path);
			for (const [state, title, failure] of lines) {
				count[state]++;
				if (state === "failed") print(`${file} › ${title}: ${failure}`);
			}
			if (!lines.length || rest) {
				count.failed++;
				print(`${file} ended: ${rest}`);
			}
		}
	print(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
	return count.passed > 0 && count.failed === 0;
}

await runCommand(async () => {
	const values = valuesOf(process.argv.slice(2), {
		xst: { type: "string" },
		help: { type: "boolean", short: "h" },
	});
	const xst = values.xst ?? `${process.env.MODDABLE ?? "$MODDABLE"}/${DEFAULT}`;
	if (values.help) {
		print(HELP);
		return 0;
	}
	if (!existsSync(xst)) throw new UsageError(`${xst} is not there; see --help`);
	return (await test(xst)) ? 0 : 1;
});
