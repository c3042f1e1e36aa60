// What stands in for ava on XS: the part of its API that the tests of modules/ use.
import "../shim/globals.js";
import {
	AssertionError,
	type Expectations,
	check,
	checkEqual,
	isPromise,
	isSelector,
	selected,
} from "./assertions.js";
import { format } from "./format.js";
import { serve } from "./results.js";

type Implementation<Arguments extends unknown[] = unknown[]> = (
	t: Assertions,
	...parameters: Arguments
) => unknown;

/** A test that waits to be run. */
export interface Declared {
	readonly title: string;
	readonly isSkipped: boolean;
	readonly run: (t: Assertions) => unknown;
}

/** `t`: the assertions of a test, with the meanings that they have in ava. One that fails throws, and fails the test even if that is caught. */
export class Assertions {
	readonly title: string;
	readonly #logs: string[] = [];
	readonly #teardowns: (() => unknown)[] = [];
	#failure: string | undefined;
	#count = 0;
	#pending = 0;

	constructor(title: string) {
		this.title = title;
	}
	/** What `log` was given, one string a call. */
	get logs(): readonly string[] {
		return this.#logs;
	}
	/** Runs a test to its end. @returns why it failed; undefined where it passed */
	async perform(run: Declared["run"]): Promise<string | undefined> {
		try {
			await run(this);
			if (!this.#count) this.#fail("finished without running any assertions");
			if (this.#pending) this.#fail("finished without awaiting its assertions");
		} catch (error) {
			this.#failure ??= described(error);
		}
		for (const teardown of this.#teardowns.reverse())
			try {
				await teardown();
			} catch (error) {
				this.#failure ??= `teardown: ${described(error)}`;
			}
		return this.#failure;
	}

	readonly pass = (): void => this.#assert(() => undefined);
	readonly fail = (message = "t.fail()"): void =>
		this.#assert(() => {
			throw new AssertionError(message);
		});
	readonly is = (actual: unknown, expected: unknown, message?: string): void =>
		this.#assert(
			() => expectTrue(Object.is(actual, expected), `${format(actual)} is not ${format(expected)}`),
			message,
		);
	readonly not = (actual: unknown, expected: unknown, message?: string): void =>
		this.#assert(() => expectTrue(!Object.is(actual, expected), `is ${format(actual)}`), message);
	readonly true = (actual: unknown, message?: string): void => this.is(actual, true, message);
	readonly false = (actual: unknown, message?: string): void => this.is(actual, false, message);
	readonly truthy = (actual: unknown, message?: string): void =>
		this.#assert(() => expectTrue(Boolean(actual), `${format(actual)} is not truthy`), message);
	readonly falsy = (actual: unknown, message?: string): void =>
		this.#assert(() => expectTrue(!actual, `${format(actual)} is not falsy`), message);
	readonly regex = (text: string, regex: RegExp, message?: string): void =>
		this.#assert(
			() => expectTrue(regex.test(text), `${format(text)} does not match ${String(regex)}`),
			message,
		);
	readonly notRegex = (text: string, regex: RegExp, message?: string): void =>
		this.#assert(() => expectTrue(!regex.test(text), `${format(text)} matches ${String(regex)}`), message);
	readonly deepEqual = (actual: unknown, expected: unknown, message?: string): void =>
		this.#assert(() => checkEqual(actual, expected), message);
	readonly like = (actual: unknown, selector: object, message?: string): void =>
		this.#assert(() => {
			expectTrue(isSelector(selector), "t.like: the selector must be an object that is not empty");
			checkEqual(selected(actual, selector), selector);
		}, message);
	readonly throws = (action: () => unknown, expectations?: Expectations, message?: string): unknown =>
		this.#assert(() => {
			let result: unknown;
			try {
				result = action();
			} catch (error) {
				check(error, expectations);
				return error;
			}
			const hint = isPromise(result) ? ": use t.throwsAsync" : "";
			throw new AssertionError(`returned ${format(result)}, threw nothing${hint}`);
		}, message);
	readonly notThrows = (action: () => unknown, message?: string): void =>
		this.#assert(() => {
			let result: unknown;
			try {
				result = action();
			} catch (error) {
				throw new AssertionError(`threw ${described(error)}`);
			}
			expectTrue(!isPromise(result), "returned a promise: use t.notThrowsAsync");
		}, message);
	readonly throwsAsync = (
		action: PromiseLike<unknown> | (() => PromiseLike<unknown>),
		expectations?: Expectations,
		message?: string,
	): Promise<unknown> =>
		this.#settled(action, message, (hasFailed, outcome) => {
			if (!hasFailed) throw new AssertionError(`resolved with ${format(outcome)}`);
			check(outcome, expectations);
			return outcome;
		});
	readonly notThrowsAsync = (
		action: PromiseLike<unknown> | (() => PromiseLike<unknown>),
		message?: string,
	): Promise<unknown> =>
		this.#settled(action, message, (hasFailed, outcome) => {
			if (hasFailed) throw new AssertionError(`rejected with ${described(outcome)}`);
		});
	readonly log = (...values: unknown[]): void => {
		this.#logs.push(values.map(value => (typeof value === "string" ? value : format(value))).join(" "));
	};
	readonly teardown = (action: () => unknown): void => {
		this.#teardowns.push(action);
	};

	#assert<Result>(assertion: () => Result, message?: string): Result {
		this.#count++;
		try {
			return assertion();
		} catch (error) {
			const text = described(error);
			return this.#fail(message === undefined ? text : `${message}: ${text}`);
		}
	}
	async #settled(
		action: PromiseLike<unknown> | (() => PromiseLike<unknown>),
		message: string | undefined,
		assertion: (hasFailed: boolean, outcome: unknown) => unknown,
	): Promise<unknown> {
		this.#pending++;
		const promise = this.#assert(() => {
			const result = typeof action === "function" ? action() : action;
			expectTrue(isPromise(result), `${format(result)} is not a promise`);
			return result;
		}, message);
		let hasFailed = false;
		let outcome: unknown;
		try {
			outcome = await promise;
		} catch (error) {
			hasFailed = true;
			outcome = error;
		}
		this.#pending--;
		return this.#assert(() => assertion(hasFailed, outcome), message);
	}
	#fail(text: string): never {
		this.#failure ??= text;
		throw new AssertionError(text);
	}
}

function expectTrue(holds: boolean, message: string): void {
	if (!holds) throw new AssertionError(message);
}

/** An exception as a message: an assertion's is its message, of another the stack is wanted. */
function described(error: unknown): string {
	if (error instanceof AssertionError) return error.message;
	return error instanceof Error ? `${String(error)}\n${error.stack ?? ""}` : format(error);
}

const declared: Declared[] = [];

function declare<Arguments extends unknown[]>(
	title: string,
	implementation: Implementation<Arguments>,
	parameters: Arguments,
	isSkipped = false,
): void {
	if (declared.some(other => other.title === title))
		throw new Error(`a test of this title is there: ${title}`);
	declared.push({ title, isSkipped, run: t => implementation(t, ...parameters) });
}

function test<Arguments extends unknown[]>(
	title: string,
	implementation: Implementation<Arguments>,
	...parameters: Arguments
): void {
	declare(title, implementation, parameters);
}
/** On XS each test runs after the one before it. */
test.serial = test;
test.skip = (title: string, implementation: Implementation) => declare(title, implementation, [], true);

serve(declared, title => new Assertions(title));

export default test;
