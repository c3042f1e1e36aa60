import test from "ava";
import { Terminal } from "./terminal.js";

test.serial("registration after boot: searching, then registered, with URCs when asked for", async t => {
	const terminal = new Terminal({ start: "boot", variants: { autoBaudDrops: [0, 0] } });
	await terminal.clock.advance(1810);
	await terminal.ask("AT");
	await terminal.ask("ATE0");
	t.is(await terminal.ask("AT+CEREG=2"), "\r\nOK\r\n");
	t.regex(await terminal.ask("AT+CEREG?"), /\+CEREG: 2,2\r\n/);
	const lines = await terminal.until("+IP: 10.170.235.216\r\n", 1200);
	t.deepEqual(lines.slice(-2), ['+CEREG: 1,"69C9","06923252",9', "+IP: 10.170.235.216"]);
});

test.serial("the real search takes 5 to 30 s, by the seed", async t => {
	const times = [];
	for (let seed = 1; seed <= 8; seed += 1) {
		const terminal = await Terminal.quiet({ seed, radio: { searchMs: "real" } });
		await terminal.answer("AT+CFUN=0");
		await terminal.answer("AT+CFUN=1");
		const start = terminal.clock.now;
		await terminal.until("+IP", 31_000);
		times.push(terminal.clock.now - start);
	}
	t.true(Math.min(...times) >= 4900 && Math.max(...times) <= 30_000);
	t.is(new Set(times).size, 8);
});

test.serial("coverage comes and goes, the network refuses, roaming", async t => {
	const terminal = await Terminal.quiet();
	await terminal.answer("AT+CEREG=3");
	await terminal.answer("AT+CSCON=1");
	terminal.modem.radio({ coverage: false });
	t.deepEqual(terminal.lines(), ["+CSCON: 0", "+CEREG: 2"]);
	await terminal.clock.advance(60_000);
	t.is(terminal.take(), "");
	terminal.modem.radio({ coverage: true });
	await terminal.clock.advance(1000);
	t.deepEqual(terminal.lines(), ['+CEREG: 1,"69C9","06923252",9', "+CSCON: 1"]);
	terminal.modem.radio({ denied: true });
	await terminal.clock.advance(1000);
	t.deepEqual(terminal.lines(), ["+CEREG: 2", "+CSCON: 0", "+CEREG: 3,,,,0,11"]);
	t.deepEqual(await terminal.answer("AT+CEER"), ["+CEER: 11", "OK"]);
	terminal.modem.radio({ denied: false, roaming: true });
	await terminal.clock.advance(1000);
	t.deepEqual(terminal.lines(), [
		"+CEREG: 2",
		'+CEREG: 5,"69C9","06923252",9',
		"+IP: 10.170.235.216",
		"+CSCON: 1",
	]);
});

test.serial("the radio goes idle after 10 s without traffic", async t => {
	const terminal = await Terminal.quiet();
	await terminal.answer("AT+CSCON=1");
	await terminal.until("+CSCON: 0\r\n", 10_001);
	t.deepEqual(await terminal.answer("AT+CSCON?"), ["+CSCON: 1,0", "OK"]);
});

test.serial("CFUN and CGATT switch the network off and on; the SIM comes and goes", async t => {
	const terminal = await Terminal.quiet();
	await terminal.answer("AT+CEREG=1");
	t.deepEqual(await terminal.answer("AT+CFUN=4"), ["+CEREG: 0", "OK"]);
	t.deepEqual(await terminal.answer("AT+CSQ"), ["+CSQ: 99,99", "OK"]);
	t.deepEqual(await terminal.answer("AT+CFUN=1"), ["+CEREG: 2", "OK"]);
	t.deepEqual(await terminal.until("+IP: 10.170.235.216\r\n"), ["+CEREG: 1", "+IP: 10.170.235.216"]);
	t.deepEqual(await terminal.answer("AT+CGATT=0"), ["+CEREG: 0", "OK"]);
	t.deepEqual(await terminal.answer("AT+CGPADDR=1"), ["+CGPADDR: 1", "OK"]);
	t.deepEqual(await terminal.answer("AT+CGATT=1"), ["+CEREG: 2", "OK"]);
	t.deepEqual(await terminal.answer("AT+CGATT=1"), ["ERROR"]);
	await terminal.until("+IP: 10.170.235.216\r\n");
	t.deepEqual(await terminal.answer("AT+CGACT=0,1"), ["OK"]);
	t.deepEqual(await terminal.answer("AT+CGACT=1,1"), ["+IP: 10.170.235.216", "OK"]);
	terminal.modem.radio({ sim: false });
	t.deepEqual(terminal.lines(), ["+CEREG: 0"]);
	t.deepEqual(await terminal.answer("AT+CPIN?"), ["ERROR"]);
});

test.serial("QCGDEFCONT takes effect after a reset", async t => {
	const terminal = await Terminal.quiet({ variants: { autoBaudDrops: [0, 0] } });
	await terminal.answer('AT+QCGDEFCONT="IPV4V6","iot.example","u","p"');
	t.regex((await terminal.answer("AT+CGDCONT?"))[0], /1,"IP","CMNET"/);
	terminal.modem.reset({ banner: false });
	await terminal.clock.advance(2000);
	await terminal.answer("AT");
	t.regex((await terminal.answer("AT+CGDCONT?"))[1], /1,"IPV4V6","iot.example"/);
});
