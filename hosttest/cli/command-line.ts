import { type ParseArgsConfig, parseArgs } from "node:util";

/** A wrong option: its message is one line for the user, and the exit code is 2. */
export class UsageError extends Error {
	override name = "UsageError";
}

/**
 * Reads a command line of options alone.
 * @param options as `parseArgs` of node:util takes them
 * @returns their values by name
 * @throws UsageError
 */
export function valuesOf<const Options extends OptionTable>(argv: readonly string[], options: Options) {
	return partsOf(argv, options, false).values;
}

type OptionTable = NonNullable<ParseArgsConfig["options"]>;

/**
 * Reads a command line.
 * @param allowPositionals whether there may be something besides the options
 * @returns the options' values by name, and the rest
 * @throws UsageError
 */
export function partsOf<const Options extends OptionTable>(
	argv: readonly string[],
	options: Options,
	allowPositionals = true,
) {
	try {
		return parseArgs({ args: [...argv], options, allowPositionals });
	} catch (error) {
		// An address in the wrong place is repeated in the message: without its user and password.
		const [message] = (error as Error).message.replace(/\/\/[^']*@/g, "//***@").split(/\.? To specify|\n/, 1);
		throw new UsageError(message);
	}
}

/**
 * Runs a command: its exit code is what `main` returns, 2 for a wrong option, 1 for any other error; of an error the message is shown, one
 * line on stderr.
 */
export async function runCommand(main: () => number | Promise<number>): Promise<void> {
	try {
		process.exitCode = await main();
	} catch (error) {
		process.stderr.write((error as Error).message + "\n");
		process.exitCode = error instanceof UsageError ? 2 : 1;
	}
}

/** What an option's number may be; whole unless said otherwise. */
interface Range {
	readonly minimum: number;
	/** Absent: any. */
	readonly maximum?: number;
	readonly fractions?: boolean;
}

/**
 * The number that an option is given.
 * @param name with its dashes, for the error
 * @throws UsageError
 */
export function numberOf(
	name: string,
	text: string | undefined,
	byDefault: number,
	{ minimum, maximum = 1e12, fractions = false }: Range,
): number {
	if (text === undefined) return byDefault;
	const value = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN;
	if (value >= minimum && value <= maximum && (fractions || Number.isInteger(value))) return value;
	const range = maximum === 1e12 ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
	throw new UsageError(`${name} must be a ${fractions ? "number" : "whole number"} ${range}`);
}
