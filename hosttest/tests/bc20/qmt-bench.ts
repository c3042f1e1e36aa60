import { TestSerial, synchronisedBench } from "../bench.js";
import { play } from "../transcript.js";
import { describeFinal } from "../../../modules/bc20/codes.js";
import { QMT } from "../../../modules/bc20/qmt.js";
import type { Scheduler } from "../../../modules/at/scheduler.js";
import type { Rig } from "./rig.js";

/** What a call came to: its result, or its error. */
export interface Outcome {
	readonly result?: unknown;
	readonly error?: Error & { code?: number };
}

const outcomeOf = (call: Promise<unknown>): Promise<Outcome> =>
	call.then(
		result => ({ result }),
		(error: unknown) => ({ error: error as Error }),
	);

/** A QMT on a recorded conversation. */
export async function recordedQMT(trace?: string[]) {
	const bench = await synchronisedBench({
		describe: describeFinal,
		...(trace && { onTrace: (_: string, text: string) => trace.push(text) }),
	});
	const qmt = new QMT(bench.scheduler);
	/** Makes a call and plays the conversation that must follow; fails where what is sent is another. */
	const converse = async (call: (qmt: QMT) => Promise<unknown>, conversation: string): Promise<Outcome> => {
		const outcomes: Outcome[] = [];
		let called = false;
		await play(Buffer.from(conversation).toString("latin1"), bench, {
			patienceMs: 60,
			onCommand: () => {
				if (!called) void outcomeOf(call(qmt)).then(outcome => outcomes.push(outcome));
				called = true;
			},
		});
		await bench.clock.advance(1);
		if (!outcomes.length) throw new Error("not settled at the end of the conversation");
		return outcomes[0];
	};
	return { ...bench, qmt, serial: TestSerial.last, converse };
}

/** The scheduler of a rig whose modem is on the network. */
export async function schedulerOf(rig: Rig): Promise<Scheduler> {
	let found: Scheduler | undefined;
	const holder = {
		wish: undefined,
		onAcquired: (_: number, scheduler: Scheduler) => (found = scheduler),
		onStatus: () => undefined,
		onReceived: () => undefined,
		onLost: () => undefined,
	};
	rig.modem.identifiers.acquire(holder);
	await rig.clock.run(() => found !== undefined, 60_000);
	rig.modem.identifiers.release(holder);
	if (!found) throw new Error("no scheduler");
	return found;
}

/** Lets the clock run until a call is settled. */
export async function settled(rig: Rig, call: Promise<unknown>): Promise<Outcome> {
	let outcome: Outcome | undefined;
	void outcomeOf(call).then(value => (outcome = value));
	await rig.clock.run(() => outcome !== undefined, 700_000);
	return outcome ?? {};
}
