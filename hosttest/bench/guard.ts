import type { Figure } from "./figure.js";

/** The committed values of the deterministic figures, by {@link keyOf}. */
export type Committed = Readonly<Record<string, number>>;

/** So much worse than committed a figure may be. */
const TOLERANCE = 0.03;

/** Name of a figure among those of all groups. */
export function keyOf({ group, name }: Figure): string {
	return `${group}: ${name}`;
}

/** What is to be committed of figures. */
export function committedOf(figures: readonly Figure[]): Committed {
	const deterministic = figures.filter(figure => figure.deterministic);
	return Object.fromEntries(deterministic.map(figure => [keyOf(figure), figure.value]));
}

/**
 * What is wrong with figures, compared with the committed ones: one line for each deterministic figure that is more than 3 % worse, is
 * missing, or is new. More is worse, unless the goal is a least value.
 * @param groups those measured, where not all were; the others are not missed
 */
export function problems(
	figures: readonly Figure[],
	committed: Committed,
	groups?: ReadonlySet<string>,
): string[] {
	const found: string[] = [];
	const left = new Set(Object.keys(committed));
	for (const figure of figures) {
		if (!figure.deterministic) continue;
		const key = keyOf(figure);
		const old = left.delete(key) ? committed[key] : undefined;
		if (old === undefined) found.push(`${key}: ${figure.value} is new, not in the committed figures`);
		else if (isWorse(figure, old)) found.push(`${key}: was ${old}, is ${figure.value} ${figure.unit}`);
	}
	for (const key of left) {
		if (groups && !groups.has(key.slice(0, key.indexOf(": ")))) continue;
		found.push(`${key}: was ${committed[key]}, is missing`);
	}
	return found;
}

function isWorse({ value, goal }: Figure, old: number): boolean {
	const most = Math.abs(old) * TOLERANCE;
	return goal && "atLeast" in goal ? value < old - most : value > old + most;
}
