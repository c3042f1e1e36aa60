// Tests for XS that end in all the ways a test can, good and bad: stand-in.test.ts knows how.
import test from "ava";

class OwnError extends Error {
	override name = "OwnError";
	readonly code = 7;
}
const own = () => {
	throw new OwnError("own message");
};
const endless = () => {
	for (;;);
};
const overflow = (): number => 1 + overflow();
const later = () => new Promise<void>(resolve => setImmediate(resolve));

test("passes: all that holds", async t => {
	t.pass();
	t.is(-0, -0);
	t.not(0, -0);
	t.true(true);
	t.false(false);
	t.truthy(1);
	t.falsy("");
	t.regex("text", /^t/);
	t.notRegex("text", /^x/);
	t.deepEqual([{ a: 1 }], [{ a: 1 }]);
	t.like({ a: 1, b: { c: 2, d: 3 }, e: [1] }, { b: { c: 2 }, e: [1] });
	const error = t.throws(own, { instanceOf: OwnError, name: "OwnError", message: /own/, code: 7 });
	t.is(error.message, "own message");
	t.throws(own, { message: "own message" });
	t.throws(own, { message: message => message.startsWith("own") });
	t.is(
		t.throws(() => undefinedThrown(), { any: true }),
		undefined,
	);
	t.notThrows(() => 1);
	await later();
});
test("passes: asynchronous assertions", async t => {
	t.log("one", { two: 2 });
	t.is((await t.throwsAsync(later().then(own), { name: "OwnError" })).message, "own message");
	await t.throwsAsync(async () => {
		await later();
		own();
	});
	await t.notThrowsAsync(later());
	await t.notThrowsAsync(later);
});
test("passes: what is to be done when it ends", t => {
	const order: number[] = [];
	t.teardown(() => t.log(String(order)));
	t.teardown(() => order.push(2));
	t.teardown(async () => {
		await later();
		order.push(1);
	});
	t.pass();
});
test("fails: is", t => t.is(0, -0));
test("fails: is, with a message", t => t.is("a", "b", "said"));
test("fails: not", t => t.not(NaN, NaN));
test("fails: true", t => t.true(1));
test("fails: false", t => t.false(undefined));
test("fails: truthy", t => void t.truthy(0));
test("fails: falsy", t => void t.falsy({}));
test("fails: regex", t => t.regex("text", /^x/));
test("fails: notRegex", t => t.notRegex("text", /^t/));
test("fails: deepEqual", t => t.deepEqual({ a: [1, 2] }, { a: [1, 3] }));
test("fails: like", t => t.like({ a: 1 }, { a: 2 }));
test("fails: like, missing", t => t.like({}, { a: undefined, b: 1 }));
test("fails: like, longer", t => t.like({ a: [1, 2] }, { a: [1, 3] }));
test("fails: like, empty", t => t.like({}, {}));
test("fails: fail", t => t.fail("for this reason"));
test("fails: throws nothing", t => void t.throws(() => 5));
test("fails: throws no error", t => void t.throws(undefinedThrown));
test("fails: throws another class", t => void t.throws(own, { instanceOf: RangeError }));
test("fails: throws another name", t => void t.throws(own, { name: "Error" }));
test("fails: throws another message", t => void t.throws(own, { message: "own" }));
test("fails: throws another pattern", t => void t.throws(own, { message: /^message/ }));
test("fails: throws another code", t => void t.throws(own, { code: 8 }));
test("fails: throws, unknown expectation", t => void t.throws(own, { mesage: "own message" } as never));
test("fails: throws a promise", t => void t.throws(() => later() as unknown));
test("fails: notThrows", t => t.notThrows(own));
test("fails: throwsAsync resolves", async t => {
	await t.throwsAsync(later());
});
test("fails: throwsAsync, another message", async t => {
	await t.throwsAsync(later().then(own), { message: "other" });
});
test("fails: notThrowsAsync", t => t.notThrowsAsync(later().then(own)));
test("fails: an exception", own);
test("fails: a rejection", async () => {
	await later();
	own();
});
test("fails: no assertions", () => undefined);
test("fails: an assertion that is not awaited", t => void t.throwsAsync(later().then(own)));
test("fails: a failure that is caught", t => {
	try {
		t.is(1, 2);
	} catch {
		t.pass();
	}
});
test("fails: when it is torn down", t => {
	t.teardown(own);
	t.pass();
});
test("fails: a rejection that nobody handles", t => {
	void later().then(own);
	t.pass();
});
test("fails: never ends", async t => {
	t.pass();
	await new Promise(() => undefined);
});
test("ends the machine: an exception that leaves a callback", async t => {
	setImmediate(own);
	await later();
	await later();
	t.pass();
});
test("ends the machine: an endless loop", t => {
	endless();
	t.pass();
});
test("ends the machine: an endless chain of callbacks", async t => {
	for (;;) {
		await later();
		t.pass();
	}
});
test("ends the machine: a stack overflow", t => {
	overflow();
	t.pass();
});
test("passes: what comes after them", t => t.pass());
test.skip("is skipped", t => t.fail());

function undefinedThrown(): void {
	// eslint-disable-next-line @typescript-eslint/only-throw-error -- what the stand-in has to report
	throw undefined;
}
