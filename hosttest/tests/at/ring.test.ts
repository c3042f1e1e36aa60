import test from "ava";
import fc from "fast-check";
import { ByteRing, KEY_BYTES } from "../../../modules/at/ring.js";
import { latin1 } from "../bench.js";

const LANDING = 8;

/** Lands bytes as a port does. */
function land(ring: ByteRing, bytes: readonly number[]): number {
	ring.landing.set(bytes);
	return ring.commit(bytes.length);
}

/** Moves a ring's start to a position, with nothing in it. */
function turn(ring: ByteRing, position: number): void {
	for (let at = 0; at < position; at++) {
		land(ring, [0]);
		ring.consume(1);
	}
}

test("a piece goes through the landing zone into the ring", t => {
	const ring = new ByteRing(16, LANDING);
	t.is(ring.landing.length, LANDING);
	t.is(land(ring, [1, 2, 3]), 3);
	t.is(land(ring, [4, 5]), 2);
	t.is(ring.length, 5);
	t.deepEqual([...ring.slice(0, 5)], [1, 2, 3, 4, 5]);
	t.is(ring.at(3), 4);
});

test("reads, searches and copies across the end, at every start and every length", t => {
	for (let start = 0; start < 16; start++) {
		for (let length = 1; length <= 16; length++) {
			const ring = new ByteRing(16, LANDING);
			turn(ring, start);
			const bytes = Array.from({ length }, (_, index) => 0x41 + index);
			for (let from = 0; from < length; from += LANDING) land(ring, bytes.slice(from, from + LANDING));
			t.deepEqual([...ring.slice(0, length)], bytes);
			for (let index = 0; index < length; index++) {
				t.is(ring.at(index), bytes[index]);
				t.is(ring.indexOf(bytes[index], 0), index);
				t.is(ring.indexOf(bytes[index], index), index);
				t.is(ring.indexOf(bytes[index], index + 1), -1);
			}
			t.is(ring.indexOf(0, 0), -1, "what is stale is not found");
			t.deepEqual([...ring.slice(0, length)], bytes, "searching changes nothing");
		}
	}
});

test("a key is the same wherever the prefix lies", t => {
	const text = [...latin1("+QMTSTAT: 0,1")];
	const keys = new Set<string>();
	for (let start = 0; start < 32; start++) {
		const ring = new ByteRing(32, 16);
		turn(ring, start);
		land(ring, text);
		ring.setKey(0, 8);
		keys.add(`${ring.keyLow} ${ring.keyHigh}`);
		ring.setKey(1, 7);
		t.false(keys.has(`${ring.keyLow} ${ring.keyHigh}`));
		t.deepEqual([...ring.slice(0, text.length)], text, "making a key changes nothing");
	}
	t.is(keys.size, 1);
	t.is(KEY_BYTES, 16);
});

test("full is when another piece might not fit; the longest line then still does", t => {
	const ring = new ByteRing(24, LANDING);
	t.is(ring.limit, 16);
	land(ring, [1, 2, 3, 4, 5, 6, 7, 8]);
	land(ring, [1, 2, 3, 4, 5, 6, 7, 8]);
	t.false(ring.full);
	land(ring, [9]);
	t.true(ring.full);
	ring.consume(1);
	t.false(ring.full);
});

test("what finds no room is dropped and counted, as is what is discarded; high water stays", t => {
	const ring = new ByteRing(16, LANDING);
	land(ring, [1, 2, 3, 4, 5, 6, 7, 8]);
	land(ring, [1, 2, 3, 4, 5, 6]);
	t.is(land(ring, [7, 8, 9]), 2);
	t.is(ring.dropped, 1);
	t.is(ring.length, 16);
	t.is(ring.highWater, 16);
	t.is(land(ring, [1]), 0);
	t.is(ring.dropped, 2);
	ring.discard(10);
	t.is(ring.dropped, 12);
	t.deepEqual([...ring.slice(0, 6)], [3, 4, 5, 6, 7, 8]);
	ring.consume(6);
	t.is(ring.dropped, 12);
	t.is(ring.highWater, 16);
	t.is(ring.indexOf(1, 0), -1);
});

test("copies to a place in the target", t => {
	const ring = new ByteRing(16, LANDING);
	turn(ring, 14);
	land(ring, [1, 2, 3, 4]);
	const target = new Uint8Array(6);
	ring.copy(1, 3, target, 2);
	t.deepEqual([...target], [0, 0, 2, 3, 4, 0]);
});

test("refuses a capacity that could not take a line beside a piece", t => {
	t.throws(() => new ByteRing(15, LANDING), { instanceOf: RangeError });
	t.throws(() => new ByteRing(NaN), { instanceOf: RangeError });
	t.notThrows(() => new ByteRing(256));
});

test("property: behaves as an array of bytes, whatever is done to it", t => {
	const step = fc.oneof(
		fc.record({
			kind: fc.constant("land" as const),
			bytes: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: LANDING }),
		}),
		fc.record({
			kind: fc.constantFrom("consume" as const, "discard" as const),
			share: fc.double({ min: 0, max: 1, noNaN: true }),
		}),
		fc.record({
			kind: fc.constant("find" as const),
			byte: fc.integer({ min: 0, max: 4 }),
			offset: fc.nat(40),
		}),
	);
	fc.assert(
		fc.property(fc.integer({ min: 16, max: 37 }), fc.array(step, { maxLength: 80 }), (capacity, steps) => {
			const ring = new ByteRing(capacity, LANDING);
			let model: number[] = [];
			let dropped = 0;
			let highWater = 0;
			for (const step of steps) {
				if (step.kind === "land") {
					const taken = Math.min(step.bytes.length, capacity - model.length);
					if (land(ring, step.bytes) !== taken) return false;
					model.push(...step.bytes.slice(0, taken));
					dropped += step.bytes.length - taken;
					highWater = Math.max(highWater, model.length);
				} else if (step.kind === "find") {
					if (ring.indexOf(step.byte, step.offset) !== model.indexOf(step.byte, step.offset)) return false;
				} else {
					const count = Math.floor(step.share * model.length);
					ring[step.kind](count);
					model = model.slice(count);
					if (step.kind === "discard") dropped += count;
				}
				if (ring.length !== model.length || ring.full !== capacity - model.length < LANDING) return false;
				if (ring.dropped !== dropped || ring.highWater !== highWater) return false;
				if (ring.slice(0, model.length).join() !== model.join()) return false;
			}
			return true;
		}),
		{ seed: 1, numRuns: 2000 },
	);
	t.pass();
});
