import test from "ava";
import type { CommandSpec, Form } from "../../../modules/at/command.js";
import type { Prefix } from "../../../modules/at/prefixes.js";
import { Request, type Value } from "../../../modules/at/request.js";
import { LaterResults, isProgress, isResultOf } from "../../../modules/at/results.js";
import { VirtualClock, useClock } from "../../shim/clock.js";
import { Command } from "./commands.js";
import { lineOf } from "./lines.js";

const opening: Prefix = { text: "+QMTOPEN" };
const publishing: Prefix = { text: "+QMTPUB" };

function requestOf(
	spec: CommandSpec,
	values: readonly Value[],
	prefix?: Prefix,
	form: Form = "write",
): Request {
	const request = new Request(spec, form, values);
	request.prefix = prefix;
	return request;
}

test.serial("counts those that wait; each is taken out once", t => {
	const clock = new VirtualClock();
	useClock(clock);
	const results = new LaterResults();
	const requests = [0, 1, 2].map(id => requestOf(Command.open, [id, "h", 1], opening));
	t.is(results.remaining, Infinity);
	requests.forEach((request, index) => results.add(request, 1000 - 100 * index));
	t.is(results.length, 3);
	t.is(results.remaining, 800);
	t.is(results.overdue, undefined);
	t.true(results.remove(requests[1]));
	t.false(results.remove(requests[1]));
	t.is(results.length, 2);
	clock.block(800);
	t.is(results.overdue, requests[2]);
	clock.block(200);
	t.is(results.overdue, requests[0], "the oldest first");
	t.deepEqual(results.removeAll(), [requests[0], requests[2]]);
	t.is(results.length, 0);
	t.is(results.overdue, undefined);
});

test.serial("a line belongs to the one of its prefix and its keys", t => {
	useClock(new VirtualClock());
	const results = new LaterResults();
	const open = requestOf(Command.open, [1, "h", 1], opening);
	const first = requestOf(Command.publish, [1, 7, 1, 0, "t", "m"], publishing);
	const second = requestOf(Command.publish, [1, 8, 1, 0, "t", "m"], publishing);
	for (const request of [open, first, second]) results.add(request, 1000);
	t.is(results.find(lineOf("+QMTOPEN: 1,0"), opening), open);
	t.is(results.find(lineOf("+QMTOPEN: 0,0"), opening), undefined);
	t.is(results.find(lineOf("+QMTPUB: 1,8,0"), publishing), second);
	t.is(results.find(lineOf("+QMTPUB: 1,7,0"), publishing), first);
	t.is(results.find(lineOf("+QMTPUB: 1,9,0"), publishing), undefined);
	t.is(results.find(lineOf("+QMTPUB: x,7,0"), publishing), undefined);
});

test("a command without a later result has neither result nor progress", t => {
	const request = requestOf(Command.signal, [22]);
	t.false(isResultOf(request, lineOf("+CSQ: 22,0")));
	t.false(isProgress(Command.signal, lineOf("+CSQ: 22,0")));
	t.false(isProgress(Command.signal, lineOf("+CSQ:")));
});

test("progress is what the command says it is", t => {
	t.true(isProgress(Command.publish, lineOf("+QMTPUB: 0,1,1,2")));
	t.false(isProgress(Command.publish, lineOf("+QMTPUB: 0,1,0")));
	t.false(isProgress(Command.publish, lineOf("+QMTPUB: 0,1")));
	t.true(isProgress(Command.connect, lineOf("+QMTCONN: 0,1")));
	t.false(isProgress(Command.close, lineOf("+QMTCLOSE: 0,1")));
	t.false(isProgress(Command.close, lineOf("+QMTCLOSE: 0")), "no field, no value");
});

test.serial("ambiguous are answers of the same prefix that cannot be told from an awaited result", t => {
	useClock(new VirtualClock());
	const results = new LaterResults();
	results.add(requestOf(Command.open, [1, "h", 1], opening), 1000);
	results.add(requestOf(Command.publish, [1, 7, 1, 0, "t", "m"], publishing), 1000);
	const isAmbiguous = (...of: Parameters<typeof requestOf>) => results.isAmbiguous(requestOf(...of));

	// Told by the identifier alone.
	t.true(isAmbiguous(Command.open, [1, "other", 2], opening));
	t.false(isAmbiguous(Command.open, [2, "h", 1], opening));
	// Told by identifier and msgID.
	t.true(isAmbiguous(Command.publish, [1, 7, 0, 0, "u", "n"], publishing));
	t.false(isAmbiguous(Command.publish, [1, 8, 1, 0, "t", "m"], publishing));
	t.false(isAmbiguous(Command.publish, [2, 7, 1, 0, "t", "m"], publishing));
	// A read form names no identifier; its answer may tell itself apart.
	t.true(isAmbiguous(Command.publish, [], publishing, "read"));
	t.false(isAmbiguous(Command.open, [], opening, "read"));
	// The other forms have no such answer, whatever values a request still holds.
	t.false(isAmbiguous(Command.open, [1, "h", 1], opening, "test"));
	t.false(isAmbiguous(Command.open, [1, "h", 1], opening, "execute"));
	// Other prefixes, and none.
	t.false(isAmbiguous(Command.signal, [1], { text: "+CSQ" }));
	t.false(isAmbiguous(Command.signal, [1]));
});
