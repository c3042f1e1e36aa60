import { UsageError, numberOf, partsOf } from "../cli/command-line.js";

/** What `npm run outbox` was asked for. */
export interface OutboxOptions {
	/** A file, or the folder of `npm start -- --data`. */
	readonly path: string;
	/** Payloads as hexadecimal digits. */
	readonly hex: boolean;
	readonly json: boolean;
	/** Only records that are not acknowledged. */
	readonly waiting: boolean;
	/** Bytes of an erase block. */
	readonly blockLength: number;
}

export const HELP = `Prints an outbox. Reads only: nothing is written, repaired or locked.

npm run outbox -- [options] <file>
  <file>         a partition image, as "npm start" keeps it (data/outbox.flash; the folder will do) or esptool reads it off a chip:
                 esptool.py read_flash 0x300000 0x100000 outbox.bin
  --waiting      only records that are not acknowledged
  --hex          payloads as hexadecimal digits, not as text
  --json         one JSON object a line: blocks, records, and a summary as the last
  --block <n>    bytes of an erase block (4096)
  --help         this text

Exit code: 0; 1 where something is torn or damaged; 2 for a wrong option or a file that cannot be read.`;

/**
 * Reads the command line.
 * @returns undefined where help is asked for
 * @throws UsageError
 */
export function outboxOptions(argv: readonly string[]): OutboxOptions | undefined {
	const { values, positionals } = partsOf(argv, {
		hex: { type: "boolean", default: false },
		json: { type: "boolean", default: false },
		waiting: { type: "boolean", default: false },
		block: { type: "string" },
		help: { type: "boolean", short: "h" },
	});
	if (values.help) return undefined;
	const [path, ...more] = positionals;
	if (!path || more.length) throw new UsageError("one file is needed: npm run outbox -- data/outbox.flash");
	const blockLength = numberOf("--block", values.block, 4096, { minimum: 128, maximum: 65_536 });
	if (blockLength % 4) throw new UsageError("--block must be a multiple of 4");
	const { hex, json, waiting } = values;
	return { path, hex, json, waiting, blockLength };
}
