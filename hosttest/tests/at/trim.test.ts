import test from "ava";
import { PrefixTable } from "../../../modules/at/prefixes.js";
import { bench, synchronise, synchronisedBench } from "../bench.js";
import { Command, logged } from "./commands.js";

const SLACK_MS = 2 * "AT+CSQ\r".length + 200;

test("a table forgets what nobody listens for, and nothing else", t => {
	const table = new PrefixTable();
	table.add("+CGATT");
	table.add("OK").final = true;
	table.add("ERROR").final = false;
	table.add("+CEREG").onLine = () => undefined;
	table.add("+QMTRECV").ends = () => 0;
	table.add("+CPIN").onLine = undefined;
	table.trim();
	t.deepEqual([...table.entries.keys()], ["OK", "ERROR", "+CEREG", "+QMTRECV"]);
});

test.serial("a command that was used before is used again; listeners hear as before", async t => {
	const log: string[] = [];
	const { serial, scheduler } = await synchronisedBench();
	scheduler.listen("+CEREG", line => log.push(`URC ${line.text}`));
	for (let round = 0; round < 2; round++) {
		const request = logged(log, "", Command.signal, "execute");
		scheduler.submit(request);
		serial.writable();
		serial.receive("\r\n+CSQ: 17,0\r\n\r\nOK\r\n\r\n+CEREG: 1\r\n");
		t.deepEqual(log.splice(0), ["information +CSQ: 17,0", "done", "URC +CEREG: 1"]);
		scheduler.trim();
	}
});

test.serial(
	"what is on the line, behind it in the queue, or awaits its later result is left alone",
	async t => {
		const log: string[] = [];
		const { serial, scheduler } = await synchronisedBench();
		const open = logged(log, "open", Command.open, "write", [0, "broker", 1883]);
		scheduler.submit(open);
		scheduler.submit(logged(log, "signal", Command.signal, "execute"));
		scheduler.trim();
		serial.writable();
		serial.receive("\r\nOK\r\n");
		scheduler.trim();
		serial.writable();
		serial.receive("\r\n+CSQ: 17,0\r\n\r\nOK\r\n");
		t.deepEqual(log.splice(0), ["signal information +CSQ: 17,0", "signal done"]);
		scheduler.trim();
		serial.receive("\r\n+QMTOPEN: 0,0\r\n");
		t.deepEqual(log, ["open result +QMTOPEN: 0,0", "open done"]);
	},
);

test.serial("in quarantine, and before the next: the probe's answer is known", async t => {
	const log: string[] = [];
	const unknown: string[] = [];
	const all = bench({ onUnknown: line => unknown.push(line.text) });
	const { clock, serial, scheduler } = all;
	scheduler.trim();
	await synchronise(all);
	t.true(scheduler.synchronised);
	scheduler.trim();
	scheduler.submit(logged(log, "", Command.signal, "execute"));
	serial.writable();
	await clock.advance(Command.signal.timeout + SLACK_MS);
	t.regex(log[0], /no final result code/);
	t.false(scheduler.synchronised);
	await synchronise(all);
	t.true(scheduler.synchronised);
	t.deepEqual(unknown, []);
});
