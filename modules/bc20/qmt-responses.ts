import type { Line } from "../at/line.js";
import type { Text } from "../at/text.js";

/** The values that a parameter may have; of a list of values the smallest and the largest. */
export interface Range {
	readonly minimum: number;
	readonly maximum: number;
}

/** One parameter in the answer to a test form: its range, or its name where the module tells no more. */
export type Supported = Range | string;

/** A message that the broker publishes when the client is gone without a word. */
export interface Will {
	/** 1 to 255 bytes. */
	readonly topic: Text;
	/** Up to 255 bytes; may be empty. */
	readonly message: Text;
	/** 0, 1 or 2. */
	readonly QoS: number;
	readonly retain: boolean;
}

/** Whether a line is the answer to a test form, and no late result of the same prefix: it begins with a list of identifiers. */
export function isTestResponse(line: Line): boolean {
	return line.value.startsWith("(");
}

/** The parameters that a test form tells: `(0-5),"<host_name>",<port>` is a range and two names. */
export function supportedOf(text: string): Supported[] {
	return divided(text).map(part => rangeOf(part) ?? nameOf(part));
}

/**
 * The will out of `+QMTCFG: "will",<will_fg>[,<will_qos>,<will_retain>,<will_topic>,<will_msg>]`. Whether topic and message stand in
 * quotes is not documented: both are understood; without quotes the topic ends at the first comma.
 * @returns null where there is none; undefined where the line is not as documented
 */
export function willOf(line: Line): (Will & { topic: string; message: string }) | null | undefined {
	const flag = line.integer(1);
	const QoS = line.integer(2);
	const retain = line.integer(3);
	if (flag === 0) return null;
	if (flag === undefined || QoS === undefined || retain === undefined) return undefined;
	let rest = line.value;
	for (let field = 0; field < 4; field++) rest = rest.slice(rest.indexOf(",") + 1);
	const quoted = rest.startsWith('"');
	const end = rest.indexOf(quoted ? '",' : ",", 1);
	if (end < 0) return undefined;
	const message = rest.slice(end + (quoted ? 2 : 1));
	return {
		topic: rest.slice(quoted ? 1 : 0, end),
		message: withoutQuotes(message),
		QoS,
		retain: retain === 1,
	};
}

/** Divides at the commas outside of parentheses. Brackets only mark what may be left out. */
function divided(text: string): string[] {
	const parts: string[] = [];
	let part = "";
	let inside = false;
	for (const character of text) {
		if (character === "(") inside = true;
		else if (character === ")") inside = false;
		if (character === "," && !inside) {
			parts.push(part);
			part = "";
		} else if (character !== "[" && character !== "]") part += character;
	}
	parts.push(part);
	return parts;
}

function rangeOf(part: string): Range | undefined {
	if (!part.startsWith("(") || !part.endsWith(")")) return undefined;
	const inner = part.slice(1, -1);
	const values = inner.split(inner.includes(",") ? "," : "-").map(Number);
	if (values.some(value => !Number.isInteger(value))) return undefined;
	return { minimum: Math.min(...values), maximum: Math.max(...values) };
}

/** `"<host_name>"` is host_name; `<qos>...` is qos. */
function nameOf(part: string): string {
	let name = part.endsWith("...") ? part.slice(0, -3) : part;
	for (const mark of ['"', "<", ">"]) name = name.split(mark).join("");
	return name.trim();
}

function withoutQuotes(text: string): string {
	return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
