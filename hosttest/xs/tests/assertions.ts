import { difference } from "./equality.js";
import { format } from "./format.js";

/** What an assertion about an exception asks of it, as in ava. */
export interface Expectations {
	readonly any?: boolean;
	readonly is?: unknown;
	readonly instanceOf?: abstract new (...parameters: never) => unknown;
	readonly name?: string;
	readonly message?: string | RegExp | ((message: string) => boolean);
	readonly code?: string | number;
}

/** An assertion that does not hold. */
export class AssertionError extends Error {
	override name = "AssertionError";
}

const EXPECTATIONS: readonly string[] = ["any", "is", "instanceOf", "name", "message", "code"];

/** Fails unless an exception is as expected. */
export function check(actual: unknown, expectations: Expectations | undefined): void {
	for (const key of Object.keys(expectations ?? {}))
		if (!EXPECTATIONS.includes(key)) throw new AssertionError(`unknown expectation ${key}`);
	const { any = false, instanceOf, name, message, code, ...rest } = expectations ?? {};
	const threw = `threw ${format(actual)}`;
	if (!any && !(actual instanceof Error)) throw new AssertionError(`${threw}, not an error`);
	const error = actual as { name?: unknown; message: string; code?: unknown };
	if ("is" in rest && actual !== rest.is)
		throw new AssertionError(`${threw}, which is not ${format(rest.is)}`);
	if (instanceOf && !(actual instanceof instanceOf))
		throw new AssertionError(`${threw}, not an instance of ${instanceOf.name}`);
	if (name !== undefined && error.name !== name) throw new AssertionError(`${threw}, not of name ${name}`);
	if (code !== undefined && error.code !== code)
		throw new AssertionError(`${threw} of code ${format(error.code)}, not ${code}`);
	if (message !== undefined && !matches(error.message, message))
		throw new AssertionError(`${threw}, whose message is not ${format(message)}`);
}

function matches(text: string, message: NonNullable<Expectations["message"]>): boolean {
	if (typeof message === "string") return text === message;
	return message instanceof RegExp ? message.test(text) : message(text);
}

/** Of `actual`, what `selector` names: arrays and plain objects all the way down, as `t.like` of ava has it. */
export function selected(actual: unknown, selector: object): unknown {
	if (typeof actual !== "object" || actual === null) return actual;
	const comparable = (Array.isArray(selector) ? [] : {}) as Record<PropertyKey, unknown>;
	for (const key of enumerableKeys(selector)) {
		const wanted: unknown = Reflect.get(selector, key);
		const it: unknown = Reflect.get(actual, key);
		comparable[key] = isSelector(wanted) ? selected(it, wanted) : it;
	}
	return comparable;
}

/** Whether a value can be the second argument of `t.like`. */
export function isSelector(value: unknown): value is object {
	if (typeof value !== "object" || value === null) return false;
	if (!Array.isArray(value) && Reflect.getPrototypeOf(value) !== Object.prototype) return false;
	return enumerableKeys(value).length > 0;
}

const enumerableKeys = (object: object) =>
	Reflect.ownKeys(object).filter(key => Reflect.getOwnPropertyDescriptor(object, key)?.enumerable);

/** Whether a value is a promise, or passes for one. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
	return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Fails with where `actual` differs. */
export function checkEqual(actual: unknown, expected: unknown): void {
	const found = difference(actual, expected);
	if (found !== undefined) throw new AssertionError(found);
}
