// What a framer has to know, written down once more without its economies: all bytes at hand, one at a time.
import { latin1Of } from "../bytes.js";

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

const isPrintable = (byte: number) => byte > 0x20 && byte < 0x7f;
const isReceived = (text: string) => text.startsWith("+QMTRECV:");

/** Where the payload of a `+QMTRECV` begins: its opening quote; 0 while that is not known, -1 if it has no quotes. */
function payloadOf(text: string): number {
	const topic = text.indexOf(",", text.indexOf(",") + 1) + 1;
	if (topic <= 0 || !text.includes(",") || text[topic] !== '"') return -1;
	return text.indexOf('","', topic + 1) < 0 ? 0 : text.indexOf('","', topic + 1) + 2;
}

/**
 * The events that bytes make when the line is silent behind them: `<line>` in Latin-1, or `GAP`.
 * @param limit bytes of the longest line, its LF included
 */
export function referenceEvents(bytes: Uint8Array, limit: number): string[] {
	const events: string[] = [];
	const latin1 = (from: number, to: number) => latin1Of(bytes.subarray(from, to));
	const textEnd = (lineEnd: number, start: number) =>
		lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
	for (let start = 0; start < bytes.length;) {
		if (!isPrintable(bytes[start])) {
			start++;
			continue;
		}
		let quote = 0;
		let isLong = false;
		let end = -1;
		for (let at = start; at < bytes.length && end < 0; at++) {
			if (!isLong && at - start >= limit) {
				isLong = true;
				const head = latin1(start, start + limit);
				quote = isReceived(head) && payloadOf(head) >= 0 ? -limit : -1;
			}
			if (bytes[at] !== LF) continue;
			const stop = textEnd(at, start);
			if (!isLong && !quote) quote = isReceived(latin1(start, stop)) ? payloadOf(latin1(start, stop)) : -1;
			if (quote === -1) end = at;
			else if (quote && stop < at && stop - 1 > start + quote && bytes[stop - 1] === QUOTE) {
				const next = bytes.subarray(at + 1, at + 3);
				if (!next.length || (next[0] === CR && (next.length < 2 || next[1] === LF))) end = at;
			}
		}
		if (end < 0 || isLong) {
			events.push("GAP");
			start = end < 0 ? bytes.length : end + 1;
			continue;
		}
		const text = latin1(start, textEnd(end, start));
		// Blanks at the end of a payload are its own.
		events.push(isReceived(text) ? text : latin1(start, end).replace(/[\0-\x20]+$/, ""));
		start = end + 1;
	}
	return events;
}
