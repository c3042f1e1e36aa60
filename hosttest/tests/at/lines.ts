import { Line } from "../../../modules/at/line.js";
import { ReceiveBuffer } from "../../../modules/at/receive-buffer.js";
import { latin1 } from "../bytes.js";

/**
 * A line with other bytes before and behind it, read in pieces of a size.
 * @param behind what stands behind the line's last byte, its end included
 */
export function lineOf(text: string | Uint8Array, size = 128, behind = '\r\n,"9":'): Line {
	const bytes = typeof text === "string" ? latin1(text) : text;
	const buffer = new ReceiveBuffer(512);
	const before = latin1('x,":');
	const all = new Uint8Array([...before, ...bytes, ...latin1(behind)]);
	for (let from = 0; from < all.length; from += size) {
		const piece = all.subarray(from, from + size);
		buffer.landing.set(piece);
		buffer.add(piece.length);
		// As the framer does: searched from line end to line end; the text may begin behind the line's beginning.
		for (let at = from; at < buffer.end; at++) at = buffer.find(at);
	}
	const line = new Line(buffer);
	line.offset = before.length;
	line.length = bytes.length;
	const colon = bytes.indexOf(0x3a);
	line.prefixLength = colon < 0 ? bytes.length : colon;
	return line;
}
