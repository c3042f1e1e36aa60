import fc from "fast-check";
import { WRITTEN } from "./corpus.js";
import { type Piece, bytesOf } from "./pieces.js";
import {
	type Outcome,
	type Round,
	RoundFailure,
	play,
	recordedConversations,
	roundArbitrary,
} from "./round.js";
import { shortest } from "./shrink.js";

/** A round that failed, made as short as time allowed. */
export interface Failure {
	readonly seed: number;
	readonly round: number;
	/** Of the round as it was. */
	readonly message: string;
	readonly shortest: Round;
	/** The bytes of the shortest, one a character. */
	readonly bytes: string;
}

/** How a run goes. */
export interface FuzzOptions {
	readonly seed: number;
	/** The first round; 0 by default. */
	readonly round?: number;
	/** Bytes at least. */
	readonly bytes: number;
	/** Rounds at most. */
	readonly rounds?: number;
	/** Pieces at most in a round. */
	readonly pieces?: number;
	/** No round is begun after so many seconds of real time. */
	readonly seconds?: number;
	/** How long a failing round is made shorter, seconds of real time; 60 by default. */
	readonly shrinkSeconds?: number;
	readonly onRound?: (round: number, outcome: Outcome) => void;
	/** Plays a round in place of the firmware: for tests of this. */
	readonly play?: typeof play;
}

/** Plays rounds until so many bytes were received, or one fails. @returns the failure; undefined where there is none */
export async function fuzz(options: FuzzOptions): Promise<Failure | undefined> {
	const { seed, bytes, rounds = Infinity, seconds = Infinity, onRound } = options;
	const corpus = [...(await recordedConversations()), ...WRITTEN];
	const first = options.round ?? 0;
	const end = performance.now() + 1000 * seconds;
	let received = 0;
	for (let number = first; received < bytes && number < first + rounds; number++) {
		if (performance.now() > end) return undefined;
		const round = roundOf(seed, number, options.pieces);
		try {
			const outcome = await (options.play ?? play)(round, corpus);
			received += outcome.bytes;
			onRound?.(number, outcome);
		} catch (error) {
			if (!(error instanceof RoundFailure)) throw error;
			const short = { ...round, pieces: await shortestOf(round, error, corpus, options) };
			return {
				...{ seed, round: number, message: error.message, shortest: short },
				bytes: short.pieces.map(piece => bytesOf(piece, corpus).toString("latin1")).join(""),
			};
		}
	}
	return undefined;
}

/** The round of a seed and a number, always the same. */
function roundOf(seed: number, number: number, pieces?: number): Round {
	// Rounds of neighbouring seeds have nothing in common: fast-check mixes the seed.
	const [round] = fc.sample(roundArbitrary(pieces), { seed: Math.imul(seed, 100_003) + number, numRuns: 1 });
	return round;
}

async function shortestOf(
	{ unit, pieces }: Round,
	{ played }: RoundFailure,
	corpus: readonly string[],
	options: FuzzOptions,
): Promise<readonly Piece[]> {
	const end = performance.now() + 1000 * (options.shrinkSeconds ?? 60);
	const fails = async (some: readonly Piece[]) => {
		try {
			await (options.play ?? play)({ unit, pieces: some }, corpus);
			return false;
		} catch (error) {
			if (error instanceof RoundFailure) return true;
			throw error;
		}
	};
	const begun = pieces.slice(0, played);
	return (await fails(begun)) ? shortest(begun, fails, () => performance.now() > end) : pieces;
}
