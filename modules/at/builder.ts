import type { CommandSpec, Parameter } from "./command.js";
import { ParameterError, commandName } from "./errors.js";
import type { Request, Value } from "./request.js";
import { CR, COMMA, ESC, QUOTE, SUB, bytesOf, indexOfControl, textOf } from "./text.js";

/**
 * Builds commands into one byte buffer that is used again and again.
 *
 * A value is checked by `check` before its command is queued: no parameter can leave its quotes or end the line.
 */
export class CommandBuilder {
	readonly #bytes: Uint8Array;
	#length = 0;

	/** @param capacity bytes of the longest command, its CR included */
	constructor(capacity: number) {
		this.#bytes = new Uint8Array(capacity);
	}
	get bytes(): Uint8Array {
		return this.#bytes;
	}
	get length(): number {
		return this.#length;
	}
	/** A view of the command without its CR: what the modem echoes. */
	get command(): Uint8Array {
		return this.#bytes.subarray(0, Math.max(0, this.#length - 1));
	}
	/**
	 * Checks a request's values against its command's parameters and the buffer, and its data for the bytes that end them.
	 * @throws ParameterError that names the parameter and the limit, never the value
	 */
	check(request: Request): void {
		const { spec, form, values, data } = request;
		if (data && (data.includes(SUB) || data.includes(ESC)))
			throw new ParameterError(
				commandName(request),
				"data",
				"holds byte 0x1a or 0x1b, which ends the data mode",
			);
		if (form !== "write") return;
		const { length: count } = spec.parameters ?? [];
		if (values.length > count && !spec.repeated)
			throw new ParameterError(commandName(request), "parameters", `are at most ${count}`);
		let length = AT_AND_CR + spec.name.length;
		for (let i = 0; i < values.length; i++) {
			const parameter = parameterAt(spec, i);
			const problem = problemOf(parameter, values[i]);
			if (problem) throw new ParameterError(commandName(request), parameter.name, problem);
			length += encodedLength(parameter, values[i]) + 1;
		}
		if (length > this.#bytes.length)
			throw new ParameterError(
				commandName(request),
				"parameters",
				`make a command of over ${this.#bytes.length} bytes`,
			);
	}
	/** Builds a checked request's command, ended by CR. */
	build(request: Request): void {
		const { spec, form, values } = request;
		this.#length = 0;
		this.#text("AT");
		this.#text(spec.name);
		if (form === "test") this.#text("=?");
		else if (form === "read") this.#text("?");
		else if (form === "write") {
			for (let i = 0; i < values.length; i++) {
				this.#byte(i ? COMMA : EQUALS);
				this.#value(parameterAt(spec, i), values[i]);
			}
		}
		this.#byte(CR);
	}
	/** The command with secret values left out, for traces. */
	describe(request: Request): string {
		const { spec, form, values } = request;
		let text = "AT" + spec.name;
		if (form === "test") text += "=?";
		else if (form === "read") text += "?";
		else if (form === "write")
			for (let i = 0; i < values.length; i++)
				text += (i ? "," : "=") + shown(parameterAt(spec, i), values[i]);
		return text;
	}

	#byte(byte: number): void {
		this.#bytes[this.#length++] = byte;
	}
	#text(text: string): void {
		this.#put(bytesOf(text));
	}
	#put(bytes: Uint8Array): void {
		this.#bytes.set(bytes, this.#length);
		this.#length += bytes.length;
	}
	#value(parameter: Parameter, value: Value): void {
		if (typeof value === "number") {
			this.#text(String(value));
			return;
		}
		this.#byte(QUOTE);
		if (parameter.kind === "hex") this.#length += toHex(bytesOf(value), this.#bytes, this.#length);
		else this.#put(bytesOf(value));
		this.#byte(QUOTE);
	}
}

/** The parameter of a value, counted from 0; the caller has checked that there is one. */
function parameterAt({ parameters = [], repeated = 0 }: CommandSpec, index: number): Parameter {
	const { length } = parameters;
	return parameters[index < length ? index : length - repeated + ((index - length) % repeated)];
}

/**
 * Writes two upper-case hexadecimal digits a byte.
 * @returns how many bytes it wrote
 */
export function toHex(bytes: Uint8Array, target: Uint8Array, at: number): number {
	for (const byte of bytes) {
		target[at++] = HEX.charCodeAt(byte >> 4);
		target[at++] = HEX.charCodeAt(byte & 15);
	}
	return 2 * bytes.length;
}

function encodedLength(parameter: Parameter, value: Value): number {
	if (typeof value === "number") return String(value).length;
	const { length } = bytesOf(value);
	return (parameter.kind === "hex" ? 2 * length : length) + 2;
}

function problemOf(parameter: Parameter, value: Value): string | undefined {
	const { kind, minimum = 0, maximum = Infinity } = parameter;
	if (kind === "integer") {
		const good = Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum;
		return good ? undefined : `must be a whole number from ${minimum} to ${maximum}`;
	}
	if (typeof value === "number") return "must be text";
	const bytes = bytesOf(value);
	if (bytes.length > maximum) return `has ${bytes.length} bytes; the limit is ${maximum}`;
	if (bytes.length < minimum) return `needs at least ${minimum} bytes`;
	if (kind === "hex") return undefined;
	if (kind !== "message" && bytes.includes(QUOTE)) return 'holds a quote ("), which this form cannot carry';
	const control = indexOfControl(bytes);
	if (control >= 0)
		return `holds byte 0x${bytes[control].toString(16).padStart(2, "0")}, which this form cannot carry`;
	return undefined;
}

function shown(parameter: Parameter, value: Value): string {
	if (parameter.secret) return "***";
	if (typeof value === "number") return String(value);
	if (parameter.kind === "hex") return `"(${bytesOf(value).length} bytes as hex)"`;
	return typeof value === "string" ? `"${value}"` : `"${textOf(bytesOf(value))}"`;
}

const EQUALS = 0x3d;
/** Length of what stands around name and parameters. */
const AT_AND_CR = 3;
const HEX = "0123456789ABCDEF";
