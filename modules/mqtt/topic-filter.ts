import { TopicError } from "./session-errors.js";

/** A string of MQTT, in UTF-8 bytes (MQTT 3.1.1, 1.5.3). */
const STRING_LIMIT = 65_535;

/**
 * Checks the topic of a message: a string of 1 to 65535 UTF-8 bytes without wildcards and U+0000 (MQTT 3.1.1, 4.7). The client class may
 * have limits of its own.
 * @returns its length in bytes
 * @throws TopicError
 */
export function checkTopicName(topic: unknown): number {
	const length = checkString("topic", topic);
	const text = topic as string;
	if (text.includes("+") || text.includes("#"))
		throw new TopicError(`topic ${text} holds a wildcard (+ or #), which only a subscription may`);
	return length;
}

/** A topic filter, with wildcards `+` (one level) and `#` (this level and all below), as MQTT 3.1.1, 4.7, has them. */
export class TopicFilter {
	readonly filter: string;
	/** In UTF-8. */
	readonly byteLength: number;
	/** Undefined where there is no wildcard: only its own topic matches. */
	readonly #levels: readonly string[] | undefined;

	/** @throws TopicError for a filter that MQTT does not allow */
	constructor(filter: string) {
		this.byteLength = checkString("filter", filter);
		this.filter = filter;
		if (!filter.includes("+") && !filter.includes("#")) return;
		const levels = filter.split("/");
		levels.forEach((level, index) => {
			if (level.length > 1 && (level.includes("+") || level.includes("#")))
				throw new TopicError(`filter ${filter}: a wildcard must fill its level; a/+/b, not a/x+/b`);
			if (level === "#" && index < levels.length - 1)
				throw new TopicError(`filter ${filter}: # must be the last level`);
		});
		this.#levels = levels;
	}

	get hasWildcard(): boolean {
		return this.#levels !== undefined;
	}

	/**
	 * Whether the topic of a message matches. A wildcard in the first level does not match topics that begin with `$`; `a/#` matches
	 * `a` too; a level may be empty. Takes no memory.
	 */
	matches(topic: string): boolean {
		const levels = this.#levels;
		if (!levels) return topic === this.filter;
		if (topic.startsWith("$") && (levels[0] === "+" || levels[0] === "#")) return false;
		const { length } = topic;
		let at = 0; // where the topic's next level begins; length + 1 when there is none
		for (const level of levels) {
			if (level === "#") return true;
			if (at > length) return false;
			if (level === "+") {
				const slash = topic.indexOf("/", at);
				at = slash < 0 ? length : slash;
			} else {
				if (!topic.startsWith(level, at)) return false;
				at += level.length;
				if (at < length && !topic.startsWith("/", at)) return false;
			}
			at++;
		}
		return at > length;
	}
}

/** @returns its length in bytes */
function checkString(name: string, value: unknown): number {
	if (typeof value !== "string" || !value) throw new TopicError(`${name} must be a string, not empty`);
	if (value.includes("\0")) throw new TopicError(`${name} holds U+0000`);
	const { byteLength } = ArrayBuffer.fromString(value);
	if (byteLength > STRING_LIMIT)
		throw new TopicError(`${name} has ${byteLength} bytes; the limit is ${STRING_LIMIT}`);
	return byteLength;
}
