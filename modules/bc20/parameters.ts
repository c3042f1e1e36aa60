import type { Parameter } from "../at/command.js";

/** A parameter that is a whole number. */
export function integer(name: string, minimum: number, maximum: number): Parameter {
	return { name, kind: "integer", minimum, maximum };
}
/** A parameter that is a string in quotes; lengths in bytes. */
export function string(name: string, maximum: number, minimum = 0): Parameter {
	return { name, kind: "string", minimum, maximum };
}
