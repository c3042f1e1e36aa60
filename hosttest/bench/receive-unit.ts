import { bundle } from "../xs/bundle.js";
import type { Log } from "./log.js";
import { ProgramUnit } from "./program-unit.js";

const STEPS = 1000;
/** Blocks between two collections: so few that none comes by itself. */
const PORTION = 32;

/** What a receiver found in a log. */
export interface Found {
	readonly messages: number;
	readonly payloadBytes: number;
	readonly responses: number;
	readonly acknowledged: number;
	readonly errors: readonly string[];
}

/** What a log cost. */
export interface Cost {
	readonly computrons: number;
	/** Slots taken and not given back before a collection. */
	readonly garbage: number;
}

/** A receiver on XS. */
export class ReceiveUnit {
	readonly #program: ProgramUnit;
	/** Slots that a call takes by itself. */
	readonly #harnessSlots: number;

	/**
	 * @param program of {@link receiveProgram}
	 * @param later whether the module's firmware is of profile B
	 */
	constructor(program: string, name: string, later = false) {
		this.#program = new ProgramUnit(program);
		this.#program.call("open", { name, later });
		for (let step = 0; !this.#program.call("step").result; step++)
			if (step > STEPS) throw new Error(`${name}: ${JSON.stringify(this.found)}`);
		const before = this.#program.call("collect");
		this.#harnessSlots = this.#program.call("nothing", { from: 0, to: 0 }).slots - before.slots;
	}
	/** What the receiver has found so far. */
	get found(): Found {
		return this.#program.call("found").result as Found;
	}
	/** Has the firmware listen to these prefixes too. */
	listen(prefixes: readonly string[]): void {
		this.#program.call("listen", prefixes);
	}
	/** Plays a log, with a collection every few blocks. What the harness does is left out. */
	play({ blocks }: Log): Cost {
		const program = this.#program;
		program.call("load", blocks);
		let computrons = 0;
		let garbage = 0;
		for (let from = 0; from < blocks.length; from += PORTION) {
			const before = program.call("collect");
			const { result, slots } = program.call("play", { from, to: Math.min(from + PORTION, blocks.length) });
			computrons += Number(result);
			garbage += slots - before.slots - this.#harnessSlots;
		}
		return { computrons, garbage };
	}
	close(): void {
		this.#program.close();
	}
}

/** The program for {@link ReceiveUnit}. */
export function receiveProgram(): Promise<string> {
	return bundle(new URL("./receive-xs.ts", import.meta.url));
}

/** Plays a log to a receiver made for it. */
export function playTo(program: string, name: string, log: Log): Cost & { readonly found: Found } {
	const unit = new ReceiveUnit(program, name);
	try {
		return { ...unit.play(log), found: unit.found };
	} finally {
		unit.close();
	}
}
