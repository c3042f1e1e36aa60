const SECOND_MS = 1000;
const BAR = "#";
const BAR_WIDTH = 60;

/** One row of the plot. */
export interface Row {
	/** Of its beginning, s. */
	readonly second: number;
	/** The most attempts in one of its seconds. */
	readonly peak: number;
	/** In all of it. */
	readonly count: number;
}

/** Counts connection attempts by seconds of the clock. */
export class Attempts {
	readonly #timesMs: number[] = [];

	/** An attempt is made now; times must not go back. */
	add(timeMs: number): void {
		this.#timesMs.push(timeMs);
	}

	get count(): number {
		return this.#timesMs.length;
	}

	/** Attempts in each whole second from `fromMs` on, up to the last one. */
	perSecond(fromMs: number): number[] {
		const counts: number[] = [];
		for (const timeMs of this.#timesMs) {
			if (timeMs < fromMs) continue;
			const second = Math.floor((timeMs - fromMs) / SECOND_MS);
			while (counts.length <= second) counts.push(0);
			counts[second]++;
		}
		return counts;
	}

	/** The most attempts in any stretch of one second from `fromMs` on, wherever it begins. */
	peak(fromMs: number): number {
		const times = this.#timesMs;
		let first = times.findIndex(timeMs => timeMs >= fromMs);
		if (first < 0) return 0;
		let peak = 0;
		for (let last = first; last < times.length; last++) {
			while (times[last] - times[first] >= SECOND_MS) first++;
			peak = Math.max(peak, last - first + 1);
		}
		return peak;
	}

	/** Rows of `secondsPerRow` seconds each from `fromMs` on. */
	rows(fromMs: number, secondsPerRow: number): Row[] {
		const seconds = this.perSecond(fromMs);
		const rows: Row[] = [];
		for (let second = 0; second < seconds.length; second += secondsPerRow) {
			const part = seconds.slice(second, second + secondsPerRow);
			rows.push({ second, peak: Math.max(...part), count: part.reduce((sum, count) => sum + count, 0) });
		}
		return rows;
	}
}

/** A plot of characters: the peak of each row as a bar, and where the limit is. */
export function plot(rows: readonly Row[], limit: number): string {
	const scale = BAR_WIDTH / Math.max(limit, ...rows.map(({ peak }) => peak), 1);
	const mark = Math.round(limit * scale);
	const lines = rows.map(({ second, peak, count }) => {
		const bar = BAR.repeat(Math.ceil(peak * scale)).padEnd(mark);
		const marked = bar.length > mark ? bar : `${bar}|`;
		return `${String(second).padStart(6)}  ${String(count).padStart(8)}  ${String(peak).padStart(6)}  ${marked}`;
	});
	return ["second  attempts  peak/s", ...lines].join("\n");
}
