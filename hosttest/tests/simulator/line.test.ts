import test from "ava";
import { Terminal } from "./terminal.js";

test.serial("echo holds the CR only; ATE0 is still echoed", async t => {
	const terminal = new Terminal();
	t.is(await terminal.ask("AT+CIMI\n"), "AT+CIMI\r\r\n460001357924680\r\n\r\nOK\r\n");
	t.is(await terminal.ask("ATE0"), "ATE0\r\r\nOK\r\n");
	t.is(await terminal.ask("\nAT+CIMI"), "\r\n460001357924680\r\n\r\nOK\r\n");
	t.is(await terminal.ask("ATE1"), "\r\nOK\r\n");
	t.is(await terminal.ask("AT"), "AT\r\r\nOK\r\n");
});

test.serial("several lines of information: in one frame, or in one each", async t => {
	const together = await Terminal.quiet();
	t.is(await together.ask("ATI"), "\r\nQuectel_Ltd\r\nQuectel_BC20\r\nRevision: BC20NBR01A01\r\n\r\nOK\r\n");
	const apart = await Terminal.quiet({ variants: { informationLines: "apart" } });
	t.is(
		await apart.ask("ATI"),
		"\r\nQuectel_Ltd\r\n\r\nQuectel_BC20\r\n\r\nRevision: BC20NBR01A01\r\n\r\nOK\r\n",
	);
});

test.serial("one command at a time: what comes meanwhile waits", async t => {
	const terminal = await Terminal.quiet();
	terminal.type("AT+CIMI\rAT+CGSN=1\rAT");
	await terminal.clock.advance(1000);
	t.deepEqual(terminal.lines(), ["460001357924680", "OK", "+CGSN: 490154203237511", "OK"]);
	t.deepEqual(await terminal.answer("+CGATT?"), ["+CGATT: 1", "OK"]);
});

test.serial("variant: what comes meanwhile is lost", async t => {
	const terminal = await Terminal.quiet({ variants: { whileBusy: "drop" } });
	terminal.type("AT+CIMI\rAT+CGSN=1\r");
	terminal.type("AT+CGSN=1\r");
	await terminal.clock.advance(1000);
	t.deepEqual(terminal.lines(), ["460001357924680", "OK"]);
	t.deepEqual(await terminal.answer("AT"), ["OK"]);
});

test.serial("a line without AT is echoed and nothing more", async t => {
	const terminal = new Terminal();
	terminal.type("hello\r\r");
	await terminal.clock.advance(1000);
	t.is(terminal.take(), "hello\r\r");
});

test.serial("a too long line: ERROR, or the module hangs until it is reset", async t => {
	const long = `AT+QMTOPEN=0,"${"x".repeat(1400)}",1`;
	const terminal = await Terminal.quiet();
	t.deepEqual(await terminal.answer(long), ["ERROR"]);
	t.deepEqual(await terminal.answer("AT"), ["OK"]);
	const hanging = await Terminal.quiet({ variants: { longLine: "hang", autoBaudDrops: [0, 0] } });
	hanging.type(`${long}\r`);
	hanging.type("AT\r");
	await hanging.clock.advance(60_000);
	t.is(hanging.take(), "");
	hanging.modem.reset({ banner: false });
	await hanging.clock.advance(2000);
	t.deepEqual(await hanging.answer("AT"), ["AT", "OK"]);
});

test.serial(
	"URCs come between lines, also between echo and response, never in a half typed line",
	async t => {
		const terminal = new Terminal();
		terminal.type("AT+CI");
		terminal.modem.urc("+TEST: 1");
		t.is(terminal.take(), "AT+CI");
		terminal.type("MI\r");
		t.is(terminal.take(), "MI\r\r\n+TEST: 1\r\n");
		terminal.modem.urc("+TEST: é");
		t.is(terminal.take(), "\r\n+TEST: Ã©\r\n");
		await terminal.until("OK\r\n");
		terminal.type("AT");
		terminal.modem.urc("+TEST: 3");
		await terminal.clock.advance(999);
		t.is(terminal.take(), "AT");
		await terminal.clock.advance(1);
		t.is(terminal.take(), "\r\n+TEST: 3\r\n");
	},
);

test.serial(
	"a swallowed command is echoed and never answered; a silent module says nothing at all",
	async t => {
		const terminal = new Terminal();
		terminal.modem.swallow();
		terminal.type("AT+CIMI\r");
		await terminal.clock.advance(9000);
		t.is(terminal.take(), "AT+CIMI\r");
		t.is(await terminal.ask("AT"), "AT\r\r\nOK\r\n");
		terminal.modem.silent = true;
		terminal.type("AT\r");
		terminal.modem.urc("+TEST: 1");
		await terminal.clock.advance(9000);
		t.is(terminal.take(), "");
		terminal.modem.silent = false;
		t.is(await terminal.ask("AT"), "AT\r\r\nOK\r\n");
	},
);

test.serial("light sleep loses the packet that wakes the module", async t => {
	const terminal = new Terminal();
	await terminal.ask("ATE0");
	await terminal.clock.advance(10_000);
	terminal.type("AT+CIMI\r");
	await terminal.clock.advance(100);
	t.is(terminal.take(), "");
	t.deepEqual(await terminal.answer("AT"), ["OK"]);
	await terminal.answer("AT+QSCLK=0");
	await terminal.clock.advance(60_000);
	t.deepEqual(await terminal.answer("AT"), ["OK"]);
});

test.serial("statistics", async t => {
	const terminal = await Terminal.quiet();
	await terminal.ask("AT+CSQ");
	await terminal.ask("AT+CSQ");
	const { commands, bytesFromHost, bytesToHost } = terminal.modem.statistics;
	t.deepEqual(commands, { E: 1, "+QSCLK": 1, "+CSQ": 2 });
	const sum = (direction: string): number =>
		terminal.transcript.reduce((n, entry) => n + (entry.direction === direction ? entry.bytes.length : 0), 0);
	t.is(bytesFromHost, sum("toModem"));
	t.is(bytesToHost, sum("toHost"));
	t.true(bytesFromHost > 0 && bytesToHost > 0);
});
