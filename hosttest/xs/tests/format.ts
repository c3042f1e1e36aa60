const MOST_ITEMS = 30;
const MOST_CHARACTERS = 400;
const DEEPEST = 4;

/** A value as text for a message about it: shortened where it is long or deep. */
export function format(value: unknown, depth = 0): string {
	if (typeof value === "string") return JSON.stringify(shortened(value));
	if (typeof value === "bigint") return `${value}n`;
	if (Object.is(value, -0)) return "-0";
	if (typeof value === "function") return `[function ${value.name}]`;
	if (typeof value !== "object" || value === null) return String(value);
	if (value instanceof Error) return `[${value.name}: ${shortened(value.message)}]`;
	if (value instanceof RegExp || value instanceof Date) return String(value);
	const name = className(value);
	if (depth === DEEPEST) return `${name || "Object"} …`;
	if (Array.isArray(value)) return `[${items(value, depth)}]`;
	if (ArrayBuffer.isView(value))
		return `${name}(${items(Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)), depth)})`;
	if (value instanceof ArrayBuffer) return `${name}(${items(Array.from(new Uint8Array(value)), depth)})`;
	if (value instanceof Map || value instanceof Set)
		return `${name}(${items(Array.from(value as Iterable<unknown>), depth)})`;
	const properties = Object.entries(value).map(([key, it]) => `${key}: ${format(it, depth + 1)}`);
	return `${name && name + " "}{${listed(properties)}}`;
}

/** Shortens a text. */
function shortened(text: string): string {
	return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}… (${text.length})` : text;
}

function className(value: object): string {
	const { constructor } = value;
	return typeof constructor === "function" && constructor !== Object && constructor !== Array
		? constructor.name
		: "";
}

function items(values: readonly unknown[], depth: number): string {
	const count = values.length;
	const shown = Array.from(values.slice(0, MOST_ITEMS), value => format(value, depth + 1));
	return listed(count > MOST_ITEMS ? [...shown, `… (${count})`] : shown);
}

const listed = (texts: readonly string[]) => texts.join(", ");
