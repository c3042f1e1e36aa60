/** One measured figure. */
export interface Figure {
	/** The row of the table that it belongs to, such as "receive cost". */
	readonly group: string;
	/** What exactly, unique within the group. */
	readonly name: string;
	readonly value: number;
	readonly unit: string;
	/** What it should be; left out where it is only printed. */
	readonly goal?: { readonly atMost: number } | { readonly atLeast: number };
	/** The same from run to run on any machine, so that CI guards it. */
	readonly deterministic: boolean;
	/** Why the goal is missed, or how to read the figure. */
	readonly note?: string;
}

/** A part of the benchmark. */
export type Measure = () => Promise<Figure[]>;
