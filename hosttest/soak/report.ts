import { kindNames } from "../simulator/faults/faults.js";
import type { Recovery } from "../simulator/faults/recovery.js";
import { recoveredIn } from "./recovered.js";
import { type SoakOptions, replayCommand } from "./options.js";
import type { RunResult } from "./result.js";
import type { Outcome } from "./seed.js";

interface Column<Row> {
	readonly title: string;
	readonly left?: boolean;
	readonly text: (row: Row) => string | number;
}

const seedColumns: readonly Column<RunResult>[] = [
	{ title: "seed", text: ({ seed }) => seed },
	{ title: "firmware", left: true, text: ({ unit }) => unit.profile },
	{ title: "delays", left: true, text: ({ unit }) => unit.delays },
	{ title: "outbox", left: true, text: ({ unit }) => unit.flash },
	{ title: "accepted", text: ({ verdict }) => verdict.accepted },
	{ title: "delivered", text: ({ verdict }) => verdict.delivered },
	{ title: "dropped", text: ({ verdict }) => verdict.dropped },
	{ title: "lost", text: ({ verdict }) => verdict.lost.length },
	{ title: "corrupted", text: ({ verdict }) => verdict.corrupted.length },
	{ title: "duplicates", text: ({ verdict }) => verdict.duplicates },
	{ title: "faults", text: ({ log }) => log.length },
	{ title: "starts", text: ({ starts }) => starts },
	{ title: "drained", text: ({ drainedMs }) => (drainedMs === undefined ? "never" : duration(drainedMs)) },
	{ title: "log", left: true, text: ({ digest }) => digest },
];

const recoveryColumns: readonly Column<readonly [string, Recovery]>[] = [
	{ title: "fault", left: true, text: ([kind]) => kind },
	{ title: "times", text: ([, { count }]) => count },
	{ title: "median", text: ([, { median }]) => duration(median) },
	{ title: "95 %", text: ([, { percentile95 }]) => duration(percentile95) },
	{ title: "worst", text: ([, { worst }]) => duration(worst) },
];

const countColumns = (title: string): readonly Column<readonly [string, number]>[] => [
	{ title, left: true, text: ([name]) => name },
	{ title: "times", text: ([, count]) => count },
];

/** What is wrong with a seed; empty: passed. */
export const failuresOf = (outcome: Outcome): readonly string[] =>
	"failure" in outcome ? [outcome.failure] : outcome.result.failures;

/** What is wrong with each seed that has failed, and the command that runs it again; empty where all have passed. */
export function failureReport(options: SoakOptions, outcomes: ReadonlyMap<number, Outcome>): string {
	return [...outcomes]
		.filter(([, outcome]) => failuresOf(outcome).length > 0)
		.map(([seed, outcome]) =>
			[
				`seed ${seed} FAILED:`,
				...failuresOf(outcome).map(failure => `  ${failure}`),
				`replay: ${replayCommand(options, seed)}`,
			].join("\n"),
		)
		.join("\n\n");
}

/** All of it for a terminal. */
export function report(results: readonly RunResult[]): string {
	const sum = (of: (result: RunResult) => number): number =>
		results.reduce((total, result) => total + of(result), 0);
	const recovered = recoveredIn(results);
	const unconfirmed = sum(({ verdict }) => verdict.unconfirmed);
	const lines = [
		table(seedColumns, results),
		"",
		`messages accepted    ${sum(({ verdict }) => verdict.accepted)}`,
		`  delivered          ${sum(({ verdict }) => verdict.delivered)}, and ${sum(({ verdict }) => verdict.duplicates)} duplicates`,
		`  lost               ${sum(({ verdict }) => verdict.lost.length)}`,
		`  corrupted          ${sum(({ verdict }) => verdict.corrupted.length)}`,
		`  not delivered, dropped by a full outbox: ${sum(({ verdict }) => verdict.dropped)}`,
		`dropped by a full outbox, delivered before or not: ${sum(({ actuallyDropped }) => actuallyDropped)}; ` +
			`reported by the firmware: ${sum(({ reportedDropped }) => reportedDropped)}; ` +
			`power cut before it could: ${sum(({ cutBeforeReport }) => cutBeforeReport)}`,
		...(unconfirmed > 0
			? [`delivered, though the power was cut while they were written: ${unconfirmed}`]
			: []),
		"",
		"time to recover: from the end of a fault (from its beginning where the firmware has to cure it) to the next delivery,",
		"less the time in which another fault left no way, or the unit had no power",
		table(recoveryColumns, [
			...[...recovered].sort(([a], [b]) => kindNames.indexOf(a) - kindNames.indexOf(b)),
		]),
		"",
		counted(
			"recovery by",
			results.map(({ rungs }) => rungs),
		) || "recovery: the firmware has no counters of it",
		"",
		counted(
			"error",
			results.map(({ errors }) => errors),
		),
	];
	return lines.join("\n");
}

function counted(title: string, all: readonly Readonly<Record<string, number>>[]): string {
	const sums: Record<string, number> = {};
	for (const counts of all)
		for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
	const rows = Object.entries(sums);
	return rows.length > 0 ? table(countColumns(title), rows) : "";
}

/** Columns of a width that holds all. */
function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
	const cells = [
		columns.map(({ title }) => title),
		...rows.map(row => columns.map(({ text }) => String(text(row)))),
	];
	const widths = columns.map((_, column) => Math.max(...cells.map(row => row[column].length)));
	return cells
		.map(row =>
			row
				.map((text, column) =>
					columns[column].left ? text.padEnd(widths[column]) : text.padStart(widths[column]),
				)
				.join("  ")
				.trimEnd(),
		)
		.join("\n");
}

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
	["d", 86_400_000],
	["h", 3_600_000],
	["min", 60_000],
	["s", 1000],
];

/** `12.3 s`, `4.5 min`, `2.0 h` */
export function duration(ms: number): string {
	const [unit, length] = UNITS.find(([, length]) => ms >= length) ?? ["s", 1000];
	return `${(ms / length).toFixed(1)} ${unit}`;
}
