import Timer from "timer";
import type { Line } from "../at/line.js";
import type { Scheduler } from "../at/scheduler.js";
import { IDENTIFIERS } from "./commands.js";
import { linkState } from "./link-states.js";
import { receivedEnds } from "./received.js";

/** Who holds, or waits for, one of the module's MQTT identifiers. No method is called from inside `acquire`. */
export interface Holder {
	/** The identifier it wants; any free one where undefined. */
	readonly wish: number | undefined;
	/** It has the identifier, and the line to a modem that is on the network. Called once. */
	onAcquired(identifier: number, scheduler: Scheduler): void;
	/**
	 * The module closed the connection, `+QMTSTAT: <id>,<code>`.
	 * @param isReported by the module, perhaps of an earlier connection of the identifier; false where the modem takes them all down
	 */
	onStatus(code: number, isReported: boolean): void;
	/** A message has come, `+QMTRECV`; the line is valid during the call. */
	onReceived(line: Line): void;
	/** The modem is gone, and with it the connection; the identifier is taken back. */
	onLost(error: Error): void;
}

/**
 * The module's six MQTT identifiers (application note 3.2.1: 0 to 5), each held by one client at a time. Who wants one that is held
 * waits until it is released, so a new client may be made while the old one is still being torn down.
 */
export class Identifiers {
	readonly #holders: (Holder | undefined)[] = Array.from({ length: IDENTIFIERS });
	readonly #waiting: Holder[] = [];
	readonly #onCycle: () => void;
	#scheduler: Scheduler | undefined;
	#timer: Timer | undefined;

	/** @param onCycle told of a connection that was lost in a way that asks for the PDP context to be activated anew */
	constructor(onCycle: () => void = () => undefined) {
		this.#onCycle = onCycle;
	}
	/** Joins the queue for an identifier. */
	acquire(holder: Holder): void {
		this.#waiting.push(holder);
		this.#serve();
	}
	/** Leaves the queue, or gives the identifier back. May be called at any time, and twice. */
	release(holder: Holder): void {
		remove(this.#waiting, holder);
		const identifier = this.#holders.indexOf(holder);
		if (identifier < 0) return;
		this.#holders[identifier] = undefined;
		this.#serve();
	}
	/** Hears of what concerns the identifiers on a line, from its first byte on: payloads must be told from lines at all times. */
	listen(scheduler: Scheduler): void {
		scheduler.listen("+QMTSTAT", line => this.#status(line));
		scheduler.listen("+QMTRECV", line => this.#holderOf(line)?.onReceived(line), receivedEnds);
	}
	/** The modem is on the network: identifiers may be given out, with its line. */
	begin(scheduler: Scheduler): void {
		this.#scheduler = scheduler;
		this.#serve();
	}
	/** None is given out until `begin`. Who holds one keeps it. */
	pause(): void {
		this.#scheduler = undefined;
	}
	/** Tells all who hold an identifier that their connections are gone, as a `+QMTSTAT` with the code would. */
	disconnect(code: number): void {
		for (const holder of this.#holders.slice()) holder?.onStatus(code, false);
	}
	/** The modem is gone: who holds an identifier loses it. Who waits goes on waiting. */
	end(error: Error): void {
		this.#scheduler = undefined;
		for (let identifier = 0; identifier < IDENTIFIERS; identifier++) {
			const holder = this.#holders[identifier];
			this.#holders[identifier] = undefined;
			holder?.onLost(error);
		}
	}
	/** Nobody is served any more. */
	close(): void {
		this.#scheduler = undefined;
		Timer.clear(this.#timer);
		this.#timer = undefined;
		this.#waiting.length = 0;
	}

	#status(line: Line): void {
		const code = line.integer(1) ?? 0;
		const holder = this.#holderOf(line);
		if (!holder) return;
		// First, so that the identifier is not given to the next at once.
		if (linkState(code).reaction === "cycle") this.#onCycle();
		holder.onStatus(code, true);
	}
	#holderOf(line: Line): Holder | undefined {
		return this.#holders[line.integer(0) ?? -1];
	}
	#serve(): void {
		if (!this.#scheduler || !this.#waiting.length) return;
		this.#timer ??= Timer.set(() => {
			this.#timer = undefined;
			this.#grant();
		});
	}
	#grant(): void {
		const scheduler = this.#scheduler;
		if (!scheduler) return;
		for (const holder of this.#waiting.slice()) {
			const identifier = holder.wish ?? this.#holders.indexOf(undefined);
			// One that was given its identifier before may have made another one leave.
			if (identifier < 0 || this.#holders[identifier] || !this.#waiting.includes(holder)) continue;
			remove(this.#waiting, holder);
			this.#holders[identifier] = holder;
			holder.onAcquired(identifier, scheduler);
		}
	}
}

function remove(list: Holder[], holder: Holder): void {
	const at = list.indexOf(holder);
	if (at >= 0) list.splice(at, 1);
}
