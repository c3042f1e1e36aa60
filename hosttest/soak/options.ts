import { UsageError, numberOf, valuesOf } from "../cli/command-line.js";
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
	const values = valuesOf(argv, {
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
	});
	if (values.help) return undefined;
	const quick = values.quick ?? false;
	const count = numberOf("--seeds", values.seeds, quick ? 3 : 5, { minimum: 1, maximum: 1000 });
	return {
		seeds:
			values.seed === undefined
				? Array.from({ length: count }, (_, index) => index + 1)
				: [numberOf("--seed", values.seed, 1, { minimum: 1 })],
		days: numberOf("--days", values.days, quick ? 1 : 30, { minimum: 0.01, fractions: true }),
		interval: numberOf("--interval", values.interval, 60, { minimum: 1, fractions: true }),
		rates: numberOf("--rates", values.rates, 1, { minimum: 0, fractions: true }),
		only: values.only === undefined ? undefined : kindsOf(values.only),
		log: values.log,
		jobs: values.jobs === undefined ? undefined : numberOf("--jobs", values.jobs, 1, { minimum: 1 }),
	};
}

/** The command that runs one seed again, exactly. */
export function replayCommand({ days, interval, rates, only }: SoakOptions, seed: number): string {
	const kinds = only ? ` --only ${only.join(",")}` : "";
	return `npm run soak -- --seed ${seed} --days ${days} --interval ${interval} --rates ${rates}${kinds}`;
}

function kindsOf(text: string): KindName[] {
	const kinds = text.split(",");
	const wrong = kinds.find(kind => !kindNames.includes(kind as KindName));
	if (wrong !== undefined) throw new UsageError(`--only: no fault "${wrong}"; see --help`);
	return kinds as KindName[];
}
