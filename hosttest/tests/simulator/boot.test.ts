import test from "ava";
import { Terminal } from "./terminal.js";

const BANNER =
	"F1: 0000 0000\n\rV0: 0000 0000 [0001]\n\r00: 0006 000C\n\r01: 0000 0000\n\rU0: 0000 0001 [0000]\n\r" +
	"T0: 0000 00B4\n\rLeaving the BROM\n\r\n\r";

test.serial("boot: banner, deaf for 1.8 s, some AT swallowed, then URCs", async t => {
	const terminal = new Terminal({ start: "boot", variants: { autoBaudDrops: [2, 2] } });
	terminal.type("AT\r\n");
	await terminal.clock.advance(1799);
	terminal.type("AT\r\n");
	t.is(terminal.take(), BANNER);
	await terminal.clock.advance(10);
	terminal.type("AT\r\nAT+CIMI\r\n");
	terminal.type("A");
	terminal.type("T\r");
	await terminal.clock.advance(100);
	t.is(terminal.take(), "");
	terminal.type("AT\r\n");
	const lines = await terminal.until("+IP: 10.170.235.216\r\n", 3000);
	t.deepEqual(lines, ["AT", "OK", "+CFUN: 1", "+CPIN: READY", "+IP: 10.170.235.216"]);
});

test.serial("auto-baud swallows 0 to 3 AT, by the seed", async t => {
	const counts = new Set<number>();
	for (let seed = 0; seed < 20; seed += 1) {
		const terminal = new Terminal({ start: "boot", seed });
		await terminal.clock.advance(1900);
		terminal.take();
		let count = 0;
		for (; terminal.take() === ""; count += 1) {
			terminal.type("AT\r");
			await terminal.clock.advance(20);
		}
		counts.add(count - 1);
	}
	t.deepEqual([...counts].sort(), [0, 1, 2, 3]);
});

test.serial("at another baud rate the banner is garbage, and auto-baud finds the host's rate", async t => {
	const terminal = new Terminal({ start: "boot", variants: { autoBaudDrops: [0, 0] } }, 9600);
	await terminal.clock.advance(1900);
	const garbage = terminal.take();
	t.is(garbage.length, BANNER.length);
	t.not(garbage, BANNER);
	t.is(await terminal.ask("AT"), "AT\r\r\nOK\r\n");
});

test.serial("AT+IPR and AT&W fix the rate: no auto-baud after a reset, garbage at another rate", async t => {
	const terminal = new Terminal();
	await terminal.ask("ATE0");
	t.is(await terminal.ask("AT+IPR=9600"), "\r\nOK\r\n");
	terminal.type("AT\r");
	await terminal.clock.advance(1000);
	t.is(terminal.take(), "");
	terminal.open(9600);
	t.is(await terminal.ask("AT"), "\r\nOK\r\n");
	t.is(await terminal.ask("AT&W"), "\r\nOK\r\n");
	terminal.modem.reset();
	await terminal.clock.advance(1850);
	t.deepEqual((await terminal.until("+CPIN: READY\r\n")).slice(-2), ["+CFUN: 1", "+CPIN: READY"]);
	t.is(await terminal.ask("AT"), "\r\nOK\r\n");
});

test.serial("QRST resets without OK, or with it; settings are gone", async t => {
	for (const resetAnswersOk of [false, true]) {
		const terminal = await Terminal.quiet({ variants: { resetAnswersOk, autoBaudDrops: [0, 0] } });
		await terminal.answer("AT+CMEE=2");
		terminal.type("AT+QRST=1\r");
		await terminal.clock.advance(1900);
		t.is(terminal.take(), (resetAnswersOk ? "\r\nOK\r\n" : "") + BANNER);
		t.deepEqual(await terminal.answer("AT"), ["AT", "OK"]);
		await terminal.until("READY\r\n");
		t.deepEqual(await terminal.answer("AT+CMEE?"), ["AT+CMEE?", "+CMEE: 0", "OK"]);
	}
});

test.serial("QPOWD answers, then the module is off until power comes again", async t => {
	const terminal = await Terminal.quiet();
	t.is(await terminal.ask("AT+QPOWD=0"), "\r\nOK\r\n");
	await terminal.clock.advance(1001);
	t.false(terminal.modem.powered);
	terminal.type("AT\r");
	await terminal.clock.advance(5000);
	t.is(terminal.take(), "");
	terminal.modem.power(true);
	await terminal.clock.advance(200);
	t.is(terminal.take(), BANNER);
});

test.serial("a module that starts off says nothing", async t => {
	const terminal = new Terminal({ start: "off" });
	terminal.type("AT\r");
	await terminal.clock.advance(5000);
	t.is(terminal.take(), "");
	terminal.modem.power(true);
	await terminal.until("BROM");
	t.true(terminal.modem.powered);
});

test.serial("wrong options are refused", t => {
	t.throws(() => new Terminal({ profile: "C" as "A" }), { instanceOf: RangeError, message: /profile "C"/ });
	t.throws(() => new Terminal({ delays: "long" as "real" }), { instanceOf: RangeError, message: /"long"/ });
});
