import anyTest, { type TestFn } from "ava";
import { workingDay } from "../../bench/log.js";
import { type Cost, type Found, playTo, receiveProgram } from "../../bench/receive-unit.js";
import { missingXS } from "../../xs/worker.js";
import { skip } from "../xs/engine.js";

const test = anyTest as TestFn<{ program: string }>;
const LOG = workingDay(8000);
const PUBLISHES = LOG.blocks.filter(({ command }) => command === "publish").length;
const RESPONSES = LOG.blocks.filter(({ command }) => command && command !== "publish").length;
const PAYLOAD_BYTES = LOG.messages.reduce((sum, { payload }) => sum + payload.length, 0);
const ALL = {
	messages: LOG.messages.length,
	payloadBytes: PAYLOAD_BYTES,
	responses: RESPONSES,
	acknowledged: PUBLISHES,
	errors: [],
};
const NOTHING = { messages: 0, payloadBytes: 0, responses: 0, acknowledged: 0, errors: [] };

test.before(async t => {
	t.context.program = await receiveProgram();
});

/** A test on XS: what a receiver finds in the log, and what it costs. */
function onXS(title: string, name: string, found: Found, check: (cost: Cost) => boolean): void {
	const missing = missingXS();
	if (missing !== undefined) {
		skip(title, missing);
		return;
	}
	test(title, t => {
		const first = playTo(t.context.program, name, LOG);
		t.deepEqual(first.found, found);
		t.true(check(first), JSON.stringify(first));
		t.deepEqual(playTo(t.context.program, name, LOG), first, "the same in each run");
	});
}

onXS(
	"the harness itself costs nothing",
	"empty",
	NOTHING,
	cost => cost.computrons === 0 && cost.garbage === 0,
);
onXS(
	"where nobody listens the firmware tells nobody",
	"firmware",
	NOTHING,
	cost => cost.computrons > LOG.bytes,
);
onXS(
	"the firmware's client reads all messages, and each command has its response",
	"firmware and client",
	ALL,
	cost => cost.computrons > LOG.bytes,
);
onXS("the string parser tells nobody", "strings", NOTHING, cost => cost.computrons > LOG.lines);
onXS(
	"the string parser finds what the firmware finds",
	"strings and client",
	ALL,
	cost => cost.computrons > LOG.lines,
);
