import type { SimulatedBC20 } from "../modem.js";
import type { Random } from "../random.js";
import type { Wedge } from "../registration.js";
import type { FaultyNetwork } from "./network.js";

/** Parameters of a fault, by name. */
export type Parameters = Readonly<Record<string, number | string | boolean>>;

/** A line to the host, so many milliseconds from now. */
interface TimedLine {
	readonly line: string;
	readonly afterMs: number;
}

/** Bytes on the UART. */
export interface Piece {
	readonly bytes: Uint8Array;
	/** They belong to AT+QMTPUB, its data or its result: no one can tell from outside when these are falsified. */
	readonly ofPublish: boolean;
}

/** A command line that is in, or the data behind its prompt. */
export interface CommandStage {
	/** Name without AT: `+QMTPUB`, `E`, empty for AT alone. */
	readonly name: string;
	readonly line: string;
	readonly stage: "line" | "data";
}

/** The places where a fault can reach into the simulator: what it is shown, and what it makes of it. */
interface Points {
	toHost: { subject: Piece; fate: Uint8Array };
	toModem: { subject: Piece; fate: Uint8Array };
	/** Before a command runs. `run`: it runs as ever; text: it does not, and that is its final result. */
	command: { subject: CommandStage; fate: "run" | "swallow" | { readonly final: string } };
	/** Before a final result. */
	final: { subject: string; fate: "lost" | { readonly lateMs: number } };
	/** Before the final result of a command whose later result is to come: wait so long for that. */
	order: { subject: string; fate: { readonly waitMs: number } };
	/** Before a later result. */
	result: { subject: string; fate: readonly TimedLine[] };
	urc: { subject: string; fate: "lost" };
	/** AT+QMTOPEN, instead of the TCP connection: its `<result>`. */
	open: { subject: number; fate: number };
	/** AT+QMTCONN, instead of CONNECT: `<result>[,<ret_code>]`. */
	connect: { subject: number; fate: string };
	/** AT+QMTPUB, instead of PUBLISH. */
	publish: { subject: number; fate: "failed" };
}
export type Point = keyof Points;
export type Subject<Name extends Point> = Points[Name]["subject"];
export type Fate<Name extends Point> = Points[Name]["fate"];

/** Whoever runs the unit: what can be done to the ESP32. A fault that needs what is not given cannot happen. */
export interface FaultyHost {
	/** Reset: what is in RAM is gone at once; flash and modem stay as they are. */
	restart?(): void;
	/** No power for `offMs`, then it starts anew. */
	cutPower?(offMs: number): void;
	/** The power goes when so many more bytes have been written to flash. */
	cutFlash?(bytes: number): void;
	/** The chip's idea of the date changes. Without this, the virtual clock's does. */
	jumpClock?(byMs: number): void;
}

/** What a fault works on. */
export interface Target {
	/** The kind's own source of chance. */
	readonly random: Random;
	readonly modem: SimulatedBC20;
	readonly network: FaultyNetwork;
	readonly host: FaultyHost;
	/** Message identifier of the last AT+QMTPUB, 0 before. */
	readonly lastMessageId: number;
	after(ms: number, action: () => void): void;
}

/** A fault that lasts. */
export interface Lasting {
	/** Milliseconds until `end` is called; 0: until something else cures it. */
	readonly ms: number;
	end(): void;
	/** Whether something else has cured it. */
	isOver?(): boolean;
}

interface Common<P extends Parameters> {
	/** One line for people. */
	readonly about: string;
	readonly defaults: P;
	/** How many a day on average, where all kinds are drawn. */
	readonly perDay: number;
	/** What chance decides when it is drawn by seed. */
	draw?(random: Random, target: Target): Partial<P>;
	/** false: it makes no sense now. */
	possible?(target: Target): boolean;
}

/** A fault that happens when it is told to. */
export interface Strike<P extends Parameters = Parameters> extends Common<P> {
	strike(parameters: P, target: Target): Lasting | undefined;
}

/** A fault that waits for something to pass a point, and changes that. */
export interface Catch<Name extends Point = Point, P extends Parameters = Parameters> extends Common<P> {
	readonly point: Name;
	/** undefined: not this one. */
	alter(subject: Subject<Name>, parameters: P, target: Target): Fate<Name> | undefined;
}

export type Kind = Strike | Catch;

/** Of a kind that has none. */
export const none: Readonly<Record<string, never>> = {};

/** Types of a kind's parameters come from its defaults. */
export const strike = <P extends Parameters>(kind: Strike<P>): Strike<P> => kind;
export const catches = <Name extends Point, P extends Parameters>(
	point: Name,
	kind: Omit<Catch<Name, P>, "point">,
): Catch<Name, P> => ({ ...kind, point });

/** Nothing passes on the radio, or the context, until that is cycled. */
export function wedged(what: Wedge, { registration }: SimulatedBC20): Lasting {
	registration.wedge(what);
	return { ms: 0, end: () => registration.unwedge(what), isOver: () => registration.wedged !== what };
}

/** A number of the range, small ones as often as large ones: 1 to 10 as often as 10 to 100. */
export function logarithmic(random: Random, minimum: number, maximum: number): number {
	return Math.round(minimum * (maximum / minimum) ** random.next());
}

export function oneOf<T>(random: Random, values: readonly T[]): T {
	return values[random.integer([0, values.length - 1])];
}
