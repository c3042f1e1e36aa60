import type { BlockReport, OutboxReport, RecordReport, Span, Summary } from "./inspect.js";

export interface PrintOptions {
	readonly hex: boolean;
	readonly waiting: boolean;
}

/** What a terminal could take for a command, or show as something else; and the escape itself. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/gu;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

/** Bytes as text on one line: UTF-8 where they are, and every control character escaped; else all but ASCII escaped as \xHH. */
export function textOf(bytes: Uint8Array): string {
	const text = utf8Of(bytes);
	if (text === undefined) return Array.from(bytes, byteText).join("");
	return text.replace(
		UNSAFE,
		character => SHORT[character] ?? `\\u{${hexOf(character.codePointAt(0) ?? 0)}}`,
	);
}

function utf8Of(bytes: Uint8Array): string | undefined {
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		return undefined;
	}
}

function byteText(byte: number): string {
	if (byte > 0x7e || byte < 0x20) return `\\x${hexOf(byte).padStart(2, "0")}`;
	return byte === 0x5c ? "\\\\" : String.fromCharCode(byte);
}

const hexOf = (value: number) => value.toString(16);
const digitsOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const numberText = (value: number) => value.toLocaleString("en");
const spanText = ([first, last]: Span) => (first === last ? `${first}` : `${first}–${last}`);
const lengthOf = ([first, last]: Span) => last - first + 1;

const isWanted = ({ state }: RecordReport, { waiting }: PrintOptions) => !waiting || state !== "acknowledged";

/** The report as lines to read. */
export function* lines({ blocks, summary }: OutboxReport, options: PrintOptions): Generator<string> {
	for (let at = 0; at < blocks.length; at++) {
		const from = at;
		while (isPlain(blocks[at]) && at + 1 < blocks.length && follows(blocks[at], blocks[at + 1])) at++;
		if (at > from) yield `blocks ${blocks[from].block}–${blocks[at].block}  ${blocks[at].state}`;
		else yield* blockLines(blocks[at], options);
	}
	yield "";
	yield* summaryLines(summary);
}

const isPlain = ({ state }: BlockReport) => state === "erased" || state === "free";
const follows = (one: BlockReport, other: BlockReport) =>
	one.state === other.state && other.block === one.block + 1;

function* blockLines(report: BlockReport, options: PrintOptions): Generator<string> {
	const { block, state, reason, version, generation, firstSequence, usedBytes = 0, room = 0 } = report;
	const { records, refused, claimed, isHead } = report;
	if (state !== "used") {
		yield `block ${block}  ${state}${reason === undefined ? "" : `: ${reason}`}`;
		return;
	}
	yield (
		`block ${block}  ${version}, order ${generation}${isHead ? ", written to" : ""}, numbers from ${firstSequence}, ` +
		`${numberText(usedBytes)} of ${numberText(room)} bytes used, records: ${records.length}`
	);
	const wanted = records.filter(record => isWanted(record, options));
	if (wanted.length) yield row("number", "state", "length", "offset", "payload");
	for (const record of wanted) yield recordLine(record, options);
	if (refused) yield `  ${spanText(refused)} refused: the outbox was full and drops the newest`;
	if (claimed)
		yield `  the next block was to be erased with ${claimed} messages waiting in it: the outbox was full`;
}

const row = (number: string, state: string, length: string, offset: string, payload: string) =>
	`  ${number.padStart(10)}  ${state.padEnd(12)}  ${length.padStart(6)}  ${offset.padStart(6)}  ${payload}`.trimEnd();

function recordLine(
	{ sequence, state, length, offset, payload }: RecordReport,
	{ hex }: PrintOptions,
): string {
	const text = payload && (hex ? digitsOf(payload) : textOf(payload));
	return row(`${sequence ?? "?"}`, state, `${length ?? "?"}`, `0x${hexOf(offset)}`, text ?? "");
}

function* summaryLines(summary: Summary): Generator<string> {
	const { capacity, free, blocks, waiting, acknowledged, torn, damaged, damagedBlocks } = summary;
	const { refused, droppedByCut, holes, nextSequence } = summary;
	const missing = holes.reduce((sum, hole) => sum + lengthOf(hole), 0);
	yield `capacity      ${numberText(capacity)} bytes at least, in ${blocks} blocks; free: ${numberText(free)}`;
	yield `waiting       ${waiting}`;
	yield `acknowledged  ${acknowledged}, of those still in flash`;
	yield `holes         ${missing ? `${missing} numbers: ${holes.map(spanText).join(", ")}` : "none"}`;
	if (refused) yield `refused       ${refused} of them, when the outbox was full`;
	if (droppedByCut)
		yield `dropped       ${droppedByCut} by an erase that a power cut ended; the next start reports them`;
	yield `next number   ${nextSequence ?? "none: there is no outbox here; opening it makes one"}`;
	yield torn + damaged + damagedBlocks
		? `damage        records torn: ${torn}, damaged: ${damaged}; blocks damaged: ${damagedBlocks}`
		: "damage        none";
}

/** The report as JSON texts, one for each line, each with a `kind`: "block", "record", or "summary" for the last. */
export function* jsonLines({ blocks, summary }: OutboxReport, options: PrintOptions): Generator<string> {
	for (const { records, ...block } of blocks) {
		yield JSON.stringify({ kind: "block", ...block, records: records.length });
		for (const record of records)
			if (isWanted(record, options)) yield JSON.stringify(recordObject(record, options));
	}
	yield JSON.stringify({ kind: "summary", ...summary });
}

/** The payload as `text`, or as `hex` where that is asked for or it is not UTF-8. */
function recordObject({ payload, ...record }: RecordReport, { hex }: PrintOptions): object {
	if (!payload) return { kind: "record", ...record };
	const text = hex ? undefined : utf8Of(payload);
	return { kind: "record", ...record, ...(text === undefined ? { hex: digitsOf(payload) } : { text }) };
}
