import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UsageError, runCommand, valuesOf } from "../cli/command-line.js";
import { missingXS } from "../xs/worker.js";
import type { Figure, Measure } from "./figure.js";
import { type Committed, committedOf, problems } from "./guard.js";
import { markdown, table } from "./table.js";

/** `npm run bench`: measures on XS, prints a table, writes it as JSON and compares it with what is committed. */

const HELP = `npm run bench -- [option …]
  --only <part>   measures one part, may come again: PARTS
  --check         exit code 1 where a deterministic figure is more than 3 % worse than committed, missing or new
  --update        writes the committed figures: hosttest/bench/figures.json
  --markdown      prints the table as README has it
  --help          this text`;

const RESULT = new URL("../../build/bench.json", import.meta.url);
const COMMITTED = new URL("./figures.json", import.meta.url);
/** Each is a thread on Node and one on XS that take turns. */
const AT_ONCE = 2;

interface Part {
	readonly measure: () => Promise<Measure>;
	/** Measures the time of Node: nothing else runs meanwhile. */
	readonly alone?: boolean;
	/** Takes long: begins first. */
	readonly long?: boolean;
}

const PARTS: Readonly<Record<string, Part>> = {
	receive: { measure: async () => (await import("./receive.js")).receive },
	bulk: { measure: async () => (await import("./receive-bulk.js")).bulk },
	peers: { measure: async () => (await import("./peers.js")).peers, alone: true },
	growth: { measure: async () => (await import("./growth.js")).growth },
	publish: { measure: async () => (await import("./publish.js")).publish },
	turns: { measure: async () => (await import("./turns.js")).turns, long: true },
	line: { measure: async () => (await import("./line.js")).line },
	commands: { measure: async () => (await import("./commands.js")).commands },
	memory: { measure: async () => (await import("./memory.js")).memory },
	endurance: { measure: async () => (await import("./memory.js")).endurance, long: true },
	startup: { measure: async () => (await import("./startup.js")).startup },
};

/** What a part's process sends. */
type Outcome = { readonly figures: Figure[] } | { readonly failure: string };

async function main(): Promise<number> {
	const values = valuesOf(process.argv.slice(2), {
		only: { type: "string", multiple: true },
		check: { type: "boolean" },
		update: { type: "boolean" },
		markdown: { type: "boolean" },
		help: { type: "boolean", short: "h" },
		// One part, in a process of its own; not for people.
		part: { type: "string" },
	});
	if (values.part !== undefined) {
		await measurePart(values.part);
		return 0;
	}
	const names = values.only ?? Object.keys(PARTS);
	const unknown = names.find(name => !Object.hasOwn(PARTS, name));
	const parts = Object.keys(PARTS).join(", ");
	if (values.help) {
		console.log(HELP.replace("PARTS", parts));
		return 0;
	}
	if (unknown !== undefined) throw new UsageError(`--only ${unknown}: the parts are ${parts}`);
	const missing = missingXS();
	if (missing !== undefined) {
		console.error(`No benchmark without XS. ${missing}`);
		return 1;
	}
	const { figures, failures } = await measured(names);
	console.log(values.markdown ? markdown(figures) : table(figures));
	for (const failure of failures) console.error(failure);
	if (failures.length) return 1;
	if (!values.only) write(RESULT, figures);
	if (values.update) write(COMMITTED, { ...(values.only && committed()), ...committedOf(figures) });
	if (!values.check) return 0;
	const groups = values.only && new Set(figures.map(({ group }) => group));
	const found = problems(figures, committed(), groups);
	for (const problem of found) console.error(problem);
	if (found.length) console.error("What is meant to be so: npm run bench -- --update");
	return found.length ? 1 : 0;
}

/** The figures of parts, in the parts' order, measured by processes of their own; and what failed. */
async function measured(names: readonly string[]): Promise<{ figures: Figure[]; failures: string[] }> {
	const outcomes = new Map<string, Figure[]>();
	const failures: string[] = [];
	const rank = (name: string): number => (PARTS[name].alone ? 2 : PARTS[name].long ? 0 : 1);
	const queue = [...names].sort((one, other) => rank(one) - rank(other));
	const measureOne = async (name: string): Promise<void> => {
		const outcome = await inProcess(name);
		if ("failure" in outcome) failures.push(`${name} failed: ${outcome.failure}`);
		else outcomes.set(name, outcome.figures);
	};
	const work = async (): Promise<void> => {
		while (queue.length && !PARTS[queue[0]].alone) await measureOne(queue.shift() ?? "");
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	for (const name of queue) await measureOne(name);
	return { figures: names.flatMap(name => outcomes.get(name) ?? []), failures };
}

function inProcess(name: string): Promise<Outcome> {
	return new Promise(resolve => {
		const child: ChildProcess = fork(fileURLToPath(import.meta.url), ["--part", name]);
		let outcome: Outcome = { failure: "ended without a result" };
		child.on("message", message => (outcome = message as Outcome));
		child.on("exit", () => resolve(outcome));
	});
}

/** What runs in a part's process. */
async function measurePart(name: string): Promise<void> {
	// Whatever a failure has left open does not hold it.
	const send = (outcome: Outcome) => process.send?.(outcome, () => process.exit());
	try {
		const measure = await PARTS[name].measure();
		send({ figures: await measure() });
	} catch (error) {
		send({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
	}
}

function committed(): Committed {
	return JSON.parse(readFileSync(COMMITTED, "utf8")) as Committed;
}

function write(url: URL, value: object): void {
	mkdirSync(new URL(".", url), { recursive: true });
	writeFileSync(url, `${JSON.stringify(value, null, "\t")}\n`);
}

await runCommand(main);
