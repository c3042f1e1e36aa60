import test, { type ExecutionContext } from "ava";
import { execute } from "../../../modules/at/execute.js";
import type { Line } from "../../../modules/at/line.js";
import { Request, type Value } from "../../../modules/at/request.js";
import { Basic, MQTT } from "../../../modules/bc20/commands.js";
import { receivedEnds } from "../../../modules/bc20/received.js";
import { Incoming } from "../../../modules/mqtt/incoming.js";
import { synchronisedBench } from "../bench.js";
import { latin1Of } from "../bytes.js";
import { CORPUS, SINGLE } from "../mqtt/hostile-corpus.js";
import { stepOf } from "../sampling.js";

/** URCs that the dialect listens to, all of which a message may look like. */
const LISTENED = [
	"+QMTSTAT",
	"+CEREG",
	"+CFUN",
	"+CPIN",
	"+IP",
	"+QATWAKEUP",
	"F1",
	"V0",
	"Leaving the BROM",
];

type Bench = Awaited<ReturnType<typeof listening>>;

/** A scheduler that hears of messages and of everything else that may come. */
async function listening() {
	const events: string[] = [];
	const bench = await synchronisedBench({
		receiveBuffer: 2560,
		onGap: () => events.push("gap"),
		onUnknown: line => events.push(`unknown ${line.text}`),
		onException: error => events.push(`exception ${String(error)}`),
	});
	const lines = { hex: false };
	const incoming = new Incoming();
	const onReceived = (line: Line) => {
		const taken = incoming.take(line, lines.hex);
		const topic = incoming.first?.topic;
		events.push(taken ? `message ${topic ?? ""} ${latin1Of(incoming.read(Infinity))}` : "dropped");
		// An empty one has nothing to read.
		if (incoming.first) incoming.skip();
	};
	bench.scheduler.listen("+QMTRECV", onReceived, receivedEnds);
	for (const prefix of LISTENED) bench.scheduler.listen(prefix, line => events.push(`URC ${line.text}`));
	bench.serial.writable(0xffff);
	return { ...bench, events, lines };
}

/** What the line is doing when a message comes: `begin` brings it there, `end` are the module's answers that complete it. */
interface State {
	readonly title: string;
	readonly begin: (bench: Bench) => Request | undefined;
	readonly end: string;
	/** What must be told at the end. */
	readonly told: readonly string[];
}

function submitted({ scheduler, serial, events }: Bench, request: Request): Request {
	request.onInformation = line => events.push(`information ${line.text}`);
	request.onResult = line => events.push(`result ${line.text}`);
	request.onProgress = line => events.push(`progress ${line.text}`);
	request.onDone = error => events.push(error ? String(error) : "done");
	serial.writable(0xffff);
	scheduler.submit(request);
	return request;
}
const of = (spec: Request["spec"], form: Request["form"], ...values: Value[]) =>
	new Request(spec, form, values);

const STATES: readonly State[] = [
	{ title: "nothing", begin: () => undefined, end: "", told: [] },
	{
		title: "a command awaits its answer",
		begin: bench => submitted(bench, of(Basic.signal, "execute")),
		end: "\r\n+CSQ: 9,0\r\n\r\nOK\r\n",
		told: ["information +CSQ: 9,0", "done"],
	},
	{
		title: "a command with a bare answer awaits it",
		begin: bench => submitted(bench, of(Basic.information, "execute")),
		end: "\r\nQuectel\r\n\r\nOK\r\n",
		told: ["information Quectel", "done"],
	},
	{
		title: "a read form awaits its answer",
		begin: bench => submitted(bench, of(MQTT.connect, "read")),
		end: "\r\n+QMTCONN: 0,3\r\n\r\nOK\r\n",
		told: ["information +QMTCONN: 0,3", "done"],
	},
	{
		title: "a publish awaits its result",
		begin: bench => {
			const request = submitted(bench, of(MQTT.publish, "write", 0, 1, 1, 0, "t", "m"));
			bench.serial.receive("\r\nOK\r\n");
			return request;
		},
		end: "\r\n+QMTPUB: 0,1,0\r\n",
		told: ["result +QMTPUB: 0,1,0", "done"],
	},
	{
		title: "a publish awaits the prompt",
		begin: bench => {
			const request = of(MQTT.publishData, "write", 0, 1, 1, 0, "t");
			request.data = Uint8Array.of(0x6d);
			return submitted(bench, request);
		},
		end: "\r\n> \r\nOK\r\n\r\n+QMTPUB: 0,1,0\r\n",
		told: ["result +QMTPUB: 0,1,0", "done"],
	},
	{
		title: "a subscription awaits its result",
		begin: bench => {
			const request = submitted(bench, of(MQTT.subscribe, "write", 0, 1, "t", 0));
			bench.serial.receive("\r\nOK\r\n");
			return request;
		},
		end: "\r\n+QMTSUB: 0,1,0,0\r\n",
		told: ["result +QMTSUB: 0,1,0,0", "done"],
	},
];

/** Lets one message come, whole and in two pieces, and completes what was under way. */
function check(
	bench: Bench,
	state: State,
	topic: string,
	payload: string,
	expected = `message ${topic} ${payload}`,
) {
	const { serial, events, lines } = bench;
	const carried = lines.hex
		? Array.from(payload, byte => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("")
		: payload;
	const block = `\r\n+QMTRECV: 0,0,"${topic}","${carried}"\r\n`;
	for (const cut of [0, Math.floor(block.length / 2)]) {
		events.length = 0;
		const request = state.begin(bench);
		serial.take();
		serial.receive(block.slice(0, cut));
		serial.receive(block.slice(cut));
		// The next block ends a message that could go on.
		serial.receive("\r\n+CEREG: 1\r\n");
		const shown = JSON.stringify(block);
		const sent = serial.take();
		if (events.join("|") !== `${expected}|URC +CEREG: 1`)
			throw new Error(`${state.title}, ${shown}: ${events.join("|")}`);
		if (sent || (request && !request.busy)) throw new Error(`${state.title}, ${shown}: goes on`);
		events.length = 0;
		serial.writable(0xffff);
		serial.receive(state.end);
		if (events.join("|") !== state.told.join("|"))
			throw new Error(`${state.title}, behind ${shown}: ${events.join("|")}`);
		const data = serial.take();
		if (data !== (request?.data ? "m\x1a" : "")) throw new Error(`${state.title}, behind ${shown}: ${data}`);
	}
}

/** What a topic as bytes is told as: invalid UTF-8 is left out. */
const asText = (topic: string) => topic.replace(/[\x80-\xff]/g, "");

/** Payloads in text without that which ends a message for any reader: README, "What remains ambiguous". */
const IN_TEXT = CORPUS.filter(payload => !payload.includes('"\r\n\r\n'));
/** Topics that in text are not told from their message at once. */
const DIVIDED = /","|",$/;

async function run(t: ExecutionContext, state: State, hex: boolean): Promise<void> {
	const bench = await listening();
	bench.lines.hex = hex;
	const step = stepOf(9);
	let count = 0;
	const payloads = hex ? CORPUS : IN_TEXT;
	for (let at = 0; at < payloads.length; at += step) {
		check(bench, state, "in/t", payloads[at]);
		count++;
	}
	const topics = [
		...SINGLE,
		...SINGLE.map(byte => `in/${byte}b`),
		...CORPUS.filter(text => text.length < 200),
	];
	for (let at = 0; at < topics.length; at += step) {
		const topic = topics[at];
		// With `","` and `"` CR LF CR LF behind it a topic ends the line, whatever the firmware.
		if (topic.includes('"\r\n\r\n') || topic === "" || (!hex && DIVIDED.test(topic))) continue;
		check(bench, state, topic, "x", `message ${asText(topic)} x`);
		count++;
	}
	t.true(count >= 50);
	t.log(`${count} messages, each in two ways`);
}

for (const state of STATES)
	for (const hex of [false, true])
		test.serial(
			`a message in ${hex ? "hex" : "text"} while ${state.title}: one message and nothing else, whatever is in topic and payload`,
			t => run(t, state, hex),
		);

test.serial(
	"numbers out of range, and identifiers and results of nobody: nothing is told to a command",
	async t => {
		const bench = await listening();
		const { serial, scheduler, events, clock } = bench;
		const numbers = [
			"-1",
			"6",
			"65536",
			"4294967296",
			"99999999999999999999",
			"1e3",
			"0x1",
			"",
			" ",
			"NaN",
			'"',
			"١",
		];
		const names = ["+QMTPUB", "+QMTSUB", "+QMTUNS", "+QMTCONN", "+QMTOPEN", "+QMTCLOSE", "+QMTDISC"];
		const ends: unknown[] = [];
		const request = submitted(bench, of(MQTT.publish, "write", 0, 1, 1, 0, "t", "m"));
		serial.receive("\r\nOK\r\n");
		for (const name of names)
			for (const number of numbers)
				for (const values of [
					`${number},1,0`,
					`0,${number},0`,
					number,
					`${number},${number},${number}`,
					`5,1,0`,
				])
					serial.receive(
						Uint8Array.from(`\r\n${name}: ${values}\r\n`, character => character.charCodeAt(0) & 0xff),
					);
		t.true(request.busy);
		t.deepEqual(
			events.filter(event => !event.startsWith("unknown")),
			[],
		);
		t.is(events.length, names.length * numbers.length * 5);
		events.length = 0;
		serial.receive("\r\n+QMTPUB: 0,1,0\r\n");
		t.deepEqual(events, ["result +QMTPUB: 0,1,0", "done"]);
		execute(scheduler, Basic.signal, "execute").then(
			() => ends.push("done"),
			(error: unknown) => ends.push(error),
		);
		serial.receive("\r\nOK\r\n");
		await clock.advance(1);
		t.deepEqual(ends, ["done"]);
	},
);
