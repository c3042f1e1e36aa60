import test from "ava";
import { difference } from "../../xs/tests/equality.js";
import { testProgram } from "../../xs/tests/program.js";
import { missingXS } from "../../xs/worker.js";
import { TestsOnXS, skip } from "./engine.js";
import { pairs } from "./pairs.js";

/** Enough for the tests here, and soon over. */
const COMPUTRONS = 20_000_000;
const missing = missingXS();

test("deepEqual of the stand-in holds where that of ava does", async t => {
	for (const [title, actual, expected, isEqual] of pairs) {
		const attempt = await t.try(inner => void inner.deepEqual(actual, expected));
		attempt.discard();
		t.is(attempt.passed, isEqual, `ava: ${title}`);
		t.is(difference(actual, expected) === undefined, isEqual, `the stand-in: ${title}`);
	}
});

/** Why each test of programs/outcomes.ts fails. */
const failures: Readonly<Record<string, RegExp>> = {
	"fails: is": /^0 is not -0$/,
	"fails: is, with a message": /^said: "a" is not "b"$/,
	"fails: not": /^is NaN$/,
	"fails: true": /^1 is not true$/,
	"fails: false": /^undefined is not false$/,
	"fails: truthy": /^0 is not truthy$/,
	"fails: falsy": /^\{\} is not falsy$/,
	"fails: regex": /^"text" does not match \/\^x\/$/,
	"fails: notRegex": /^"text" matches \/\^t\/$/,
	"fails: deepEqual": /^at \.a\[1\]: 2 instead of 3$/,
	"fails: like": /^at \.a: 1 instead of 2$/,
	"fails: like, missing": /^at \.b: undefined instead of 1$/,
	"fails: like, longer": /^at \.a\[1\]: 2 instead of 3$/,
	"fails: like, empty": /^t\.like: the selector must be/,
	"fails: fail": /^for this reason$/,
	"fails: throws nothing": /^returned 5, threw nothing$/,
	"fails: throws no error": /^threw undefined, not an error$/,
	"fails: throws another class": /^threw \[OwnError: own message\], not an instance of RangeError$/,
	"fails: throws another name": /not of name Error$/,
	"fails: throws another message": /whose message is not "own"$/,
	"fails: throws another pattern": /whose message is not \/\^message\/$/,
	"fails: throws another code": /of code 7, not 8$/,
	"fails: throws, unknown expectation": /^unknown expectation mesage$/,
	"fails: throws a promise": /threw nothing: use t\.throwsAsync$/,
	"fails: notThrows": /^threw OwnError: own message/,
	"fails: throwsAsync resolves": /^resolved with undefined$/,
	"fails: throwsAsync, another message": /whose message is not "other"$/,
	"fails: notThrowsAsync": /^rejected with OwnError: own message/,
	"fails: an exception": /^OwnError: own message/,
	"fails: a rejection": /^OwnError: own message/,
	"fails: no assertions": /^finished without running any assertions$/,
	"fails: an assertion that is not awaited": /^finished without awaiting its assertions$/,
	"fails: a failure that is caught": /^1 is not 2$/,
	"fails: when it is torn down": /^teardown: OwnError: own message/,
	"fails: a rejection that nobody handles": /^UnhandledPromiseRejectionWarning: OwnError: own message$/,
	"fails: never ends": /^never ends: nothing is left to happen$/,
	"ends the machine: an exception that leaves a callback": /the worker ended/,
	"ends the machine: an endless loop": /the worker ended .*more than 20000000 computrons/,
	"ends the machine: an endless chain of callbacks": /the worker ended .*more than 20000000 computrons/,
	"ends the machine: a stack overflow": /the worker ended .*stack overflow/,
};

if (missing !== undefined) {
	skip("the stand-in on XS", missing);
} else {
	test("deepEqual on XS holds where that of ava does", async t => {
		const tests = new TestsOnXS(await testProgram("xs/programs/equality.ts"));
		t.teardown(() => tests.close());
		for (const [index, [title, , , isEqual]] of pairs.entries())
			t.is(tests.run(index).failure === undefined, isEqual, title);
	});

	test("tests on XS end as they do on Node, and a test that ends the machine ends no other", async t => {
		const tests = new TestsOnXS(await testProgram("xs/programs/outcomes.ts"), COMPUTRONS);
		t.teardown(() => tests.close());
		const list = tests.list();
		t.deepEqual(
			list.filter(({ isSkipped }) => isSkipped).map(({ title }) => title),
			["is skipped"],
		);
		const logs: string[] = [];
		const seen: string[] = [];
		for (const [index, { title, isSkipped }] of list.entries()) {
			if (isSkipped) continue;
			const { failure, logs: logged } = tests.run(index);
			logs.push(...logged);
			if (title.startsWith("passes")) t.is(failure, undefined, title);
			else {
				t.regex(failure ?? "passed", failures[title], title);
				seen.push(title);
			}
		}
		t.deepEqual(seen, Object.keys(failures));
		t.deepEqual(logs, ["one {two: 2}", "1,2"]);
	});
}
