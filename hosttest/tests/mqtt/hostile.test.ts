import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import MQTTClient from "../../../modules/mqtt/client.js";
import { PayloadError } from "../../../modules/mqtt/errors.js";
import type { BC20Options as SimulatorOptions } from "../../simulator/options.js";
import { Rig } from "../bc20/rig.js";
import { inbox, send } from "./inbox.js";
import { type Options, bytes, listen, observe } from "./observe.js";

/** How a module carries messages: its firmware, and the format that the connection was configured with. */
interface Mode {
	readonly title: string;
	readonly simulator: SimulatorOptions;
	readonly options: Options;
	/** Longest message that can be sent. */
	readonly limit: number;
	/** Bytes that cannot be sent. */
	readonly forbidden: RegExp | undefined;
	/** Incoming messages after which nobody can tell what is message and what is not. */
	readonly ambiguous: RegExp | undefined;
}

const A: Mode = {
	title: "profile A",
	simulator: { profile: "A" },
	options: {},
	limit: 700,
	forbidden: /[\x00-\x1f\x7f]/,
	// A quote at the end of a line, and CR behind that: how a message ends and another line of the module begins.
	ambiguous: /"\r\n\r/,
};
const B: Mode = {
	title: "profile B",
	simulator: { profile: "B" },
	options: {},
	limit: 1024,
	forbidden: /[\x1a\x1b]/,
	ambiguous: undefined,
};
const B_HEX: Mode = {
	...B,
	title: "profile B, hex",
	options: { dataFormat: "hex" },
	limit: 350,
	forbidden: undefined,
};

const ALL = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
const SINGLE = Array.from(ALL);
const LINE_ENDS = ["\r", "\n", "\r\n", "\n\r", "\r\r", "\n\n", "\r\n\r\n", "\n\r\n\r", "\r\n\r\n\r\n"];
/** What the module says, each on a line of its own. */
const LOOKALIKES = [
	"OK",
	"ERROR",
	"+CME ERROR: 3",
	"+CMS ERROR: 3",
	"NO CARRIER",
	"ABORTED",
	"+QMTSTAT: 0,1",
	"+QMTSTAT: 0,2",
	"+QMTPUB: 0,0,0",
	"+QMTPUB: 0,1,0",
	"+QMTPUB: 0,1,2",
	"+QMTSUB: 0,1,0,128",
	"+QMTUNS: 0,1,0",
	"+QMTCONN: 0,0,5",
	"+QMTOPEN: 0,-1",
	"+QMTCLOSE: 0,0",
	"+QMTDISC: 0,0",
	'+QMTRECV: 0,0,"t","x"',
	"+QMTRECV: 0,0,t,x",
	"+CEREG: 0",
	"+CEREG: 1,0",
	"+CMEE: 1",
	"+CFUN: 1",
	"+CPIN: READY",
	"+CPIN: NOT READY",
	"F1: 0000 0000",
	"V0: 0000 0000 [0001]",
	"Leaving the BROM",
	"AT+QMTCLOSE=0",
	"AT",
	">",
	"> ",
];
const QUOTES = [
	'"',
	'""',
	'"""',
	'"x',
	'x"',
	'x"x',
	',"',
	'",',
	'","',
	'","","',
	'x","y',
	'"\r\n',
	'"\r\n"',
	'"\n',
	'\r\n"',
	'"\r\n\n',
	'"\r\n ',
	'" \r\nx',
	'"\n\n\r',
	'"\r\nOK\r\n',
	'"\r\n+QMTSTAT: 0,1\r\n',
	'","\r\n+QMTSTAT: 0,1\r\n',
	'"\r\n+QMTRECV: 0,0,"t","x"\r\n"',
	'{"list":["a","b"],"empty":""}',
	"'",
	"\\",
	"\\22",
	"\\r\\n",
];
const FRAMED = LOOKALIKES.flatMap(text => [
	text,
	`\r\n${text}\r\n`,
	`\n\r${text}\n\r`,
	`x\r\n${text}\r\ny`,
	`"\r\n${text}\r\n"`,
	`\r\n\r\n${text}\r\n\r\n`,
]);
const CORPUS: readonly string[] = [
	"",
	ALL,
	ALL.split("").reverse().join(""),
	...SINGLE,
	...SINGLE.map(byte => `a${byte}b`),
	...LINE_ENDS,
	...LINE_ENDS.map(end => `one${end}two`),
	...LINE_ENDS.map(end => `${end}text${end}`),
	...LINE_ENDS.map(end => `${end},"${end},`),
	...QUOTES,
	...FRAMED,
];
/** Behind a quote, an empty line: in text, only hex tells where such a message ends. */
const BREAKING: readonly string[] = [
	'"\r\n\r\n',
	'"\r\n\r',
	'"\n\r',
	'"\n\r\n\r',
	'"\r\r\n\r',
	'" \t\r\n\r',
	...LOOKALIKES.map(text => `x"\r\n\r\n${text}\r\n`),
];

/** A client in the middle of its life, and the means to see that it goes on. */
async function session(t: ExecutionContext, mode: Mode, variants: SimulatorOptions["variants"] = {}) {
	const rig = await Rig.ready(t, { simulator: { ...mode.simulator, variants } });
	const published = listen(rig, "out/#");
	const { messages, onReadable } = inbox();
	const observed = observe(rig, { onReadable, ...mode.options });
	await observed.connected();
	const { client, events } = observed;
	client.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: "in/#", QoS: 1 }] });
	await observed.until("control 9");
	const until = (condition: () => boolean) =>
		rig.clock.run(() => condition() || observed.errors.length > 0, 100_000);
	/** Publishes and waits for the room for the next. */
	const publish = async (payload: string, QoS = 0, topic = "out/t") => {
		const from = events.length;
		client.write(bytes(payload), { topic, QoS });
		await until(() => events.slice(from).some(event => event.startsWith("writable")));
		return events.slice(from);
	};
	/** A message out with its acknowledgement, one in, and not a word besides. */
	const goesOn = async () => {
		const got = messages.length;
		const sent = published.length;
		const heard = await publish("next", 1);
		await send(rig, "in/next", "next", { QoS: 1 });
		await until(() => messages.length > got);
		return (
			heard.join() === "control 4,writable 1288" &&
			published
				.slice(sent)
				.map(({ payload }) => payload)
				.join() === "next" &&
			messages
				.splice(got)
				.map(({ payload }) => payload.toString())
				.join() === "next"
		);
	};
	/** Lets a message come in; what the client makes of it. */
	const receive = async (payload: string, topic = "in/t") => {
		messages.length = 0;
		await send(rig, topic, payload);
		await until(() => messages.length > 0);
		return messages.map(({ topic, payload }) => [topic, payload.toString("latin1")]);
	};
	return { ...observed, rig, published, messages, publish, receive, goesOn, until };
}

// Outgoing

for (const mode of [A, B, B_HEX]) {
	const { title, limit, forbidden } = mode;

	test.serial(`out, ${title}: unchanged, or refused with the byte and what to do`, async t => {
		const { client, published, publish, goesOn, errors, events } = await session(t, mode);
		let carried = 0;
		for (const payload of [...CORPUS, ...BREAKING]) {
			const shown = JSON.stringify(payload);
			const at = forbidden ? payload.search(forbidden) : -1;
			published.length = 0;
			const before = events.length;
			if (at >= 0) {
				const error = t.throws(
					() => client.write(bytes(payload), { topic: "out/t" }),
					{ instanceOf: PayloadError },
					shown,
				);
				const byte = /holds byte 0x([0-9a-f]{2}) at (\d+), not possible in (\w+) form; (.*)$/.exec(
					error.message,
				);
				t.truthy(byte, error.message);
				t.is(byte?.[1], payload.charCodeAt(Number(byte?.[2])).toString(16).padStart(2, "0"), shown);
				t.regex(payload.charAt(Number(byte?.[2])), forbidden ?? / /);
				t.is(
					byte?.[4],
					mode === A ? "this firmware of the module cannot carry it" : 'connect with dataFormat "hex"',
				);
				t.is(events.length, before);
				t.is(published.length, 0);
			} else {
				carried++;
				t.deepEqual(await publish(payload), ["writable 1288"], shown);
				t.deepEqual(
					published.map(({ payload }) => payload),
					[payload],
					shown,
				);
			}
			t.true(await goesOn(), shown);
		}
		t.deepEqual(errors, []);
		t.log(`${carried} of ${CORPUS.length + BREAKING.length} carried`);
	});

	test.serial(`out, ${title}: 0 to ${limit} bytes; above it an error that names the limit`, async t => {
		const { client, published, publish, goesOn } = await session(t, mode);
		const lengths = [0, 1, 2, 9, 10, 11, 117, 118, 119, 127, 128, 129, 255, 256, 257, limit - 1, limit];
		for (const length of lengths) {
			const payload = Array.from({ length }, (_, i) => String.fromCharCode(0x80 + (i % 128))).join("");
			published.length = 0;
			await publish(payload, 2);
			t.is(published[0].payload, payload, `${length} bytes`);
		}
		for (const length of [limit + 1, 2000, 100_000]) {
			const refused = {
				instanceOf: PayloadError,
				message: new RegExp(
					`^message of ${length} bytes; the limit is ${limit} \\(\\w+ form of AT\\+QMTPUB\\)$`,
				),
			};
			t.throws(() => client.write(new Uint8Array(length).fill(0x41), { topic: "out/t" }), refused);
			t.throws(() => client.write(bytes("A"), { topic: "out/t", byteLength: length }), refused);
		}
		t.true(await goesOn());
	});

	test.serial(`out, ${title}, property: any bytes in any pieces`, async t => {
		const { client, published, events, goesOn, until } = await session(t, mode, {
			spaceAfterPrompt: true,
			urcInDataMode: "send",
		});
		await property(
			t,
			31,
			hostile(limit),
			fc.array(fc.nat({ max: 200 }), { maxLength: 8 }),
			async (payload, cuts) => {
				const all = bytes(payload);
				const from = events.length;
				published.length = 0;
				/** Room for more; undefined where the message is refused. */
				const write = (piece: Uint8Array, options: Parameters<MQTTClient["write"]>[1]) => {
					try {
						return client.write(piece, options);
					} catch (error) {
						if (!(error instanceof PayloadError)) throw error;
						return undefined;
					}
				};
				let at = Math.min(cuts[0] ?? all.length, all.length);
				let room = write(all.subarray(0, at), { topic: "out/p", QoS: 1, byteLength: all.length });
				for (let i = 1; at < all.length && room !== undefined; i++) {
					if (room !== all.length - at) throw new Error(`room ${room}, ${all.length - at} are left`);
					const count = cuts[i] ? Math.min(cuts[i], room) : room;
					room = write(all.subarray(at, at + count), null);
					at += count;
				}
				const refused = room === undefined;
				if (refused !== (forbidden?.test(payload) ?? false)) throw new Error(`refused: ${refused}`);
				if (!refused) {
					await until(() => events.slice(from).includes("writable 1288"));
					equal(
						published.map(({ payload }) => payload),
						[payload],
					);
					equal(events.slice(from).filter(event => event === "control 4").length, 1);
				}
				if (!(await goesOn())) throw new Error("does not go on");
			},
		);
	});
}

// Incoming

for (const mode of [A, B]) {
	const { title, ambiguous } = mode;

	test.serial(`in, ${title}: unchanged`, async t => {
		const { client, receive, goesOn, errors } = await session(t, mode);
		const payloads = [...CORPUS, ...BREAKING].filter(payload => !ambiguous?.test(payload));
		for (const payload of payloads) {
			const shown = JSON.stringify(payload);
			t.deepEqual(await receive(payload), [["in/t", payload]], shown);
			t.true(await goesOn(), shown);
		}
		t.is(client.dropped, 0);
		t.deepEqual(errors, []);
		t.log(`${payloads.length} of ${CORPUS.length + BREAKING.length}`);
	});

	test.serial(`in, ${title}: 0 to 1024 bytes, and what is longer as far as the buffers go`, async t => {
		const { receive, goesOn, rig, messages } = await session(t, mode);
		const longest = ambiguous ? 2048 : 1190;
		for (const length of [0, 1, 2, 126, 127, 128, 129, 130, 254, 255, 256, 700, 1023, 1024, 1025, longest]) {
			const payload = ALL.repeat(10).slice(0, length);
			t.deepEqual(await receive(payload), [["in/t", payload]], `${length} bytes`);
		}
		for (const length of [longest + 200, 5000, 70_000]) {
			messages.length = 0;
			await send(rig, "in/t", "\r\nOK\r\n+QMTSTAT: 0,1\r\n".repeat(length).slice(0, length));
			await rig.clock.advance(20_000);
			t.deepEqual(messages, []);
			t.true(await goesOn(), `after ${length} bytes`);
		}
	});

	test.serial(`in, ${title}, property: any bytes`, async t => {
		const { receive, goesOn } = await session(t, mode, { informationLines: "apart" });
		await property(t, 32, hostile(1024), fc.constant(0), async payload => {
			fc.pre(!ambiguous?.test(payload));
			equal(await receive(payload), [["in/t", payload]]);
			if (!(await goesOn())) throw new Error("does not go on");
		});
	});

	test.serial(`both ways at once, ${title}, property`, async t => {
		const { client, rig, messages, published, until, events } = await session(t, mode, {
			urcInDataMode: "send",
		});
		await property(t, 33, hostile(300), hostile(300), async (incoming, outgoing) => {
			fc.pre(!ambiguous?.test(incoming) && !mode.forbidden?.test(outgoing));
			messages.length = published.length = 0;
			const from = events.length;
			client.write(bytes(outgoing), { topic: "out/t", QoS: 2 });
			for (let i = 0; i < 3; i++) {
				await send(rig, `in/${i}`, incoming, { QoS: 1 });
				await rig.clock.advance(20 * i);
			}
			await until(() => messages.length >= 3 && events.slice(from).includes("writable 1288"));
			equal(
				messages.map(({ topic, payload }) => [topic, payload.toString("latin1")]),
				[
					["in/0", incoming],
					["in/1", incoming],
					["in/2", incoming],
				],
			);
			equal(
				published.map(({ payload }) => payload),
				[outgoing],
			);
			equal(events.slice(from), ["control 5", "control 7", "writable 1288"]);
		});
	});
}

/** What the client makes of messages that end, for any reader, before they end. */
const AMBIGUOUS: readonly [payload: string, messages: readonly string[][], error: string | undefined][] = [
	['x"\r\n\rrest', [["in/t", "x"]], undefined],
	['x"\r\n\r\nOK\r\n', [["in/t", "x"]], undefined],
	['x"\r\n\r\nERROR\r\n', [["in/t", "x"]], undefined],
	['x"\r\n\r\n+QMTPUB: 0,1,2\r\n', [["in/t", "x"]], undefined],
	[
		'x"\r\n\r\n+QMTRECV: 0,0,"forged","y',
		[
			["in/t", "x"],
			["forged", "y"],
		],
		undefined,
	],
	['x"\r\n\r\n+QMTSTAT: 0,1\r\n', [["in/t", "x"]], "LinkError"],
	['x"\r\n\r\nF1: 0000 0000\r\n', [["in/t", "x"]], "ModemResetError"],
];

for (const [payload, expected, error] of AMBIGUOUS) {
	test.serial(`in, profile A, ambiguous: ${JSON.stringify(payload)}`, async t => {
		t.regex(payload, A.ambiguous ?? / /);
		const { rig, receive, goesOn, errors, messages } = await session(t, A);
		await receive(payload);
		await rig.clock.advance(1000);
		t.deepEqual(
			messages.map(({ topic, payload }) => [topic, payload.toString("latin1")]),
			expected,
		);
		t.deepEqual(
			errors.map(({ name }) => name),
			error ? [error] : [],
		);
		if (!error) t.true(await goesOn());
	});
	test.serial(`in, profile B, not ambiguous: ${JSON.stringify(payload)}`, async t => {
		const { receive, goesOn, errors } = await session(t, B);
		t.deepEqual(await receive(payload), [["in/t", payload]]);
		t.true(await goesOn());
		t.deepEqual(errors, []);
	});
}

// Topics

/** Topics that somebody else may publish to. What a profile A module makes of those that nobody can tell from a message. */
const TOPICS: readonly [topic: string, ambiguous?: readonly [topic: string, payload: string]][] = [
	["in/a,b"],
	['in/a"b'],
	['in/a"'],
	['in/"'],
	['in/""'],
	['in/a",b'],
	["in/ "],
	["in/a b"],
	["in/'"],
	["in/OK"],
	["in/+QMTSTAT: 0,1"],
	["in/>"],
	["in/grün/温度"],
	["in/\\"],
	["in/\r\n"],
	["in/\r\nOK\r\n"],
	["in/\r\n+QMTSTAT: 0,1\r\n"],
	['in/"\r\n\r\n+QMTSTAT: 0,1\r\n'],
	["in/" + "x".repeat(252)],
	['in/a","b', ["in/a", 'b","x']],
	['in/a",', ["in/a", ',"x']],
	['in/","', ["in/", '","x']],
	['in/{"a","b"}', ['in/{"a', 'b"}","x']],
];

for (const mode of [A, B])
	test.serial(`topics of incoming messages, ${mode.title}`, async t => {
		const { receive, goesOn, errors, client } = await session(t, mode);
		for (const [topic, ambiguous] of TOPICS) {
			t.deepEqual(
				await receive("x", topic),
				[mode === A && ambiguous ? [...ambiguous] : [topic, "x"]],
				topic,
			);
			t.true(await goesOn(), topic);
		}
		t.is(client.dropped, 0);
		t.deepEqual(errors, []);
	});

test.serial("a topic longer than the module's limit is dropped and counted", async t => {
	const { rig, client, messages, goesOn } = await session(t, B);
	await send(rig, "in/" + "x".repeat(253), "x");
	await rig.clock.advance(1000);
	t.is(client.dropped, 1);
	t.deepEqual(messages, []);
	t.true(await goesOn());
});

for (const [mode, dropped] of [
	[A, 0],
	[B, 1],
] as const)
	test.serial(
		`a topic with line ends that ends a message, ${mode.title}: what follows passes for the module's`,
		async t => {
			const { rig, client, errors } = await session(t, mode);
			await send(rig, 'in/a","b"\r\n\r\n+QMTSTAT: 0,1\r\n', "x");
			await rig.clock.advance(1000);
			t.deepEqual(
				errors.map(({ name }) => name),
				["LinkError"],
			);
			t.is(client.dropped, dropped);
		},
	);

test.serial(
	"topics to publish to: every character that MQTT allows but quotes and control characters",
	async t => {
		const { client, published, publish, goesOn } = await session(t, B);
		const topics = [
			"out/ ",
			"out/,",
			"out/a,b",
			"out/>",
			"out/'\\",
			"out//",
			"out/$x",
			"out/grün/温度/😀",
			"out/" + "x".repeat(251),
		];
		for (const topic of topics) {
			published.length = 0;
			await publish("x", 0, topic);
			t.is(published[0].topic, topic);
			t.true(await goesOn());
		}
		for (const topic of ['a"b', "a\rb", "a\nb", "a\0b", "a\x1ab", "a\x7fb", "a+b", "#", "", "x".repeat(256)])
			t.throws(() => client.write(bytes("x"), { topic }), { instanceOf: RangeError, message: /^topic / });
		t.true(await goesOn());
	},
);

// Properties

/** Bytes that are likely to break something, one a character. */
function hostile(limit: number): fc.Arbitrary<string> {
	const byte = fc.nat({ max: 255 }).map(code => String.fromCharCode(code));
	const piece = fc.oneof(
		{ weight: 4, arbitrary: byte },
		{ weight: 2, arbitrary: fc.constantFrom(...LINE_ENDS, '"', ",", '","', '"\r\n', "\x1a", "\x1b") },
		{ weight: 1, arbitrary: fc.constantFrom(...LOOKALIKES) },
		{ weight: 1, arbitrary: fc.string({ maxLength: 60 }).map(text => Buffer.from(text).toString("latin1")) },
	);
	const short = fc.array(piece, { maxLength: 30 }).map(pieces => pieces.join("").slice(0, limit));
	// Without the bytes that the data mode cannot carry: else hardly one of the long ones would go out.
	const long = fc
		.uint8Array({ minLength: Math.floor(limit / 2), maxLength: limit })
		.map(bytes =>
			Buffer.from(bytes.map(byte => (byte === 0x1a || byte === 0x1b ? 0x0a : byte))).toString("latin1"),
		);
	return fc.oneof({ weight: 5, arbitrary: short }, { weight: 1, arbitrary: long });
}

/** Runs a property on one rig: after a failure it is not to be used again. */
async function property<One, Two>(
	t: ExecutionContext,
	seed: number,
	one: fc.Arbitrary<One>,
	two: fc.Arbitrary<Two>,
	holds: (one: One, two: Two) => Promise<void>,
): Promise<void> {
	t.log(`seed ${seed}`);
	await fc.assert(fc.asyncProperty(one, two, holds), { seed, numRuns: 300, endOnFailure: true });
	t.pass();
}

function equal(actual: unknown, expected: unknown): void {
	if (JSON.stringify(actual) !== JSON.stringify(expected))
		throw new Error(`${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}
