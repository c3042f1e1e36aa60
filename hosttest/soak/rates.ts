import { everyFault, type KindName } from "../simulator/faults/faults.js";
import { logarithmic, type Parameters } from "../simulator/faults/kind.js";
import type { Moment, Rate, Rates, Scheduled } from "../simulator/faults/triggers.js";
import { Random } from "../simulator/random.js";

/**
 * What a fault does to the bytes of AT+QMTPUB, its data or its result may make another valid message, or another valid result: nothing on this
 * line can tell that from the true one. So these kinds spare publishes, by a parameter, …
 */
const sparing: Readonly<Partial<Record<KindName, Parameters>>> = {
	"line.lostToHost": { sparePublish: true },
	"line.lostToModem": { sparePublish: true },
	"line.doubledToHost": { sparePublish: true },
	"line.doubledToModem": { sparePublish: true },
	"line.flippedToHost": { sparePublish: true },
	"line.flippedToModem": { sparePublish: true },
	"line.noise": { direction: "toHost" },
};

interface Spared {
	readonly kind: "line.noise" | "line.sleep";
	readonly moment: Moment;
	readonly of: string;
	/** How often the moment comes a day, about. */
	readonly aDay: number;
	/** From one fault to the next, on average: so many of these moments. */
	readonly gap: number;
}

/** … or come at moments at which no message is on the line: noise to the module, and packets that it sleeps over. */
const spared: readonly Spared[] = [
	{ kind: "line.noise", moment: "final", of: "+CSQ", aDay: 1500, gap: 1000 },
	{ kind: "line.noise", moment: "line", of: "+CSQ", aDay: 1500, gap: 1000 },
	{ kind: "line.noise", moment: "line", of: "+QMTOPEN", aDay: 200, gap: 100 },
	{ kind: "line.noise", moment: "final", of: "+QMTCONN", aDay: 200, gap: 100 },
	{ kind: "line.noise", moment: "ready", of: "", aDay: 20, gap: 20 },
	{ kind: "line.sleep", moment: "result", of: "+QMTPUB", aDay: 1500, gap: 500 },
	{ kind: "line.sleep", moment: "final", of: "+CSQ", aDay: 1500, gap: 500 },
	{ kind: "line.sleep", moment: "final", of: "+QMTOPEN", aDay: 200, gap: 100 },
	{ kind: "line.sleep", moment: "ready", of: "", aDay: 20, gap: 20 },
];
const LONGEST_NOISE = 200;

/** How often each kind is drawn by seed: its own rate times `scale`. */
export function ratesOf(scale: number, only?: readonly KindName[]): Rates {
	const rates: Partial<Record<KindName, Rate>> = {};
	for (const [name, perDay] of Object.entries(everyFault(scale, only)) as [KindName, number][])
		if (name !== "line.sleep") rates[name] = { perDay, ...(sparing[name] && { parameters: sparing[name] }) };
	return rates;
}

/** What comes at moments at which no message is on the line. */
export function scheduleOf(
	seed: number,
	days: number,
	scale: number,
	only?: readonly KindName[],
): Scheduled[] {
	if (scale === 0) return [];
	const random = Random.for(seed, "spared");
	const schedule: Scheduled[] = [];
	for (const { kind, moment, of, aDay, gap } of spared) {
		if (only && !only.includes(kind)) continue;
		const mean = gap / scale;
		for (let nth = 0; nth < days * aDay;) {
			nth += random.integer([1, Math.ceil(2 * mean)]);
			const count = logarithmic(random, 1, LONGEST_NOISE);
			if (kind === "line.sleep") schedule.push({ kind, moment, of, nth });
			else schedule.push({ kind, moment, of, nth, parameters: { direction: "toModem", count } });
		}
	}
	return schedule;
}
