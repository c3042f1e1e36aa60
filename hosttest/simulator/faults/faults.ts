import { clock } from "../../shim/clock.js";
import type { SimulatedBC20 } from "../modem.js";
import type { Network } from "../network.js";
import { Random } from "../random.js";
import { Timers } from "../timers.js";
import type { Catch, CommandStage, FaultyHost, Fate, Lasting, Parameters, Piece } from "./kind.js";
import type { Point, Subject, Target } from "./kind.js";
import {
	isCatch,
	kindNames,
	kindOf,
	kinds,
	parametersFor,
	type KindName,
	type ParametersOf,
} from "./kinds.js";
import { isRefusedByStack } from "./module-kinds.js";
import { FaultyNetwork } from "./network.js";
import { Triggers, type Moment, type Rates, type Scheduled } from "./triggers.js";

export type { Parameters } from "./kind.js";
export { kinds, kindNames, type KindName } from "./kinds.js";

/** One fault that has happened. */
export interface LogEntry {
	/** Milliseconds of the clock in use. */
	readonly timeMs: number;
	readonly kind: KindName;
	readonly parameters: Parameters;
	readonly by: "seed" | "schedule" | "hand";
	/** When it ended, if it lasted; not known (undefined) where something else cured it. */
	endMs?: number;
}

/** Options of {@link Faults}; all can be left out. */
export interface FaultsOptions {
	/** Same seed, same conversation: same faults at the same times. Default 1. */
	readonly seed?: number;
	/** What is drawn by seed; see `everyFault`. */
	readonly rates?: Rates;
	readonly schedule?: readonly Scheduled[];
	/** What can be done to the ESP32. */
	readonly host?: FaultyHost;
	/** A fault has happened. */
	readonly onFault?: (entry: LogEntry) => void;
}

interface Armed {
	readonly name: KindName;
	readonly kind: Catch;
	readonly parameters: Parameters;
	readonly by: LogEntry["by"];
	/** How many it has still to alter. */
	times: number;
}

interface Running {
	readonly lasting: Lasting;
	readonly entry: LogEntry;
	readonly timer: object | undefined;
}

/** Rates of all kinds, or of those named: what their table says, times `scale`. */
export function everyFault(scale = 1, names: readonly KindName[] = kindNames): Rates {
	return Object.fromEntries(names.map(name => [name, kinds[name].perDay * scale]));
}

/**
 * The faults of one simulated module, given to it by its option `faults`. They are drawn by seed, follow a schedule, or are injected by
 * hand; a fault either strikes at once or waits for something to pass (a byte, a command, a result) and changes that. Each is logged when it
 * happens.
 */
export class Faults {
	readonly log: LogEntry[] = [];
	readonly #options: FaultsOptions;
	readonly #triggers: Triggers;
	readonly #timers = new Timers();
	readonly #armed = new Map<Point, Armed[]>();
	readonly #running = new Map<KindName, Running>();
	readonly #targets = new Map<KindName, Target>();
	#modem: SimulatedBC20 | undefined;
	#network: FaultyNetwork | undefined;
	#enabled = true;
	#lastMessageId = 0;
	#command = "";

	/** @throws RangeError, TypeError: a kind, a rate or a parameter that is none */
	constructor(options: FaultsOptions = {}) {
		const { seed = 1, rates = {}, schedule = [] } = options;
		this.#options = options;
		for (const { kind, parameters = {} } of schedule) parametersFor(kind, parameters);
		this.#triggers = new Triggers(seed, rates, schedule, {
			onDrawn: name => this.#draw(name),
			onScheduled: ({ kind, parameters = {} }) =>
				this.#begin(kind, parametersFor(kind, parameters), "schedule"),
		});
		for (const name of kindNames) parametersFor(name, this.#triggers.parametersOf(name));
	}

	/** Whether faults happen by seed and by schedule. Switched off, what waits is forgotten, and what lasts ends at its time. */
	get enabled(): boolean {
		return this.#enabled;
	}

	set enabled(enabled: boolean) {
		if (enabled === this.#enabled) return;
		this.#enabled = enabled;
		this.#armed.clear();
		if (enabled && this.#modem) this.#triggers.start();
		else this.#triggers.stop();
	}

	/** How many have happened, by kind. */
	get counts(): Readonly<Partial<Record<KindName, number>>> {
		const counts: Partial<Record<KindName, number>> = {};
		for (const { kind } of this.log) counts[kind] = (counts[kind] ?? 0) + 1;
		return counts;
	}

	/** Kinds that are under way. */
	get running(): readonly KindName[] {
		return [...this.#running].filter(([, { lasting }]) => !lasting.isOver?.()).map(([name]) => name);
	}

	/** Kinds that wait for something to pass. */
	get waiting(): readonly KindName[] {
		return [...this.#armed.values()].flat().map(({ name }) => name);
	}

	/**
	 * By hand: strikes now, or changes the next `times` of what it waits for. What is not given has its default. Works while switched off too.
	 *
	 * @throws RangeError, TypeError: a kind or parameter that is none; Error: it cannot happen now
	 */
	inject<Name extends KindName>(
		name: Name,
		parameters: Partial<ParametersOf<Name>> = {},
		{ times = 1 }: { readonly times?: number } = {},
	): void {
		const complete = parametersFor(name, parameters);
		if (!this.#isPossible(name)) throw new Error(`fault "${name}" cannot happen now`);
		this.#begin(name, complete, "hand", times);
	}

	/** Ends at once what lasts and forgets what waits: everything works again, except what only the host can bring back. */
	heal(): void {
		this.#armed.clear();
		for (const name of [...this.#running.keys()]) this.#end(name);
	}

	/** For the simulator: the network as the module is to see it. */
	network(inner: Network): Network {
		const network = new FaultyNetwork(inner);
		this.#network = network;
		return {
			connect: (host, port, handlers) => {
				this.moment("connect", host);
				return network.connect(host, port, handlers);
			},
		};
	}

	/** For the simulator: begins. @throws Error for a second module */
	attach(modem: SimulatedBC20): void {
		if (this.#modem) throw new Error("these faults have a module already");
		this.#modem = modem;
		if (this.#enabled) this.#triggers.start();
	}

	/** For the simulator: what becomes of a piece of bytes. `ofPublish` is asked only when a fault is about to change it. */
	bytes(point: "toHost" | "toModem", bytes: Uint8Array, ofPublish: () => boolean): Uint8Array {
		this.#triggers.pass(point, bytes.length);
		const armed = this.#armed.get(point);
		if (!armed) return bytes;
		const piece: Piece = { bytes, ofPublish: ofPublish() };
		// Each that waits may change it.
		let changed = bytes;
		for (const one of armed)
			changed = this.#apply<"toHost" | "toModem">(one, { ...piece, bytes: changed }) ?? changed;
		return changed;
	}

	/** For the simulator: what becomes of something that passes; undefined: what always does. */
	pass<Name extends Exclude<Point, "toHost" | "toModem" | "command">>(
		point: Name,
		subject: Subject<Name>,
	): Fate<Name> | undefined {
		return this.#pass(point, subject);
	}

	/** For the simulator: a command line is in, or the data that belongs to the last one. */
	command(stage: "line" | "data", text: string): Fate<"command"> | undefined {
		if (stage === "line") {
			this.#command = nameOf(text);
			const message = /\+QMTPUB\s*=\s*\d+\s*,\s*(\d{1,5})/i.exec(text);
			if (message) this.#lastMessageId = Number(message[1]);
		}
		this.moment(stage, this.#command);
		if (stage === "line" && this.#modem?.stackStuck && isRefusedByStack(text)) return { final: "ERROR" };
		const subject: CommandStage = { name: this.#command, line: text, stage };
		return this.#pass("command", subject);
	}

	/** For the simulator: the command that runs, or ran last. */
	get currentCommand(): string {
		return this.#command;
	}

	/** For the simulator: something has come about, which a schedule may wait for. */
	moment(moment: Moment, of: string): void {
		this.#triggers.moment(moment, of);
	}

	#pass<Name extends Point>(point: Name, subject: Subject<Name>): Fate<Name> | undefined {
		this.#triggers.pass(point, 1);
		for (const one of this.#armed.get(point) ?? []) {
			const fate = this.#apply(one, subject);
			if (fate !== undefined) return fate;
		}
		return undefined;
	}

	#apply<Name extends Point>(armed: Armed, subject: Subject<Name>): Fate<Name> | undefined {
		const kind = armed.kind as unknown as Catch<Name>;
		const fate = kind.alter(subject, armed.parameters, this.#targetOf(armed.name));
		if (fate === undefined) return undefined;
		armed.times -= 1;
		if (armed.times <= 0) this.#disarm(kind.point, armed);
		this.#record(armed.name, armed.parameters, armed.by);
		return fate;
	}

	#disarm(point: Point, armed: Armed): void {
		const left = (this.#armed.get(point) ?? []).filter(one => one !== armed);
		if (left.length > 0) this.#armed.set(point, left);
		else this.#armed.delete(point);
	}

	/** Its time by seed has come; one of a kind waits, or lasts, at a time. */
	#draw(name: KindName): void {
		const kind = kinds[name];
		const target = this.#targetOf(name);
		// Always drawn, so that what comes later does not depend on whether this one is possible.
		const drawn = kind.draw?.(target.random, target) as Parameters | undefined;
		if (this.running.includes(name) || this.waiting.includes(name) || !this.#isPossible(name)) return;
		this.#begin(name, { ...kind.defaults, ...drawn, ...this.#triggers.parametersOf(name) }, "seed");
	}

	#isPossible(name: KindName): boolean {
		return kinds[name].possible?.(this.#targetOf(name)) ?? true;
	}

	#begin(name: KindName, parameters: Parameters, by: LogEntry["by"], times = 1): void {
		const kind = kindOf(name);
		if (isCatch(kind)) {
			const armed = this.#armed.get(kind.point) ?? [];
			this.#armed.set(kind.point, [...armed, { name, kind, parameters, by, times }]);
			return;
		}
		if (!this.#isPossible(name)) return;
		this.#end(name);
		const entry = this.#record(name, parameters, by);
		const lasting = kind.strike(parameters, this.#targetOf(name));
		if (!lasting) return;
		const timer = lasting.ms > 0 ? this.#timers.set(() => this.#end(name), lasting.ms) : undefined;
		this.#running.set(name, { lasting, entry, timer });
	}

	#end(name: KindName): void {
		const running = this.#running.get(name);
		if (!running) return;
		this.#running.delete(name);
		this.#timers.clear(running.timer);
		if (running.lasting.isOver?.()) return;
		running.lasting.end();
		running.entry.endMs = clock().now;
	}

	#record(kind: KindName, parameters: Parameters, by: LogEntry["by"]): LogEntry {
		const entry: LogEntry = { timeMs: clock().now, kind, parameters, by };
		this.log.push(entry);
		this.#options.onFault?.(entry);
		return entry;
	}

	#targetOf(name: KindName): Target {
		const known = this.#targets.get(name);
		if (known) return known;
		const modem = this.#modem;
		const network = this.#network;
		if (!modem || !network) throw new Error("these faults have no module: give them to SimulatedBC20");
		const lastMessageId = (): number => this.#lastMessageId;
		const target: Target = {
			random: Random.for(this.#options.seed ?? 1, `what ${name}`),
			modem,
			network,
			host: this.#options.host ?? {},
			get lastMessageId() {
				return lastMessageId();
			},
			after: (ms, action) => void this.#timers.set(action, ms),
		};
		this.#targets.set(name, target);
		return target;
	}
}

/** The command of a line, without AT: `+QMTPUB`, `E`, empty for AT alone or no command. */
function nameOf(line: string): string {
	return (/at(\+[a-z][a-z\d]*|&?[a-z])?/i.exec(line)?.[1] ?? "").toUpperCase();
}
