import type { Line } from "../at/line.js";
import { COMPLETE, HELD, OPEN } from "../at/prefixes.js";
import { COMMA, CR, LF, QUOTE } from "../at/text.js";

/**
 * Whether `+QMTRECV: <id>,<msgID>,"<topic>","<payload>"` is complete at a line end. The payload may hold line ends and quotes, and
 * nothing escapes them (application note 5.2; module reference 3.4): it begins behind the first `","` and ends at the quote before a
 * CR LF behind which another block begins, with CR LF, or nothing comes. A payload without quotes ends at the first line end; where a line
 * could be read both ways it is taken as quoted, so that nobody who chooses a topic can make his payload pass for lines of the modem.
 */
export function receivedEnds(line: Line): number {
	const comma = line.indexOf(COMMA, line.prefixLength);
	const topic = comma < 0 ? -1 : line.indexOf(COMMA, comma + 1) + 1;
	if (topic <= 0 || line.at(topic) !== QUOTE) return COMPLETE;
	let unquoted = false;
	for (let quote = line.indexOf(QUOTE, topic + 1); quote >= 0; quote = line.indexOf(QUOTE, quote + 1)) {
		if (line.at(quote + 1) !== COMMA || quote + 2 >= line.length) continue;
		if (line.at(quote + 2) !== QUOTE) {
			unquoted = true;
			continue;
		}
		const { length } = line;
		const closes = length > quote + 3 && line.at(length - 1) === QUOTE;
		// The module ends its lines with CR LF and nothing else.
		return closes && line.at(length) === CR && line.at(length + 1) === LF ? HELD : OPEN;
	}
	return unquoted ? COMPLETE : OPEN;
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
		const msgID = line.integer(1);
		const comma = line.indexOf(COMMA, line.prefixLength);
		const topic = comma < 0 ? 0 : line.indexOf(COMMA, comma + 1) + 1;
		if (msgID === undefined || topic <= 0 || topic >= line.length) return false;
		this.msgID = msgID;
		const quoted = line.at(topic) === QUOTE;
		let separator;
		if (hex) separator = lastComma(line, topic);
		else separator = quoted ? separatorBehind(line, topic + 1) : line.indexOf(COMMA, topic);
		if (separator < 0 || (quoted && (separator < topic + 2 || line.at(separator - 1) !== QUOTE)))
			return false;
		this.topic = quoted ? topic + 1 : topic;
		this.topicLength = separator - this.topic - (quoted ? 1 : 0);
		const payload = separator + 1;
		// A module that leaves out the quotes does so for both: those of the payload are then its own.
		const enclosed =
			quoted &&
			line.length >= payload + 2 &&
			line.at(payload) === QUOTE &&
			line.at(line.length - 1) === QUOTE;
		this.payload = enclosed ? payload + 1 : payload;
		this.payloadLength = line.length - this.payload - (enclosed ? 1 : 0);
		return true;
	}
}

function lastComma(line: Line, from: number): number {
	let last = -1;
	for (let comma = line.indexOf(COMMA, from); comma >= 0; comma = line.indexOf(COMMA, comma + 1))
		last = comma;
	return last;
}

/** The comma between topic and payload: the first in `","`, or where there is none the first behind a quote. */
function separatorBehind(line: Line, from: number): number {
	let unquoted = -1;
	for (let quote = line.indexOf(QUOTE, from); quote >= 0; quote = line.indexOf(QUOTE, quote + 1)) {
		if (quote + 1 >= line.length || line.at(quote + 1) !== COMMA) continue;
		if (quote + 2 < line.length && line.at(quote + 2) === QUOTE) return quote + 1;
		if (unquoted < 0) unquoted = quote + 1;
	}
	return unquoted;
}
