import { clock } from "../../shim/clock.js";
import { Random } from "../random.js";
import { Timers } from "../timers.js";
import type { Parameters, Point } from "./kind.js";
import { isCatch, kindOf, type KindName, type ParametersOf } from "./kinds.js";

/**
 * Moments of the conversation that a schedule can name:
 * - `typing`: a command line, or data, has begun to come, and not ended;
 * - `line`: a command line is in, and nothing done; `prompt`: `>` is out; `data`: the data is in, and nothing done;
 * - `final`: the final result is out; `result`: a later result is out;
 * - `urc`: a URC was said; `ready`: the module has booted and reads; `connect`: the module asks for a TCP connection.
 */
export type Moment = "typing" | "line" | "prompt" | "data" | "final" | "result" | "urc" | "ready" | "connect";

/** When a fault is to happen: at a time of the clock in use, or at a moment. */
type When =
	| { readonly atMs: number }
	| {
			readonly moment: Moment;
			/** Only of this command, result or URC: `+QMTPUB`. */
			readonly of?: string;
			/** At the n-th of them; 1 by default. */
			readonly nth?: number;
			/** And at so many following ones, 1 by default: Infinity for ever. */
			readonly times?: number;
			/** So much later. */
			readonly delayMs?: number;
	  };

/** One fault by schedule. */
export type Scheduled = {
	readonly [Name in KindName]: When & {
		readonly kind: Name;
		readonly parameters?: Partial<ParametersOf<Name>>;
	};
}[KindName];

/** How often a kind is drawn by seed. */
export interface Rate {
	/** Mean number a day. */
	readonly perDay?: number;
	/** One in so many of what passes the kind's point, on average: bytes, commands, results. Not for kinds that strike by themselves. */
	readonly oneIn?: number;
	/** Not drawn. */
	readonly parameters?: Parameters;
}

/** A number is the mean number a day. */
export type Rates = { readonly [Name in KindName]?: number | Rate };

const DAY_MS = 86_400_000;

interface Passings {
	readonly name: KindName;
	readonly oneIn: number;
	readonly random: Random;
	left: number;
}

interface Waiting {
	readonly entry: Extract<Scheduled, { moment: Moment }>;
	seen: number;
}

interface TriggerEvents {
	onDrawn(name: KindName): void;
	onScheduled(entry: Scheduled): void;
}

/** Says when faults happen: by seed, at their rates, and by schedule. */
export class Triggers {
	readonly #rates: readonly (readonly [KindName, Rate])[];
	readonly #schedule: readonly Scheduled[];
	readonly #seed: number;
	readonly #events: TriggerEvents;
	readonly #timers = new Timers();
	readonly #passings = new Map<Point, Passings[]>();
	readonly #moments = new Map<Moment, Waiting[]>();

	/** @throws RangeError for a kind or a rate that is none */
	constructor(seed: number, rates: Rates, schedule: readonly Scheduled[], events: TriggerEvents) {
		this.#seed = seed;
		this.#schedule = schedule;
		this.#events = events;
		for (const entry of schedule) kindOf(entry.kind);
		this.#rates = Object.entries(rates).map(([name, rate]) => {
			const { perDay = 0, oneIn, ...rest } = typeof rate === "number" ? { perDay: rate } : rate;
			if (oneIn !== undefined && !isCatch(kindOf(name)))
				throw new RangeError(`fault "${name}" has no rate oneIn: nothing passes it`);
			if (!(perDay >= 0) || (oneIn !== undefined && !(oneIn >= 1)))
				throw new RangeError(`fault "${name}": perDay is 0 or more, oneIn 1 or more`);
			return [name as KindName, { perDay, ...(oneIn !== undefined && { oneIn }), ...rest }];
		});
		for (const [name] of this.#rates) kindOf(name);
	}

	/** What a rate says of the kind's parameters. */
	parametersOf(name: KindName): Parameters {
		return this.#rates.find(([rated]) => rated === name)?.[1].parameters ?? {};
	}

	/** Begins; the second time everything begins anew with the same seed and at the present time. */
	start(): void {
		this.stop();
		for (const [name, { perDay = 0, oneIn }] of this.#rates) {
			const random = Random.for(this.#seed, `when ${name}`);
			if (perDay > 0) this.#drawTime(name, DAY_MS / perDay, random);
			if (oneIn !== undefined) this.#drawPassing(name, oneIn, random);
		}
		for (const entry of this.#schedule)
			if ("atMs" in entry) this.#timers.set(() => this.#events.onScheduled(entry), entry.atMs - clock().now);
			else addTo(this.#moments, entry.moment, { entry, seen: 0 });
	}

	stop(): void {
		this.#timers.clearAll();
		this.#passings.clear();
		this.#moments.clear();
	}

	/** `count` of what passes the point pass it. */
	pass(point: Point, count: number): void {
		for (const passings of this.#passings.get(point) ?? []) {
			passings.left -= count;
			if (passings.left > 0) continue;
			passings.left = gap(passings.oneIn, passings.random);
			this.#events.onDrawn(passings.name);
		}
	}

	/** The moment is now, of that command, result or URC. */
	moment(moment: Moment, of: string): void {
		for (const waiting of this.#moments.get(moment) ?? []) {
			const { entry } = waiting;
			if (entry.of !== undefined && entry.of !== of) continue;
			waiting.seen += 1;
			const { nth = 1, times = 1, delayMs = 0 } = entry;
			if (waiting.seen < nth || waiting.seen >= nth + times) continue;
			// A fault that waits for its point waits from now on; one that strikes does so behind what is going on.
			if (delayMs === 0 && isCatch(kindOf(entry.kind))) this.#events.onScheduled(entry);
			else this.#timers.set(() => this.#events.onScheduled(entry), delayMs);
		}
	}

	#drawTime(name: KindName, meanMs: number, random: Random): void {
		this.#timers.set(
			() => {
				this.#events.onDrawn(name);
				this.#drawTime(name, meanMs, random);
			},
			meanMs * exponential(random),
		);
	}

	#drawPassing(name: KindName, oneIn: number, random: Random): void {
		const kind = kindOf(name);
		if (isCatch(kind)) addTo(this.#passings, kind.point, { name, oneIn, random, left: gap(oneIn, random) });
	}
}

/** Of mean 1. */
const exponential = (random: Random): number => -Math.log(1 - random.next());

const gap = (oneIn: number, random: Random): number =>
	Math.max(1, oneIn === 1 ? 1 : Math.ceil(oneIn * exponential(random)));

function addTo<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
	const values = map.get(key);
	if (values) values.push(value);
	else map.set(key, [value]);
}
