import test from "ava";
import { AGAIN, DONE, IGNORED, Synchroniser } from "../../../modules/at/synchroniser.js";
import { latin1Of } from "../bytes.js";
import { lineOf } from "./lines.js";

/** It belongs to a probe, and changes nothing. */
const TAKEN = 1;

/** One that has sent Esc and then `AT`. */
function attentive(): Synchroniser {
	const synchroniser = new Synchroniser();
	synchroniser.begin();
	synchroniser.next();
	synchroniser.next();
	return synchroniser;
}
/** One that has sent `AT+CMEE?`, behind an `OK` to `AT`. */
function verifying(): Synchroniser {
	const synchroniser = attentive();
	synchroniser.line("OK", true);
	synchroniser.next();
	return synchroniser;
}

test("Esc first and every fifth time, AT in between", t => {
	const synchroniser = new Synchroniser();
	synchroniser.begin();
	const sent = Array.from({ length: 11 }, () => {
		const bytes = latin1Of(synchroniser.next());
		return `${bytes} ${synchroniser.text} ${synchroniser.period}`;
	});
	const escape = "\x1b\r (Esc) 300";
	const four = Array.from({ length: 4 }, () => "AT\r AT 500");
	t.deepEqual(sent, [escape, ...four, escape, ...four, escape]);
	t.is(synchroniser.probes, 11);
});

test("only an information response of its own and then OK are an answer", t => {
	const synchroniser = attentive();
	t.is(synchroniser.line("OK", true), AGAIN);
	t.is(synchroniser.probes, 0);
	t.is(latin1Of(synchroniser.next()), "AT+CMEE?\r");
	t.is(synchroniser.period, 1000);
	t.is(synchroniser.line("+CMEE", undefined), TAKEN);
	t.is(synchroniser.line("OK", true), DONE);
});

test("after Esc a final result code is taken and proves nothing; other lines are not its own", t => {
	for (const [prefix, final, meaning] of [
		["OK", true, TAKEN],
		["ERROR", false, TAKEN],
		["+CMEE", undefined, IGNORED],
		["+CSQ", undefined, IGNORED],
		[undefined, undefined, IGNORED],
	] as const) {
		const synchroniser = new Synchroniser();
		synchroniser.begin();
		synchroniser.next();
		t.is(synchroniser.line(prefix, final), meaning, prefix);
		t.is(latin1Of(synchroniser.next()), "AT\r");
	}
});

test("after AT an error and a late +CMEE are taken, OK goes on", t => {
	const synchroniser = attentive();
	t.is(synchroniser.line("ERROR", false), TAKEN);
	t.is(synchroniser.line("+CMEE", undefined), TAKEN);
	t.is(synchroniser.line("+CSQ", undefined), IGNORED);
	t.is(synchroniser.line(undefined, undefined), IGNORED);
	t.is(latin1Of(synchroniser.next()), "AT\r");
	t.is(synchroniser.line("OK", true), AGAIN);
});

test("other lines than +CMEE do not prove an OK, and are no errors", t => {
	const synchroniser = verifying();
	for (let count = 0; count < 4; count++) {
		t.is(synchroniser.line("+QMTSTAT", undefined), IGNORED);
		t.is(synchroniser.line(undefined, undefined), IGNORED);
	}
	t.is(synchroniser.line("OK", true), TAKEN, "a late one");
	t.is(latin1Of(synchroniser.next()), "AT\r", "the one try is over");
});

test("the information response of an earlier probe does not count", t => {
	const synchroniser = verifying();
	t.is(synchroniser.line("+CMEE", undefined), TAKEN);
	synchroniser.next();
	t.is(synchroniser.line("OK", true), AGAIN);
	t.is(synchroniser.line("OK", true), TAKEN, "a second OK, before the probe is sent");
	t.is(latin1Of(synchroniser.next()), "AT+CMEE?\r");
	t.is(synchroniser.line("OK", true), TAKEN);
});

test("three errors, each behind an OK to AT, are believed", t => {
	const synchroniser = attentive();
	for (const meaning of [AGAIN, AGAIN, DONE]) {
		t.is(synchroniser.line("OK", true), AGAIN);
		t.is(latin1Of(synchroniser.next()), "AT+CMEE?\r");
		t.is(synchroniser.line("ERROR", false), meaning);
		if (meaning === AGAIN) t.is(latin1Of(synchroniser.next()), "AT\r");
	}
	synchroniser.begin();
	t.is(synchroniser.probes, 0);
	t.is(latin1Of(synchroniser.next()), "\x1b\r");
});

test("echoes are those of its commands, to the byte", t => {
	const synchroniser = new Synchroniser();
	for (const [text, isEcho] of [
		["AT", true],
		["AT+CMEE?", true],
		["(Esc)", false],
		["A", false],
		["ATI", false],
		["AT+CMEE", false],
		["AT+CMEE?0", false],
		["OK", false],
		["+CMEE: 0", false],
		["AT" + "\xff".repeat(7), false],
	] as const)
		t.is(synchroniser.isEcho(lineOf(text)), isEcho, text);
});

test("an error that comes before the probe is sent: again from the beginning, with Esc", t => {
	const synchroniser = attentive();
	t.is(synchroniser.line("OK", true), AGAIN);
	t.is(synchroniser.line("ERROR", false), AGAIN, "in the same piece as the OK");
	t.is(latin1Of(synchroniser.next()), "\x1b\r");
	t.is(latin1Of(synchroniser.next()), "AT\r");
});
