import { checkText } from "../bc20/checks.js";
import { TOPIC_LIMIT } from "../bc20/commands.js";
import { type Text, bytesOf } from "../at/text.js";

const HASH = 0x23;
const PLUS = 0x2b;
const SLASH = 0x2f;

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
 * Checks a topic filter to subscribe to: 1 to 255 bytes, without quotes and control characters, wildcards where MQTT allows them (MQTT
 * 3.1.1, 4.7.1). A broker would close the connection for others.
 * @returns a copy of its bytes
 * @throws TypeError or RangeError that names the parameter
 */
export function checkFilter(name: string, filter: Text): Uint8Array {
	checkText(name, filter, 1, TOPIC_LIMIT);
	const bytes = bytesOf(filter).slice();
	for (let at = 0; at < bytes.length; at++) {
		if (bytes[at] !== PLUS && bytes[at] !== HASH) continue;
		const last = at === bytes.length - 1;
		const fills = (!at || bytes[at - 1] === SLASH) && (last || bytes[at + 1] === SLASH);
		if (!fills || (bytes[at] === HASH && !last))
			throw new RangeError(`${name}: a wildcard must fill its level, and # must be the last`);
	}
	return bytes;
}
