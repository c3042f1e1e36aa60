import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { numberOf, runCommand, valuesOf } from "../cli/command-line.js";
import { type Failure, fuzz } from "./fuzz.js";
import type { Outcome } from "./round.js";

/** `npm run fuzz`: garbage through the firmware's receive path, and correct exchanges that must work all the same. */

const HELP = `npm run fuzz -- [option …]
  --bytes <n>     bytes of garbage, 10000000 by default
  --seed <n>      1 by default
  --seconds <n>   begins nothing more after so long
  --round <n>     one round alone, as a failure names it
  --shrink <n>    seconds that a failing round is made shorter, 60 by default
  --help          this text`;

/** Heap that may be used more at the end than after the first rounds, MB: caches of the host. */
const GROWTH_MB = 16;
/** Rounds until the heap is what it will be. */
const WARM_UP = 3;
const MB = 1024 * 1024;

/** The command line's numbers; undefined where help is asked for. @throws UsageError */
function options() {
	const { help, ...values } = valuesOf(process.argv.slice(2), {
		bytes: { type: "string" },
		seed: { type: "string" },
		seconds: { type: "string" },
		round: { type: "string" },
		shrink: { type: "string" },
		help: { type: "boolean", short: "h" },
	});
	if (help) return undefined;
	const { seconds, round } = values;
	return {
		bytes: numberOf("--bytes", values.bytes, 10_000_000, { minimum: 1 }),
		seed: numberOf("--seed", values.seed, 1, { minimum: 0 }),
		shrinkSeconds: numberOf("--shrink", values.shrink, 60, { minimum: 0 }),
		...(seconds !== undefined && { seconds: numberOf("--seconds", seconds, 0, { minimum: 0 }) }),
		...(round !== undefined && { round: numberOf("--round", round, 0, { minimum: 0 }), rounds: 1 }),
	};
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
function heapUsed(): number {
	collectGarbage();
	return process.memoryUsage().heapUsed;
}

/** Sums and extremes over all rounds. */
class Summary {
	readonly #outcomes: Outcome[] = [];
	#heap = 0;
	#growth = 0;

	add(outcome: Outcome): void {
		this.#outcomes.push(outcome);
		const used = heapUsed();
		if (this.#outcomes.length <= WARM_UP) this.#heap = used;
		this.#growth = used - this.#heap;
	}
	get growthMB(): number {
		return this.#growth / MB;
	}
	get text(): string {
		const sum = (of: (outcome: Outcome) => number) =>
			this.#outcomes.reduce((total, outcome) => total + of(outcome), 0).toLocaleString("en");
		const recoveries = this.#outcomes.flatMap(({ recoveriesMs }) => recoveriesMs).sort((a, b) => a - b);
		const at = (part: number) =>
			(
				(recoveries[Math.min(recoveries.length - 1, Math.floor(part * recoveries.length))] ?? 0) / 1000
			).toFixed(1);
		const mostLines = Math.max(0, ...this.#outcomes.map(outcome => outcome.mostLines));
		return [
			`${sum(it => it.bytes)} bytes of garbage in ${this.#outcomes.length} rounds, ${sum(it => it.durationMs / 3_600_000)} h of virtual time`,
			`${sum(it => it.exchanges)} correct exchanges, all successful; from silence to done: median ${at(0.5)} s, 95 % ${at(0.95)} s, worst ${at(1)} s`,
			`meanwhile ${sum(it => it.publishes)} publishes, ${sum(it => it.received)} messages in, ${sum(it => it.clients)} clients, ${sum(it => it.restarts)} restarts of bringing up, ${sum(it => it.gaps)} gaps`,
			`at most ${mostLines} lines in one turn; heap ${this.growthMB.toFixed(1)} MB over that of round ${WARM_UP}`,
		].join("\n");
	}
}

function describe({ seed, round, message, shortest, bytes }: Failure): string {
	return [
		`round ${round} of seed ${seed} failed: ${message}`,
		`made shorter, to ${shortest.pieces.length} pieces, ${bytes.length} bytes:`,
		JSON.stringify(bytes.length > 4000 ? `${bytes.slice(0, 4000)}…` : bytes),
		`unit: ${JSON.stringify(shortest.unit)}; pauses, ms: ${shortest.pieces
			.map(({ pauseMs }) => pauseMs)
			.join(" ")
			.slice(0, 1000)}`,
		`again: npm run fuzz -- --seed ${seed} --round ${round}`,
	].join("\n");
}

async function main(): Promise<number> {
	const values = options();
	if (!values) {
		console.log(HELP);
		return 0;
	}
	const { seed } = values;
	const begun = performance.now();
	const summary = new Summary();
	const failure = await fuzz({ ...values, onRound: (_, outcome) => summary.add(outcome) });
	console.log(summary.text);
	console.log(`seed ${seed}, ${((performance.now() - begun) / 1000).toFixed(0)} s`);
	if (failure) console.error(describe(failure));
	const hasGrown = summary.growthMB > GROWTH_MB;
	if (hasGrown) console.error(`the heap has grown by ${summary.growthMB.toFixed(1)} MB`);
	return failure || hasGrown ? 1 : 0;
}

await runCommand(main);
