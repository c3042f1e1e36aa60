import type { ExecutionContext } from "ava";
import type { KindName, Parameters } from "../../simulator/faults/faults.js";
import type { BC20Options } from "../../simulator/options.js";
import { publish, type FaultBench } from "./fault-bench.js";

/** A fault injected by hand, and what is seen of it on the wire. */
export interface Case {
	readonly kind: KindName;
	readonly title: string;
	readonly parameters?: Parameters;
	readonly times?: number;
	readonly modem?: BC20Options;
	readonly connected?: true;
	/** Typed once it is injected, or nothing. */
	readonly send?: string;
	/** 1000 by default. */
	readonly waitMs?: number;
	/** All lines that come. */
	readonly lines?: readonly string[];
	readonly then?: (bench: FaultBench, t: ExecutionContext) => Promise<unknown> | boolean;
}

export const PUB = publish(7);
export const done = ["OK", "+QMTPUB: 0,7,0"];
export const open = 'AT+QMTOPEN=0,"broker",1883';

/** The next correct exchange works. */
export const works = async ({ say }: FaultBench, t: ExecutionContext): Promise<unknown> =>
	t.deepEqual(await say("AT+CGATT?"), ["+CGATT: 1", "OK"]);

/** A message arrives, after the identifier has been closed and opened if need be. */
export const publishes = async ({ say, published }: FaultBench, t: ExecutionContext): Promise<void> => {
	published.length = 0;
	t.deepEqual(await say(publish(99)), ["OK", "+QMTPUB: 0,99,0"]);
	t.deepEqual(published, ["m99"]);
};

export const reopens = async (bench: FaultBench, t: ExecutionContext): Promise<void> => {
	t.deepEqual(await bench.say(open), ["OK", "+QMTOPEN: 0,0"]);
	t.deepEqual(await bench.say('AT+QMTCONN=0,"terminal"'), ["OK", "+QMTCONN: 0,0,0"]);
	await publishes(bench, t);
};
