import type { Line } from "../at/line.js";
import { COMPLETE, HELD, OPEN } from "../at/prefixes.js";
import { COMMA, QUOTE } from "../at/text.js";

/**
 * Whether `+QMTRECV: <id>,<msgID>,"<topic>","<payload>"` is complete at a line end. The payload may hold line ends and quotes, and
 * nothing escapes them (application note 5.2; module reference 3.4): it begins behind the first `","` and ends at the quote before a
 * line end behind which another block begins. A payload without quotes ends at the first line end; where a line could be read
 * both ways it is taken as quoted, so that nobody who chooses a topic can make his payload pass for lines of the modem.
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
		const closes = line.length > quote + 3 && line.at(line.length - 1) === QUOTE;
		return closes ? HELD : OPEN;
	}
	return unquoted ? COMPLETE : OPEN;
}
