import Timer from "timer";
import type { CommandSpec } from "../at/command.js";
import { ClosedError, CommandError } from "../at/errors.js";
import { execute } from "../at/execute.js";
import type { Line } from "../at/line.js";
import type { Scheduler } from "../at/scheduler.js";
import { IDENTIFIERS, MQTT } from "./commands.js";
import { isLinkFailure, isLocal } from "./failures.js";
import { linkState } from "./link-states.js";

/**
 * Who holds, or waits for, one of the module's MQTT identifiers: until it releases it, or has heard `onLost`. No method is called from inside
 * `acquire`. What a method throws is contained and reported.
 */
export interface Holder {
	/** The identifier it wants; any free one where undefined. */
	readonly wish: number | undefined;
	/** Its network connection is open, or may be. */
	readonly isOpen?: boolean;
	/** Its client is connected, as far as it knows. */
	readonly isConnected?: boolean;
	/** Its client has been connected for so long that the way to the broker is good. */
	readonly isProven?: boolean;
	/** It has the identifier, and the line to a modem that is on the network. Called once. */
	onAcquired(identifier: number, scheduler: Scheduler): void;
	/**
	 * The module closed the connection, `+QMTSTAT: <id>,<code>`.
	 * @param isReported by the module, perhaps of an earlier connection of the identifier; false where the modem takes them all down
	 */
	onStatus(code: number, isReported: boolean): void;
	/** A message has come, `+QMTRECV`; the line is valid during the call. */
	onReceived(line: Line): void;
	/** The state of the module is read again: a holder asks for what it doubts itself. */
	onVerify?(): Promise<void> | undefined;
	/** The modem is gone, and with it the connection; the identifier is taken back. With a ClosedError nobody is given one any more. */
	onLost(error: Error): void;
}

/** What the holders' connections tell of the module. */
export interface IdentifierEvents {
	/** A connection was lost in a way that asks for the PDP context to be activated anew. */
	onCycle(): void;
	/**
	 * A connection could not be made, or broke, in a way that the broker has not asked for, and no other is there.
	 * @param isLocal the broker has no part in it
	 */
	onFailure(isLocal: boolean): void;
	/** Something has reached the broker and was acknowledged. */
	onProof(): void;
	/** A command of a connection had no answer and is sent again. */
	onRepeat(): void;
	/** What has come contradicts what was set: the state is to be read again, soon. */
	onContradiction(): void;
	/** A holder threw. */
	onException(exception: unknown): void;
}

const NO_EVENTS: IdentifierEvents = {
	onCycle: () => undefined,
	onFailure: () => undefined,
	onProof: () => undefined,
	onRepeat: () => undefined,
	onContradiction: () => undefined,
	onException: exception => trace("BC20: a holder of an identifier threw ", String(exception), "\n"),
};
/** What holders hear whose connection is gone without a word: `+QMTSTAT: <id>,7`, the link is not alive. */
export const LINK_DEAD = 7;
/** `<state>` of QMTCONN (application note 3.2.4). */
const CLIENT_CONNECTED = 3;

/**
 * The module's six MQTT identifiers (application note 3.2.1: 0 to 5), each held by one client at a time. Who wants one that is held
 * waits until it is released, so a new client may be made while the old one is still being torn down.
 */
export class Identifiers {
	/** As long as the highest identifier that was ever given out needs it. */
	readonly #holders: (Holder | undefined)[] = [];
	readonly #waiting: Holder[] = [];
	readonly #events: IdentifierEvents;
	#scheduler: Scheduler | undefined;
	#timer: Timer | undefined;
	#isClosed = false;

	constructor(events: IdentifierEvents = NO_EVENTS) {
		this.#events = events;
	}
	/** Whether a holder's client is connected. */
	get isConnected(): boolean {
		return this.#holders.some(holder => holder?.isConnected);
	}
	/** Whether a holder's connection has lasted. */
	get isProven(): boolean {
		return this.#holders.some(holder => holder?.isProven);
	}
	/** Whether nobody holds one. */
	get isIdle(): boolean {
		return !this.#holders.some(Boolean);
	}
	/** Joins the queue for an identifier, which is the holder's until `release`. When this is closed `onLost` follows. */
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
	/** `+QMTSTAT`: the module closed a connection. */
	onStatus(line: Line): void {
		const code = line.integer(1) ?? 0;
		const holder = this.#holderOf(line);
		if (!holder) return;
		// First, so that the identifier is not given to the next at once.
		if (linkState(code).reaction === "cycle") this.#events.onCycle();
		holder.onStatus(code, true);
	}
	/** `+QMTRECV`: a message for a holder. */
	onReceived(line: Line): void {
		this.#holderOf(line)?.onReceived(line);
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
		for (const holder of this.#holders.slice()) if (holder) this.#contain(() => holder.onStatus(code, false));
	}
	/** A holder's connection could not be made, or broke. */
	failed(holder: Holder, error: Error): void {
		if (!isLinkFailure(error)) return;
		if (this.#holders.some(other => other !== holder && other?.isConnected)) return;
		this.#events.onFailure(isLocal(error));
	}
	/** The broker has acknowledged something. */
	proved(): void {
		this.#events.onProof();
	}
	/** A command of a connection is sent again. */
	repeated(): void {
		this.#events.onRepeat();
	}
	/** A holder has heard what contradicts what it has set. */
	doubted(): void {
		this.#events.onContradiction();
	}
	/**
	 * Asks the module which connections there are (AT+QMTOPEN?, AT+QMTCONN?), and tells those whose connection is gone, as its report
	 * would have.
	 * @throws (rejects) TimeoutError, ClosedError and other errors of the AT engine
	 */
	async verify(scheduler: Scheduler): Promise<void> {
		// What one command has left behind can be collected before the next takes memory.
		await nextTurn();
		await this.#compare(scheduler, MQTT.open, "isOpen");
		await nextTurn();
		await this.#compare(scheduler, MQTT.connect, "isConnected");
		for (let identifier = 0; identifier < this.#holders.length; identifier++)
			await this.#holders[identifier]?.onVerify?.();
	}
	/** The modem is gone: who holds an identifier loses it. Who waits goes on waiting. */
	end(error: Error): void {
		this.#scheduler = undefined;
		for (let identifier = 0; identifier < this.#holders.length; identifier++) {
			const holder = this.#holders[identifier];
			this.#holders[identifier] = undefined;
			if (holder) this.#contain(() => holder.onLost(error));
		}
	}
	/** Nobody is given one any more: who waits, now or later, hears of it. */
	close(): void {
		this.#scheduler = undefined;
		this.#isClosed = true;
		Timer.clear(this.#timer);
		this.#timer = undefined;
		this.#serve();
	}

	/**
	 * Asks the module which identifiers are in a state, and tells those who are not, though they were when it was asked. Firmware that does
	 * not know the command tells nothing. @returns undefined where nobody is in that state
	 */
	#compare(
		scheduler: Scheduler,
		command: CommandSpec,
		state: "isOpen" | "isConnected",
	): Promise<void> | undefined {
		const asked = this.#holders.map(holder => (holder?.[state] ? holder : undefined));
		if (!asked.some(Boolean)) return undefined;
		/** A bit for each identifier. */
		let listed = 0;
		const onInformation = (line: Line) => {
			if (state === "isOpen" || line.integer(1) === CLIENT_CONNECTED)
				listed |= 1 << (line.integer(0) ?? IDENTIFIERS);
		};
		const bury = () => {
			for (let identifier = 0; identifier < IDENTIFIERS; identifier++) {
				const holder = asked[identifier];
				if (!holder || holder !== this.#holders[identifier] || !holder[state] || (listed >> identifier) & 1)
					continue;
				this.#contain(() => holder.onStatus(LINK_DEAD, true));
			}
		};
		return execute(scheduler, command, "read", [], { waits: true, onInformation }).then(bury, ignoreRefusal);
	}
	#holderOf(line: Line): Holder | undefined {
		return this.#holders[line.integer(0) ?? -1];
	}
	#serve(): void {
		if (!this.#waiting.length || !(this.#scheduler || this.#isClosed)) return;
		this.#timer ??= Timer.set(() => {
			this.#timer = undefined;
			if (this.#isClosed) this.#turnAway();
			else this.#grant();
		});
	}
	/** Those who wait now: who comes again meanwhile has a turn of its own. */
	#turnAway(): void {
		for (let left = this.#waiting.length; left > 0; left--) {
			const holder = this.#waiting.shift();
			if (holder) this.#contain(() => holder.onLost(new ClosedError()));
		}
	}
	/** The lowest identifier that is free; -1 if none is. */
	#free(): number {
		for (let identifier = 0; identifier < IDENTIFIERS; identifier++)
			if (!this.#holders[identifier]) return identifier;
		return -1;
	}
	#grant(): void {
		const scheduler = this.#scheduler;
		if (!scheduler) return;
		for (const holder of this.#waiting.slice()) {
			const identifier = holder.wish ?? this.#free();
			// One that was given its identifier before may have made another one leave.
			if (identifier < 0 || this.#holders[identifier] || !this.#waiting.includes(holder)) continue;
			remove(this.#waiting, holder);
			this.#holders[identifier] = holder;
			this.#contain(() => holder.onAcquired(identifier, scheduler));
		}
	}
	/** Calls a holder: what it throws concerns neither the others nor the modem. (What lines bring about, the line contains.) */
	#contain(call: () => void): void {
		try {
			call();
		} catch (exception) {
			this.#events.onException(exception);
		}
	}
}

function nextTurn(): Promise<unknown> {
	return new Promise(resolve => Timer.set(resolve));
}

/** Its firmware does not know the command. */
function ignoreRefusal(error: unknown): void {
	if (!(error instanceof CommandError)) throw error;
}

function remove(list: Holder[], holder: Holder): void {
	const at = list.indexOf(holder);
	if (at >= 0) list.splice(at, 1);
}
