import { numberOf, valuesOf } from "../cli/command-line.js";
import type { HerdOptions } from "./run.js";

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
	const values = valuesOf(argv, {
		units: { type: "string" },
		away: { type: "string" },
		interval: { type: "string" },
		seed: { type: "string" },
		pause: { type: "string" },
		help: { type: "boolean", short: "h" },
	});
	if (values.help) return undefined;
	return {
		units: numberOf("--units", values.units, 1000, RANGE),
		away: numberOf("--away", values.away, 30, RANGE),
		interval: numberOf("--interval", values.interval, 60, RANGE),
		seed: numberOf("--seed", values.seed, 1, RANGE),
		firstPause: values.pause === undefined ? undefined : numberOf("--pause", values.pause, 1, RANGE),
	};
}

const RANGE = { minimum: 1, maximum: 999_999 };
