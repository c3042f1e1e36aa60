import { encodePack, type SenmlRecord } from "../../modules/telemetry/senml.js";

/** One message that the outbox has taken. */
interface Accepted {
	readonly text: string;
	deliveries: number;
}

/** A delivery that is not what was accepted. */
export interface Wrong {
	readonly sequence: number | undefined;
	readonly expected: string | undefined;
	readonly delivered: string;
}

/** What the checker of a unit has found. */
export interface Verdict {
	readonly accepted: number;
	/** Of those accepted, at least once. */
	readonly delivered: number;
	/** Accepted, neither delivered nor dropped by a full outbox: sequence numbers. */
	readonly lost: readonly number[];
	/** Deliveries that are no accepted message, to the byte. */
	readonly corrupted: readonly Wrong[];
	/** Deliveries beyond the first of a message. */
	readonly duplicates: number;
	/** Accepted, dropped by a full outbox, and not delivered. */
	readonly dropped: number;
	/** Sequence numbers that were given to two messages. */
	readonly repeated: readonly number[];
	/** Delivered though the power was cut before the outbox had said that it has them. */
	readonly unconfirmed: number;
}

/** Sequence number of a message of telemetry; undefined where it is none. */
function sequenceOf(text: string): number | undefined {
	try {
		const pack = JSON.parse(text) as { n?: unknown; v?: unknown }[];
		const value = pack.find(({ n }) => n === "seq")?.v;
		return typeof value === "number" ? value : undefined;
	} catch {
		return undefined;
	}
}

/** Keeps account of one unit's messages: what its outbox took, what it gave up, and what the broker's subscriber got. */
export class Ledger {
	readonly #baseName: string;
	readonly #accepted = new Map<number, Accepted>();
	readonly #dropped = new Set<number>();
	readonly #corrupted: Wrong[] = [];
	readonly #repeated: number[] = [];
	/** Numbers of messages that the power was cut at: they may be in the outbox. */
	readonly #cut = new Set<number>();
	readonly #unconfirmed = new Map<number, string>();
	#last = 0;
	/** Accepted, neither delivered nor dropped; in their order. */
	readonly #missing = new Set<number>();
	#duplicates = 0;

	constructor(baseName: string) {
		this.#baseName = baseName;
	}

	/** Sequence number of the last accepted message. */
	get last(): number {
		return this.#last;
	}

	/** Whether all accepted messages up to this number have been delivered, or dropped. */
	hasAll(upTo = Infinity): boolean {
		for (const sequence of this.#missing) return sequence > upTo;
		return true;
	}

	/** The outbox has taken a message, sampled at `baseTimeMs`. */
	accept(sequence: number, records: readonly SenmlRecord[], baseTimeMs: number): void {
		const pack = encodePack({ baseName: this.#baseName, baseTimeMs, sequence, records });
		const text = Buffer.from(pack).toString("latin1");
		if (this.#accepted.has(sequence)) {
			this.#repeated.push(sequence);
			return;
		}
		this.#accepted.set(sequence, { text, deliveries: 0 });
		this.#last = Math.max(this.#last, sequence);
		this.#missing.add(sequence);
	}
	/** The power was cut while the outbox was at work. */
	cut(): void {
		this.#cut.add(this.#last + 1);
	}
	/** A full outbox gives up messages. */
	drop(sequences: readonly number[]): void {
		for (const sequence of sequences) {
			this.#dropped.add(sequence);
			this.#missing.delete(sequence);
		}
	}
	/** The subscriber has got a message. @returns its sequence number where it is an accepted one */
	deliver(payload: Uint8Array): number | undefined {
		const delivered = Buffer.from(payload).toString("latin1");
		const sequence = sequenceOf(delivered);
		const accepted = sequence === undefined ? undefined : this.#accepted.get(sequence);
		if (sequence !== undefined && accepted?.text === delivered) {
			accepted.deliveries++;
			if (accepted.deliveries > 1) this.#duplicates++;
			this.#missing.delete(sequence);
			return sequence;
		}
		if (sequence !== undefined && !accepted && this.#cut.has(sequence) && this.#isSame(sequence, delivered))
			return sequence;
		this.#corrupted.push({ sequence, expected: accepted?.text, delivered });
		return undefined;
	}
	/**
	 * What is lost by now: to be asked once all faults are healed, and there was time to send what waited.
	 * @param upTo the last sequence number that counts
	 */
	verdict(upTo = Infinity): Verdict {
		const all = [...this.#accepted].filter(([sequence]) => sequence <= upTo);
		const undelivered = all.filter(([, { deliveries }]) => deliveries === 0).map(([sequence]) => sequence);
		const lost = undelivered.filter(sequence => !this.#dropped.has(sequence));
		return {
			accepted: all.length,
			delivered: all.length - undelivered.length,
			lost,
			corrupted: this.#corrupted,
			duplicates: this.#duplicates,
			dropped: undelivered.length - lost.length,
			repeated: this.#repeated,
			unconfirmed: this.#unconfirmed.size,
		};
	}

	/** Whether a message that nobody has confirmed is a message of this unit, and the same each time. */
	#isSame(sequence: number, delivered: string): boolean {
		const before = this.#unconfirmed.get(sequence);
		if (before !== undefined) return before === delivered;
		if (!delivered.startsWith(`[{"bn":"${this.#baseName}"`)) return false;
		this.#unconfirmed.set(sequence, delivered);
		return true;
	}
}
