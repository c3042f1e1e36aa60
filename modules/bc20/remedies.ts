import Timer from "timer";
import { Key, POWER_PULSE_MS, RESET_PULSE_MS } from "./keys.js";
import { FAILURES, type FailureName, type RungName } from "./ladder.js";
import type { BC20Options } from "./options.js";
import { Recovery, type RecoveryEvents } from "./recovery.js";

/** What the remedies ask of the modem: methods of who has them, so that no closure stands for each. */
export interface RemedyEvents {
	/** Whether what a rung is due for is still so. */
	isFailing(failure: FailureName): boolean;
	/** A rung above `reopen` is to be used; of a key that has been pressed it is told too. Called from a timer. */
	onRemedy(rung: RungName, failure: FailureName): void;
	/** Rung or counts have changed. */
	onRecovery(): void;
}

/** The ladder at work: the module's keys, and the timer of the rung that is due. It hears itself what the recovery asks and tells. */
export class Remedies implements RecoveryEvents {
	readonly recovery: Recovery;
	readonly #events: RemedyEvents;
	readonly #power: Key | undefined;
	readonly #reset: Key | undefined;
	#timer: Timer | undefined;
	#isClosed = false;

	/** @throws what the Digital constructor of a key throws; nothing is taken then */
	constructor({ power, reset }: Pick<BC20Options, "power" | "reset">, events: RemedyEvents) {
		this.#events = events;
		this.#power = power && new Key(power, POWER_PULSE_MS);
		try {
			this.#reset = reset && new Key(reset, RESET_PULSE_MS);
		} catch (error) {
			this.#power?.close();
			throw error;
		}
		this.recovery = new Recovery(this);
	}
	isWired(key: "reset" | "power"): boolean {
		return Boolean(key === "reset" ? this.#reset : this.#power);
	}
	onChanged(): void {
		this.#events.onRecovery();
	}
	/** A failure. @param isLocal and @returns as `Recovery.fail` */
	fail(failure: FailureName, isLocal: boolean): number {
		const delayMs = this.recovery.fail(failure, isLocal);
		this.#arm();
		return delayMs;
	}
	/** The modem's `connection` is so far now: what is over by that needs no rung. */
	reached(connection: number): void {
		const { failure } = this.recovery;
		if (failure !== undefined && connection >= FAILURES[failure].overAt) this.#relax();
	}
	/** All is well. */
	recovered(): void {
		this.recovery.recovered();
		this.#arm();
	}
	/** Gives the pins back. */
	close(): void {
		this.#isClosed = true;
		this.#relax();
		this.#power?.close();
		this.#reset?.close();
	}

	#relax(): void {
		this.recovery.relax();
		this.#arm();
	}
	#arm(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		const { remaining } = this.recovery;
		if (remaining < Infinity && !this.#isClosed) this.#timer = Timer.set(() => this.#due(), remaining);
	}
	#due(): void {
		this.#timer = undefined;
		const { failure } = this.recovery;
		if (failure === undefined) return;
		if (!this.#events.isFailing(failure)) {
			this.#relax();
			return;
		}
		const rung = this.recovery.take();
		// `onChanged` may have closed it all.
		if (rung === undefined || this.#isClosed) this.#arm();
		else {
			if (rung === "reset") this.#reset?.press();
			else if (rung === "power") this.#power?.press();
			this.#events.onRemedy(rung, failure);
		}
	}
}
