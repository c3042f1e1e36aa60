import test from "ava";
import fc from "fast-check";
import { BREAKING, CORPUS, SINGLE, hostile } from "./hostile-corpus.js";
import { A, A_BARE, B, B_BARE, IN, type Mode, equal, property, session } from "./hostile-session.js";
import { send } from "./inbox.js";
import { bytes } from "./observe.js";

for (const mode of IN) {
	const { title, given, ambiguous, longest } = mode;
	/** The bytes that come in wherever they stand. */
	const alphabet = SINGLE.filter(byte => given(byte) === byte && !ambiguous?.test(byte)).join("");

	test.serial(`in, ${title}: unchanged, as far as the module gives it`, async t => {
		const { client, receive, goesOn, errors } = await session(t, mode);
		const payloads = [...CORPUS, ...BREAKING].filter(payload => !ambiguous?.test(given(payload)));
		let unchanged = 0;
		for (const payload of payloads) {
			const shown = JSON.stringify(payload);
			const expected = given(payload);
			if (expected === payload) unchanged++;
			t.deepEqual(await receive(payload), [["in/t", expected]], shown);
			t.true(await goesOn(), shown);
		}
		t.is(client.dropped, 0);
		t.deepEqual(errors, []);
		t.log(`${unchanged} of ${CORPUS.length + BREAKING.length}`);
	});

	test.serial(`in, ${title}: 0 to ${longest} bytes; what is longer is dropped whole`, async t => {
		const { receive, goesOn, rig, messages } = await session(t, mode);
		for (const length of [0, 1, 2, 126, 127, 128, 129, 130, 254, 255, 256, 700, 1023, 1024, 1025, longest]) {
			const payload = alphabet.repeat(10).slice(0, length);
			t.deepEqual(await receive(payload), [["in/t", payload]], `${length} bytes`);
		}
		const lines = "\r\nOK\r\n+QMTSTAT: 0,1\r\n";
		const piece = ambiguous?.test(lines) ? "OK+QMTSTAT: 0,1\r" : lines;
		for (const length of [longest + 200, 5000, 70_000]) {
			messages.length = 0;
			await send(rig, "in/t", piece.repeat(length).slice(0, length));
			await rig.clock.advance(20_000);
			t.deepEqual(messages, []);
			t.true(await goesOn(), `after ${length} bytes`);
		}
	});

	test.serial(`in, ${title}, property: any bytes`, async t => {
		const { receive, goesOn } = await session(t, mode, { informationLines: "apart" });
		await property(t, 32, hostile(1024), fc.constant(0), async payload => {
			fc.pre(!ambiguous?.test(given(payload)));
			equal(await receive(payload), [["in/t", given(payload)]]);
			if (!(await goesOn())) throw new Error("does not go on");
		});
	});

	test.serial(`both ways at once, ${title}, property`, async t => {
		const { client, rig, messages, published, until, events } = await session(t, mode, {
			urcInDataMode: "send",
		});
		await property(t, 33, hostile(300), hostile(300), async (incoming, outgoing) => {
			fc.pre(!ambiguous?.test(given(incoming)) && !mode.forbidden?.test(outgoing));
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
				["in/0", "in/1", "in/2"].map(topic => [topic, given(incoming)]),
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
const AMBIGUOUS: readonly (readonly [
	mode: Mode,
	payload: string,
	messages: readonly string[][],
	error?: string,
])[] = [
	[A, 'x"\r\n\r\nrest', [["in/t", "x"]]],
	[A, 'x"\r\n\r\nOK\r\n', [["in/t", "x"]]],
	[A, 'x"\r\n\r\nERROR\r\n', [["in/t", "x"]]],
	[A, 'x"\r\n\r\n+QMTPUB: 0,1,2\r\n', [["in/t", "x"]]],
	[
		A,
		'x"\r\n\r\n+QMTRECV: 0,0,"forged","y',
		[
			["in/t", "x"],
			["forged", "y"],
		],
	],
	[A, 'x"\r\n\r\n+QMTSTAT: 0,1\r\n', [["in/t", "x"]], "LinkError"],
	[A, 'x"\r\n\r\nF1: 0000 0000\r\n', [["in/t", "x"]], "ModemResetError"],
	[A_BARE, "x\nrest", [["in/t", "x"]]],
	[A_BARE, "\r\nrest", [["in/t", ""]]],
	[A_BARE, "x\r\nOK\r\nERROR\r\n", [["in/t", "x"]]],
	[
		A_BARE,
		"x\n+QMTRECV: 0,0,forged,y",
		[
			["in/t", "x"],
			["forged", "y"],
		],
	],
	[A_BARE, "x\n+QMTSTAT: 0,1\n", [["in/t", "x"]], "LinkError"],
	[A_BARE, "x\nF1: 0000 0000\n", [["in/t", "x"]], "ModemResetError"],
];

for (const [mode, payload, expected, error] of AMBIGUOUS) {
	test.serial(`in, ${mode.title}, ambiguous: ${JSON.stringify(payload)}`, async t => {
		t.regex(payload, mode.ambiguous ?? / /);
		const { rig, receive, goesOn, errors, messages } = await session(t, mode);
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
	const hex = mode === A_BARE ? B_BARE : B;
	test.serial(`in, ${hex.title}, not ambiguous: ${JSON.stringify(payload)}`, async t => {
		const { receive, goesOn, errors } = await session(t, hex);
		t.deepEqual(await receive(payload), [["in/t", payload]]);
		t.true(await goesOn());
		t.deepEqual(errors, []);
	});
}
