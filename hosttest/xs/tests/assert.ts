// What stands in for node:assert/strict on XS, as far as the tests of modules/ use it.
import { AssertionError, checkEqual } from "./assertions.js";
import { format } from "./format.js";

function assert(value: unknown, message?: string): asserts value {
	if (!value) throw new AssertionError(message ?? `${format(value)} is not truthy`);
}
assert.ok = assert;
assert.equal = (actual: unknown, expected: unknown, message = "assert.equal"): void =>
	assert(Object.is(actual, expected), `${message}: ${format(actual)} is not ${format(expected)}`);
assert.match = (text: string, regex: RegExp, message = "assert.match"): void =>
	assert(regex.test(text), `${message}: ${format(text)} does not match ${String(regex)}`);
assert.deepEqual = (actual: unknown, expected: unknown, message = "assert.deepEqual"): void => {
	try {
		checkEqual(actual, expected);
	} catch (error) {
		throw new AssertionError(`${message}: ${(error as Error).message}`);
	}
};

export default assert;
