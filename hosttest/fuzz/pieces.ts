import fc from "fast-check";
import { seededRandom } from "../shim/random.js";
import { NUMBERS, STARTS, TOKENS } from "./corpus.js";

/** What a piece is made from, before it is mutated. Numbers choose, each modulo what there is to choose from. */
type Base =
	| { readonly kind: "conversation"; readonly entry: number }
	| { readonly kind: "noise"; readonly seed: number; readonly length: number; readonly isText: boolean }
	| { readonly kind: "endless"; readonly start: number; readonly length: number; readonly fill: number };

/** A change: which, where (a fraction of the length), and with what. */
interface Mutation {
	readonly change: keyof typeof changes;
	readonly at: number;
	readonly what: number;
}

/** Some bytes on the line, then silence. */
export interface Piece {
	readonly base: Base;
	readonly mutations: readonly Mutation[];
	readonly pauseMs: number;
}

/** A change of a text of one character a byte. */
type Change = (text: string, at: number, what: number, corpus: readonly string[]) => string;

const chosen = (list: readonly string[], what: number) => list[what % list.length];
const splice = (text: string, at: number, count: number, insert = "") =>
	text.slice(0, at) + insert + text.slice(at + count);

/** The longest a repeat makes a text. */
const LONGEST_REPEAT = 4096;

const changes = {
	truncate: (text, at) => text.slice(0, at),
	behead: (text, at) => text.slice(at),
	lose: (text, at, what) => splice(text, at, 1 + (what % 8)),
	flip: (text, at, what) =>
		splice(text, at, 1, String.fromCharCode(((text.charCodeAt(at) || 0) ^ (1 << (what % 8))) & 0xff)),
	replace: (text, at, what) => splice(text, at, 1, String.fromCharCode(what % 256)),
	insert: (text, at, what) => splice(text, at, 0, chosen(TOKENS, what)),
	double: (text, at, what) => splice(text, at, 0, text.slice(at, at + 1 + (what % 40))),
	repeat: (text, at, what) =>
		splice(
			text,
			at,
			0,
			text
				.slice(at, at + 1 + (what % 5))
				.repeat(what % 400)
				.slice(0, LONGEST_REPEAT),
		),
	twice: (text, _, what) => text.repeat(2 + (what % 6)).slice(0, LONGEST_REPEAT),
	number: (text, at, what) =>
		text.slice(0, at) + text.slice(at).replace(/-?\d+/, () => chosen(NUMBERS, what)),
	embed: (text, at, what, corpus) => splice(text, at, 0, chosen(corpus, what)),
	swap: (text, at) => text.slice(at) + text.slice(0, at),
} satisfies Record<string, Change>;

const NAMES = Object.keys(changes) as (keyof typeof changes)[];

/** Bytes from a seed: any, or those of lines and fields. */
function noise(seed: number, length: number, isText: boolean): string {
	const random = seededRandom(seed);
	const codes = Array.from({ length }, () => {
		const byte = Math.floor(random() * 256);
		return isText && random() < 0.95 ? 0x20 + (byte % 0x5f) : byte;
	});
	return Buffer.from(codes).toString("latin1");
}

function baseOf(base: Base, corpus: readonly string[]): string {
	if (base.kind === "conversation") return chosen(corpus, base.entry);
	if (base.kind === "noise") return noise(base.seed, base.length, base.isText);
	return chosen(STARTS, base.start).padEnd(base.length, String.fromCharCode(base.fill));
}

/** The bytes of a piece. */
export function bytesOf({ base, mutations }: Piece, corpus: readonly string[]): Buffer {
	let text = baseOf(base, corpus);
	for (const { change, at, what } of mutations) {
		const apply: Change = changes[change];
		text = apply(text, Math.floor(at * text.length), what, corpus);
	}
	return Buffer.from(text, "latin1");
}

const natural = fc.nat({ max: 0xffff });
const baseArbitrary: fc.Arbitrary<Base> = fc.oneof(
	{
		weight: 24,
		arbitrary: fc.record({ kind: fc.constant("conversation" as const), entry: natural }),
	},
	{
		weight: 4,
		arbitrary: fc.record({
			kind: fc.constant("noise" as const),
			seed: fc.nat(),
			length: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 3000 })),
			isText: fc.boolean(),
		}),
	},
	{
		weight: 1,
		arbitrary: fc.record({
			kind: fc.constant("endless" as const),
			start: natural,
			length: fc.integer({ min: 1000, max: 12_000 }),
			fill: fc.constantFrom(0x00, 0x0d, 0x20, 0x22, 0x2c, 0x31, 0x41, 0x80, 0xff),
		}),
	},
);
const mutationArbitrary = fc.record({
	change: fc.constantFrom(...NAMES),
	at: fc.integer({ min: 0, max: 1000 }).map(thousandths => thousandths / 1000),
	what: natural,
});

/** Pieces of conversations, most of them mutated, and noise. */
export const pieceArbitrary: fc.Arbitrary<Piece> = fc.record({
	base: baseArbitrary,
	mutations: fc.array(mutationArbitrary, { maxLength: 5 }),
	pauseMs: fc.oneof(
		{ weight: 12, arbitrary: fc.constant(0) },
		{ weight: 4, arbitrary: fc.integer({ min: 1, max: 60 }) },
		{ weight: 2, arbitrary: fc.integer({ min: 60, max: 400 }) },
		{ weight: 1, arbitrary: fc.integer({ min: 400, max: 4000 }) },
	),
});
