import {
	BLOCK_HEADER,
	FREE,
	RECORD_HEADER,
	TALLY_LENGTH,
	USED,
	blockState,
	claimIn,
	hasMagic,
	recordLength,
	tallyCount,
} from "../../modules/telemetry/outbox-format.js";
import { BlockRing } from "../../modules/telemetry/outbox-ring.js";
import { scan } from "../../modules/telemetry/outbox-scan.js";
import { Image } from "./image.js";

/**
 * "damaged": its header is whole, but not what was written, and more records follow. "torn": the last of its block, not written to the end, as a
 * power cut leaves it; its header may not be whole either: then only its offset is known.
 */
type RecordState = "waiting" | "acknowledged" | "torn" | "damaged";

export interface RecordReport {
	readonly state: RecordState;
	readonly block: number;
	/** In the block. */
	readonly offset: number;
	readonly sequence?: number;
	readonly length?: number;
	/** The application's value: of telemetry's messages the time of the sample, in ticks. */
	readonly stamp?: number;
	readonly payload?: Uint8Array;
}

export interface BlockReport {
	readonly block: number;
	/** "erased": not yet prepared for use; "free": prepared; "used"; "damaged": the outbox erases it before it uses it. */
	readonly state: "erased" | "free" | "used" | "damaged";
	/** Of a damaged one. */
	readonly reason?: string;
	/** Its first four bytes: magic and version of the format. */
	readonly version?: string;
	readonly generation?: number;
	readonly firstSequence?: number;
	/** Whether this is the one that is written to. */
	readonly isHead?: boolean;
	/** Bytes that its records take, and how many there are at most. */
	readonly usedBytes?: number;
	readonly room?: number;
	readonly records: readonly RecordReport[];
	/** Sequence numbers of messages that a full outbox refused behind these records. */
	readonly refused?: Span;
	/** Messages that waited in the next block when that was about to be erased. */
	readonly claimed?: number;
}

/** Sequence numbers, from first to last. */
export type Span = readonly [first: number, last: number];

export interface Summary {
	/** Bytes for records that surely fit, as {@link OutboxStatus} has it, and how many of them are free. */
	readonly capacity: number;
	readonly free: number;
	readonly blocks: number;
	readonly waiting: number;
	readonly acknowledged: number;
	readonly torn: number;
	readonly damaged: number;
	readonly damagedBlocks: number;
	/** Messages that a full outbox refused, behind records that are still there. */
	readonly refused: number;
	/** Messages that were dropped by an erase which the power cut ended: the next opening reports them. */
	readonly droppedByCut: number;
	/** Sequence numbers that are missing between the records. */
	readonly holes: readonly Span[];
	/** The next message's; undefined where the partition holds no outbox. */
	readonly nextSequence: number | undefined;
}

export interface OutboxReport {
	/** From the oldest to the one that is written to, where there is an outbox. */
	readonly blocks: readonly BlockReport[];
	readonly summary: Summary;
}

/**
 * Reads a partition by the outbox's own code; the bytes stay as they are.
 * @param bytes a multiple of blockLength, two blocks or more
 */
export function inspect(bytes: Uint8Array, blockLength: number): OutboxReport {
	const count = bytes.length / blockLength;
	const ring = new BlockRing(new Image(bytes, blockLength), count, blockLength, 0);
	// What the outbox would find: opened on a copy, since opening repairs.
	const opened = new BlockRing(new Image(bytes.slice(), blockLength), count, blockLength, 0);
	const states = Array.from({ length: count }, (_, block) => stateOf(ring, block));
	const isOutbox = states.includes(USED);
	scan(opened);
	const first = isOutbox ? opened.after(opened.head) : 0;
	const blocks = states.map((_, distance) => {
		const block = (first + distance) % count;
		if (states[block] === USED && opened.state[block] === USED)
			return usedBlock(ring, block, isOutbox && block === opened.head);
		return otherBlock(ring, block, states[block]);
	});
	return { blocks, summary: summaryOf(blocks, isOutbox, opened) };
}

function stateOf(ring: BlockRing, block: number): number {
	ring.read(ring.header, block, 0);
	return blockState(ring.header, ring.view);
}

const versionIn = (header: Uint8Array) => String.fromCharCode(...header.subarray(0, 4));

function otherBlock(ring: BlockRing, block: number, state: number): BlockReport {
	const bytes = new Uint8Array(ring.blockLength);
	ring.read(bytes, block, 0);
	const isErasedFrom = (offset: number) => bytes.subarray(offset).every(byte => byte === 0xff);
	if (isErasedFrom(0)) return { block, state: "erased", records: [] };
	const version = versionIn(bytes);
	if (state === FREE && isErasedFrom(BLOCK_HEADER)) return { block, state: "free", version, records: [] };
	return { block, state: "damaged", reason: reasonOf(bytes, state), records: [] };
}

function reasonOf(bytes: Uint8Array, state: number): string {
	const header = bytes.subarray(0, BLOCK_HEADER);
	if (state === FREE) return "prepared for use, but written to";
	if (state === USED) return "its generation does not fit its place: a block of another time";
	if (header.every(byte => byte === 0)) return "given up, its erase was not completed";
	if (header.every(byte => byte === 0xff)) return "no header, and not erased";
	if (hasMagic(new DataView(bytes.buffer))) return "the rest of its header is torn, or its checksum is wrong";
	return "neither a header nor erased";
}

function usedBlock(ring: BlockRing, block: number, isHead: boolean): BlockReport {
	const { header, view, limit } = ring;
	ring.read(header, block, 0);
	const version = versionIn(header);
	const generation = view.getUint32(4, true);
	const firstSequence = view.getUint32(8, true);
	const { records, end } = recordsOf(ring, block);
	const tail = new Uint8Array(ring.blockLength - limit);
	ring.read(tail, block, limit);
	const refused = tallyCount(tail.subarray(0, TALLY_LENGTH));
	const claimed = claimIn(new DataView(tail.buffer), TALLY_LENGTH);
	const taken = records.filter(({ state }) => state !== "torn").length;
	const next = firstSequence + taken;
	return {
		block,
		state: "used",
		version,
		generation,
		firstSequence,
		isHead,
		usedBytes: end - BLOCK_HEADER,
		room: limit - BLOCK_HEADER,
		records,
		...(refused && { refused: [next, next + refused - 1] }),
		...(claimed && { claimed }),
	};
}

function recordsOf(ring: BlockRing, block: number): { records: RecordReport[]; end: number } {
	const { view, limit } = ring;
	const records: RecordReport[] = [];
	let offset = BLOCK_HEADER;
	let length = ring.recordAt(block, offset);
	while (length) {
		const { sequence, isWaiting } = ring;
		const stamp = view.getUint32(8, true);
		const isIntact = ring.readPayload(block, offset, length) !== undefined;
		const payload = new Uint8Array(length);
		ring.read(payload, block, offset + RECORD_HEADER);
		const next = offset + recordLength(length);
		const nextLength = ring.recordAt(block, next);
		const broken = nextLength ? "damaged" : "torn";
		const state = !isIntact ? broken : isWaiting ? "waiting" : "acknowledged";
		records.push({ state, block, offset, sequence, length, stamp, payload });
		offset = next;
		length = nextLength;
	}
	const rest = new Uint8Array(limit - offset);
	ring.read(rest, block, offset);
	if (rest.every(byte => byte === 0xff)) return { records, end: offset };
	records.push({ state: "torn", block, offset });
	return { records, end: limit };
}

function summaryOf(blocks: readonly BlockReport[], isOutbox: boolean, opened: BlockRing): Summary {
	const records = blocks.flatMap(block => block.records);
	const countOf = (wanted: RecordState) => records.filter(({ state }) => state === wanted).length;
	const room = opened.limit - BLOCK_HEADER;
	const others = blocks.filter(({ isHead = false }) => !isHead);
	const empty = others.filter(block => !block.records.some(({ state }) => state === "waiting"));
	return {
		capacity: (blocks.length - 1) * room,
		free: isOutbox ? empty.length * room + opened.limit - opened.offset : (blocks.length - 1) * room,
		blocks: blocks.length,
		waiting: countOf("waiting"),
		acknowledged: countOf("acknowledged"),
		torn: countOf("torn"),
		damaged: countOf("damaged"),
		damagedBlocks: blocks.filter(({ state }) => state === "damaged").length,
		refused: blocks.reduce((sum, { refused }) => sum + (refused ? refused[1] - refused[0] + 1 : 0), 0),
		droppedByCut: opened.dropped,
		holes: isOutbox ? holesIn(records, opened.next) : [],
		nextSequence: isOutbox ? opened.next : undefined,
	};
}

function holesIn(records: readonly RecordReport[], next: number): Span[] {
	const holes: Span[] = [];
	let expected: number | undefined;
	const known = records.filter(({ state }) => state !== "torn").map(({ sequence = 0 }) => sequence);
	for (const sequence of [...known, next]) {
		if (expected !== undefined && sequence > expected) holes.push([expected, sequence - 1]);
		expected = sequence + 1;
	}
	return holes;
}

/** Whether something is torn or damaged. */
export function isDamaged({ torn, damaged, damagedBlocks }: Summary): boolean {
	return torn + damaged + damagedBlocks > 0;
}
