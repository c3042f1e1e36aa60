import test from "ava";
import { type Heap, type Live, heapOf } from "../../bench/memory-heap.js";
import { Unit } from "../../xs/unit.js";
import { missingXS } from "../../xs/worker.js";
import { skip } from "../xs/engine.js";

const PROGRAM = `
globalThis.Ring = class Ring { #bytes = new Uint8Array(1000); #start = 0; };
globalThis.Owner = class Owner { ring; list = []; text; };
globalThis.owner = new Owner();
`;

/** What a class has more of in the second heap. */
function more(first: Heap, second: Heap, name: string): Live {
	const one = first.byClass.get(name) ?? { slots: 0, chunkBytes: 0 };
	const other = second.byClass.get(name) ?? { slots: 0, chunkBytes: 0 };
	return { slots: other.slots - one.slots, chunkBytes: other.chunkBytes - one.chunkBytes };
}

const missing = missingXS();

if (missing !== undefined) skip("heap", missing);
else {
	let unit: Unit;
	test.beforeEach(() => {
		unit = new Unit(PROGRAM);
	});
	test.afterEach.always(() => unit.close());

	test.serial("an instance, what it holds, and its buffer by name", t => {
		const before = heapOf(unit);
		unit.evaluate("owner.ring = new Ring()");
		const after = heapOf(unit);
		const ring = more(before, after, "Ring");
		// Instance, private fields with their head and brand; view, buffer.
		t.true(ring.slots >= 8 && ring.slots <= 14, String(ring.slots));
		t.is(ring.chunkBytes, 1008);
		t.deepEqual(more(before, after, "Owner"), { slots: 0, chunkBytes: 0 });
		const buffers = after.buffers.filter(({ name }) => name.startsWith("Ring"));
		t.deepEqual(buffers, [{ name: "Ring.#bytes", bytes: 1000 }]);
		// An evaluation leaves a key behind.
		t.is(after.total.slots - before.total.slots, ring.slots + 1);
	});

	test.serial("items of an array take a slot of the chip each, text a byte a character", t => {
		const before = heapOf(unit);
		unit.evaluate("owner.list.length = 50; owner.list.fill(1)");
		const filled = heapOf(unit);
		t.deepEqual(more(before, filled, "Owner"), { slots: 0, chunkBytes: 8 + 50 * 16 });
		unit.evaluate("owner.text = 'x'.repeat(103)");
		t.deepEqual(more(filled, heapOf(unit), "Owner"), { slots: 0, chunkBytes: 8 + 104 });
	});

	test.serial("a chunk that several slots point to counts once, wherever they are", t => {
		const before = heapOf(unit);
		unit.evaluate("owner.text = 'x'.repeat(103); owner.ring = owner.text");
		const shared = heapOf(unit);
		t.deepEqual(more(before, shared, "Owner"), { slots: 0, chunkBytes: 8 + 104 });
		unit.evaluate("owner.list.push(owner.text, 'y'.repeat(55))");
		const { slots, chunkBytes } = more(shared, heapOf(unit), "Owner");
		t.is(slots, 0);
		t.is(chunkBytes, 8 + 2 * 16 + 8 + 56, "two items, and the second text");
		unit.evaluate("globalThis.text = owner.text");
		t.deepEqual(more(before, heapOf(unit), "Owner").chunkBytes, chunkBytes, "the program's own now");
	});

	test.serial("garbage does not count, and what is let go of is gone", t => {
		const before = heapOf(unit);
		unit.evaluate("for (let count = 0; count < 100; count++) new Ring(); owner.ring = new Ring()");
		const ring = more(before, heapOf(unit), "Ring");
		t.is(ring.chunkBytes, 1008);
		unit.evaluate("owner.ring = undefined");
		t.deepEqual(more(before, heapOf(unit), "Ring"), { slots: 0, chunkBytes: 0 });
	});
}
