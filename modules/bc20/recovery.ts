import Time from "time";
import { Deadline } from "../at/deadline.js";
import { jitter } from "../common/backoff.js";
import { FAILURES, type FailureName, RUNGS, type RungName, indexOfRung } from "./ladder.js";

/** What can be known of the recovery. */
export interface RecoveryState {
	/** The rung that it stands on; undefined while all is well. */
	readonly rung: RungName | undefined;
	/** Ticks (ms, 32 bits) since when. */
	readonly since: number;
	/** How often each rung was used since the start; another object when that has changed. */
	readonly counts: Readonly<Record<RungName, number>>;
}

/** What the recovery asks, and tells. */
export interface RecoveryEvents {
	/** Whether a key of the module is wired: rungs without theirs are left out. */
	isWired(key: "reset" | "power"): boolean;
	/** The rung or a count has changed. */
	onChanged(): void;
	/** 0 ≤ value < 1; Math.random by default. */
	readonly random?: () => number;
}

const NONE = -1;

/**
 * Climbs the ladder (`RUNGS`) as failures are told (`FAILURES`), and is at its bottom again when told of health. It has no timer and
 * does nothing itself: who tells it of a failure repeats the lower rung after the delay that `fail` returns, asks `remaining`, and does
 * then what `take` says. Behind the last rung it begins again at the failure's lowest, with delays that stay long, so that it neither
 * ends nor storms.
 */
export class Recovery implements RecoveryState {
	readonly #events: RecoveryEvents;
	/** Since the start, and since health, by rung; nothing for one that was not used. */
	readonly #counts: number[] = [];
	readonly #attempts: number[] = [];
	/** As last asked for: it is asked for with each sample, and seldom changes. */
	#told: Readonly<Record<RungName, number>> | undefined;
	/** When a rung is to be used; there is one only while a rung waits. */
	#due: Deadline | undefined;
	/** The rung stood on, and how often it was used since it was stepped on. */
	#at = NONE;
	#stay = 0;
	/** The rung that is to be used at `#due`, and what for. */
	#next = NONE;
	#failure: FailureName | undefined;
	/** Failures since the last rung was climbed to. */
	#tries = 0;
	#since = Time.ticks;

	constructor(events: RecoveryEvents) {
		this.#events = events;
	}
	get rung(): RungName | undefined {
		return this.#at === NONE ? undefined : RUNGS[this.#at].name;
	}
	get since(): number {
		return this.#since;
	}
	get counts(): Readonly<Record<RungName, number>> {
		return (this.#told ??= told(this.#counts));
	}
	/** What a rung waits to be used for. */
	get failure(): FailureName | undefined {
		return this.#failure;
	}
	/** ms until `take` has something; Infinity where it has not. */
	get remaining(): number {
		return this.#due?.remaining ?? Infinity;
	}
	/**
	 * Tells of a failure.
	 * @param isLocal it was the module's own: two of them are enough to climb, and one where a rung above was used already
	 * @returns ms after which the lower rung (`again`) is to be tried again; 0 where it has its own time
	 */
	fail(failure: FailureName, isLocal = false): number {
		const { again, first } = FAILURES[failure];
		const lower = again === undefined ? NONE : indexOfRung(again);
		const delayMs = lower === NONE ? 0 : this.#delay(lower);
		if (lower !== NONE) this.#use(lower, Math.max(this.#at, lower));
		const limit = lower === NONE ? 1 : RUNGS[lower].limit;
		this.#tries += isLocal ? Math.max(1, limit - (this.#stay ? 0 : 1)) : 1;
		if (first !== undefined && this.#tries >= limit) this.#climb(failure);
		return delayMs;
	}
	/** Counts that a rung was used outside of all climbing. */
	use(rung: RungName): void {
		this.#count(indexOfRung(rung));
		this.#events.onChanged();
	}
	/** @returns the rung that is due: it is to be used now; undefined where none is */
	take(): RungName | undefined {
		const rung = this.#next;
		if (rung === NONE || this.remaining > 0) return undefined;
		this.relax();
		this.#tries = 0;
		this.#stay = rung === this.#at ? this.#stay + 1 : 1;
		this.#use(rung, rung);
		return RUNGS[rung].name;
	}
	/** The rung that waits to be used is not needed any more. */
	relax(): void {
		this.#next = NONE;
		this.#failure = this.#due = undefined;
	}
	/** All is well: back to the bottom. */
	recovered(): void {
		if (this.#at === NONE && this.#tries === 0) return;
		const hasChanged = this.#at !== NONE;
		this.relax();
		this.#at = NONE;
		this.#stay = this.#tries = 0;
		this.#attempts.length = 0;
		if (!hasChanged) return;
		this.#since = Time.ticks;
		this.#events.onChanged();
	}

	#count(rung: number): void {
		this.#counts[rung] = (this.#counts[rung] ?? 0) + 1;
		this.#told = undefined;
	}
	#use(rung: number, at: number): void {
		this.#count(rung);
		this.#attempts[rung] = (this.#attempts[rung] ?? 0) + 1;
		if (at !== this.#at) {
			this.#at = at;
			this.#since = Time.ticks;
		}
		this.#events.onChanged();
	}
	/** Sets what is to be used next, unless that waits already for this failure or one that enters higher. */
	#climb(failure: FailureName): void {
		const { first = "probe", restMs } = FAILURES[failure];
		if (this.#failure !== undefined) {
			const { first: pending = "probe" } = FAILURES[this.#failure];
			if (indexOfRung(pending) >= indexOfRung(first)) return;
		}
		const next = this.#nextFor(failure);
		if (next === NONE) return;
		this.#next = next;
		this.#failure = failure;
		this.#due = new Deadline();
		this.#due.set(restMs + this.#delay(next));
	}
	/** The rung stood on, up to its limit; the next one above; behind the last, the failure's lowest. */
	#nextFor(failure: FailureName): number {
		const { first = "probe", lowest = first } = FAILURES[failure];
		const bottom = indexOfRung(lowest);
		const stood = this.#at;
		if (stood >= bottom && this.#stay < RUNGS[stood].limit && this.#isPossible(stood)) return stood;
		const above = this.#possibleFrom(stood >= bottom ? stood + 1 : indexOfRung(first));
		return above === NONE ? this.#possibleFrom(bottom) : above;
	}
	#possibleFrom(rung: number): number {
		for (; rung < RUNGS.length; rung++) if (this.#isPossible(rung)) return rung;
		return NONE;
	}
	#isPossible(rung: number): boolean {
		const { key } = RUNGS[rung];
		return key === undefined || this.#events.isWired(key);
	}
	#delay(rung: number): number {
		const { firstMs, capMs } = RUNGS[rung];
		if (!firstMs) return 0;
		return jitter(Math.min(capMs, firstMs * 2 ** (this.#attempts[rung] ?? 0)), this.#events.random);
	}
}

function told(counts: readonly (number | undefined)[]): Readonly<Record<RungName, number>> {
	const byName: Partial<Record<RungName, number>> = {};
	for (let rung = 0; rung < RUNGS.length; rung++) byName[RUNGS[rung].name] = counts[rung] ?? 0;
	return Object.freeze(byName as Record<RungName, number>);
}
