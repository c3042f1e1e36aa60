import fc from "fast-check";
import { type Piece, bytesOf, pieceArbitrary } from "./pieces.js";
import { Unit, type UnitOptions } from "./unit.js";

/** What one unit is put through. */
export interface Round {
	readonly unit: UnitOptions;
	readonly pieces: readonly Piece[];
}

/** What came of a round that did not fail. */
export interface Outcome {
	readonly bytes: number;
	readonly exchanges: number;
	/** ms that each exchange took, recovery included. */
	readonly recoveriesMs: readonly number[];
	readonly restarts: number;
	readonly gaps: number;
	readonly clients: number;
	readonly publishes: number;
	readonly received: number;
	/** The most lines handled in one turn. */
	readonly mostLines: number;
	readonly events: number;
	/** Virtual time, ms. */
	readonly durationMs: number;
}

/** A round did not go as it must. */
export class RoundFailure extends Error {
	override name = "RoundFailure";
	/** How many of its pieces were on the line by then. */
	readonly played: number;
	constructor(message: string, played: number, options?: ErrorOptions) {
		super(message, options);
		this.played = played;
	}
}

/** A correct exchange is asked for after so many bytes of garbage. */
const EXCHANGE_BYTES = 32_768;
/** It must work within this time: the driver's longest waits, one after the other. */
const EXCHANGE_LIMIT_MS = 20 * 60_000;
const START_LIMIT_MS = 10 * 60_000;
const MOST_PIECES = 4000;

const MODES: readonly UnitOptions["mode"][] = [
	["A", "text"],
	["B", "text"],
	["B", "hex"],
];

const unitArbitrary: fc.Arbitrary<UnitOptions> = fc.record({
	seed: fc.integer({ min: 1, max: 1_000_000 }),
	mode: fc.constantFrom(...MODES),
	receiveBuffer: fc.constantFrom(256, 300, 1024, 2560, 4096),
	latencyCharacters: fc.constantFrom(0, 24, 24, 24, 60),
	early: fc.constantFrom(0, 0.5, 1),
});

/** Rounds of at most so many pieces, some 170 bytes each. */
export function roundArbitrary(mostPieces = MOST_PIECES): fc.Arbitrary<Round> {
	return fc.record({
		unit: unitArbitrary,
		pieces: fc.noBias(fc.array(pieceArbitrary, { minLength: 1, maxLength: mostPieces, size: "max" })),
	});
}

/** What the module says from its boot on, both profiles and formats, while nothing disturbs it. */
export async function recordedConversations(): Promise<readonly string[]> {
	const blocks: string[] = [];
	for (const mode of MODES) {
		const options = { seed: 1, mode, receiveBuffer: 2560, latencyCharacters: 24, early: 0.5 };
		const unit = await Unit.start(options, true);
		for (let count = 0; count < 3; count++) await unit.exchange(START_LIMIT_MS);
		blocks.push(...unit.recorded);
		const problem = await unit.close();
		if (problem !== undefined) throw new Error(problem);
	}
	return [...new Set(blocks)];
}

/** Plays a round. @throws (rejects) RoundFailure that says what went wrong */
export async function play({ unit: options, pieces }: Round, corpus: readonly string[]): Promise<Outcome> {
	const unhandled: unknown[] = [];
	const onUnhandled = (reason: unknown) => unhandled.push(reason);
	process.on("unhandledRejection", onUnhandled);
	const unit = await Unit.start(options);
	const recoveriesMs: number[] = [];
	let bytes = 0;
	let played = 0;
	let sinceExchange = 0;
	const fail = (message: string, cause?: unknown): never => {
		throw new RoundFailure(`after ${bytes} bytes: ${message}`, played, { cause });
	};
	const check = (problem = unit.problem()) => {
		if (unhandled.length) fail(`unhandled rejection: ${String(unhandled[0])}`);
		if (problem !== undefined) fail(problem);
	};
	/** What throws here has left a callback of the firmware, or did not come about. */
	const attempt = async <Result>(action: () => Promise<Result>): Promise<Result> => {
		try {
			return await action();
		} catch (error) {
			return fail(String(error), error);
		}
	};
	const exchange = async () => {
		recoveriesMs.push(await attempt(() => unit.exchange(EXCHANGE_LIMIT_MS)));
		check();
		sinceExchange = 0;
	};
	let isClosed = false;
	try {
		for (const piece of pieces) {
			const garbage = bytesOf(piece, corpus);
			played++;
			bytes += garbage.length;
			sinceExchange += garbage.length;
			await attempt(() => unit.say(garbage, piece.pauseMs));
			check();
			if (sinceExchange >= EXCHANGE_BYTES) await exchange();
		}
		await exchange();
		const { clock, restarts, gaps, application } = unit;
		const durationMs = clock.now;
		isClosed = true;
		check(await attempt(() => unit.close()));
		const { clients, publishes, received } = application;
		const { mostWork: mostLines, events } = clock;
		const exchanges = recoveriesMs.length;
		return {
			...{ bytes, exchanges, recoveriesMs, restarts, gaps, clients, publishes, received },
			...{ mostLines, events, durationMs },
		};
	} finally {
		process.off("unhandledRejection", onUnhandled);
		if (!isClosed) await unit.close().catch(() => undefined);
	}
}
