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
export function valuesOf<const Options extends NonNullable<ParseArgsConfig["options"]>>(
	argv: readonly string[],
	options: Options,
) {
	try {
		return parseArgs({ args: [...argv], options }).values;
	} catch (error) {
		throw new UsageError((error as Error).message.split(/\.? To specify|\n/, 1)[0]);
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
