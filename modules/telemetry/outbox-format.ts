// The outbox on flash: the layout of a block and of a record, and their encoding. Pure. All numbers little-endian.
//
// block    0  u32  magic "OBX1": written after the block was erased completely
//          4  u32  generation: 1, 2, 3, … in the order in which blocks were begun; erased = block is free
//          8  u32  first sequence number: none of the block's records has a smaller one
//         12  u32  CRC-32 of bytes 0–11
//         16       records, back to back, each at a multiple of 4
//        −64       tally, 56 bytes: each cleared bit, from the lowest of the first byte, is a sequence number that was
//                  used up after the block's last record by a message refused because the outbox was full
//         −8       two claims: how many messages wait in the next block of the ring, written before that block is
//                  erased while this one is the newest. The second is used where a power cut came after the first,
//                  before anything was dropped. A claim is u16 number, u16 its complement; erased = none. It is
//                  what was dropped, once the magic of the next block is gone.
// A block whose 16 bytes are neither a header nor that of a free block has to be erased before it is used. They are
// overwritten with zeros before the block is erased, so that no header comes back from an erase that was cut off.
//
// record   0  u16  length n of the payload, 1 or more; erased = end of the block's records
//          2  u16  the complement of the length
//          4  u32  sequence number
//          8  u32  stamp: a value of the application's
//         12  u32  CRC-32 of bytes 0–11 and the payload
//         16  u32  acknowledge word: 0 = acknowledged, anything else = waiting
//         20       payload, n bytes, then erased bytes up to a multiple of 4
import { crc32 } from "./crc32.js";

export const BLOCK_HEADER = 16;
export const RECORD_HEADER = 20;
export const ACKNOWLEDGE_OFFSET = 16;
export const TALLY_LENGTH = 56;
export const CLAIM_LENGTH = 4;
/** Bytes behind a block's records: the tally and two claims. Not less than the header of a record, so that one may be looked for there. */
export const TAIL_LENGTH = TALLY_LENGTH + 2 * CLAIM_LENGTH;
/** Offset of the generation: what is written when a free block is begun starts here. */
export const GENERATION_OFFSET = 4;

const MAGIC = 0x3158424f;
const ERASED = 0xffffffff;
const CHECKED = 12; // bytes of either header before its CRC

/** Block states. */
export const DIRTY = 0;
export const FREE = 1;
export const USED = 2;

/** Writes the magic of a free block to the first 4 bytes. */
export function encodeFree(view: DataView): void {
	view.setUint32(0, MAGIC, true);
}

/** Writes a block header to the first 16 bytes of `bytes`, which `view` shows too. */
export function encodeBlock(
	bytes: Uint8Array,
	view: DataView,
	generation: number,
	firstSequence: number,
): void {
	view.setUint32(0, MAGIC, true);
	view.setUint32(4, generation, true);
	view.setUint32(8, firstSequence, true);
	view.setUint32(CHECKED, crc32(bytes, 0, CHECKED), true);
}

/** Whether the 16 bytes at the start of a block are as erasing leaves them. */
export function isErasedHeader(view: DataView): boolean {
	for (let offset = 0; offset < BLOCK_HEADER; offset += 4)
		if (view.getUint32(offset) !== ERASED) return false;
	return true;
}

/** Whether a block begins with the magic: it was erased completely, and not given up since. */
export function hasMagic(view: DataView): boolean {
	return view.getUint32(0, true) === MAGIC;
}

/** What the 16 bytes at the start of a block say: DIRTY, FREE or USED. */
export function blockState(bytes: Uint8Array, view: DataView): number {
	if (!hasMagic(view)) return DIRTY;
	if (view.getUint32(CHECKED, true) === crc32(bytes, 0, CHECKED)) return USED;
	for (let offset = GENERATION_OFFSET; offset < BLOCK_HEADER; offset += 4)
		if (view.getUint32(offset) !== ERASED) return DIRTY;
	return FREE;
}

/** Writes a 16-bit number and its complement to the first 4 bytes: the length of a record, or a claim. */
export function encodeNumber(view: DataView, number: number): void {
	view.setUint16(0, number, true);
	view.setUint16(2, ~number, true);
}

/** Writes the header of a record, acknowledge word excepted, to the first 16 bytes of `bytes`. */
export function encodeRecord(
	bytes: Uint8Array,
	view: DataView,
	sequence: number,
	stamp: number,
	payload: Uint8Array,
): void {
	encodeNumber(view, payload.length);
	view.setUint32(4, sequence, true);
	view.setUint32(8, stamp, true);
	view.setUint32(CHECKED, recordCrc(bytes, payload), true);
}

/** CRC-32 that belongs in the header in `bytes` with this payload. */
export function recordCrc(bytes: Uint8Array, payload: Uint8Array): number {
	return crc32(payload, 0, payload.length, crc32(bytes, 0, CHECKED));
}

/** Whether the CRC of the header in `bytes` is right for the payload. */
export function isIntact(bytes: Uint8Array, view: DataView, payload: Uint8Array): boolean {
	return view.getUint32(CHECKED, true) === recordCrc(bytes, payload);
}

/**
 * Number at a place in `view`, as `encodeNumber` has written it: length of the payload where a record begins, or a claim.
 * 0 when nothing was written there, or not all of it.
 */
export function numberIn(view: DataView, at: number): number {
	const number = view.getUint16(at, true);
	return (number ^ view.getUint16(at + 2, true)) === 0xffff ? number % 0xffff : 0;
}

/** Messages that the claims at a place in `view` say are dropped. */
export function claimIn(view: DataView, at: number): number {
	const second = at + CLAIM_LENGTH;
	return numberIn(view, isErasedIn(view, second) ? at : second);
}

/** Whether nothing was written to the 4 bytes at a place in `view`. */
export function isErasedIn(view: DataView, at: number): boolean {
	return view.getUint32(at) === ERASED;
}

/** Sequence number of the record whose header is at a place in `view`. */
export function sequenceIn(view: DataView, at: number): number {
	return view.getUint32(at + 4, true);
}

/** Whether that record waits. */
export function waitsIn(view: DataView, at: number): boolean {
	return view.getUint32(at + ACKNOWLEDGE_OFFSET) !== 0;
}

/** Bytes that a record takes in its block. */
export function recordLength(payloadLength: number): number {
	return (RECORD_HEADER + payloadLength + 3) & ~3;
}

/** Number of cleared bits of a tally, cleared from the lowest bit of the first byte on. */
export function tallyCount(tally: Uint8Array): number {
	let count = 0;
	for (const byte of tally) for (let bits = ~byte & 0xff; bits; bits >>= 1) count += bits & 1;
	return count;
}

/** The byte that holds bit `index` of a tally after that bit was cleared. */
export function tallyByte(index: number): number {
	return (0xfe << (index & 7)) & 0xff;
}
