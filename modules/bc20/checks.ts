import { ILL_FORMED, QUOTE, bytesOf, indexOfControl, isText, isWellFormed } from "../at/text.js";

/**
 * Checks an option that is to become a string of a command.
 * @param value string, ArrayBuffer or Uint8Array
 * @param minimum bytes
 * @param maximum bytes
 * @throws TypeError or RangeError that names the option and the limit, never the value
 */
export function checkText(name: string, value: unknown, minimum: number, maximum: number): void {
	if (!isText(value)) throw new TypeError(`${name} must be a string, an ArrayBuffer or a Uint8Array`);
	const bytes = bytesOf(value);
	if (bytes.length < minimum || bytes.length > maximum)
		throw new RangeError(`${name} has ${bytes.length} bytes; it must have ${minimum} to ${maximum}`);
	if (typeof value === "string" && !isWellFormed(value)) throw new RangeError(`${name} ${ILL_FORMED}`);
	if (bytes.includes(QUOTE) || indexOfControl(bytes) >= 0)
		throw new RangeError(`${name} holds a quote (") or a control character, which no command can carry`);
}

/** Checks an option that is a whole number. @throws RangeError that names the option and its range */
export function checkInteger(name: string, value: unknown, minimum: number, maximum: number): void {
	if (!Number.isInteger(value)) throw new RangeError(`${name} must be a whole number`);
	checkNumber(name, value, minimum, maximum);
}

/** Checks an option that is a number. @throws RangeError that names the option and its range */
export function checkNumber(name: string, value: unknown, minimum: number, maximum: number): void {
	if (typeof value !== "number" || !(value >= minimum && value <= maximum))
		throw new RangeError(`${name} must be from ${minimum} to ${maximum}`);
}
