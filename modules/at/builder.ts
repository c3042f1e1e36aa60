import type { CommandSpec, Parameter } from "./command.js";
import { ParameterError, commandName } from "./errors.js";
import type { Request, Value } from "./request.js";
import {
	CheckedText,
	ILL_FORMED,
	QUOTE,
	type Text,
	bytesOf,
	indexOfControl,
	indexOfDataEnd,
	isText,
	isWellFormed,
	textOf,
} from "./text.js";

/**
 * Builds commands: as one string wherever that is possible, since one native call makes bytes of it.
 *
 * A value is checked by `check` before its command is queued: no parameter can leave its quotes or end the line.
 */
export class CommandBuilder {
	readonly #capacity: number;
	#bytes: Uint8Array = new Uint8Array(0);

	/** @param capacity bytes of the longest command, its CR included */
	constructor(capacity: number) {
		this.#capacity = capacity;
	}
	/** The command with its CR. */
	get bytes(): Uint8Array {
		return this.#bytes;
	}
	get length(): number {
		return this.#bytes.length;
	}
	/** A view of the command without its CR: what the modem echoes. */
	get command(): Uint8Array {
		return this.#bytes.subarray(0, Math.max(0, this.#bytes.length - 1));
	}
	/**
	 * Checks a request's values against its command's parameters and the longest command, and its data for the bytes that end them.
	 * @throws ParameterError that names the parameter and the limit, never the value
	 */
	check(request: Request): void {
		const { spec, values, data } = request;
		if (data !== undefined && !((data as unknown) instanceof Uint8Array))
			throw new ParameterError(commandName(request), "data", "must be a Uint8Array");
		if (data && indexOfDataEnd(data) >= 0)
			throw new ParameterError(
				commandName(request),
				"data",
				"holds byte 0x1a or 0x1b, which ends the data mode",
			);
		if (request.form !== "write") return;
		const count = values.length;
		if (count > (spec.parameters?.length ?? 0) && !spec.repeated)
			throw new ParameterError(
				commandName(request),
				"parameters",
				`are at most ${spec.parameters?.length ?? 0}`,
			);
		let length = AT_AND_CR + spec.name.length + count;
		for (let i = 0; i < count; i++) {
			const parameter = parameterAt(spec, i);
			const value = values[i];
			if (parameter.kind === "integer") {
				if (!isInRange(parameter, value))
					throw new ParameterError(commandName(request), parameter.name, rangeOf(parameter));
				length += value >= 0 && value < 10 ? 1 : String(value).length;
			} else length += this.#textLength(request, parameter, value);
		}
		if (length > this.#capacity)
			throw new ParameterError(
				commandName(request),
				"parameters",
				`make a command of over ${this.#capacity} bytes`,
			);
	}
	/** Builds a checked request's command, ended by CR. */
	build(request: Request): void {
		const { spec, form, values } = request;
		let text = "AT" + spec.name;
		/** What the text so far does not hold: the bytes up to a value that is no string. */
		let head: Uint8Array | undefined;
		if (form === "test") text += "=?";
		else if (form === "read") text += "?";
		else if (form === "write") {
			const count = values.length;
			for (let i = 0; i < count; i++) {
				const value = values[i];
				text += i ? "," : "=";
				if (typeof value === "number") text += `${value}`;
				else {
					const isHex = parameterAt(spec, i).kind === "hex";
					const string = isHex ? toHex(viewOf(value)) : stringOf(value);
					if (string !== undefined) text += '"' + string + '"';
					else {
						head = joined(head, text + '"', viewOf(value));
						text = '"';
					}
				}
			}
		}
		text += "\r";
		this.#bytes = head ? joined(head, text) : bytesOf(text);
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

	/** Bytes of a text with its quotes. @throws ParameterError */
	#textLength(request: Request, parameter: Parameter, value: Value): number {
		const problem = problemOf(parameter, value);
		if (problem !== undefined) throw new ParameterError(commandName(request), parameter.name, problem);
		const { length } = viewOf(value as Text);
		return (parameter.kind === "hex" ? 2 * length : length) + 2;
	}
}

/** The parameter of a value, counted from 0; the caller has checked that there is one. */
function parameterAt(spec: CommandSpec, index: number): Parameter {
	const parameters = spec.parameters as readonly Parameter[];
	const { length } = parameters;
	if (index < length) return parameters[index];
	const repeated = spec.repeated as number;
	return parameters[length - repeated + ((index - length) % repeated)];
}

/** Bytes as two upper-case hexadecimal digits each, made four bytes at a time. */
export function toHex(bytes: Uint8Array): string {
	const { buffer, byteOffset, length } = bytes;
	const view = new DataView(buffer, byteOffset, length);
	const odd = length & 3;
	let text = "";
	let at = 0;
	for (; at < length - odd; at += 4) text += (ABOVE_WORD + view.getUint32(at)).toString(16).slice(1);
	for (; at < length; at++) text += (0x100 | bytes[at]).toString(16).slice(1);
	return text.toUpperCase();
}

function viewOf(value: Text | CheckedText): Uint8Array {
	return value instanceof CheckedText ? value.bytes : bytesOf(value);
}

/** A value as a string, where it is one without being made one. */
function stringOf(value: Text | CheckedText): string | undefined {
	if (typeof value === "string") return value;
	return value instanceof CheckedText ? value.string : undefined;
}

/** Bytes, a text behind them and bytes behind that, as one. */
function joined(head: Uint8Array | undefined, text: string, tail?: Uint8Array): Uint8Array {
	const middle = bytesOf(text);
	const at = head ? head.length : 0;
	const all = new Uint8Array(at + middle.length + (tail ? tail.length : 0));
	if (head) all.set(head);
	all.set(middle, at);
	if (tail) all.set(tail, at + middle.length);
	return all;
}

function isInRange({ minimum = 0, maximum = Infinity }: Parameter, value: Value): value is number {
	return typeof value === "number" && Number.isSafeInteger(value) && value >= minimum && value <= maximum;
}

function rangeOf({ minimum = 0, maximum = Infinity }: Parameter): string {
	return `must be a whole number from ${minimum} to ${maximum}`;
}

function problemOf({ kind, minimum = 0, maximum = Infinity }: Parameter, value: Value): string | undefined {
	if (!(value instanceof CheckedText) && !isText(value)) return "must be text";
	const bytes = viewOf(value);
	if (bytes.length > maximum) return `has ${bytes.length} bytes; the limit is ${maximum}`;
	if (bytes.length < minimum) return `needs at least ${minimum} bytes`;
	if (typeof value === "string" && !isWellFormed(value)) return ILL_FORMED;
	if (kind === "hex" || value instanceof CheckedText) return undefined;
	if (kind !== "message" && bytes.includes(QUOTE)) return 'holds a quote ("), which this form cannot carry';
	const control = indexOfControl(bytes);
	if (control >= 0)
		return `holds byte 0x${bytes[control].toString(16).padStart(2, "0")}, which this form cannot carry`;
	return undefined;
}

function shown(parameter: Parameter, value: Value): string {
	if (parameter.secret) return "***";
	if (typeof value === "number") return String(value);
	if (parameter.kind === "hex") return `"(${viewOf(value).length} bytes as hex)"`;
	return `"${stringOf(value) ?? textOf(viewOf(value))}"`;
}

/** Its hexadecimal digits are a 1 in front of a word's eight. */
const ABOVE_WORD = 0x1_0000_0000;
/** Length of what stands around name and parameters. */
const AT_AND_CR = 3;
