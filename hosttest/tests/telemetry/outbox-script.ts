import { Outbox, type OutboxOptions } from "../../../modules/telemetry/outbox.js";
import { type ErasePattern, type MemoryFlash, PowerCut } from "./memory-flash.js";

/** Bytes of a block: 176 for records, 7 of 4 bytes of payload. */
export const BLOCK = 256;

export const text = (value: string) => new Uint8Array(ArrayBuffer.fromString(value));
const string = (bytes: Uint8Array) => String.fromArrayBuffer(bytes.slice().buffer);

export const open = (flash: MemoryFlash, options: Partial<OutboxOptions> = {}) =>
	new Outbox({ flash, payloadLimit: 64, ...options });

/** All that waits, as [sequence, text]. */
export function waiting(outbox: Outbox): [number, string][] {
	const found: [number, string][] = [];
	for (let it = outbox.peek(); it; it = outbox.peek(it.sequence))
		found.push([it.sequence, string(it.payload)]);
	return found;
}

const random = (seed: number) => () => {
	seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
	return seed / 2 ** 32;
};
const noise = random(7);

/** What an erase may leave when it is cut off: early to late. */
const erasePatterns: ErasePattern[] = [
	(byte, i) => (i % 2 ? byte : byte | 0x11),
	(byte, i, length) => (i < length / 2 ? 0xff : byte),
	(byte, i, length) => (i < length / 2 ? byte : 0xff),
	byte => byte | (noise() * 256),
	(byte, i) => (i < 16 ? byte : 0xff),
	(byte, i, length) => (i === length - 1 ? byte : 0xff),
];

/** What a run has done, and was told. */
export interface Ledger {
	accepted: Map<number, string>;
	/** Being appended when the power was cut. */
	begun: Map<number, string>;
	/** By the receiver, whether the outbox knows or not. */
	acknowledged: Set<number>;
	highest: number;
	/** Of full outboxes, as reported at the end of each step. */
	dropped: number;
	/** Refused for good: of the policy "newest". */
	refused: number;
}

export const newLedger = (): Ledger => ({
	accepted: new Map(),
	begun: new Map(),
	acknowledged: new Set(),
	highest: 0,
	dropped: 0,
	refused: 0,
});

export const cloneLedger = (ledger: Ledger): Ledger => ({
	...ledger,
	accepted: new Map(ledger.accepted),
	begun: new Map(ledger.begun),
	acknowledged: new Set(ledger.acknowledged),
});

export type Step = { kind: "sample"; size: number } | { kind: "acknowledge" } | { kind: "maintain" };

/** Half of the steps are samples, a part `acknowledging` acknowledge the oldest, the others erase ahead. */
export function script(length: number, seed: number, acknowledging = 0.3): Step[] {
	const next = random(seed);
	return Array.from({ length }, (): Step => {
		const draw = next();
		if (draw < 0.5) return { kind: "sample", size: 4 + Math.floor(next() * 60) };
		return { kind: draw < 0.5 + acknowledging ? "acknowledge" : "maintain" };
	});
}

function run(outbox: Outbox, steps: readonly Step[], ledger: Ledger): void {
	const before = ledger.dropped;
	for (const step of steps) {
		if (step.kind === "sample") {
			const sequence = outbox.nextSequence;
			const value = `${sequence}:`.padEnd(step.size, "x");
			ledger.begun.clear();
			ledger.begun.set(sequence, value);
			if (outbox.append(text(value))) ledger.accepted.set(sequence, value);
			else ledger.refused++;
			ledger.highest = Math.max(ledger.highest, sequence);
			ledger.begun.clear();
		} else if (step.kind === "acknowledge") {
			const message = outbox.peek();
			if (!message) continue;
			ledger.acknowledged.add(message.sequence);
			outbox.acknowledge(message.sequence);
		} else {
			outbox.maintain();
		}
		ledger.dropped = before + outbox.dropped;
	}
}

/** Opens and runs, until the power is cut. Returns whether it was. */
export function cutRun(
	flash: MemoryFlash,
	cutAt: number,
	steps: readonly Step[],
	ledger: Ledger,
	full: "oldest" | "newest",
): boolean {
	flash.erasePatterns = erasePatterns;
	flash.cutAt = cutAt;
	try {
		run(open(flash, { full }), steps, ledger);
		return false;
	} catch (error) {
		if (error instanceof PowerCut) return true;
		throw error;
	}
}

/** Checks a reopened outbox against what was promised. `mayDrop`: the policy drops accepted messages from the oldest on. */
export function verify(outbox: Outbox, ledger: Ledger, mayDrop: boolean): string | undefined {
	const left = waiting(outbox);
	if (left.length !== outbox.waiting) return `waiting is ${outbox.waiting}, found ${left.length}`;
	if (outbox.status().corrupt) return `${outbox.status().corrupt} corrupt`;
	if (outbox.nextSequence <= ledger.highest)
		return `number ${outbox.nextSequence} would repeat, ${ledger.highest} was given`;
	let last = 0;
	for (const [sequence, value] of left) {
		if (sequence <= last) return `${sequence} after ${last}`;
		last = sequence;
		if (sequence >= outbox.nextSequence) return `${sequence} waits but is next`;
		if ((ledger.accepted.get(sequence) ?? ledger.begun.get(sequence)) !== value)
			return `${sequence} was invented: ${value}`;
	}
	const found = new Set(left.map(([sequence]) => sequence));
	const oldest = left.length ? left[0][0] : Infinity;
	for (const sequence of ledger.accepted.keys()) {
		if (found.has(sequence) || ledger.acknowledged.has(sequence)) continue;
		if (!mayDrop || sequence > oldest) return `${sequence} was lost`;
	}
	return undefined;
}
