import { checkText } from "../bc20/checks.js";
import { TOPIC_LIMIT } from "../bc20/commands.js";
import { type Text, bytesOf } from "../at/text.js";

const HASH = 0x23;
const PLUS = 0x2b;

/**
 * Checks a topic to publish to: 1 to 255 bytes, without quotes, control characters and wildcards.
 * @returns a copy of its bytes
 * @throws TypeError or RangeError that names the parameter
 */
export function checkTopic(name: string, topic: Text): Uint8Array {
	checkText(name, topic, 1, TOPIC_LIMIT);
	const bytes = bytesOf(topic).slice();
	if (bytes.includes(PLUS) || bytes.includes(HASH))
		throw new RangeError(`${name} holds a wildcard (+ or #), which only a subscription may`);
	return bytes;
}

/**
 * Checks a topic filter to subscribe to: 1 to 255 bytes, without quotes and control characters.
 * @returns a copy of its bytes
 * @throws TypeError or RangeError that names the parameter
 */
export function checkFilter(name: string, filter: Text): Uint8Array {
	checkText(name, filter, 1, TOPIC_LIMIT);
	return bytesOf(filter).slice();
}
