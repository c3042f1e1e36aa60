import { format } from "./format.js";

type Properties = Record<PropertyKey, unknown>;

/** Objects that are compared already, above the ones at hand: a cycle is equal to a cycle that closes at the same place. */
interface Above {
	readonly actual: object;
	readonly expected: object;
	readonly next: Above | undefined;
}

/**
 * Where and how `actual` differs from `expected`, or undefined. At least as strict as `t.deepEqual` of ava: -0 is not 0, a property
 * that is undefined is not one that is missing, an object is not one of another class; Maps and Sets are compared in their order. Functions,
 * promises, WeakMaps and the like equal themselves only.
 */
export function difference(actual: unknown, expected: unknown): string | undefined {
	return compare(actual, expected, "", undefined);
}

function compare(
	actual: unknown,
	expected: unknown,
	path: string,
	above: Above | undefined,
): string | undefined {
	if (Object.is(actual, expected)) return undefined;
	if (!isObject(actual) || !isObject(expected)) return unequal(actual, expected, path);
	if (prototypeOf(actual) !== prototypeOf(expected) || tagOf(actual) !== tagOf(expected))
		return unequal(actual, expected, path, "of different classes");
	for (let it = above; it; it = it.next)
		if (it.actual === actual || it.expected === expected)
			return it.actual === actual && it.expected === expected
				? undefined
				: unequal(actual, expected, path, "different cycles");
	const here = { actual, expected, next: above };
	const parts = partsOf(actual);
	const expectedParts = partsOf(expected);
	if (!parts || !expectedParts) return unequal(actual, expected, path, "not the same one");
	return compareParts(parts, expectedParts, path, here) ?? compareProperties(actual, expected, path, here);
}

function compareParts(
	actual: readonly unknown[],
	expected: readonly unknown[],
	path: string,
	above: Above,
): string | undefined {
	if (actual.length !== expected.length)
		return `${at(path)}${actual.length} items instead of ${expected.length}: ${format(actual)} instead of ${format(expected)}`;
	for (let index = 0; index < actual.length; index++) {
		const found = compare(actual[index], expected[index], `${path}[${index}]`, above);
		if (found !== undefined) return found;
	}
	return undefined;
}

function compareProperties(actual: object, expected: object, path: string, above: Above): string | undefined {
	const keys = keysOf(actual);
	const expectedKeys = keysOf(expected);
	for (const key of expectedKeys)
		if (!keys.includes(key)) return `${at(path)}no property ${String(key)} in ${format(actual)}`;
	for (const key of keys) {
		if (!expectedKeys.includes(key))
			return `${at(path)}an additional property ${String(key)}: ${format(actual)}`;
		const found = compare(
			(actual as Properties)[key],
			(expected as Properties)[key],
			`${path}.${String(key)}`,
			above,
		);
		if (found !== undefined) return found;
	}
	return undefined;
}

/** What an object holds besides its properties; undefined where nobody can look into it. */
function partsOf(object: object): readonly unknown[] | undefined {
	if (Array.isArray(object)) return object as unknown[];
	if (ArrayBuffer.isView(object))
		return Array.from(new Uint8Array(object.buffer, object.byteOffset, object.byteLength));
	if (object instanceof ArrayBuffer) return Array.from(new Uint8Array(object));
	if (object instanceof Map) return Array.from(object as Map<unknown, unknown>).flat();
	if (object instanceof Set) return Array.from(object as Set<unknown>);
	if (object instanceof Error)
		return [object.name, object.message, "cause" in object, object.cause, causesOf(object)];
	if (object instanceof RegExp) return [object.source, object.flags];
	if (isBoxed(object)) return [object.valueOf()];
	if (tagOf(object) !== "[object Object]" || typeof object === "function") return undefined;
	if (Symbol.iterator in object && typeof object[Symbol.iterator] === "function")
		return Array.from(object as Iterable<unknown>);
	return [];
}

function causesOf(error: Error): unknown {
	return error instanceof AggregateError ? error.errors : undefined;
}

const isBoxed = (object: object): boolean =>
	object instanceof Date ||
	object instanceof Number ||
	object instanceof String ||
	object instanceof Boolean ||
	object instanceof BigInt ||
	object instanceof Symbol;

function isObject(value: unknown): value is object {
	return (typeof value === "object" && value !== null) || typeof value === "function";
}

function prototypeOf(object: object): unknown {
	return Reflect.getPrototypeOf(object) ?? Object.prototype;
}

const tagOf = (object: object) => Object.prototype.toString.call(object);

/** Own enumerable keys, those of the items left out. */
function keysOf(object: object): PropertyKey[] {
	const isList = Array.isArray(object) || ArrayBuffer.isView(object) || object instanceof String;
	return Reflect.ownKeys(object).filter(
		key =>
			Reflect.getOwnPropertyDescriptor(object, key)?.enumerable &&
			!(isList && typeof key === "string" && /^\d+$/.test(key)),
	);
}

function unequal(actual: unknown, expected: unknown, path: string, why?: string): string {
	return `${at(path)}${format(actual)} instead of ${format(expected)}${why === undefined ? "" : ` (${why})`}`;
}

const at = (path: string) => (path ? `at ${path}: ` : "");
