import { parseArgs } from "node:util";
import { kindNames, type KindName } from "../simulator/faults/faults.js";

/** What `npm run soak` was asked for. */
export interface SoakOptions {
	readonly seeds: readonly number[];
	readonly days: number;
	/** s */
	readonly interval: number;
	readonly rates: number;
	readonly only: readonly KindName[] | undefined;
	/** Where each event goes, one line each: `<log>.<seed>`. */
	readonly log: string | undefined;
	/** Seeds that run at the same time. */
	readonly jobs: number | undefined;
}

/** A wrong option: its message is one line for the user, and the exit code is 2. */
export class UsageError extends Error {
	override name = "UsageError";
}

export const HELP = `The whole firmware on the simulated BC20, through faults, on a virtual clock.

npm run soak -- [options]
  --days <n>       simulated days (30)
  --seed <n>       this seed alone
  --seeds <n>      seeds 1 to n (5)
  --interval <s>   seconds between two messages (60)
  --rates <x>      multiplies the rates of all faults (1); 0: none
  --only <kinds>   these kinds of fault alone, separated by commas
  --quick          1 day, 3 seeds
  --jobs <n>       seeds at the same time (as many as processors)
  --log <file>     each event, one a line, in <file>.<seed>
  --help           this text, and all kinds of fault`;

/**
 * Reads the command line.
 * @returns undefined where help is asked for
 * @throws UsageError
 */
export function soakOptions(argv: readonly string[]): SoakOptions | undefined {
	const values = parse(argv);
	if (values.help) return undefined;
	const whole = (name: string, text: string | undefined, byDefault: number): number =>
		number(name, text, byDefault, 1, true);
	const quick = values.quick ?? false;
	const count = whole("--seeds", values.seeds, quick ? 3 : 5);
	return {
		seeds:
			values.seed === undefined
				? Array.from({ length: count }, (_, index) => index + 1)
				: [whole("--seed", values.seed, 1)],
		days: number("--days", values.days, quick ? 1 : 30, 0.01),
		interval: number("--interval", values.interval, 60, 1),
		rates: number("--rates", values.rates, 1, 0),
		only: values.only === undefined ? undefined : kindsOf(values.only),
		log: values.log,
		jobs: values.jobs === undefined ? undefined : whole("--jobs", values.jobs, 1),
	};
}

/** The command that runs one seed again, exactly. */
export function replayCommand({ days, interval, rates, only }: SoakOptions, seed: number): string {
	const kinds = only ? ` --only ${only.join(",")}` : "";
	return `npm run soak -- --seed ${seed} --days ${days} --interval ${interval} --rates ${rates}${kinds}`;
}

function parse(argv: readonly string[]) {
	try {
		return parseArgs({
			args: [...argv],
			options: {
				days: { type: "string" },
				seed: { type: "string" },
				seeds: { type: "string" },
				interval: { type: "string" },
				rates: { type: "string" },
				only: { type: "string" },
				quick: { type: "boolean" },
				jobs: { type: "string" },
				log: { type: "string" },
				help: { type: "boolean", short: "h" },
			},
		}).values;
	} catch (error) {
		throw new UsageError((error as Error).message.split(/\.? To specify|\n/, 1)[0]);
	}
}

function number(
	name: string,
	text: string | undefined,
	byDefault: number,
	minimum: number,
	isWhole = false,
): number {
	if (text === undefined) return byDefault;
	const value = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN;
	if (!(value >= minimum && value < 1e6) || (isWhole && !Number.isInteger(value)))
		throw new UsageError(`${name} must be a ${isWhole ? "whole number" : "number"} of at least ${minimum}`);
	return value;
}

function kindsOf(text: string): KindName[] {
	const kinds = text.split(",");
	const wrong = kinds.find(kind => !kindNames.includes(kind as KindName));
	if (wrong !== undefined) throw new UsageError(`--only: no fault "${wrong}"; see --help`);
	return kinds as KindName[];
}
