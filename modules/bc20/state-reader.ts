import { execute } from "../at/execute.js";
import type { Line } from "../at/line.js";
import type { Scheduler } from "../at/scheduler.js";
import { Basic } from "./commands.js";
import type { Identifiers } from "./identifiers.js";

/** Who hears what is read. */
export interface StateReaderEvents {
	/** The answer to AT+CEREG?. */
	onState(line: Line): void;
}

/** Reads again what lines that were lost may have told: the registration, and the connections that there are. */
export class StateReader {
	readonly #identifiers: Identifiers;
	readonly #events: StateReaderEvents;
	#isReading = false;

	constructor(identifiers: Identifiers, events: StateReaderEvents) {
		this.#identifiers = identifiers;
		this.#events = events;
	}
	/** Reads it all, when there is room for the commands. @returns false if it is at work already: ask later */
	read(scheduler: Scheduler): boolean {
		if (this.#isReading) return false;
		this.#isReading = true;
		void this.#read(scheduler);
		return true;
	}

	async #read(scheduler: Scheduler): Promise<void> {
		try {
			await execute(scheduler, Basic.registration, "read", [], {
				onInformation: line => this.#events.onState(line),
				waits: true,
			});
			await this.#identifiers.verify(scheduler);
		} catch {
			// Without an answer the line is synchronised anew, and then all is read again.
		}
		this.#isReading = false;
	}
}
