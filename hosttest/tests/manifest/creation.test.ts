import test from "ava";
import { readFileSync } from "node:fs";

/** So many times what the benchmark finds in use: for what it has not met, and for room between two collections. */
const MARGIN = 2;
/** Of a slot on the chip. */
const SLOT_BYTES = 16;

interface Pool {
	readonly initial: number;
	readonly incremental: number;
}
const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const { platforms } = read("manifest.json") as {
	platforms: { esp32: { creation: { static: number; chunk: Pool; heap: Pool } } };
};
const { static: block, chunk, heap } = platforms.esp32.creation;
const figures = Object.entries(read("hosttest/bench/figures.json") as Record<string, number>);
const measured = (name: string) =>
	figures.filter(([key]) => key.startsWith(`memory: ${name}`)).map(([, value]) => value);

test("the chip's heap does not grow", t => {
	// 0: slots and chunks are pools of their own, each allocated once; an increment of 0 leaves it at that.
	t.deepEqual([block, chunk.incremental, heap.incremental], [0, 0, 0]);
});

test("the chip's heap has twice what the benchmark finds in use", t => {
	const needs = [
		["slots when idle", measured("of it slots"), heap.initial],
		["chunks when idle", measured("of it buffers"), chunk.initial],
		["bytes at the peak", measured("peak"), SLOT_BYTES * heap.initial + chunk.initial],
	] as const;
	for (const [name, values, pinned] of needs) {
		t.not(values.length, 0, name);
		for (const value of values) t.true(pinned >= MARGIN * value, `${name}: ${pinned} for ${value}`);
	}
});
