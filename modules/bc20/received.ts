import type { Line } from "../at/line.js";
import { COMPLETE, OPEN } from "../at/prefixes.js";
import { indexOf } from "../at/string-methods.js";
import { QUOTE } from "../at/text.js";

/**
 * Where `+QMTRECV: <id>,<msgID>,"<topic>","<payload>"` ends, asked at a line end. The payload may hold line ends and quotes, and
 * nothing escapes them (application note 5.2; module reference 3.4): it begins behind the first `","` and ends at the quote before a
 * CR LF behind which another block begins, with CR LF, or nothing comes. A payload without quotes ends at the first line end; where a line
 * could be read both ways it is taken as quoted, so that nobody who chooses a topic can make his payload pass for lines of the modem.
 */
export function receivedEnds(line: Line): number {
	const text = line.shown();
	const start = line.shownAt;
	const end = start + line.length;
	const topic = topicOf(text, start + line.prefixLength);
	if (topic <= 0 || topic >= end || line.at(topic - start) !== QUOTE) return COMPLETE;
	const separator = indexOf.call(text, '","', topic + 1) + 2;
	if (separator > 2 && separator < end) return separator - start;
	const unquoted = indexOf.call(text, '",', topic + 1) + 2;
	return unquoted > 2 && unquoted < end ? COMPLETE : OPEN;
}

/** Where the parts of a `+QMTRECV` line are: indexes into the line. */
export class Received {
	/** 0 for QoS 0. */
	msgID = 0;
	topic = 0;
	topicLength = 0;
	payload = 0;
	payloadLength = 0;

	/**
	 * Finds the parts of a complete line.
	 * @param hex the payload is in hex digits, so that the last comma ends the topic, whatever is in it
	 * @returns false if it is none
	 */
	parse(line: Line, hex = false): boolean {
		const text = line.shown();
		const start = line.shownAt;
		const { length } = line;
		const msgIDAt = indexOf.call(text, ",", start + line.prefixLength) + 1 - start;
		const topic = topicOf(text, start + line.prefixLength) - start;
		if (topic <= msgIDAt || topic >= length) return false;
		const msgID = line.integerAt(msgIDAt, topic - 1 - msgIDAt) ?? line.integer(1);
		if (msgID === undefined) return false;
		this.msgID = msgID;
		const quoted = line.at(topic) === QUOTE;
		if (quoted && !hex) {
			// As the module writes it: payload and topic in quotes.
			const topicEnd = indexOf.call(text, '","', start + topic + 1) - start;
			const payload = topicEnd + 3;
			if (topicEnd > topic && payload < length && line.at(length - 1) === QUOTE) {
				this.topic = topic + 1;
				this.topicLength = topicEnd - this.topic;
				this.payload = payload;
				this.payloadLength = length - 1 - payload;
				return true;
			}
		}
		let separator;
		if (hex) separator = line.lastIndexOf(",");
		else separator = quoted ? separatorBehind(line, topic + 1) : line.indexOf(",", topic);
		if (separator < topic || (quoted && (separator < topic + 2 || line.at(separator - 1) !== QUOTE)))
			return false;
		this.topic = quoted ? topic + 1 : topic;
		this.topicLength = separator - this.topic - (quoted ? 1 : 0);
		const payload = separator + 1;
		// A module that leaves out the quotes does so for both: those of the payload are then its own.
		const enclosed =
			quoted && length >= payload + 2 && line.at(payload) === QUOTE && line.at(length - 1) === QUOTE;
		this.payload = enclosed ? payload + 1 : payload;
		this.payloadLength = length - this.payload - (enclosed ? 1 : 0);
		return true;
	}
}

/** Where the topic begins in a text, or its quote: behind the second comma; 0 or less if there is none. */
function topicOf(text: string, prefixEnd: number): number {
	const comma = indexOf.call(text, ",", prefixEnd);
	return comma < 0 ? 0 : indexOf.call(text, ",", comma + 1) + 1;
}

/** The comma between topic and payload: the first in `","`, or where there is none the first behind a quote. */
function separatorBehind(line: Line, from: number): number {
	const quoted = line.indexOf('","', from);
	return (quoted >= 0 && quoted + 2 < line.length ? quoted : line.indexOf('",', from)) + 1 || -1;
}
