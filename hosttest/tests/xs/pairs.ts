class Point {
	readonly x: number;
	constructor(x: number) {
		this.x = x;
	}
}
class OtherPoint extends Point {}

const same = { any: "thing" };
const cycle = (): unknown => {
	const object: { self?: unknown } = {};
	object.self = object;
	return object;
};
const action = () => undefined;
const symbol = Symbol("own");
const bytes = (...values: number[]) => Uint8Array.from(values);
// eslint-disable-next-line no-sparse-arrays -- holes are what is compared
const sparse = () => [1, , 3];
const extended = () => Object.assign([1], { more: true });

/** Pairs of values, and whether `t.deepEqual` holds for them. */
export const pairs: readonly (readonly [
	title: string,
	actual: unknown,
	expected: unknown,
	isEqual: boolean,
])[] = [
	["numbers", 1, 1, true],
	["other numbers", 1, 2, false],
	["0 and -0", 0, -0, false],
	["-0", -0, -0, true],
	["NaN", NaN, NaN, true],
	["a number and a text", 1, "1", false],
	["null and undefined", null, undefined, false],
	["null and an object", null, {}, false],
	["texts", "é\0", "é\0", true],
	["whole numbers of any size", 2n ** 80n, 2n ** 80n, true],
	["a big number and a number", 1n, 1, false],
	["symbols", symbol, symbol, true],
	["other symbols", symbol, Symbol("own"), false],
	["objects", { a: 1, b: { c: [] } }, { b: { c: [] }, a: 1 }, true],
	["the same object", same, same, true],
	["a deep difference", { a: [{ b: 1 }] }, { a: [{ b: 2 }] }, false],
	["undefined and missing", { a: undefined }, {}, false],
	["missing and undefined", {}, { a: undefined }, false],
	["symbols as keys", { [symbol]: 1 }, { [symbol]: 1 }, true],
	["other values of symbols", { [symbol]: 1 }, { [symbol]: 2 }, false],
	["what is not enumerable", Object.defineProperty({}, "a", { value: 1 }), {}, true],
	["without a prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }, true],
	["instances", new Point(1), new Point(1), true],
	["other instances", new Point(1), new Point(2), false],
	["an instance and an object", new Point(1), { x: 1 }, false],
	["instances of a subclass", new OtherPoint(1), new Point(1), false],
	["arrays", [1, "2", [3]], [1, "2", [3]], true],
	["a longer array", [1, 2], [1], false],
	["a shorter array", [1], [1, undefined], false],
	["the order of items", [1, 2], [2, 1], false],
	["holes", sparse(), [1, undefined, 3], true],
	["an array and an object", [1], { 0: 1 }, false],
	["more than items", extended(), [1], false],
	["the same more than items", extended(), extended(), true],
	["functions", action, action, true],
	["other functions", action, () => undefined, false],
	["bytes", bytes(1, 2), bytes(1, 2), true],
	["other bytes", bytes(1, 2), bytes(1, 3), false],
	["more bytes", bytes(1, 2), bytes(1), false],
	["views of a part", bytes(0, 1, 2).subarray(1), bytes(1, 2), true],
	["bytes and an array", bytes(1, 2), [1, 2], false],
	["bytes and signed bytes", bytes(1), Int8Array.of(1), false],
	["bytes and words", bytes(1, 0), Uint16Array.of(1), false],
	["buffers", bytes(1).buffer, bytes(1).buffer, true],
	["other buffers", bytes(1).buffer, bytes(2).buffer, false],
	["a buffer and bytes", bytes(1).buffer, bytes(1), false],
	["views of data", new DataView(bytes(1).buffer), new DataView(bytes(1).buffer), true],
	["other views of data", new DataView(bytes(1).buffer), new DataView(bytes(2).buffer), false],
	["maps", new Map([["a", { b: 1 }]]), new Map([["a", { b: 1 }]]), true],
	["other values in maps", new Map([["a", 1]]), new Map([["a", 2]]), false],
	["other keys in maps", new Map([["a", 1]]), new Map([["b", 1]]), false],
	["larger maps", new Map([["a", 1]]), new Map(), false],
	["sets", new Set([1, "a"]), new Set([1, "a"]), true],
	["other sets", new Set([1]), new Set([2]), false],
	["a set and a map", new Set(), new Map(), false],
	["errors", new RangeError("a"), new RangeError("a"), true],
	["other messages", new RangeError("a"), new RangeError("b"), false],
	["other classes of errors", new RangeError("a"), new TypeError("a"), false],
	["codes of errors", Object.assign(new Error("a"), { code: 1 }), new Error("a"), false],
	["dates", new Date(5), new Date(5), true],
	["other dates", new Date(5), new Date(6), false],
	["regular expressions", /a/g, /a/g, true],
	["flags", /a/g, /a/, false],
	["promises", Promise.resolve(), Promise.resolve(), false],
	["cycles", cycle(), cycle(), true],
	["a cycle and its unrolled form", cycle(), { self: cycle() }, false],
];
