import test from "ava";
import { startup } from "../../bench/startup.js";
import { line } from "../../bench/line.js";
import { Harness } from "../../bench/firmware-harness.js";
import { skip } from "../xs/engine.js";
import { missingXS } from "../../xs/worker.js";

const missing = missingXS();

for (const [title, measure] of [
	["start-up", startup],
	["line use", line],
] as const)
	if (missing !== undefined) skip(title, missing);
	else
		test.serial(`${title}: two runs give the same figures`, async t => {
			const first = await measure();
			t.true(first.every(({ value }) => value > 0));
			t.deepEqual(await measure(), first);
		});

if (missing !== undefined) skip("harness", missing);
else
	test.serial("the harness takes slots in a turn, and knows how many", async t => {
		const harness = await Harness.measure();
		const turn = { computrons: 0, slots: 0, count: 0, received: new Uint8Array(0), sent: new Uint8Array(0) };
		const rest = { flashReads: 0, flashWrites: 0, flashErases: 0 };
		const slotsOf = (kind: "tick" | "readable" | "writable", events: readonly string[] = []) =>
			harness.slotsOf([{ ...turn, ...rest, kind, events }]);
		for (const kind of ["tick", "readable", "writable"] as const) t.true(slotsOf(kind) > 0, kind);
		t.true(slotsOf("tick", ["acknowledged"]) > slotsOf("tick"));
		t.is(slotsOf("call" as never), 0);
	});
