import test from "ava";
import { CommandError } from "../../../modules/at/errors.js";
import { NotSentError } from "../../../modules/mqtt/errors.js";
import { OutcomeUnknownError } from "../../../modules/mqtt/session-errors.js";
import type { QoS } from "../../../modules/mqtt/session-options.js";
import { SessionBench, outcome } from "./scripted-client.js";

const PUBLISH = 3;
const PUBACK = 4;
const PUBREC = 5;
const PUBCOMP = 7;
/** Default of the option. */
const ACKNOWLEDGE_LIMIT_MS = 180_000;

test.serial("QoS 1: done on PUBACK with its id, not before", async t => {
	const all = await bench();
	const { session, client } = all;
	const published = outcome(session.publish("pump/7", "on", { QoS: 1, retain: true }));
	t.deepEqual(client.written, [], "nothing from inside publish");
	await all.turn();
	t.deepEqual(client.written, [
		{ operation: PUBLISH, id: 1, topic: "pump/7", QoS: 1, retain: true, byteLength: 2, data: "on" },
	]);
	client.control({ operation: PUBACK, id: 2 });
	client.control({ operation: PUBCOMP, id: 1 });
	client.writable();
	await all.turn();
	t.is(published.now, "pending");
	client.answer(PUBACK);
	await all.turn();
	t.is(published.now, "done");
});

test.serial("QoS 2: done on PUBCOMP", async t => {
	const all = await bench();
	const { session, client } = all;
	const published = outcome(session.publish("pump/7", "on", { QoS: 2 }));
	await all.turn();
	client.answer(PUBREC);
	client.answer(PUBACK);
	await all.turn();
	t.is(published.now, "pending");
	client.answer(PUBCOMP);
	await all.turn();
	t.is(published.now, "done");
});

test.serial("QoS 0: done when there is room for the next", async t => {
	const all = await bench();
	const { session, client } = all;
	const published = outcome(session.publish("pump/7", ""));
	await all.turn();
	t.is(client.last(PUBLISH).data, "");
	t.is(client.last(PUBLISH).retain, false);
	t.is(published.now, "pending");
	client.writable(0);
	await all.turn();
	t.is(published.now, "pending");
	client.writable();
	await all.turn();
	t.is(published.now, "done");
});

test.serial("QoS 0 over a class that tells of room at once", async t => {
	const all = await bench();
	const { session, client } = all;
	client.roomAfter = 500;
	const published = ["a", "b", "c"].map(text => outcome(session.publish("t", text)));
	await all.turn();
	t.deepEqual(
		client.written.map(({ data }) => data),
		["a", "b", "c"],
	);
	t.deepEqual(
		published.map(({ now }) => now),
		["done", "done", "done"],
	);
});

test.serial("one at a time, in order, whatever the QoS; ids count on", async t => {
	const all = await bench();
	const { session, client } = all;
	const published = ([1, 0, 2, 1] as QoS[]).map((QoS, index) =>
		outcome(session.publish("t", String(index), { QoS })),
	);
	for (const [index, answer] of [PUBACK, undefined, PUBCOMP, PUBACK].entries()) {
		await all.turn();
		t.is(client.written.length, index + 1);
		t.deepEqual(
			published.map(({ now }) => now),
			published.map((_, other) => (other < index ? "done" : "pending")),
		);
		if (answer !== undefined) client.answer(answer);
		client.writable();
	}
	await all.turn();
	t.deepEqual(
		client.written.map(({ data, id }) => [data, id]),
		[
			["0", 1],
			["1", 2],
			["2", 3],
			["3", 4],
		],
	);
	t.is(published[3].now, "done");
});

test.serial("text goes as UTF-8; bytes and views are copied when publish is called", async t => {
	const all = await bench();
	const { session, client } = all;
	client.roomAfter = 1000;
	const bytes = new Uint8Array(ArrayBuffer.fromString("-bytes-"));
	void session.publish("t", "größe €");
	void session.publish("t", bytes.buffer);
	void session.publish("t", bytes.subarray(1, 6));
	void session.publish("t", new DataView(bytes.buffer, 1, 2));
	bytes.fill(0);
	await all.turn();
	t.deepEqual(
		client.written.map(({ data }) => data),
		["größe €", "-bytes-", "bytes", "by"],
	);
});

test.serial("before the connection: waits, in order; after a reconnection too", async t => {
	const all = new SessionBench();
	const { session } = all;
	const first = outcome(session.publish("t", "first", { QoS: 1 }));
	await all.turn();
	const { client } = all;
	t.deepEqual(client.written, []);
	client.accept();
	client.answer(PUBACK);
	await all.turn();
	t.is(first.now, "done");
	client.fail(new Error("link"));
	const second = outcome(session.publish("t", "second", { QoS: 1 }));
	const third = outcome(session.publish("t", "third"));
	await all.clock.advance(500);
	all.client.accept();
	await all.turn();
	all.client.answer(PUBACK);
	all.client.writable();
	all.client.writable();
	await all.turn();
	t.deepEqual([second.now, third.now], ["done", "done"]);
	t.deepEqual(
		all.client.written.map(({ data, id }) => [data, id]),
		[
			["second", 2],
			["third", 3],
		],
		"ids go on over connections",
	);
});

test.serial("CONNACK without room yet: waits for onWritable", async t => {
	const all = new SessionBench();
	void all.session.publish("t", "x");
	await all.turn();
	all.client.connack();
	await all.turn();
	t.is(all.client.written.length, 0);
	all.client.writable();
	t.is(all.client.written.length, 1);
});

for (const QoS of [0, 1, 2] as const)
	test.serial(
		`QoS ${QoS}: link lost after writing: the outcome is unknown, and it is not sent again`,
		async t => {
			const all = await bench();
			const published = outcome(all.session.publish("pump/7", "on", { QoS }));
			const next = outcome(all.session.publish("pump/7", "off", { QoS }));
			await all.turn();
			const cause = new Error("no carrier");
			all.client.fail(cause);
			await all.turn();
			t.is(published.now, "OutcomeUnknownError");
			t.is(published.error?.cause, cause);
			t.is((published.error as OutcomeUnknownError).topic, "pump/7");
			t.is(next.now, "pending");
			await all.reconnectNext();
			t.deepEqual(
				all.client.written.map(({ data }) => data),
				["off"],
			);
			t.deepEqual(all.events, ["close", "error Error 500", "error OutcomeUnknownError", "connect"]);
		},
	);

test.serial("QoS 2: link lost between PUBREC and PUBCOMP: unknown", async t => {
	const all = await bench();
	const published = outcome(all.session.publish("t", "x", { QoS: 2 }));
	await all.turn();
	all.client.answer(PUBREC);
	all.client.fail();
	await all.turn();
	t.is(published.now, "OutcomeUnknownError");
	t.is((published.error?.cause as Error).name, "LinkLostError");
});

test.serial("a late PUBACK of the lost connection is nobody's", async t => {
	const all = await bench();
	void all.session.publish("t", "x", { QoS: 1 });
	await all.turn();
	const { client } = all;
	await all.reconnect();
	const next = outcome(all.session.publish("t", "y", { QoS: 1 }));
	await all.turn();
	client.control({ operation: PUBACK, id: 2 });
	client.writable();
	client.message("t", "late");
	client.end();
	await all.turn();
	t.is(next.now, "pending");
	t.true(all.session.connected);
});

test.serial("in pieces, where there is little room; no other packet comes between", async t => {
	const all = await bench();
	const { session, client } = all;
	client.writable(20); // topic, id and overhead take 10
	const text = "0123456789abcdefghijklmnopqrst";
	const published = outcome(session.publish("t", text, { QoS: 1 }));
	await all.turn();
	t.deepEqual(client.written, [
		{ operation: PUBLISH, id: 1, topic: "t", QoS: 1, retain: false, byteLength: 30, data: "0123456789" },
	]);
	void session.subscribe("f", () => undefined);
	await all.turn();
	client.writable(5);
	await all.turn();
	t.deepEqual(client.written.slice(1), [{ data: "abcde" }]);
	client.control({ operation: PUBACK, id: 1 });
	await all.turn();
	t.is(published.now, "pending", "it is not complete");
	client.writable(100);
	t.deepEqual(
		client.written.slice(2).map(({ operation, data }) => operation ?? data),
		["fghijklmnopqrst"],
	);
	client.answer(PUBACK);
	await all.turn();
	t.is(published.now, "done");
	t.is(client.last(8).items?.[0].topic, "f");
});

test.serial("link lost between two pieces: the broker cannot have it, it goes again as a whole", async t => {
	const all = await bench();
	all.client.writable(15);
	const published = outcome(all.session.publish("t", "0123456789", { QoS: 1 }));
	await all.turn();
	t.is(all.client.last(PUBLISH).data, "01234");
	await all.reconnect();
	t.is(published.now, "pending");
	t.is(all.client.last(PUBLISH).data, "0123456789");
	all.client.answer(PUBACK);
	await all.turn();
	t.is(published.now, "done");
	t.deepEqual(all.errors.length, 1);
});

test.serial("a full queue rejects; onWritable tells when it goes on; writable counts", async t => {
	const all = await bench({ queue: 3 });
	const { session, client } = all;
	t.is(session.writable, 3);
	const kept = ["a", "b", "c"].map(text => outcome(session.publish("t", text, { QoS: 1 })));
	t.is(session.writable, 0);
	const refused = outcome(session.publish("t", "d", { QoS: 1 }));
	await all.turn();
	t.is(refused.now, "PublishQueueFullError");
	t.regex(refused.error?.message ?? "", /3 messages wait.*onWritable/);
	t.deepEqual(all.events, ["error PublishQueueFullError"]);
	client.answer(PUBACK);
	t.deepEqual(all.events.slice(1), ["writable 1"]);
	client.writable();
	client.answer(PUBACK);
	await all.turn();
	t.deepEqual(all.events.slice(1), ["writable 1"], "once");
	t.is(session.writable, 2);
	t.deepEqual(
		kept.map(({ now }) => now),
		["done", "done", "pending"],
	);
});

test.serial("eight messages by default; a lost one makes room as well", async t => {
	const all = await bench();
	const published = Array.from({ length: 9 }, (_, index) => outcome(all.session.publish("t", String(index))));
	await all.turn();
	t.deepEqual(
		published.map(({ now }) => now),
		[...Array<string>(8).fill("pending"), "PublishQueueFullError"],
	);
	all.events.length = 0;
	all.client.fail();
	t.deepEqual(all.events, ["close", "error LinkLostError 500", "writable 1"]);
});

test.serial("publishing in onWritable keeps the queue full and everything in order", async t => {
	let count = 0;
	const all = await bench({
		queue: 2,
		onWritable() {
			while (this.writable) void this.publish("t", String(count++), { QoS: 1 });
		},
	});
	all.session.publish("t", "a", { QoS: 1 }).catch(() => t.fail());
	all.session.publish("t", "b", { QoS: 1 }).catch(() => t.fail());
	for (let i = 0; i < 10; i++) {
		await all.turn();
		all.client.answer(PUBACK);
		all.client.writable();
	}
	t.deepEqual(
		all.client.written.map(({ data }) => data),
		["a", "b", "0", "1", "2", "3", "4", "5", "6", "7", "8"],
	);
	t.deepEqual(all.errors, []);
});

const WRONG: [topic: unknown, payload: unknown, options: unknown, name: string, message: RegExp][] = [
	["a/+", "", {}, "TopicError", /wildcard/],
	["", "", {}, "TopicError", /topic must be/],
	[undefined, "", {}, "TopicError", /topic must be/],
	["t", 7, {}, "TypeError", /payload must be/],
	["t", null, {}, "TypeError", /payload must be/],
	["t", "", { QoS: 3 }, "RangeError", /QoS/],
	["t", "", { QoS: "1" }, "RangeError", /QoS/],
	["t", "", null, "TypeError", /null/],
];
test.serial("wrong arguments: rejected by name, reported, nothing thrown, nothing sent", async t => {
	const all = await bench();
	for (const [topic, payload, options, name, message] of WRONG) {
		const published = outcome(all.session.publish(topic as string, payload as string, options as object));
		t.deepEqual(all.errors.splice(0), [], "not from inside publish");
		await all.turn();
		t.is(published.now, name);
		t.regex(published.error?.message ?? "", message);
		t.deepEqual(all.errors.splice(0), [published.error]);
	}
	t.deepEqual(all.client.written, []);
});

test.serial(
	"what the class refuses for the message's sake is that message's error; the others go on",
	async t => {
		const all = await bench();
		class PayloadError extends Error {
			override name = "PayloadError";
		}
		for (const error of [
			new PayloadError("byte 0x1a"),
			new RangeError("topic has 300 bytes"),
			new TypeError("data"),
		]) {
			all.client.failure = () => error;
			const refused = outcome(all.session.publish("t", "bad", { QoS: 1 }));
			const good = outcome(all.session.publish("t", "good", { QoS: 1 }));
			await all.turn();
			t.is(refused.error, error);
			t.is(all.client.last(PUBLISH).data, "good");
			all.client.answer(PUBACK);
			all.client.writable();
			await all.turn();
			t.is(good.now, "done");
		}
		t.is(all.clients.length, 1);
	},
);

test.serial(
	"any other error of write ends the connection, and no message stands in the way of the next",
	async t => {
		const all = await bench();
		const error = new Error("the port is gone");
		all.client.failure = () => error;
		const refused = outcome(all.session.publish("t", "bad", { QoS: 1 }));
		const good = outcome(all.session.publish("t", "good", { QoS: 1 }));
		t.deepEqual(all.events, []);
		await all.turn();
		t.is(refused.error, error);
		t.true(all.clients[0].isClosed);
		await all.reconnectNext();
		all.client.answer(PUBACK);
		await all.turn();
		t.is(good.now, "done");
	},
);

for (const QoS of [0, 1, 2] as const)
	test.serial(
		`QoS ${QoS}: a message that the module refuses is that message's error; the others go on`,
		async t => {
			const all = await bench();
			const refused = outcome(all.session.publish("pump/7", "bad", { QoS }));
			const next = outcome(all.session.publish("pump/7", "good", { QoS }));
			await all.turn();
			class PublishRefusedError extends Error {
				override name = "PublishRefusedError";
			}
			const cause = new PublishRefusedError("ERROR");
			all.client.options.onRefused(99, cause);
			await all.turn();
			t.is(refused.now, "pending", "an id of nobody's");
			all.client.refuse(cause);
			await all.turn();
			t.deepEqual([refused.now, next.now], ["PublishRefusedError", "pending"]);
			t.is(refused.error, cause);
			t.deepEqual(all.events, ["error PublishRefusedError"]);
			t.is(all.client.of(PUBLISH).length, 1, "no room yet");
			all.client.writable();
			t.is(all.client.last(PUBLISH).data, "good");
			if (QoS) all.client.answer(QoS === 1 ? PUBACK : PUBCOMP);
			all.client.writable();
			await all.turn();
			t.is(next.now, "done");
			all.client.refuse(cause);
			await all.turn();
			t.is(next.now, "done");
			// Its timer finds that nothing is due any more.
			await all.clock.advance(ACKNOWLEDGE_LIMIT_MS);
			t.is(all.errors.length, 1);
			t.is(all.clients.length, 1);
			t.true(await all.isIdle());
		},
	);

test.serial(
	"a refusal is no lost outcome: the limit begins anew for the next, and a lost link is the next one's",
	async t => {
		const all = await bench({ acknowledgeLimitMs: 5000 });
		const refused = outcome(all.session.publish("t", "x", { QoS: 1 }));
		const next = outcome(all.session.publish("t", "y", { QoS: 1 }));
		await all.clock.advance(4999);
		all.client.refuse(new RangeError("ERROR"));
		all.client.writable();
		await all.clock.advance(4999);
		t.true(all.session.connected);
		all.client.fail();
		await all.turn();
		t.deepEqual([refused.now, next.now], ["RangeError", "OutcomeUnknownError"]);
	},
);

test.serial("end goes on when the message on its way is refused", async t => {
	const all = await bench();
	const refused = outcome(all.session.publish("t", "x", { QoS: 1 }));
	await all.turn();
	const ended = outcome(all.session.end());
	await all.turn();
	all.client.refuse("not an error");
	all.client.end();
	await all.turn();
	t.deepEqual([refused.now, ended.now], ["SessionError", "done"]);
	t.regex(refused.error?.message ?? "", /message to t was refused and not sent: publish it again/);
	t.is(refused.error?.cause, "not an error");
});

test.serial("overflow is no error: it waits for the next onWritable", async t => {
	const all = await bench();
	all.client.failure = () => new Error("overflow");
	const published = outcome(all.session.publish("t", "x", { QoS: 1 }));
	await all.turn();
	t.deepEqual(all.client.written, []);
	all.client.writable();
	all.client.answer(PUBACK);
	await all.turn();
	t.is(published.now, "done");
	t.deepEqual(all.errors, []);
});

test.serial("no acknowledgement in time: the link is given up, the outcome unknown", async t => {
	const all = await bench({ acknowledgeLimitMs: 5000 });
	const published = outcome(all.session.publish("t", "x", { QoS: 1 }));
	await all.clock.advance(4999);
	t.is(published.now, "pending");
	await all.clock.advance(1);
	t.is(published.now, "OutcomeUnknownError");
	t.true(all.clients[0].isClosed);
	t.deepEqual(all.events, ["close", "error SessionTimeoutError 500", "error OutcomeUnknownError"]);
});

test.serial(
	"the module has not sent it, and the link is at its end: told as that, not as unknown",
	async t => {
		const all = await bench();
		const published = outcome(all.session.publish("t", "x", { QoS: 1 }));
		const next = outcome(all.session.publish("t", "y", { QoS: 1 }));
		await all.turn();
		all.client.fail(new NotSentError(new CommandError("AT+QMTPUB", "+CME ERROR", 30)));
		await all.turn();
		t.deepEqual([published.now, next.now], ["NotSentError", "pending"]);
		t.is(
			published.error?.message,
			"AT+QMTPUB: +CME ERROR: 30 (no network service; the message was not sent)",
		);
	},
);

test.serial("no room in time is told as that", async t => {
	const all = await bench({ acknowledgeLimitMs: 5000 });
	all.client.failure = () => new Error("overflow");
	const published = outcome(all.session.publish("t", "x", { QoS: 1 }));
	await all.clock.advance(5000);
	t.is(published.now, "SessionTimeoutError");
	t.is(published.error?.message, "nothing sent: the client had no room within 5000 ms");
});

const LIMITS: [given: number | undefined, own: unknown, limitMs: number][] = [
	[undefined, undefined, 180_000],
	[undefined, 100_000, 180_000],
	[undefined, 1_322_000, 1_352_000],
	[undefined, 1e12, 0x7fffffff],
	[undefined, NaN, 180_000],
	[20_000, 1_322_000, 20_000],
	[240_000, 1000, 240_000],
];
for (const [given, own, limitMs] of LIMITS)
	test.serial(`acknowledgeLimitMs ${given}, the class's own ${String(own)}: ${limitMs}`, async t => {
		const all = await bench(given === undefined ? {} : { acknowledgeLimitMs: given });
		all.client.acknowledgeLimitMs = own as number;
		void all.session.publish("t", "x", { QoS: 1 });
		await all.clock.advance(limitMs - 1);
		t.deepEqual(all.errors, []);
		await all.clock.advance(1);
		t.is(all.errors[0].message, `no acknowledgement within ${limitMs} ms`);
	});

test.serial("a message that the client never has room for is given up in time, the next goes on", async t => {
	const all = await bench({ acknowledgeLimitMs: 5000 });
	all.client.writable(5);
	const large = outcome(all.session.publish("topic", "x"));
	const next = outcome(all.session.publish("t", "y"));
	await all.clock.advance(5000);
	t.deepEqual([large.now, next.now], ["SessionTimeoutError", "pending"]);
	await all.reconnectNext();
	t.deepEqual(
		all.client.written.map(({ data }) => data),
		["y"],
	);
});

test.serial("each acknowledgement begins the time limit anew; an idle connection has none", async t => {
	const all = await bench({ acknowledgeLimitMs: 5000 });
	for (const QoS of [1, 0, 1, 0] as const) {
		void all.session.publish("t", "x", { QoS });
		void all.session.publish("t", "y", { QoS });
		await all.clock.advance(4000);
		if (QoS) all.client.answer(PUBACK);
		all.client.writable();
		await all.clock.advance(4000);
		if (QoS) all.client.answer(PUBACK);
		all.client.writable();
	}
	await all.clock.advance(100_000);
	t.deepEqual(all.errors, []);
	t.true(await all.isIdle());
});

test.serial("ids wrap from 65535 to 1", async t => {
	const all = await bench({ queue: 1024 });
	all.client.roomAfter = 1000;
	for (let round = 0; round < 64; round++) {
		for (let i = 0; i < 1024; i++) void all.session.publish("t", "");
		await all.turn();
	}
	t.is(all.client.written.length, 65_536);
	t.deepEqual(
		all.client.written.slice(-3).map(({ id }) => id),
		[65_534, 65_535, 1],
	);
});

/** A connected session whose helpers may be taken apart. */
async function bench(options: ConstructorParameters<typeof SessionBench>[0] = {}) {
	const all = await SessionBench.connected(options);
	return Object.assign(all, {
		turn: () => all.clock.advance(0),
		/** The lost link is made again. */
		reconnectNext: async () => {
			const before = all.clients.length;
			await all.clock.run(() => all.clients.length > before, 1_000_000);
			all.client.accept();
			await all.clock.advance(0);
		},
	});
}
