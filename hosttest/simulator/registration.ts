import { Random, type Range } from "./random.js";
import { Timers } from "./timers.js";

/** What the module meets on the air. */
export interface RadioOptions {
	/** A SIM is inserted. */
	readonly sim: boolean;
	/** There is a cell. */
	readonly coverage: boolean;
	/** The network refuses the module (stat 3). */
	readonly denied: boolean;
	/** Registered as roaming (stat 5) and not at home (stat 1). */
	readonly roaming: boolean;
	/** Milliseconds of cell search; "real" is 5–30 s, the default 1 s (reference 4: an assumption). */
	readonly searchMs: Range | "real";
	/** Milliseconds without traffic until the radio goes idle (+CSCON: 0). */
	readonly inactivityMs: number;
	/** Received power and signal to noise ratio around which the readings vary, dBm and dB. */
	readonly rsrp: number;
	readonly snr: number;
	readonly operator: string;
	readonly address: string;
	readonly apn: string;
	readonly trackingArea: string;
	readonly cell: string;
}

export const defaultRadio: RadioOptions = {
	sim: true,
	coverage: true,
	denied: false,
	roaming: false,
	searchMs: [1000, 1000],
	inactivityMs: 10_000,
	rsrp: -84,
	snr: 9,
	operator: "46000",
	address: "10.170.235.216",
	apn: "CMNET",
	trackingArea: "69C9",
	cell: "06923252",
};

/** Registration status of +CEREG. */
export const Stat = { idle: 0, home: 1, searching: 2, denied: 3, unknown: 4, roaming: 5 } as const;
export type Stat = (typeof Stat)[keyof typeof Stat];

/** What may be stuck: the PDP context, or the radio. */
export type Wedge = "context" | "radio";

/** One reading of the radio, in dBm and dB. */
export interface Signal {
	readonly rsrp: number;
	readonly rsrq: number;
	readonly rssi: number;
	readonly snr: number;
}

interface RegistrationEvents {
	urc(text: string): void;
	/** The PDN is gone: connections die with it. */
	onDetach(): void;
	/** The air carries data again, or no more; connections survive a while without. */
	onCarrier(carries: boolean): void;
}

/** Searches, registers and attaches; the radio's signal and RRC state. */
export class Registration {
	/** Mode of +CEREG (0–5) and of +CSCON (0, 1). */
	reportMode = 0;
	connectedReports = false;
	/** AT+CFUN: 0 minimum, 1 full, 4 radio off. */
	function = 1;
	/** Active-Time and TAU that CEREG modes 4 and 5 show. */
	activeTime = "00100001";
	periodicTau = "00000110";

	readonly #events: RegistrationEvents;
	readonly #random: Random;
	readonly #timers = new Timers();
	#radio: RadioOptions;
	#stat: Stat = Stat.idle;
	#attached = false;
	#attachRequested = true;
	#context = false;
	#wedged: Wedge | undefined;
	#drift = 0;
	#rrcConnected = false;
	#inactivity: object | undefined;

	constructor(radio: RadioOptions, seed: number, events: RegistrationEvents) {
		this.#radio = radio;
		this.#random = Random.for(seed, "radio");
		this.#events = events;
	}

	get radio(): RadioOptions {
		return this.#radio;
	}
	get stat(): Stat {
		return this.#stat;
	}
	get attached(): boolean {
		return this.#attached;
	}
	/** A search for AT+CGATT=1 or AT+CFUN=1 is under way. */
	get searching(): boolean {
		return this.#stat === Stat.searching;
	}
	/** Address of the PDN, undefined without one. */
	get address(): string | undefined {
		return this.#context ? this.#radio.address : undefined;
	}
	/** Data can pass at this moment. */
	get online(): boolean {
		return !this.#wedged && this.#context && (this.#stat === Stat.home || this.#stat === Stat.roaming);
	}
	get rrcConnected(): boolean {
		return this.#rrcConnected;
	}
	/** What nothing passes on though all seems well. */
	get wedged(): Wedge | undefined {
		return this.#wedged;
	}

	/** Nothing passes any more, while all seems well: until the context is deactivated, or the radio goes off. */
	wedge(what: Wedge): void {
		this.#wedged = what;
		this.#events.onCarrier(false);
	}

	/** It works again. */
	unwedge(what: Wedge): void {
		if (this.#wedged !== what) return;
		this.#wedged = undefined;
		if (this.online) this.#events.onCarrier(true);
	}

	/** Changes what the module meets on the air, at once: `set({ coverage: false })`. */
	set(radio: Partial<RadioOptions>): void {
		const before = this.#radio;
		this.#radio = { ...before, ...radio };
		if (before.coverage === this.#radio.coverage && before.denied === this.#radio.denied) {
			if (before.sim !== this.#radio.sim) this.restart();
			return;
		}
		if (before.coverage && !this.#radio.coverage) {
			this.#idle();
			this.#events.onCarrier(false);
		}
		this.#search();
	}

	/** The module booted: search, or (`registered`) as if it had done so long ago. */
	boot(registered = false): void {
		this.stop();
		this.function = 1;
		this.reportMode = 0;
		this.connectedReports = false;
		this.#attachRequested = true;
		// Attached already: no URC tells of it.
		this.#attached = registered && this.#usable;
		if (this.#attached) this.#register();
		else this.#search();
	}

	/** No power: nothing is reported. */
	stop(): void {
		this.#wedged = undefined;
		this.#timers.clearAll();
		this.#stat = Stat.idle;
		this.#attached = this.#context = this.#rrcConnected = false;
	}

	/** AT+CFUN, or the SIM came or went. */
	restart(level = this.function): void {
		this.function = level;
		this.#leave();
		this.#wedged = undefined;
		if (level === 1) this.#search();
	}

	/** AT+CGATT */
	attach(wanted: boolean): void {
		this.#attachRequested = wanted;
		if (!wanted) this.#leave();
		else if (!this.#attached) this.#search();
	}

	/** AT+CGACT */
	activate(wanted: boolean): void {
		if (wanted === this.#context) return;
		this.#context = wanted && this.#attached;
		if (this.#context) this.#events.urc(`+IP: ${this.#radio.address}`);
		else this.#down();
	}

	/** Data passes: the radio is connected until it has been idle for a while. */
	traffic(): void {
		this.#timers.clear(this.#inactivity);
		this.#inactivity = this.#timers.set(() => this.#idle(), this.#radio.inactivityMs);
		if (!this.#rrcConnected) this.#setConnected(true);
	}

	/** A reading; undefined without a cell. Varies slowly around the configured level. */
	signal(): Signal | undefined {
		if (!this.#radio.coverage || this.function !== 1) return undefined;
		this.#drift = 0.8 * this.#drift + this.#random.between([-2, 2]);
		const drift = Math.round(this.#drift);
		const rsrp = this.#radio.rsrp + drift;
		const snr = this.#radio.snr + Math.round(drift / 2);
		const rsrq = Math.max(-20, Math.min(-3, -14 + Math.round(snr / 3)));
		return { rsrp, rsrq, rssi: rsrp - rsrq - 2, snr };
	}

	/** What follows `+CEREG: `; the read form begins with the mode. */
	report(read: boolean): string {
		const fields: (string | number)[] = read ? [this.reportMode, this.#stat] : [this.#stat];
		const registered = this.#stat === Stat.home || this.#stat === Stat.roaming;
		const rejected = this.#stat === Stat.denied && (this.reportMode === 3 || this.reportMode === 5);
		if (this.reportMode >= 2 && registered)
			fields.push(`"${this.#radio.trackingArea}"`, `"${this.#radio.cell}"`, 9);
		if (rejected) fields.push("", "", "", 0, 11);
		if (this.reportMode >= 4 && registered)
			fields.push("", "", `"${this.activeTime}"`, `"${this.periodicTau}"`);
		return fields.join(",");
	}

	get #usable(): boolean {
		return this.#radio.sim && this.#radio.coverage && !this.#radio.denied;
	}

	#search(): void {
		if (!this.#radio.sim || this.function !== 1 || !this.#attachRequested) return;
		this.#timers.clearAll();
		this.#change(Stat.searching);
		if (!this.#radio.coverage) return;
		const range: Range = this.#radio.searchMs === "real" ? [5000, 30_000] : this.#radio.searchMs;
		this.#timers.set(() => (this.#usable ? this.#register() : this.#refused()), this.#random.between(range));
	}

	#register(): void {
		this.#change(this.#radio.roaming ? Stat.roaming : Stat.home);
		const fresh = !this.#attached;
		this.#attached = this.#context = true;
		if (fresh) this.#events.urc(`+IP: ${this.#radio.address}`);
		if (!this.#wedged) this.#events.onCarrier(true);
		this.traffic();
	}

	/** The context has gone down, and a stuck one is cured by that. */
	#down(): void {
		if (this.#wedged === "context") this.#wedged = undefined;
		this.#events.onDetach();
	}

	#refused(): void {
		this.#leave(Stat.denied);
	}

	#leave(stat: Stat = Stat.idle): void {
		this.#timers.clearAll();
		const had = this.#context;
		this.#attached = this.#context = false;
		this.#idle();
		this.#change(stat);
		if (had) this.#down();
	}

	#idle(): void {
		if (this.#rrcConnected) this.#setConnected(false);
	}

	#setConnected(connected: boolean): void {
		this.#rrcConnected = connected;
		if (this.connectedReports) this.#events.urc(`+CSCON: ${connected ? 1 : 0}`);
	}

	#change(stat: Stat): void {
		if (stat === this.#stat) return;
		this.#stat = stat;
		if (this.reportMode > 0) this.#events.urc(`+CEREG: ${this.report(false)}`);
	}
}
