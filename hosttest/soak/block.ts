import { crc32 } from "node:zlib";

// The outbox's format as README describes it, read without the outbox's own code. All numbers little-endian.

/** Bytes of a block of the host's flash. */
export const BLOCK_BYTES = 4096;

const MAGIC = 0x3158424f; // "OBX1"
const BLOCK_HEADER = 16;
const RECORD_HEADER = 20;
const TALLY_BYTES = 64;
/** Bytes of either header before its CRC-32. */
const CHECKED = 12;
const ACKNOWLEDGE_WORD = 16;

/** Sequence numbers of the messages that wait in a block of the outbox; none in a block that is free or was given up. */
export function waitingIn(block: Uint8Array): number[] {
	const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
	const sequences: number[] = [];
	if (view.getUint32(0, true) !== MAGIC) return sequences;
	if (view.getUint32(CHECKED, true) !== crc32(block.subarray(0, CHECKED))) return sequences;
	const limit = BLOCK_BYTES - TALLY_BYTES;
	for (let offset = BLOCK_HEADER; offset + RECORD_HEADER <= limit;) {
		const length = view.getUint16(offset, true);
		const complement = view.getUint16(offset + 2, true);
		const payload = offset + RECORD_HEADER;
		const end = (payload + length + 3) & ~3;
		if ((length ^ complement) !== 0xffff || end > limit) break;
		const checked = crc32(
			block.subarray(payload, payload + length),
			crc32(block.subarray(offset, offset + CHECKED)),
		);
		const isWaiting = view.getUint32(offset + ACKNOWLEDGE_WORD, true) !== 0;
		if (isWaiting && view.getUint32(offset + CHECKED, true) === checked)
			sequences.push(view.getUint32(offset + 4, true));
		offset = end;
	}
	return sequences;
}
