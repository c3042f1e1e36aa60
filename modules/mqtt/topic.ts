import { checkText } from "../bc20/checks.js";
import { TOPIC_LIMIT } from "../bc20/commands.js";
import { CheckedText, type Text } from "../at/text.js";

const HASH = 0x23;
const PLUS = 0x2b;
const SLASH = 0x2f;

/**
 * Checks a topic to publish to: 1 to 255 bytes, without quotes, control characters and wildcards.
 * @returns it for a command, copied
 * @throws TypeError or RangeError that names the parameter
 */
export function checkTopic(name: string, topic: Text): CheckedText {
	checkText(name, topic, 1, TOPIC_LIMIT);
	const checked = new CheckedText(topic);
	const { bytes } = checked;
	if (bytes.includes(PLUS) || bytes.includes(HASH))
		throw new RangeError(`${name} holds a wildcard (+ or #), which only a subscription may`);
	return checked;
}

/**
 * Checks a topic filter to subscribe to: 1 to 255 bytes, without quotes and control characters, wildcards where MQTT allows them (MQTT
 * 3.1.1, 4.7.1). A broker would close the connection for others.
 * @returns it for a command, copied
 * @throws TypeError or RangeError that names the parameter
 */
export function checkFilter(name: string, filter: Text): CheckedText {
	checkText(name, filter, 1, TOPIC_LIMIT);
	const checked = new CheckedText(filter);
	const { bytes } = checked;
	for (let at = 0; at < bytes.length; at++) {
		if (bytes[at] !== PLUS && bytes[at] !== HASH) continue;
		const last = at === bytes.length - 1;
		const fills = (!at || bytes[at - 1] === SLASH) && (last || bytes[at + 1] === SLASH);
		if (!fills || (bytes[at] === HASH && !last))
			throw new RangeError(`${name}: a wildcard must fill its level, and # must be the last`);
	}
	return checked;
}
