import Time from "time";
import type { CommandSpec } from "../at/command.js";
import type { Line } from "../at/line.js";
import { Request } from "../at/request.js";
import type { Scheduler } from "../at/scheduler.js";
import { Basic } from "./commands.js";

/** Signal and voltage are asked for at most so often, ms. */
const REFRESH_MS = 10_000;
/** `<rssi>` above it: not known (AT commands manual, AT+CSQ). */
const STRONGEST = 31;

/** The module's signal strength and supply voltage, as last read. */
export class Readings<Owner> {
	readonly #owner: Owner;
	readonly #onChanged: (owner: Owner, property: "signal" | "voltage") => void;
	/** Asks for the one, then for the other. */
	readonly #request = new Request(Basic.signal, "execute");
	#signal: number | undefined;
	#voltage: number | undefined;
	/** Ticks when the module was last asked. */
	#refreshed: number | undefined;

	/** @param onChanged gets the owner; never called from inside `refresh` */
	constructor(owner: Owner, onChanged: (owner: Owner, property: "signal" | "voltage") => void) {
		this.#owner = owner;
		this.#onChanged = onChanged;
		this.#request.priority = -1;
		this.#request.deadline = REFRESH_MS;
		this.#request.onInformation = line => this.#got(line);
	}
	/** dBm */
	get signal(): number | undefined {
		return this.#signal;
	}
	/** V */
	get voltage(): number | undefined {
		return this.#voltage;
	}
	/** Asks the module, unless it has been asked a short time ago. */
	refresh(scheduler: Scheduler): void {
		if (this.#refreshed !== undefined) {
			const passedMs = Time.delta(this.#refreshed);
			// Below 0 it is long ago: the ticks have wrapped.
			if (passedMs >= 0 && passedMs < REFRESH_MS) return;
		}
		if (this.#request.busy) return;
		this.#refreshed = Time.ticks;
		this.#request.onDone = () => this.#ask(scheduler, Basic.supply);
		this.#ask(scheduler, Basic.signal);
	}
	/** The module is lost. */
	forget(): void {
		this.#refreshed = undefined;
		this.#setSignal(undefined);
		this.#setVoltage(undefined);
	}

	/** Submits the request, if need be when there is room for it. */
	#ask(scheduler: Scheduler, spec: CommandSpec): void {
		const request = this.#request;
		if (request.busy) return;
		if (scheduler.full) {
			scheduler.whenRoom(() => this.#ask(scheduler, spec));
			return;
		}
		request.spec = spec;
		if (spec === Basic.supply) request.onDone = undefined;
		try {
			scheduler.submit(request);
		} catch {
			// The line is closed: nobody wants to know any more.
		}
	}
	#got(line: Line): void {
		if (this.#request.spec === Basic.signal) this.#gotSignal(line);
		else this.#gotSupply(line);
	}
	#gotSignal(line: Line): void {
		const level = line.integer(0);
		this.#setSignal(level === undefined || level > STRONGEST ? undefined : 2 * level - 113);
	}
	#setSignal(signal: number | undefined): void {
		if (signal === this.#signal) return;
		this.#signal = signal;
		this.#onChanged(this.#owner, "signal");
	}
	#gotSupply(line: Line): void {
		const millivolts = line.integer(2);
		this.#setVoltage(millivolts === undefined ? undefined : millivolts / 1000);
	}
	#setVoltage(voltage: number | undefined): void {
		if (voltage === this.#voltage) return;
		this.#voltage = voltage;
		this.#onChanged(this.#owner, "voltage");
	}
}
