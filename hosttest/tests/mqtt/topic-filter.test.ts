import test from "ava";
import fc from "fast-check";
import { TopicError } from "../../../modules/mqtt/session-errors.js";
import { TopicFilter, checkTopicName } from "../../../modules/mqtt/topic-filter.js";

const matches = (filter: string, topic: string) => new TopicFilter(filter).matches(topic);

// The examples of MQTT 3.1.1, 4.7.1 to 4.7.3.
const EXAMPLES: Readonly<Record<string, { yes: string[]; no: string[] }>> = {
	"sport/tennis/player1/#": {
		yes: [
			"sport/tennis/player1",
			"sport/tennis/player1/ranking",
			"sport/tennis/player1/score/wimbledon",
			"sport/tennis/player1/",
		],
		no: ["sport/tennis/player10", "sport/tennis/player2", "sport/tennis"],
	},
	"sport/#": { yes: ["sport", "sport/", "sport/a/b"], no: ["sports", "Sport", "/sport"] },
	"#": { yes: ["a", "/", "a/b/c", "a//"], no: ["$SYS", "$SYS/monitor/Clients"] },
	"sport/tennis/+": {
		yes: ["sport/tennis/player1", "sport/tennis/"],
		no: ["sport/tennis/player1/ranking", "sport/tennis"],
	},
	"sport/+": { yes: ["sport/"], no: ["sport"] },
	"+/+": { yes: ["/finance", "a/b", "/"], no: ["finance", "a/b/c", "$SYS/b"] },
	"/+": { yes: ["/finance", "/"], no: ["finance", "/a/b"] },
	"+": { yes: ["finance"], no: ["/finance", "$SYS", "$"] },
	"+/monitor/Clients": { yes: ["a/monitor/Clients"], no: ["$SYS/monitor/Clients"] },
	"$SYS/#": { yes: ["$SYS/monitor/Clients", "$SYS"], no: ["$SYSTEM", "SYS/a"] },
	"$SYS/monitor/+": { yes: ["$SYS/monitor/Clients"], no: ["$SYS/monitor/a/b"] },
	"a/+/c/#": { yes: ["a/b/c", "a//c", "a/b/c/d"], no: ["a/c", "a/b/d", "a/b/cd"] },
	"a//b": { yes: ["a//b"], no: ["a/b", "a///b"] },
	"a/+/": { yes: ["a/b/"], no: ["a/b", "a/b/c"] },
	ACCOUNTS: { yes: ["ACCOUNTS"], no: ["Accounts", "ACCOUNTS/"] },
	"größe/+": { yes: ["größe/ü€😀"], no: ["größe"] },
};

for (const [filter, { yes, no }] of Object.entries(EXAMPLES))
	test(`examples: ${filter}`, t => {
		for (const topic of yes) t.true(matches(filter, topic), topic);
		for (const topic of no) t.false(matches(filter, topic), topic);
	});

/** MQTT 3.1.1, 4.7, by level arrays and recursion. */
function oracle(filter: string, topic: string): boolean {
	if (topic[0] === "$" && (filter[0] === "+" || filter[0] === "#")) return false;
	const match = (filters: string[], topics: string[]): boolean => {
		if (filters.length === 0) return topics.length === 0;
		if (filters[0] === "#") return true;
		if (topics.length === 0) return false;
		return (filters[0] === "+" || filters[0] === topics[0]) && match(filters.slice(1), topics.slice(1));
	};
	return match(filter.split("/"), topic.split("/"));
}

const level = fc.constantFrom("", "a", "b", "aa", "ab", "$", "$a", "ä", "😀");
const levels = fc.array(level, { minLength: 1, maxLength: 5 });
const topics = levels.map(all => all.join("/")).filter(topic => topic !== "");
const filters = fc
	.tuple(fc.array(fc.oneof(level, fc.constant("+")), { minLength: 1, maxLength: 5 }), fc.boolean())
	.map(([all, hash]) => [...all, ...(hash ? ["#"] : [])].join("/"))
	.filter(filter => filter !== "");

test("property: as the oracle says, for any filter and topic", t => {
	let matched = 0;
	fc.assert(
		fc.property(filters, topics, (filter, topic) => {
			const expected = oracle(filter, topic);
			if (expected) matched++;
			return matches(filter, topic) === expected;
		}),
		{ seed: 3, numRuns: 20_000 },
	);
	t.true(matched > 1000, `${matched} of them match`);
});

test("property: a topic whose levels are replaced by + matches, unless its first begins with $", t => {
	fc.assert(
		fc.property(topics, fc.infiniteStream(fc.boolean()), (topic, wild) => {
			const filter = topic
				.split("/")
				.map(level => (wild.next().value ? "+" : level))
				.join("/");
			return matches(filter, topic) === !(topic.startsWith("$") && filter.startsWith("+"));
		}),
		{ seed: 4, numRuns: 2000 },
	);
	t.pass();
});

test("filters that MQTT does not allow are refused by name", t => {
	for (const filter of [
		"",
		"a+",
		"+a/b",
		"a/b+",
		"a/#/b",
		"#/",
		"a#",
		"a/#b",
		"##",
		"++",
		"a\0b",
		undefined,
		1,
		null,
	])
		t.throws(
			() => new TopicFilter(filter as string),
			{ instanceOf: TopicError, name: "TopicError" },
			String(filter),
		);
	t.throws(() => new TopicFilter("ä".repeat(32_768)), {
		message: "filter has 65536 bytes; the limit is 65535",
	});
	t.notThrows(() => new TopicFilter("ä".repeat(32_767)));
});

test("topics of messages: no wildcards, not empty, no U+0000", t => {
	for (const topic of ["", "a/+", "#", "a#", "\0", undefined, 7])
		t.throws(() => checkTopicName(topic), { instanceOf: TopicError }, String(topic));
	for (const topic of ["/", "a", "$SYS", " ", 'say "hi"', "ä/😀"])
		t.is(checkTopicName(topic), ArrayBuffer.fromString(topic).byteLength);
});
