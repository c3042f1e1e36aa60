import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError, runCommand } from "../cli/command-line.js";
import { lockHolder } from "../shim/flash-lock.js";
import { inspect, isDamaged } from "./inspect.js";
import { HELP, type OutboxOptions, outboxOptions } from "./options.js";
import { jsonLines, lines } from "./print.js";

/** `npm run outbox`: prints an outbox, from a file of `npm start` or off a chip, without changing it. */

/** Size of the outbox's partition in partitions.csv. */
const PARTITION_BYTES = 0x100000;

const note = (line: string) => void process.stderr.write(line + "\n");

/** Prints; returns the exit code. */
function outbox({ path: given, blockLength, json, ...options }: OutboxOptions): number {
	const { path, file } = read(given);
	const holder = lockHolder(dirname(path));
	if (holder !== undefined)
		note(`${path}: in use by process ${holder}: what is being written may look torn or damaged`);
	// As the desktop's flash does: what a file is short of, is erased.
	const size = Math.ceil(file.length / blockLength) * blockLength;
	const isOdd = size !== file.length;
	if (isOdd)
		note(
			`${path}: ${file.length} bytes are no multiple of ${blockLength}: what is missing is taken as erased`,
		);
	else if (size !== PARTITION_BYTES)
		note(`${path}: ${size} bytes, not the ${PARTITION_BYTES} of partitions.csv: read as a whole partition`);
	if (size < 2 * blockLength) {
		const text = file.length ? `${file.length} bytes are` : "empty:";
		note(`${path}: ${text} no outbox, which takes two blocks of ${blockLength} bytes or more`);
		return 1;
	}
	const bytes = new Uint8Array(size).fill(0xff);
	bytes.set(file);
	const report = inspect(bytes, blockLength);
	if (!json) process.stdout.write(`${path}\n`);
	for (const line of (json ? jsonLines : lines)(report, options)) process.stdout.write(`${line}\n`);
	return isOdd || isDamaged(report.summary) ? 1 : 0;
}

/** @throws UsageError */
function read(given: string): { path: string; file: Uint8Array } {
	try {
		const path = statSync(given).isDirectory() ? join(given, "outbox.flash") : given;
		return { path, file: readFileSync(path) };
	} catch (error) {
		throw new UsageError((error as Error).message);
	}
}

// Whoever read it has gone (`| head -1`).
process.stdout.on("error", () => process.exit());
await runCommand(() => {
	const options = outboxOptions(process.argv.slice(2));
	if (options) return outbox(options);
	process.stdout.write(`${HELP}\n`);
	return 0;
});
