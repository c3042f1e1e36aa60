import type { Figure } from "./figure.js";

/** Whether a figure meets its goal; undefined where it has none. */
export function isMet({ value, goal }: Figure): boolean | undefined {
	if (!goal) return undefined;
	return "atMost" in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** The goal as text, such as `≤ 5,000`. */
export function goalText({ goal }: Figure): string {
	if (!goal) return "";
	return "atMost" in goal ? `≤ ${numberText(goal.atMost)}` : `≥ ${numberText(goal.atLeast)}`;
}

/** Whole numbers from 100 on, else three significant digits. */
export function numberText(value: number): string {
	const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
	return rounded.toLocaleString("en", { maximumFractionDigits: 10 });
}

const MET = { true: "yes", false: "NO", undefined: "" } as const;

const COLUMNS: readonly { title: string; right?: boolean; text: (figure: Figure) => string }[] = [
	{ title: "figure", text: ({ name }) => name },
	{ title: "value", right: true, text: ({ value }) => numberText(value) },
	{ title: "unit", text: ({ unit }) => unit },
	{ title: "goal", right: true, text: goalText },
	{ title: "met", text: figure => MET[`${isMet(figure)}`] },
	{ title: "note", text: ({ note = "" }) => note },
];

/** The figures for a terminal: a paragraph for each group. */
export function table(figures: readonly Figure[]): string {
	const rows = figures.map(figure => COLUMNS.map(({ text }) => text(figure)));
	const widths = COLUMNS.map(({ title }, column) =>
		Math.max(title.length, ...rows.map(cells => cells[column].length)),
	);
	const lineOf = (cells: readonly string[]): string =>
		cells
			.map((cell, column) =>
				COLUMNS[column].right ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
			)
			.join("  ")
			.trimEnd();
	const lines = [lineOf(COLUMNS.map(({ title }) => title))];
	figures.forEach(({ group }, index) => {
		if (group !== figures[index - 1]?.group) lines.push("", `${group}:`);
		lines.push(lineOf(rows[index]));
	});
	return lines.join("\n");
}

/** The figures as a table of Markdown, one table for all. */
export function markdown(figures: readonly Figure[]): string {
	const escaped = (text: string): string => text.replaceAll("|", "\\|");
	const head = ["group", ...COLUMNS.map(({ title }) => title)];
	const rule = ["---", ...COLUMNS.map(({ right }) => (right ? "---:" : "---"))];
	const rows = figures.map((figure, index) => [
		figure.group === figures[index - 1]?.group ? "" : figure.group,
		...COLUMNS.map(({ text }) => escaped(text(figure))),
	]);
	return [head, rule, ...rows].map(cells => `| ${cells.join(" | ")} |`).join("\n");
}
