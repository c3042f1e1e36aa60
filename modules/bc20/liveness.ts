import Timer from "timer";
import { Request } from "../at/request.js";
import type { Scheduler } from "../at/scheduler.js";
import { Basic } from "./commands.js";

/** What liveness tells who runs it. Called from a timer. */
export interface LivenessEvents {
	/** Half the time of silence has passed: the moment to look at what time may have changed. */
	onTick(): void;
	/** What lines have told may not be so any more: the state is to be read again. */
	onDoubt(): void;
}

/** So often, in ticks, there is doubt without a reason: a line that told of a lost connection may have been garbled. */
const DOUBT_EVERY = 20;
/** ms between two ticks where no silence is probed. */
const IDLE_TICK_MS = 30_000;

/**
 * Notices when nothing is heard from a module for longer than it should, and sends one `AT` then. If that has no answer in time, the AT
 * engine goes on probing, and finds the module unresponsive. Silence is noticed after half the time given at the earliest, all of it at
 * the latest. Lines that nobody knows count as silence.
 *
 * The module takes one command at a time, so nothing is probed while one is under way: a hang in the middle of it is found by that command's
 * own time-out, which is 150 s for AT+CGACT and seconds for what is sent while a client is connected.
 */
export class Liveness {
	readonly #events: LivenessEvents;
	readonly #isProbing: boolean;
	readonly #tickMs: number;
	readonly #onTimer = () => this.#tick();
	#scheduler: Scheduler | undefined;
	#timer: Timer | undefined;
	#ticks = 0;
	#heard = 0;
	/** Lines that nobody knew, up to the last tick. */
	#unknown = 0;
	/** What was heard on earlier lines. */
	#earlier = 0;
	#isDoubted = false;

	/** @param silenceMs 0: nothing is probed */
	constructor(silenceMs: number, events: LivenessEvents) {
		this.#isProbing = silenceMs > 0;
		this.#tickMs = silenceMs > 0 ? Math.ceil(silenceMs / 2) : IDLE_TICK_MS;
		this.#events = events;
	}
	/** Lines heard since the start that were understood. */
	get heard(): number {
		return this.#earlier + (this.#scheduler?.heard ?? 0);
	}
	/** The module is up. */
	begin(scheduler: Scheduler): void {
		this.end();
		this.#scheduler = scheduler;
		this.#heard = scheduler.heard;
		this.#unknown = scheduler.unknown;
		this.#ticks = 0;
		this.#isDoubted = false;
		this.#timer = Timer.set(this.#onTimer, this.#tickMs);
	}
	/** The state is to be read again at the next tick. */
	doubt(): void {
		this.#isDoubted = true;
	}
	/** The module is lost. May be called twice. */
	end(): void {
		this.#earlier = this.heard;
		this.#scheduler = undefined;
		Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	#tick(): void {
		this.#timer = Timer.set(this.#onTimer, this.#tickMs);
		this.#events.onTick();
		const scheduler = this.#scheduler;
		if (!scheduler) return;
		const wasSilent = scheduler.heard === this.#heard;
		this.#heard = scheduler.heard;
		// What it may have been: a report that was garbled.
		if (scheduler.unknown !== this.#unknown) this.#isDoubted = true;
		this.#unknown = scheduler.unknown;
		if (this.#isProbing && ++this.#ticks % DOUBT_EVERY === 0) this.#isDoubted = true;
		if (this.#isDoubted && scheduler.synchronised) {
			this.#isDoubted = false;
			this.#events.onDoubt();
		} else if (wasSilent && this.#isProbing && scheduler.synchronised && scheduler.quiet)
			this.#probe(scheduler);
	}
	/** On a line that is free there is room, and no earlier probe is at work. One that is at work would be found overdue itself. */
	#probe(scheduler: Scheduler): void {
		const request = new Request(Basic.attention, "execute");
		request.priority = -1;
		request.deadline = this.#tickMs;
		scheduler.submit(request);
	}
}
