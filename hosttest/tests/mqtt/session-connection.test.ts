import test from "ava";
import { setTraceSink } from "../../shim/globals.js";
import MQTTSession from "../../../modules/mqtt/session.js";
import type { MQTTSessionOptions } from "../../../modules/mqtt/session-options.js";
import { ScriptedClient, SessionBench, outcome } from "./scripted-client.js";

const PUBACK = 4;
const DISCONNECT = 14;

test.serial("connects in a later turn, with the options of the connection and of the class", async t => {
	const given = {
		port: 1884,
		user: "u",
		password: "p",
		clean: false,
		will: { topic: "w", message: "gone" },
		keepAlive: 60_000,
	};
	const all = new SessionBench({ ...given, queue: 4 });
	t.is(all.clients.length, 0);
	t.false(all.session.connected);
	await all.turn();
	const { onControl, onReadable, onWritable, onRefused, onError, onClose, io, ...options } =
		all.client.options;
	t.deepEqual(options, { ...given, host: "broker.test", id: "device", modem: "an option of the class" });
	for (const value of [onControl, onReadable, onWritable, onRefused, onError, onClose, io])
		t.is(typeof value, "function");
	t.false(all.session.connected);
	all.client.accept();
	t.true(all.session.connected);
	t.deepEqual(all.events, ["connect"]);
	t.deepEqual([...all.self], [all.session]);
});

test.serial("what is not given is left to the class", async t => {
	const all = new SessionBench();
	await all.turn();
	for (const name of ["port", "user", "password", "clean", "will", "keepAlive"])
		t.false(name in all.client.options, name);
});

const io = ScriptedClient as unknown as MQTTSessionOptions["mqtt"]["io"];
const GOOD = { mqtt: { io }, host: "h" };
for (const [wrong, name] of [
	[{ mqtt: undefined }, "TypeError"],
	[{ mqtt: { io: {} } }, "TypeError"],
	[{ host: "" }, "TypeError"],
	[{ host: 5 }, "TypeError"],
	[{ queue: 0 }, "RangeError"],
	[{ queue: 1.5 }, "RangeError"],
	[{ messageLimit: -1 }, "RangeError"],
	[{ connectLimitMs: 0 }, "RangeError"],
	[{ acknowledgeLimitMs: NaN }, "RangeError"],
	[{ endLimitMs: 2 ** 31 }, "RangeError"],
	[{ disconnectLimitMs: "1s" }, "RangeError"],
	[{ backoff: { firstMs: 0 } }, "RangeError"],
	[{ onError: "log" }, "TypeError"],
] as [object, string][])
	test.serial(`option refused: ${JSON.stringify(wrong)}`, t => {
		const [option] = Object.keys(wrong);
		const error = t.throws(() => new MQTTSession({ ...GOOD, ...wrong }), { name });
		t.regex(error.message, new RegExp(option === "backoff" ? "firstMs" : option));
	});

test.serial("options may be frozen, and unknown ones are ignored", t => {
	const session = new MQTTSession(Object.freeze({ ...GOOD, colour: "red", mqtt: Object.freeze(GOOD.mqtt) }));
	t.false(session.connected);
	session.close();
});

test.serial("connects again by itself, with delays that grow, told with the error", async t => {
	const all = new SessionBench({ backoff: { firstMs: 1000, maximumMs: 4000, random: () => 0.4995 } });
	await all.turn();
	for (const delay of [500, 1000, 1999, 1999]) {
		const { length } = all.clients;
		all.client.fail(new Error("no network"));
		t.is(all.events.pop(), `error Error ${delay}`);
		t.true(all.client.isClosed);
		await all.clock.advance(delay - 1);
		t.is(all.clients.length, length);
		await all.clock.advance(1);
		t.is(all.clients.length, length + 1);
	}
	t.deepEqual(all.events, []);
});

test.serial("full jitter between 1 ms and the bound, from Math.random", async t => {
	const { random } = Math;
	t.teardown(() => (Math.random = random));
	const all = new SessionBench({ backoff: {} });
	await all.turn();
	Math.random = () => 0;
	all.client.fail();
	await all.clock.advance(1);
	Math.random = () => 0.999_999;
	all.client.fail();
	t.deepEqual(all.events, ["error LinkLostError 1", "error LinkLostError 120000"]);
});

test.serial("a connection of 30 s begins the delays anew; one that is lost at once does not", async t => {
	const all = new SessionBench();
	await all.turn();
	const delays: string[] = [];
	for (const lastedMs of [0, 29_999, 30_000, 100, 3_000_000_000]) {
		all.client.accept();
		await all.clock.advance(lastedMs);
		all.client.end();
		delays.push(all.events[all.events.length - 1]);
		await all.clock.advance(10_000);
	}
	t.deepEqual(
		delays.map(event => event.replace("error LinkLostError ", "")),
		["500", "1000", "500", "1000", "500"],
	);
});

test.serial("refused by the broker: the return code and its meaning; tried again", async t => {
	const all = new SessionBench();
	await all.turn();
	all.client.connack(5);
	t.deepEqual(all.events, ["error BrokerRefusedError 500"]);
	t.like(all.errors[0], { returnCode: 5 });
	t.is(all.errors[0].message, "the broker refused: not authorized (5)");
	await all.clock.advance(500);
	all.client.connack(77);
	t.regex(all.errors[1].message, /reason unknown \(77\)/);
	t.false(all.session.connected);
});

test.serial("not connected in time: given up, tried again", async t => {
	const all = new SessionBench({ connectLimitMs: 20_000 });
	const waiting = outcome(all.session.publish("t", "x", { QoS: 1 }));
	await all.clock.advance(20_000);
	t.deepEqual(all.events, ["error SessionTimeoutError 500"]);
	t.true(all.clients[0].isClosed);
	await all.clock.advance(500);
	t.is(all.clients.length, 2);
	t.is(waiting.now, "pending");
});

test.serial("a class that cannot be made, or fails without an error, or with none", async t => {
	const all = new SessionBench();
	all.constructionError = new RangeError("host has 101 bytes");
	await all.turn();
	t.deepEqual(all.events, ["error RangeError 500"]);
	await all.clock.advance(500);
	all.client.fail();
	await all.clock.advance(1000);
	all.client.fail("text");
	t.deepEqual(all.events.slice(1), ["error LinkLostError 1000", "error LinkLostError 1999"]);
	t.is(all.errors[2].cause, "text");
});

test.serial("onClose when a connection ends, however it ends, and not when there was none", async t => {
	const all = new SessionBench();
	await all.turn();
	all.client.fail();
	t.deepEqual(all.events.splice(0), ["error LinkLostError 500"]);
	const endings: ((client: ScriptedClient) => void)[] = [
		client => client.fail(new Error("link")),
		client => client.end(),
		client => client.control({ operation: DISCONNECT }),
	];
	for (const end of endings) {
		await all.clock.run(() => !all.client.isClosed, 10_000);
		all.client.accept();
		end(all.client);
		t.deepEqual(
			all.events.splice(0).map(event => event.split(" ")[0]),
			["connect", "close", "error"],
		);
		end(all.client);
		t.deepEqual(all.events, [], "the class's later callbacks are nobody's");
	}
});

test.serial("publishing in onConnect goes behind what waited", async t => {
	const all = new SessionBench({
		onConnect() {
			void this.publish("t", "from onConnect");
		},
	});
	void all.session.publish("t", "before");
	await all.turn();
	all.client.accept();
	all.client.writable();
	await all.turn();
	t.deepEqual(
		all.client.written.map(({ data }) => data),
		["before", "from onConnect"],
	);
});

for (const name of ["onConnect", "onClose", "onWritable"] as const)
	test.serial(`what ${name} throws, or its promise, is contained and reported`, async t => {
		let isAsync = false;
		const bad = () => {
			if (isAsync) return Promise.reject(new Error("bad promise"));
			throw new Error("bad callback");
		};
		const all = new SessionBench({ [name]: bad, queue: 1 });
		for (const next of [false, true]) {
			isAsync = next;
			void all.session.publish("t", "x");
			await all.clock.run(() => all.clients.length > 0 && !all.client.isClosed, 10_000);
			all.client.accept();
			all.client.writable();
			all.client.fail();
			await all.turn();
		}
		t.deepEqual(
			all.errors.filter(error => error.name === "CallbackError").map(({ message }) => message),
			[`${name} threw: bad callback`, `${name} threw: bad promise`],
		);
	});

test.serial("what onError throws goes to trace, and no further", async t => {
	const all = new SessionBench({
		onError() {
			throw new Error("worse");
		},
	});
	await all.turn();
	all.client.fail();
	t.deepEqual(all.traced, ["MQTTSession: onError threw: worse\n"]);
	await all.clock.advance(500);
	t.is(all.clients.length, 2);
	setTraceSink(undefined);
});

test.serial("end: the message on its way is waited for, then DISCONNECT, then all is closed", async t => {
	const all = await SessionBench.connected();
	const published = outcome(all.session.publish("t", "x", { QoS: 1 }));
	await all.turn();
	const queued = outcome(all.session.publish("t", "y", { QoS: 1 }));
	const subscribed = outcome(all.session.subscribe("t", all.handler("t")));
	const ended = outcome(all.session.end());
	t.is(all.session.end(), all.session.end());
	t.is(all.session.writable, 0);
	await all.turn();
	t.deepEqual([queued.now, subscribed.now], ["SessionClosedError", "SessionClosedError"]);
	t.deepEqual([published.now, ended.now], ["pending", "pending"]);
	all.client.answer(PUBACK);
	await all.turn();
	t.is(published.now, "done");
	t.is(all.client.written[all.client.written.length - 1].operation, DISCONNECT);
	t.is(ended.now, "pending");
	all.client.end();
	await all.turn();
	t.is(ended.now, "done");
	t.true(all.client.isClosed);
	t.false(all.session.connected);
	t.deepEqual(all.events, ["close"], "no errors");
	t.true(await all.isIdle());
	for (const promise of [
		all.session.publish("t", "z"),
		all.session.subscribe("t", all.handler("t")),
		all.session.unsubscribe("t"),
	])
		t.is((await t.throwsAsync(promise)).name, "SessionClosedError");
	await all.session.end();
});

test.serial("end goes on to write the pieces of a message that is begun", async t => {
	const all = await SessionBench.connected();
	all.client.writable(15);
	const published = outcome(all.session.publish("t", "0123456789", { QoS: 0 }));
	await all.turn();
	const ended = outcome(all.session.end());
	await all.turn();
	all.client.writable(100);
	all.client.writable(100);
	await all.turn();
	t.is(published.now, "done");
	all.client.end();
	await all.turn();
	t.is(ended.now, "done");
});

test.serial("end: no acknowledgement, and no answer to DISCONNECT: in bounded time all the same", async t => {
	const all = await SessionBench.connected({ endLimitMs: 4000, disconnectLimitMs: 1000 });
	const published = outcome(all.session.publish("t", "x", { QoS: 1 }));
	await all.clock.advance(100);
	const ended = outcome(all.session.end());
	await all.clock.advance(3999);
	t.is(all.client.of(DISCONNECT).length, 0);
	await all.clock.advance(1);
	t.is(all.client.of(DISCONNECT).length, 1);
	await all.clock.advance(1000);
	t.deepEqual([published.now, ended.now], ["OutcomeUnknownError", "done"]);
	t.deepEqual(all.events, ["close"]);
});

test.serial(
	"end while not connected, or before the first connection, or when the link is lost meanwhile",
	async t => {
		const first = new SessionBench();
		const unmade = outcome(first.session.end());
		await first.turn();
		t.is(unmade.now, "done");
		t.true(await first.isIdle());

		const second = new SessionBench();
		await second.turn();
		const ended = outcome(second.session.end());
		await second.turn();
		t.is(ended.now, "done");
		t.true(second.client.isClosed);

		const third = await SessionBench.connected();
		const published = outcome(third.session.publish("t", "x", { QoS: 1 }));
		await third.turn();
		const lost = outcome(third.session.end());
		await third.turn();
		third.client.fail();
		await third.turn();
		t.deepEqual([lost.now, published.now], ["done", "OutcomeUnknownError"]);
		t.true(await third.isIdle());
		t.deepEqual(third.events, ["close"]);
	},
);

test.serial("end when DISCONNECT cannot be written", async t => {
	const all = await SessionBench.connected();
	all.client.failure = () => new Error("gone");
	const ended = outcome(all.session.end());
	await all.turn();
	t.is(ended.now, "done");
});

test.serial(
	"close: at once, twice, in any state; no callback follows, no timer is left, all promises settled",
	async t => {
		for (const state of ["new", "connecting", "connected", "waiting"]) {
			const all = new SessionBench();
			if (state !== "new") await all.turn();
			if (state === "connected" || state === "waiting") all.client.accept();
			const published = outcome(all.session.publish("t", "x", { QoS: 1 }));
			const queued = outcome(all.session.publish("t", "y", { QoS: 1 }));
			const subscribed = outcome(all.session.subscribe("t", all.handler("t")));
			if (state !== "new") await all.turn();
			const ended = outcome(all.session.end());
			if (state === "waiting") all.client.fail();
			all.events.length = 0;
			all.session.close();
			all.session.close();
			await Promise.resolve();
			t.true(await all.isIdle(), state);
			t.is(
				published.now,
				state === "connected" || state === "waiting" ? "OutcomeUnknownError" : "SessionClosedError",
			);
			t.deepEqual(
				[queued.now, subscribed.now, ended.now],
				["SessionClosedError", "SessionClosedError", "done"],
			);
			for (const client of all.clients) {
				t.true(client.isClosed);
				client.accept();
				client.message("t", "x");
				client.fail();
			}
			await all.turn();
			t.deepEqual(all.events, []);
			t.false(all.session.connected);
			t.is(all.session.writable, 0);
		}
	},
);

test.serial("close and end from within callbacks", async t => {
	for (const name of ["onConnect", "onClose", "onError"] as const)
		for (const method of ["close", "end"] as const) {
			const all = new SessionBench({
				[name](this: MQTTSession) {
					void this[method]();
				},
			});
			await all.turn();
			all.client.accept();
			await all.turn();
			if (!all.client.isClosed) all.client.fail();
			await all.clock.advance(100_000);
			t.is(all.clients.length, 1, `${method} in ${name}`);
			t.true(await all.isIdle());
		}
});

test.serial(
	"promises that nobody looks at: no unhandled rejection, and onError hears of all that fails",
	async t => {
		// An unhandled rejection fails the run of ava, and the test on XS.
		const all = await SessionBench.connected({ queue: 2 });
		void all.session.publish("+", "x");
		void all.session.publish("t", "x", { QoS: 1 });
		void all.session.publish("t", "x", { QoS: 1 });
		void all.session.publish("t", "x", { QoS: 1 });
		void all.session.subscribe("a#", all.handler("a"));
		void all.session.subscribe("a", all.handler("a"));
		await all.turn();
		all.client.answer(9, [128]);
		await all.turn();
		all.client.fail();
		await all.turn();
		void all.session.unsubscribe("#a");
		void all.session.subscribe("b", all.handler("b"));
		void all.session.unsubscribe("b");
		await all.turn();
		void all.session.end();
		void all.session.publish("t", "x");
		await all.clock.advance(1000);
		t.deepEqual(all.errors.map(({ name }) => name).sort(), [
			"LinkLostError",
			"OutcomeUnknownError",
			"PublishQueueFullError",
			"SubscriptionRefusedError",
			"TopicError",
			"TopicError",
			"TopicError",
		]);
	},
);
