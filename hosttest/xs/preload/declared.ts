/** What a module has when it is loaded. */
export interface Loaded {
	readonly module: string;
	/** Its module-level bindings, by name. */
	bindings: Readonly<Record<string, unknown>>;
	/** What it made, wherever it is kept: a private field or a closure cannot be looked into later. */
	readonly made: object[];
}

/** The modules that are loaded. */
export const declared: Loaded[] = [];

let current: Loaded | undefined;

/** The module that is being loaded. */
export function loading(): Loaded | undefined {
	return current;
}

/** Called at the beginning of each module, by what `instrument` adds. */
export function enter(module: string): void {
	declared.push((current = { module, bindings: {}, made: [] }));
}

/** Called at its end. */
export function leave(bindings: Readonly<Record<string, unknown>>): void {
	if (current) current.bindings = bindings;
	current = undefined;
}
