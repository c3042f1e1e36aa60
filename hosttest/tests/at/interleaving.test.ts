import assert from "node:assert/strict";
import test from "ava";
import fc from "fast-check";
import { type Bench, synchronisedBench } from "../bench.js";
import { Command, logged } from "./commands.js";
import { pieces, receivedEnds } from "./framing.js";

/** What the modem says, block by block; between any two of them a URC may come. `>` waits until the command has been sent. */
const conversation: readonly (readonly string[])[] = [
	["\r\n+CSQ: 22,0\r\n", "\r\nOK\r\n"],
	["\r\n+CEREG: 0,1\r\n", "\r\nOK\r\n"],
	["\r\nOK\r\n", "\r\n+QMTOPEN: 0,0\r\n"],
	["\r\nOK\r\n", '\r\n+QMTRECV: 0,0,"t","a\r\nOK\r\n"b","c"\r\n'],
	["\r\n> ", "\r\nOK\r\n", "\r\n+QMTPUB: 0,7,1,1\r\n", "\r\n+QMTPUB: 0,8,0\r\n"],
	["\r\n+CME ERROR: 10\r\n", "\r\n+QMTPUB: 0,7,0\r\n"],
];
const blocks = conversation.flat();

/** Plays the conversation. @returns what was heard and what was sent, URCs left out, and the URCs */
async function play(urcs: ReadonlyMap<number, string>, sizes: readonly number[]) {
	const heard: string[] = [];
	const bench: Bench = await synchronisedBench({
		queue: 16,
		onUnknown: line => heard.push(`unknown ${line.text}`),
	});
	const { clock, serial, scheduler } = bench;
	const urcsHeard: string[] = [];
	scheduler.listen("+QMTSTAT", line => urcsHeard.push(line.text));
	scheduler.listen("+CEREG", line => urcsHeard.push(line.text));
	scheduler.listen(
		"+QMTRECV",
		line => (line.integer(0) === 0 ? heard : urcsHeard).push(line.text),
		receivedEnds,
	);
	const data = logged(heard, "data", Command.publishData, "write", [0, 8, 1, 0, "t"]);
	data.data = new Uint8Array(10).fill(0x61);
	for (const request of [
		logged(heard, "signal", Command.signal, "execute"),
		logged(heard, "registration", Command.registration, "read"),
		logged(heard, "open", Command.open, "write", [0, "h", 1883]),
		logged(heard, "publish", Command.publish, "write", [0, 7, 1, 0, "t", "m"]),
		data,
		logged(heard, "imsi", Command.imsi, "execute"),
	])
		scheduler.submit(request);
	let turn = 0;
	const receive = (text: string) => {
		for (let from = 0; from < text.length;) {
			const size = sizes[turn++ % sizes.length];
			serial.receive(text.slice(from, from + size));
			serial.writable();
			from += size;
		}
	};
	for (let index = 0; index <= blocks.length; index++) {
		const urc = urcs.get(index);
		if (urc !== undefined) receive(urc);
		if (index < blocks.length) receive(blocks[index]);
		// A command waits until the message before it is complete: the modem must not answer what it was not asked yet.
		await clock.advance(60);
		serial.writable();
	}
	await clock.advance(100);
	return { heard, sent: serial.take(), urcsHeard, statistics: scheduler.statistics, quiet: scheduler.quiet };
}

const urcTexts = ["+QMTSTAT: 1,1", "+CEREG: 1", '+QMTRECV: 1,0,"t","OK\r\n> "', "+QMTSTAT: 5,2"];
const urc = fc.constantFrom(...urcTexts);

test.serial("the conversation by itself", async t => {
	const { heard, sent, urcsHeard, quiet } = await play(new Map(), [128]);
	t.deepEqual(heard, [
		"signal information +CSQ: 22,0",
		"signal done",
		"registration information +CEREG: 0,1",
		"registration done",
		"open result +QMTOPEN: 0,0",
		"open done",
		'+QMTRECV: 0,0,"t","a\r\nOK\r\n"b","c"',
		"publish progress +QMTPUB: 0,7,1,1",
		"data result +QMTPUB: 0,8,0",
		"data done",
		"imsi CommandError: AT+CIMI: +CME ERROR: 10",
		"publish result +QMTPUB: 0,7,0",
		"publish done",
	]);
	t.is(
		sent,
		'AT+CSQ\rAT+CEREG?\rAT+QMTOPEN=0,"h",1883\rAT+QMTPUB=0,7,1,0,"t","m"\rAT+QMTPUB=0,8,1,0,"t"\raaaaaaaaaa\x1aAT+CIMI\r',
	);
	t.deepEqual(urcsHeard, []);
	t.true(quiet);
});

test.serial("property: URCs at any line boundaries, in any pieces, change nothing else", async t => {
	const expected = await play(new Map(), [128]);
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.tuple(fc.nat(blocks.length), urc), { maxLength: 6 }),
			pieces,
			async (places, sizes) => {
				const urcs = new Map(places.map(([at, text]) => [at, `\r\n${text}\r\n`]));
				const { heard, sent, urcsHeard, quiet, statistics } = await play(urcs, sizes);
				assert.deepEqual(heard, expected.heard);
				assert.equal(sent, expected.sent);
				const inOrder = [...urcs].sort(([one], [other]) => one - other).map(([, text]) => text.slice(2, -2));
				assert.deepEqual(urcsHeard, inOrder);
				assert.equal(quiet, true);
				assert.equal(statistics.unknown, 0);
			},
		),
		{ seed: 8, numRuns: 150 },
	);
	t.pass();
});

test.serial("every URC at every line boundary", async t => {
	const expected = await play(new Map(), [128]);
	for (const text of urcTexts) {
		for (let at = 0; at <= blocks.length; at++) {
			const { heard, sent, urcsHeard } = await play(new Map([[at, `\r\n${text}\r\n`]]), [128]);
			t.deepEqual(heard, expected.heard, `${text} before block ${at}`);
			t.is(sent, expected.sent);
			t.deepEqual(urcsHeard, [text]);
		}
	}
});

test.serial("property: whatever a modem says, no exception leaves the engine and it comes back", async t => {
	const junk = fc.oneof(
		fc.constantFrom(
			...blocks,
			"\r\nOK\r\n",
			"\r\nERROR\r\n",
			"\r\n> ",
			"\r\n+QMTPUB: 0,7,0\r\n",
			"+QMTRECV: ",
		),
		fc.string({
			unit: fc.constantFrom('"', ",", "\r\n", ":", "+QMTOPEN", ">", "A", "\xff", "\x1a", "OK"),
			maxLength: 20,
		}),
	);
	await fc.assert(
		fc.asyncProperty(
			fc.array(junk, { maxLength: 15 }),
			pieces,
			fc.integer({ min: 0, max: 400 }),
			async (parts, sizes, pause) => {
				const log: string[] = [];
				const { clock, serial, scheduler } = await synchronisedBench({ receiveBuffer: 256 });
				scheduler.listen("+QMTRECV", () => undefined, receivedEnds);
				const data = logged(log, "data", Command.publishData, "write", [0, 8, 1, 0, "t"]);
				data.data = new Uint8Array(200);
				scheduler.submit(logged(log, "publish", Command.publish, "write", [0, 7, 1, 0, "t", "m"]));
				scheduler.submit(data);
				scheduler.submit(logged(log, "signal", Command.signal, "execute"));
				let turn = 0;
				for (const part of parts) {
					for (let from = 0; from < part.length;) {
						const size = sizes[turn++ % sizes.length];
						serial.receive(part.slice(from, from + size));
						from += size;
					}
					serial.writable();
					await clock.advance(pause);
				}
				// From here on it is a modem that answers all that it is asked, with an error if it does not know it.
				let asked = "";
				for (let round = 0; round < 800; round++) {
					await clock.advance(100);
					serial.writable();
					asked += serial.take();
					for (let end = asked.search(/[\r\x1a]/); end >= 0; end = asked.search(/[\r\x1a]/)) {
						const command = asked.slice(0, end).replaceAll("\x1b", "");
						asked = asked.slice(end + 1);
						if (command === "AT+CMEE?") serial.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n");
						else if (command) serial.receive(command === "AT" ? "\r\nOK\r\n" : "\r\nERROR\r\n");
					}
				}
				assert.equal(scheduler.synchronised, true);
				for (const name of ["publish", "data", "signal"])
					assert.equal(
						log.filter(entry => entry.startsWith(name) && / (done|\w+Error: .*)$/.test(entry)).length,
						1,
						`${name} ends once: ${log.join("; ")}`,
					);
				assert.equal(scheduler.statistics.receiveDropped % 1, 0);
			},
		),
		{ seed: 9, numRuns: 40 },
	);
	t.pass();
});
