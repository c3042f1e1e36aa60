import { parseArgs } from "node:util";
import type { HerdOptions } from "./run.js";

/** A wrong option: its message is one line for the user, and the exit code is 2. */
export class UsageError extends Error {
	override name = "UsageError";
}

export const HELP = `A fleet of units, each the whole firmware on a simulated BC20, and one broker that restarts; on a virtual clock.

npm run herd -- [options]
  --units <n>       units (1000)
  --away <s>        how long the broker is away (30)
  --interval <s>    seconds between two messages of a unit (60)
  --seed <n>        of all that is random (1)
  --pause <s>       first bound of a unit's pause before it connects again (the firmware's own)
  --help            this text`;

/**
 * Reads the command line.
 * @returns undefined where help is asked for
 * @throws UsageError
 */
export function herdOptions(argv: readonly string[]): HerdOptions | undefined {
	const values = parse(argv);
	if (values.help) return undefined;
	return {
		units: number("--units", values.units, 1000),
		away: number("--away", values.away, 30),
		interval: number("--interval", values.interval, 60),
		seed: number("--seed", values.seed, 1),
		firstPause: values.pause === undefined ? undefined : number("--pause", values.pause, 1),
	};
}

function parse(argv: readonly string[]) {
	try {
		return parseArgs({
			args: [...argv],
			options: {
				units: { type: "string" },
				away: { type: "string" },
				interval: { type: "string" },
				seed: { type: "string" },
				pause: { type: "string" },
				help: { type: "boolean", short: "h" },
			},
		}).values;
	} catch (error) {
		throw new UsageError((error as Error).message.split(/\.? To specify|\n/, 1)[0]);
	}
}

function number(name: string, text: string | undefined, byDefault: number): number {
	if (text === undefined) return byDefault;
	const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
	if (value < 1) throw new UsageError(`${name} must be a whole number from 1 to 999999`);
	return value;
}
