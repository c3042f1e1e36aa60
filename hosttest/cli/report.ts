/** One record of a SenML pack, as RFC 8428 names its fields. */
interface Record {
	readonly bn?: string;
	readonly bt?: number;
	readonly n?: string;
	readonly u?: string;
	readonly v?: number;
	readonly vs?: string;
	readonly vb?: boolean;
}

const REPEAT_MS = 5000;

/** What a run came to. */
export interface Summary {
	readonly sampled: number;
	readonly acknowledged: number;
	readonly waiting: number;
}

/** A message as it is shown. */
export interface Message {
	/** Its sequence number; undefined where the payload is not one of ours. */
	readonly sequence: number | undefined;
	readonly records: readonly Record[];
}

/** Reads a SenML pack. What is not one is a message without records. */
export function messageOf(payload: Uint8Array): Message {
	try {
		const pack = JSON.parse(Buffer.from(payload).toString()) as Record[];
		const sequence = pack.find(({ n }) => n === "seq")?.v;
		return { sequence, records: pack.filter(({ n }) => n !== "seq") };
	} catch {
		return { sequence: undefined, records: [] };
	}
}

/** A line for a terminal: control characters, which others may have sent, as what they are. */
export function printable(line: string): string {
	return line.replace(
		/[\x00-\x1f\x7f-\x9f]/g,
		character => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
	);
}

/**
 * Prints messages to `print`, as a table or as JSON lines, and everything else to `note`, in words.
 */
export class Report {
	readonly #print: (line: string) => void;
	readonly #note: (line: string) => void;
	readonly #json: boolean;
	readonly #acknowledgement: boolean;
	#headed = false;
	#lastNote = "";
	#notedAt = 0;

	/** @param acknowledgement whether messages are shown as they are acknowledged, and not as they are delivered */
	constructor(options: {
		json: boolean;
		acknowledgement: boolean;
		print: (line: string) => void;
		note: (line: string) => void;
	}) {
		this.#print = options.print;
		this.#note = options.note;
		this.#json = options.json;
		this.#acknowledgement = options.acknowledgement;
	}
	/**
	 * A message that the broker delivered, or acknowledged.
	 * @param latencyMs from the sample to the acknowledgement; undefined where it is not known
	 * @param again whether it was shown before
	 */
	message(message: Message, at: Date, latencyMs: number | undefined, again = false): void {
		const { sequence, records } = message;
		if (this.#json) {
			const event = this.#acknowledgement ? "acknowledged" : "delivered";
			this.#print(
				JSON.stringify({
					event,
					time: at.toISOString(),
					sequence,
					latencyMs: latencyMs ?? null,
					again,
					records,
				}),
			);
			return;
		}
		if (!this.#headed) this.#print(row("time", "seq", "sample to ack", "readings"));
		this.#headed = true;
		const latency = latencyMs === undefined ? "-" : `${Math.round(latencyMs)} ms`;
		const readings = records.map(reading).join("  ") + (again ? "  (duplicate)" : "");
		this.#print(row(timeOf(at), sequence === undefined ? "?" : String(sequence), latency, readings));
	}
	/** Something worth a line that is not a message. The same again within 5 s is left out. */
	note(text: string): void {
		const now = Date.now();
		if (text === this.#lastNote && now - this.#notedAt < REPEAT_MS) return;
		this.#lastNote = text;
		this.#notedAt = now;
		this.#note(text);
	}
	summary({ sampled, acknowledged, waiting }: Summary): void {
		if (this.#json) this.#print(JSON.stringify({ event: "summary", sampled, acknowledged, waiting }));
		else this.#print(`${sampled} sampled, ${acknowledged} acknowledged, ${waiting} waiting`);
	}
}

function row(time: string, sequence: string, latency: string, readings: string): string {
	return `${time.padEnd(12)}  ${sequence.padStart(6)}  ${latency.padStart(13)}  ${readings}`.trimEnd();
}

/** A reading as people like it: the units of SenML are base units (RFC 8428, 12.1). */
function reading({ n = "", u, v, vs, vb }: Record): string {
	if (v !== undefined && u !== undefined && u in READABLE) {
		const { unit, convert } = READABLE[u];
		return `${n} ${convert(v)}${unit}`;
	}
	return `${n} ${String(v ?? vs ?? vb ?? "")}${u === undefined ? "" : " " + u}`;
}

const READABLE: Readonly<{ [unit: string]: { unit: string; convert: (value: number) => string } }> = {
	B: { unit: " MB", convert: value => (value / 1e6).toFixed(0) },
	dBW: { unit: " dBm", convert: value => (value + 30).toFixed(0) },
	Cel: { unit: " °C", convert: value => value.toFixed(1) },
	"/": { unit: "", convert: value => value.toFixed(2) },
};

/** Local time of day with milliseconds. */
export function timeOf(date: Date): string {
	return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(11, 23);
}
