import test from "ava";
import type { SubscriptionRefusedError } from "../../../modules/mqtt/session-errors.js";
import type { MessageHandler } from "../../../modules/mqtt/session-options.js";
import { SessionBench, type Written, outcome } from "./scripted-client.js";

const SUBSCRIBE = 8;
const SUBACK = 9;
const UNSUBSCRIBE = 10;
const UNSUBACK = 11;
const PUBACK = 4;

const filtersOf = (written: Written[]) =>
	written.map(({ items }) => items?.map(({ topic }) => topic).join(" "));

/** Answers all that is written, and what is written thereupon. */
async function grant(all: SessionBench): Promise<void> {
	const { client } = all;
	for (const { operation, id, items = [] } of client.written)
		// grows meanwhile
		if (operation === SUBSCRIBE) client.control({ operation: SUBACK, id, payload: items.map(() => 0) });
		else if (operation === UNSUBSCRIBE) client.control({ operation: UNSUBACK, id });
	await all.turn();
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `filter/${index}`);

test.serial("several filters in one packet; each resolves with its own granted QoS", async t => {
	const all = await SessionBench.connected();
	const first = outcome(all.session.subscribe("a/+", all.handler("a"), { QoS: 2 }));
	const second = outcome(all.session.subscribe("b/#", all.handler("b")));
	t.deepEqual(all.client.written, [], "nothing from inside subscribe");
	await all.turn();
	t.deepEqual(all.client.written, [
		{
			operation: SUBSCRIBE,
			id: 1,
			items: [
				{ topic: "a/+", QoS: 2 },
				{ topic: "b/#", QoS: 0 },
			],
		},
	]);
	all.client.control({ operation: SUBACK, id: 2, payload: [0, 0] });
	all.client.control({ operation: UNSUBACK, id: 1 });
	await all.turn();
	t.deepEqual([first.now, second.now], ["pending", "pending"], "another's answer");
	all.client.answer(SUBACK, [1, 0]);
	await all.turn();
	t.deepEqual([first.now, second.now], ["done 1", "done 0"], "less than asked for");
});

test.serial("one packet under way at a time, with 8 filters at most, after a reconnection too", async t => {
	const all = await SessionBench.connected();
	for (const name of names(20)) void all.session.subscribe(name, all.handler(name));
	for (const round of ["first", "again"]) {
		await all.turn();
		for (const [packets, first, end] of [
			[1, 0, 8],
			[2, 8, 16],
			[3, 16, 20],
		]) {
			all.client.writable();
			await all.turn();
			t.is(all.client.written.length, packets, round);
			t.deepEqual(
				all.client.last(SUBSCRIBE).items?.map(({ topic }) => topic),
				names(20).slice(first, end),
			);
			all.client.answer(SUBACK, Array<number>(end - first).fill(0));
		}
		await all.turn();
		t.is(all.client.written.length, 3);
		if (round === "first") await all.reconnect();
	}
	t.deepEqual(
		all.errors.map(({ name }) => name),
		["LinkLostError"],
	);
});

test.serial(
	"long filters: as many in a packet as one command takes; one that is longer goes alone",
	async t => {
		const all = await SessionBench.connected();
		const lengths = [400, 400, 400, 2000, 10];
		for (const [index, length] of lengths.entries())
			void all.session.subscribe(String(index).repeat(length), () => undefined);
		await all.turn();
		await grant(all);
		t.deepEqual(
			all.client.written.map(({ items }) => items?.map(({ topic }) => topic.length)),
			[[400, 400], [400], [2000], [10]],
		);
	},
);

test.serial(
	"messages go to each handler whose filter matches, once, with topic, payload, QoS and this; those of the topic itself first",
	async t => {
		const all = await SessionBench.connected();
		for (const filter of ["pump/+/set", "pump/#", "pump/7/set", "#", "valve/+", "+/7"])
			void all.session.subscribe(filter, all.handler(filter));
		void all.session.subscribe("pump/+/set", all.handler("another"));
		void all.session.subscribe("pump/7/set", function () {
			all.note(this, "handler");
		});
		await all.turn();
		await grant(all);
		all.client.message("pump/7/set", "on", Infinity, 1);
		t.deepEqual(all.received, [
			"pump/7/set pump/7/set on 1",
			"pump/+/set pump/7/set on 1",
			"another pump/7/set on 1",
			"pump/# pump/7/set on 1",
			"# pump/7/set on 1",
		]);
		t.deepEqual([...all.self], [all.session]);
		all.received.length = 0;
		all.client.message("$SYS/uptime", "9");
		all.client.message("other", "");
		t.deepEqual(all.received, ["# other  0"]);
	},
);

test.serial("the same filter again: subscribed again, with the higher QoS, both handlers stay", async t => {
	const all = await SessionBench.connected();
	void all.session.subscribe("t", all.handler("one"), { QoS: 1 });
	await all.turn();
	await grant(all);
	const second = outcome(all.session.subscribe("t", all.handler("two")));
	await all.turn();
	t.deepEqual(all.client.last(SUBSCRIBE).items, [{ topic: "t", QoS: 1 }]);
	all.client.answer(SUBACK, [1]);
	await all.turn();
	t.is(second.now, "done 1");
	all.client.message("t", "x");
	t.deepEqual(all.received, ["one t x 0", "two t x 0"]);
});

test.serial("128 refuses that filter alone: a named error, its handler forgotten", async t => {
	const all = await SessionBench.connected();
	const refused = outcome(all.session.subscribe("secret/#", all.handler("secret")));
	const granted = outcome(all.session.subscribe("open/#", all.handler("open")));
	await all.turn();
	all.client.answer(SUBACK, [128, 0]);
	await all.turn();
	t.deepEqual([refused.now, granted.now], ["SubscriptionRefusedError", "done 0"]);
	const error = refused.error as SubscriptionRefusedError;
	t.deepEqual([error.filter, error.returnCode], ["secret/#", 128]);
	t.deepEqual(all.events, ["error SubscriptionRefusedError"]);
	all.client.message("secret/a", "x");
	all.client.message("open/a", "x");
	t.deepEqual(all.received, ["open open/a x 0"]);
	await all.reconnect();
	t.deepEqual(filtersOf(all.client.written), ["open/#"]);
});

test.serial("subscribed again on each connection, before what waits to be published", async t => {
	const all = new SessionBench();
	const first = outcome(all.session.subscribe("a", all.handler("a"), { QoS: 1 }));
	void all.session.publish("t", "x");
	await all.turn();
	all.client.accept();
	t.deepEqual(
		all.client.written.map(({ operation }) => operation),
		[SUBSCRIBE, 3],
	);
	await grant(all);
	t.is(first.now, "done 0");
	void all.session.subscribe("b", all.handler("b"));
	await all.turn();
	await grant(all);
	for (let i = 0; i < 3; i++) {
		await all.reconnect();
		t.deepEqual(
			all.client.of(SUBSCRIBE).map(({ items }) => items),
			[
				[
					{ topic: "a", QoS: 1 },
					{ topic: "b", QoS: 0 },
				],
			],
		);
		all.client.message("a", String(i));
		await grant(all);
	}
	t.deepEqual(all.received, ["a a 0 0", "a a 1 0", "a a 2 0"]);
});

test.serial("link lost before the answer: asked again on the next connection, the promise waits", async t => {
	const all = await SessionBench.connected();
	void all.session.subscribe("gone", all.handler("gone"));
	await all.turn();
	await grant(all);
	const subscribed = outcome(all.session.subscribe("a", all.handler("a")));
	const unsubscribed = outcome(all.session.unsubscribe("gone"));
	await all.turn();
	const { client } = all;
	await all.reconnect();
	t.deepEqual([subscribed.now, unsubscribed.now], ["pending", "pending"]);
	client.answer(UNSUBACK);
	await all.turn();
	t.is(unsubscribed.now, "pending", "an answer from the lost connection");
	await grant(all);
	t.deepEqual(
		all.client.written.map(({ operation }) => operation),
		[SUBSCRIBE, UNSUBSCRIBE],
		"what it was lost at goes last",
	);
	t.deepEqual([subscribed.now, unsubscribed.now], ["done 0", "done"]);
});

test.serial("refused on a reconnection: reported; tried again on the next", async t => {
	const all = await SessionBench.connected();
	void all.session.subscribe("a", all.handler("a"));
	await all.turn();
	await grant(all);
	await all.reconnect();
	all.events.length = 0;
	all.client.answer(SUBACK, [128]);
	t.deepEqual(all.events, ["error SubscriptionRefusedError"]);
	await all.reconnect();
	all.client.answer(SUBACK, [0]);
	all.client.message("a", "x");
	t.deepEqual(all.received, ["a a x 0"]);
});

test.serial("no SUBACK in time: the link is given up", async t => {
	const all = await SessionBench.connected({ acknowledgeLimitMs: 5000 });
	const subscribed = outcome(all.session.subscribe("a", all.handler("a")));
	const published = outcome(all.session.publish("t", "x", { QoS: 1 }));
	await all.turn();
	await all.clock.advance(4000);
	all.client.answer(PUBACK);
	all.client.writable();
	await all.clock.advance(4999);
	t.deepEqual(all.events, []);
	await all.clock.advance(1);
	t.deepEqual(all.events, ["close", "error SessionTimeoutError 500"]);
	t.deepEqual([subscribed.now, published.now], ["pending", "done"]);
});

test.serial("unsubscribe: no call follows; resolves on UNSUBACK; not subscribed to again", async t => {
	const all = await SessionBench.connected();
	void all.session.subscribe("a", all.handler("one"));
	void all.session.subscribe("a", all.handler("two"));
	void all.session.subscribe("b", all.handler("b"));
	await all.turn();
	await grant(all);
	const unsubscribed = outcome(all.session.unsubscribe("a"));
	await all.turn();
	all.client.message("a", "x");
	t.deepEqual(all.received, []);
	t.deepEqual(all.client.last(UNSUBSCRIBE).items, [{ topic: "a" }]);
	t.is(unsubscribed.now, "pending");
	all.client.answer(UNSUBACK);
	await all.turn();
	t.is(unsubscribed.now, "done");
	await all.reconnect();
	t.deepEqual(filtersOf(all.client.written), ["b"]);
});

test.serial("unsubscribe of one handler of two: at once, without a packet", async t => {
	const all = await SessionBench.connected();
	const one = all.handler("one");
	const two = all.handler("two");
	void all.session.subscribe("a", one);
	void all.session.subscribe("a", two);
	await all.turn();
	await grant(all);
	const first = outcome(all.session.unsubscribe("a", one));
	await all.turn();
	t.is(first.now, "done");
	all.client.message("a", "x");
	t.deepEqual(all.received, ["two a x 0"]);
	const second = outcome(all.session.unsubscribe("a", two));
	await all.turn();
	t.is(all.client.of(UNSUBSCRIBE).length, 1);
	all.client.answer(UNSUBACK);
	await all.turn();
	t.is(second.now, "done");
});

test.serial(
	"unsubscribe of what this session never subscribed to: the broker may know it from before",
	async t => {
		const all = await SessionBench.connected();
		const unsubscribed = outcome(all.session.unsubscribe("old/#"));
		await all.turn();
		all.client.answer(UNSUBACK);
		await all.turn();
		t.is(unsubscribed.now, "done");
	},
);

test.serial(
	"unsubscribe before the answer to subscribe, and the other way round: the last one counts",
	async t => {
		const all = await SessionBench.connected();
		const first = outcome(all.session.subscribe("a", all.handler("first")));
		await all.turn();
		const second = outcome(all.session.unsubscribe("a"));
		await all.turn();
		t.is(first.now, "UnsubscribedError");
		t.deepEqual(all.errors, [], "it is what the application wanted");
		const third = outcome(all.session.subscribe("a", all.handler("third")));
		await all.turn();
		t.is(second.now, "done");
		t.is(all.client.written.length, 1, "the answer to the first is awaited");
		all.client.answer(SUBACK, [128]);
		await all.turn();
		t.is(third.now, "pending");
		t.deepEqual(
			all.client.written.map(({ operation, id }) => [operation, id]),
			[
				[SUBSCRIBE, 1],
				[SUBSCRIBE, 2],
			],
			"only the outcome is written",
		);
		all.client.answer(SUBACK, [0]);
		await all.turn();
		t.is(third.now, "done 0");
		const fourth = outcome(all.session.unsubscribe("a"));
		await all.turn();
		void all.session.subscribe("a", all.handler("fourth"));
		await all.turn();
		t.is(fourth.now, "done");
		all.client.answer(UNSUBACK);
		t.is(all.client.last(SUBSCRIBE).id, 4);
		void all.session.unsubscribe("a");
		all.client.answer(SUBACK, [0]);
		all.client.answer(UNSUBACK);
		all.client.message("a", "late");
		t.deepEqual(all.received, []);
		void all.session.subscribe("a", all.handler("third"));
		await all.turn();
		all.client.message("a", "x");
		t.deepEqual(all.received, ["third a x 0"]);
	},
);

test.serial(
	"changed within one turn, or while the client takes no more: only the outcome is written",
	async t => {
		const all = await SessionBench.connected();
		void all.session.subscribe("a", all.handler("a"));
		void all.session.unsubscribe("a");
		void all.session.subscribe("a", all.handler("b"), { QoS: 1 });
		all.client.controlLimit = 0;
		await all.turn();
		t.deepEqual(all.client.written, []);
		all.client.controlLimit = 1;
		all.client.writable();
		t.deepEqual(
			all.client.written.map(({ items }) => items?.[0]),
			[{ topic: "a", QoS: 1 }],
		);
	},
);

test.serial("a client without room for so many filters: less at a time, down to one", async t => {
	const all = await SessionBench.connected();
	const most = [0, 3, 1, 0, 1];
	const { client } = all;
	const write = client.write.bind(client);
	client.write = (data, options) => {
		if ((options?.items?.length ?? 0) > most[0]) throw new Error("overflow");
		most.shift();
		return write(data, options);
	};
	const subscribed = ["a", "b", "c", "d"].map(filter =>
		outcome(all.session.subscribe(filter, () => undefined)),
	);
	await all.turn();
	t.deepEqual(client.written, [], "room for none");
	most.shift();
	client.writable();
	client.answer(SUBACK, [0, 0]);
	client.answer(SUBACK, [0]);
	t.deepEqual(filtersOf(client.written), ["a b", "c"]);
	client.writable();
	t.is(client.written.length, 2, "room for none");
	most.shift();
	client.writable();
	client.answer(SUBACK, [0]);
	await all.turn();
	t.deepEqual(filtersOf(client.written), ["a b", "c", "d"]);
	t.deepEqual(
		subscribed.map(({ now }) => now),
		["done 0", "done 0", "done 0", "done 0"],
	);
	t.deepEqual(all.errors, []);
});

test.serial(
	"what the class refuses for a filter's sake is that subscription's error; others go on",
	async t => {
		for (const bad of [0, 3, 4, 7]) {
			const all = await SessionBench.connected();
			const write = all.client.write.bind(all.client);
			all.client.write = (data, options) => {
				if (options?.items?.some(({ topic }) => topic === '"')) throw new RangeError("topic holds a quote");
				return write(data, options);
			};
			const filters = names(8).map((name, index) => (index === bad ? '"' : name));
			const subscribed = filters.map(filter => outcome(all.session.subscribe(filter, () => undefined)));
			await all.turn();
			await grant(all);
			t.deepEqual(
				subscribed.map(({ now }) => now),
				filters.map(filter => (filter === '"' ? "RangeError" : "done 0")),
			);
			t.deepEqual(all.events, ["error RangeError"]);
			const good = filters.filter(filter => filter !== '"').join(" ");
			if (bad === 0) t.deepEqual(filtersOf(all.client.written), [good], "the others together");
			await all.reconnect();
			await grant(all);
			t.deepEqual(filtersOf(all.client.written), [good]);
		}
	},
);

test.serial(
	"link lost before the answer to several filters: one of them may be why, so each goes alone, that one last",
	async t => {
		const all = await SessionBench.connected();
		for (const filter of ["a", "b", "bad", "c"]) void all.session.subscribe(filter, all.handler(filter));
		await all.turn();
		t.deepEqual(filtersOf(all.client.written), ["a b bad c"]);
		await all.reconnect();
		all.client.answer(SUBACK, [0]);
		all.client.answer(SUBACK, [0]);
		t.deepEqual(filtersOf(all.client.written), ["a", "b", "bad"]);
		for (let round = 0; round < 3; round++) {
			await all.reconnect();
			await grant(all);
			t.deepEqual(filtersOf(all.client.written), ["a", "b", "c", "bad"], "for good");
		}
		t.deepEqual([...new Set(all.errors.map(({ name }) => name))], ["LinkLostError"]);
	},
);

/** A new connection, on which all is answered but the filter `bad`. */
async function reconnectToBad(all: SessionBench): Promise<void> {
	await all.reconnect();
	const { client } = all;
	for (const { id, items = [] } of client.written)
		if (items.every(({ topic }) => topic !== "bad"))
			client.control({ operation: SUBACK, ...(id !== undefined && { id }), payload: items.map(() => 0) });
	await all.turn();
}

test.serial(
	"a filter at which the link is lost three times, while others are answered, is given up",
	async t => {
		const all = await SessionBench.connected();
		const good = outcome(all.session.subscribe("a", all.handler("a")));
		const bad = outcome(all.session.subscribe("bad", all.handler("bad")));
		await all.turn();
		for (let round = 0; round < 3; round++) {
			await reconnectToBad(all);
			t.deepEqual([good.now, bad.now], ["done 0", "pending"]);
		}
		all.events.length = 0;
		await reconnectToBad(all);
		t.is(bad.now, "SubscriptionLostError");
		t.regex(String(bad.error?.message), /lost 3 times at the subscription to bad; check/);
		t.deepEqual(filtersOf(all.client.written), ["a"]);
		await reconnectToBad(all);
		t.deepEqual(filtersOf(all.client.written), ["a"]);
	},
);

test.serial("what says nothing about a filter does not make it be given up", async t => {
	const alone = await SessionBench.connected();
	const pending = outcome(alone.session.subscribe("bad", () => undefined));
	for (let round = 0; round < 10; round++) await reconnectToBad(alone);
	t.is(pending.now, "pending", "nothing was answered");
	const all = await SessionBench.connected();
	for (const filter of ["a", "bad"]) void all.session.subscribe(filter, all.handler(filter));
	await all.turn();
	await grant(all);
	for (let round = 0; round < 10; round++) await reconnectToBad(all);
	t.true(filtersOf(all.client.written).includes("bad"), "it was granted before");
});

test.serial("filters are measured in bytes, as the command is", async t => {
	const all = await SessionBench.connected();
	for (const letter of ["ä", "ö", "ü"]) void all.session.subscribe(letter.repeat(127), () => undefined);
	void all.session.subscribe("ß".repeat(127), () => undefined);
	await all.turn();
	await grant(all);
	t.deepEqual(
		all.client.written.map(({ items }) => items?.length),
		[3, 1],
	);
});

test.serial(
	"a class that gives fewer codes than filters: the rest is asked for again, one by one",
	async t => {
		const all = await SessionBench.connected();
		const subscribed = ["a", "b", "c"].map(filter =>
			outcome(all.session.subscribe(filter, () => undefined, { QoS: 1 })),
		);
		await all.turn();
		all.client.answer(SUBACK, [1]);
		await all.turn();
		t.deepEqual(filtersOf(all.client.written), ["a b c", "b"]);
		all.client.answer(SUBACK, [128]);
		all.client.answer(SUBACK, [0]);
		await all.turn();
		t.deepEqual(
			subscribed.map(({ now }) => now),
			["done 1", "SubscriptionRefusedError", "done 0"],
		);
		t.is(all.client.written.length, 3);
	},
);

test.serial("a class that gives no codes at all: what was asked for is taken as granted", async t => {
	const all = await SessionBench.connected();
	const subscribed = ([1, 2] as const).map(QoS =>
		outcome(all.session.subscribe(`a/${QoS}`, () => undefined, { QoS })),
	);
	await all.turn();
	all.client.answer(SUBACK);
	await all.turn();
	t.deepEqual(
		subscribed.map(({ now }) => now),
		["done 1", "done 2"],
	);
	t.is(all.client.written.length, 1);
});

test.serial("any other error of write ends the connection; the subscription is made on the next", async t => {
	const all = await SessionBench.connected();
	all.client.failure = () => new Error("the port is gone");
	const subscribed = outcome(all.session.subscribe("a", all.handler("a")));
	await all.turn();
	t.deepEqual(all.events, ["close", "error Error 500"]);
	await all.clock.advance(500);
	all.client.accept();
	all.client.answer(SUBACK, [0]);
	await all.turn();
	t.is(subscribed.now, "done 0");
});

test.serial("wrong arguments: rejected by name and reported, nothing thrown, nothing sent", async t => {
	const all = await SessionBench.connected();
	const handler = all.handler("a");
	const calls: [promise: () => Promise<unknown>, name: string][] = [
		[() => all.session.subscribe("a+", handler), "TopicError"],
		[() => all.session.subscribe(undefined as unknown as string, handler), "TopicError"],
		[() => all.session.subscribe("a", handler, { QoS: 5 as 0 }), "RangeError"],
		[() => all.session.subscribe("a", undefined as unknown as MessageHandler), "TypeError"],
		[() => all.session.subscribe("a", handler, null as unknown as object), "TypeError"],
		[() => all.session.unsubscribe("#/a"), "TopicError"],
	];
	for (const [call, name] of calls) {
		const called = outcome(call());
		await all.turn();
		t.is(called.now, name);
		t.deepEqual(all.errors.splice(0), [called.error]);
	}
	t.deepEqual(all.client.written, []);
});

test.serial("a payload in pieces is put together, up to messageLimit", async t => {
	const all = await SessionBench.connected({ messageLimit: 10 });
	void all.session.subscribe("#", all.handler("all"));
	await all.turn();
	for (const length of [1, 3, 5, 10]) all.client.message("t", "0123456789", length, 2);
	t.deepEqual(all.received.splice(0), Array(4).fill("all t 0123456789 2"));
	t.deepEqual(all.errors, []);
	all.client.message("long", "0123456789a", 3);
	all.client.message("long", "0123456789a");
	t.deepEqual(all.events, ["error MessageTooLongError", "error MessageTooLongError"], "once a message");
	t.regex(all.errors[0].message, /long has 11 bytes.*messageLimit/);
	all.client.message("t", "next", 3);
	t.deepEqual(all.received, ["all t next 0"]);
});

test.serial("1024 bytes by default; an empty message is a message", async t => {
	const all = await SessionBench.connected();
	const lengths: number[] = [];
	void all.session.subscribe("#", (_topic, payload) => lengths.push(payload.byteLength));
	await all.turn();
	for (const length of [0, 1024, 1025]) all.client.message("t", "x".repeat(length), 100);
	t.deepEqual(lengths, [0, 1024]);
	t.is(all.errors.length, 1);
});

test.serial("link lost between two pieces: what there was of the message is forgotten", async t => {
	const all = await SessionBench.connected();
	void all.session.subscribe("#", all.handler("all"));
	await all.turn();
	const { client } = all;
	const read = client.read.bind(client);
	client.read = count => {
		client.isClosed = true; // message() stops behind the first piece
		client.read = read;
		return new ArrayBuffer(count);
	};
	client.message("t", "0123456789", 4);
	client.isClosed = false;
	await all.reconnect();
	all.client.message("t", "whole", 2);
	t.deepEqual(all.received, ["all t whole 0"]);
	t.is(all.errors.length, 1);
});

test.serial("a class that does not tell the length: put together all the same, and limited", async t => {
	const all = await SessionBench.connected({ messageLimit: 4 });
	void all.session.subscribe("#", all.handler("all"));
	await all.turn();
	const say = (text: string, more: boolean, topic?: string) => {
		const buffer = ArrayBuffer.fromString(text);
		all.client.read = () => buffer;
		all.client.options.onReadable(text.length, { more, ...(topic && { topic }) });
	};
	say("ab", true, "t");
	say("c", false);
	say("abc", true, "t");
	say("de", true);
	say("f", false);
	say("abcd", false, "t");
	t.deepEqual(all.received, ["all t abc 0", "all t abcd 0"]);
	t.deepEqual(all.events, ["error MessageTooLongError"]);
});

test.serial(
	"what handlers throw, or their promises, is contained and reported; other handlers are called",
	async t => {
		const all = await SessionBench.connected();
		void all.session.subscribe("t", () => {
			throw new Error("bad handler");
		});
		void all.session.subscribe("t", () => Promise.reject(new Error("bad promise")));
		void all.session.subscribe("#", all.handler("all"));
		await all.turn();
		await grant(all);
		all.client.message("t", "x");
		await all.turn();
		t.deepEqual(all.received, ["all t x 0"]);
		t.deepEqual(
			all.errors.map(({ name, message, cause }) => [name, message, (cause as Error).message]),
			[
				["CallbackError", "handler of t threw: bad handler", "bad handler"],
				["CallbackError", "handler of t threw: bad promise", "bad promise"],
			],
		);
		t.true(all.session.connected);
	},
);

test.serial("handlers may subscribe, unsubscribe, publish and close", async t => {
	const all = await SessionBench.connected();
	const second = all.handler("second");
	void all.session.subscribe("t", function () {
		void this.unsubscribe("t", second);
		void this.unsubscribe("#");
		void this.subscribe("new", all.handler("new"));
		void this.publish("answer", "y");
	});
	void all.session.subscribe("t", second);
	void all.session.subscribe("#", all.handler("all"));
	await all.turn();
	await grant(all);
	all.client.message("t", "x");
	t.deepEqual(all.received, [], "unsubscribed before their turn");
	await all.turn();
	t.is(all.client.last(3).topic, "answer");
	await grant(all);
	t.deepEqual(filtersOf(all.client.of(UNSUBSCRIBE)), ["#"]);
	t.deepEqual(filtersOf(all.client.of(SUBSCRIBE)).pop(), "new");
	void all.session.subscribe("end", () => all.session.close());
	void all.session.subscribe("end", all.handler("after"));
	await all.turn();
	all.client.message("end", "");
	t.deepEqual(all.received, [], "no callback after close");
});
