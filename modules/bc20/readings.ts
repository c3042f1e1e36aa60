import Time from "time";
import type { CommandSpec } from "../at/command.js";
import type { Line } from "../at/line.js";
import { Request } from "../at/request.js";
import type { Scheduler } from "../at/scheduler.js";
import { Basic } from "./commands.js";

/** How a reading is asked for, and how often at most. */
interface Reading {
	readonly property: "signal" | "voltage";
	readonly spec: CommandSpec;
	/** ms; while it is not known, {@link RETRY_MS} */
	readonly everyMs: number;
	/** Its value in the information response; undefined where the module does not know it either. */
	readonly of: (line: Line) => number | undefined;
}

/** A reading that is not known is asked for again after so long, and a command that has not gone out by then is dropped, ms. */
const RETRY_MS = 10_000;
/** `<rssi>` above it: not known (AT commands manual, AT+CSQ). */
const STRONGEST = 31;

/** In this order. A supply changes within hours, the signal within seconds. */
const READINGS: readonly Reading[] = [
	{
		property: "signal",
		spec: Basic.signal,
		everyMs: 10_000,
		of: line => {
			const level = line.integer(0);
			return level === undefined || level > STRONGEST ? undefined : 2 * level - 113;
		},
	},
	{
		property: "voltage",
		spec: Basic.supply,
		everyMs: 600_000,
		of: line => {
			const millivolts = line.integer(2);
			return millivolts === undefined ? undefined : millivolts / 1000;
		},
	},
];
const SIGNAL = 0;
const VOLTAGE = 1;

/** The module's signal strength and supply voltage, as last read. */
export class Readings<Owner> {
	readonly #owner: Owner;
	readonly #onChanged: (owner: Owner, property: Reading["property"]) => void;
	/** Asks for the one, then for the other. */
	readonly #request = new Request(Basic.signal, "execute");
	/** By index in `READINGS`, as all that follows. */
	readonly #values: (number | undefined)[] = [];
	/** Ticks when the module was last asked. */
	readonly #asked: (number | undefined)[] = [];
	/** What the request asks for. */
	#asking = SIGNAL;
	/** It waits for room in the queue. */
	#isWaiting = false;

	/** @param onChanged gets the owner; never called from inside `refresh` */
	constructor(owner: Owner, onChanged: (owner: Owner, property: Reading["property"]) => void) {
		this.#owner = owner;
		this.#onChanged = onChanged;
		this.#request.priority = -1;
		this.#request.deadline = RETRY_MS;
		this.#request.onInformation = line => this.#set(this.#asking, READINGS[this.#asking].of(line));
	}
	/** dBm */
	get signal(): number | undefined {
		return this.#values[SIGNAL];
	}
	/** V */
	get voltage(): number | undefined {
		return this.#values[VOLTAGE];
	}
	/** Asks the module for each that it has not been asked for a short time ago: the signal for 10 s, the voltage for 10 min. */
	refresh(scheduler: Scheduler): void {
		if (!this.#request.busy && !this.#isWaiting) this.#askFrom(SIGNAL, scheduler);
	}
	/** The module is lost: nothing is known, and all is asked for again. */
	forget(): void {
		this.#asked.length = 0;
		for (let index = 0; index < READINGS.length; index++) this.#set(index, undefined);
	}

	/** Asks for the first that is due, from `index` on; then for the others. */
	#askFrom(index: number, scheduler: Scheduler): void {
		const due = this.#dueFrom(index);
		if (due === undefined) return;
		const isLast = this.#dueFrom(due + 1) === undefined;
		this.#asking = due;
		this.#request.onDone = isLast ? undefined : () => this.#askFrom(due + 1, scheduler);
		this.#submit(scheduler);
	}
	#dueFrom(index: number): number | undefined {
		for (; index < READINGS.length; index++) if (this.#isDue(index)) return index;
		return undefined;
	}
	#isDue(index: number): boolean {
		const asked = this.#asked[index];
		if (asked === undefined) return true;
		const passedMs = Time.delta(asked);
		// Below 0 it is long ago: the ticks have wrapped.
		return (
			passedMs < 0 || passedMs >= (this.#values[index] === undefined ? RETRY_MS : READINGS[index].everyMs)
		);
	}
	/** Submits the request, if need be when there is room for it. */
	#submit(scheduler: Scheduler): void {
		this.#isWaiting = scheduler.full;
		if (this.#isWaiting) {
			scheduler.whenRoom(() => this.#submit(scheduler));
			return;
		}
		this.#request.spec = READINGS[this.#asking].spec;
		try {
			scheduler.submit(this.#request);
			this.#asked[this.#asking] = Time.ticks;
		} catch {
			// The line is closed: nobody wants to know any more.
		}
	}
	#set(index: number, value: number | undefined): void {
		if (value === this.#values[index]) return;
		this.#values[index] = value;
		this.#onChanged(this.#owner, READINGS[index].property);
	}
}
