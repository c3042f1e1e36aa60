import test from "ava";
import type { BC20Options } from "../../simulator/options.js";
import { Terminal } from "./terminal.js";

/** A command, and the lines of its answer. */
type Row = readonly [command: string, ...answer: string[]];

function table(title: string, options: BC20Options, rows: readonly Row[]): void {
	test.serial(title, async t => {
		const terminal = await Terminal.quiet({ delays: "none", ...options });
		for (const [command, ...answer] of rows) t.deepEqual(await terminal.answer(command), answer, command);
	});
}

table("general commands", {}, [
	["AT", "OK"],
	["at", "OK"],
	["noise AT", "OK"],
	["ATI", "Quectel_Ltd", "Quectel_BC20", "Revision: BC20NBR01A01", "OK"],
	["AT+CGMI", "Quectel_Ltd", "OK"],
	["AT+GMM", "Quectel_BC20", "OK"],
	["AT+CGMR", "Revision: BC20NBR01A01", "OK"],
	["AT+CGSN", "490154203237511", "OK"],
	["AT+CGSN=1", "+CGSN: 490154203237511", "OK"],
	["AT+CGSN=2", "+CGSN: 4901542032375101", "OK"],
	["AT+CGSN=3", "+CGSN: 01", "OK"],
	["AT+CGSN=4", "ERROR"],
	[
		"AT+IPR=?",
		"+IPR: (4800,9600,115200),(0,110,300,1200,2400,4800,9600,19200,38400,57600,115200,230400,460800,921600)",
		"OK",
	],
	["AT+IPR?", "+IPR: 0", "OK"],
	["AT+IPR=1234", "ERROR"],
	["AT+IPR=115200", "OK"],
	["AT+IPR?", "+IPR: 115200", "OK"],
	["AT&W", "OK"],
	["AT+CMEE?", "+CMEE: 0", "OK"],
	["AT+CMEE=?", "+CMEE: (0,1,2)", "OK"],
	["AT+CMEE=3", "ERROR"],
	["AT+CMEE=1", "OK"],
	["AT+NOPE", "ERROR"],
	["AT+CSQ=1", "ERROR"],
	["AT+CSQ?", "ERROR"],
	["AT*", "ERROR"],
]);

table("SIM, radio and registration", {}, [
	["AT+CPIN?", "+CPIN: READY", "OK"],
	["AT+CIMI", "460001357924680", "OK"],
	["AT+QCCID", "+QCCID: 89860317482035195410", "OK"],
	["AT+CFUN?", "+CFUN: 1", "OK"],
	["AT+CFUN=?", "+CFUN: (0,1,4,7),(0-2)", "OK"],
	["AT+CFUN=3", "ERROR"],
	["AT+CEREG?", "+CEREG: 0,1", "OK"],
	["AT+CEREG=2", "OK"],
	["AT+CEREG?", '+CEREG: 2,1,"69C9","06923252",9', "OK"],
	["AT+CEREG=5", "OK"],
	["AT+CEREG?", '+CEREG: 5,1,"69C9","06923252",9,,,"00100001","00000110"', "OK"],
	["AT+CEREG=6", "ERROR"],
	["AT+CGATT?", "+CGATT: 1", "OK"],
	["AT+COPS?", '+COPS: 0,2,"46000",9', "OK"],
	["AT+CGPADDR=1", "+CGPADDR: 1,10.170.235.216", "OK"],
	["AT+CGDCONT?", '+CGDCONT: 1,"IP","CMNET","",0,0,0,,,,,,0,,0', "OK"],
	["AT+QCGDEFCONT?", '+QCGDEFCONT: "IP","CMNET"', "OK"],
	['AT+QCGDEFCONT="IP","iot.example"', "OK"],
	['AT+QCGDEFCONT="PPP"', "ERROR"],
	["AT+CGDCONT?", '+CGDCONT: 1,"IP","CMNET","",0,0,0,,,,,,0,,0', "OK"],
	["AT+QBAND?", "+QBAND: 5", "OK"],
	["AT+QBAND=2,5,8", "OK"],
	["AT+QBAND?", "+QBAND: 5,8", "OK"],
	["AT+QBAND=2,5", "ERROR"],
	["AT+CSCON?", "+CSCON: 0,1", "OK"],
	["AT+CCLK?", '+CCLK: "26/01/02,11:04:05+32"', "OK"],
	["AT+CEER", "+CEER: 0", "OK"],
	["AT+QSCLK?", "+QSCLK: 0", "OK"],
	["AT+QSCLK=3", "ERROR"],
	["AT+CPSMS=0", "OK"],
	["AT+CPSMS?", "+CPSMS: 0", "OK"],
	['AT+CPSMS=1,,,"01000011","00000011"', "OK"],
	["AT+CPSMS?", '+CPSMS: 1,,,"01000011","00000011"', "OK"],
	["AT+CEDRXS=0", "OK"],
	["AT+CEDRXS=7", "ERROR"],
	["AT+QNBIOTEVENT=1,1", "OK"],
	["AT+QATWAKEUP=1", "OK"],
	["AT+QATWAKEUP?", "+QATWAKEUP: 1", "OK"],
]);

table("no SIM", { radio: { sim: false } }, [
	["AT+CIMI", "ERROR"],
	["AT+CMEE=1", "OK"],
	["AT+CPIN?", "+CME ERROR: 10"],
	["AT+CMEE=2", "OK"],
	["AT+QCCID", "+CME ERROR: SIM not inserted"],
	["AT+CEREG?", "+CEREG: 0,0", "OK"],
	["AT+CGATT?", "+CGATT: 0", "OK"],
	["AT+CGPADDR=1", "+CGPADDR: 1", "OK"],
	["AT+COPS?", "+COPS: 0", "OK"],
]);

table("no cell", { radio: { coverage: false } }, [
	["AT+CSQ", "+CSQ: 99,99", "OK"],
	["AT+CESQ", "+CESQ: 99,99,255,255,255,255", "OK"],
	["AT+QENG=0", "OK"],
	["AT+CEREG?", "+CEREG: 0,2", "OK"],
	["AT+CCLK?", '+CCLK: "70/01/01,00:00:00+00"', "OK"],
	["AT+CMEE=1", "OK"],
	["AT+CGATT=1", "+CME ERROR: 3"],
	["AT+CGACT=1,1", "+CME ERROR: 3"],
]);

const clocks = {
	plain: "26/01/02,11:04:05+32",
	long: "2026/01/02,11:04:05+32",
	gmt: "2026/1/2,11:4:5GMT+8",
	gmtPadded: "2026/01/02,11:04:05GMT+8",
} as const;
for (const [clockFormat, text] of Object.entries(clocks) as [keyof typeof clocks, string][])
	table(`clock, ${clockFormat}`, { variants: { clockFormat } }, [["AT+CCLK?", `+CCLK: ${text}`, "OK"]]);
table("clock in UTC", { variants: { clockTime: "utc", timeZoneQuarters: -14 } }, [
	["AT+CCLK?", '+CCLK: "26/01/02,03:04:05-14"', "OK"],
]);

table(
	"no space after the colon, IMEI in quotes",
	{ variants: { spaceAfterColon: false, imeiQuotes: true } },
	[
		["AT+CGATT?", "+CGATT:1", "OK"],
		["AT+CGSN=1", '+CGSN:"490154203237511"', "OK"],
		["AT+CMEE=1", "OK"],
		["AT+CGATT=2", "ERROR"],
	],
);

test.serial("signal readings vary plausibly", async t => {
	const terminal = await Terminal.quiet({ delays: "none" });
	const readings = new Set<number>();
	for (let count = 0; count < 50; count += 1) {
		const [quality] = await terminal.answer("AT+CSQ");
		const [, rssi] = /^\+CSQ: (\d+),0$/.exec(quality) ?? [];
		readings.add(Number(rssi));
		const [cell] = await terminal.answer("AT+QENG=0");
		const [, rsrp] = /^\+QENG: 0,2506,2,62,"6923252",(-\d+),-\d+,-\d+,-?\d+,5,"69C9",0,90$/.exec(cell) ?? [];
		t.true(Number(rsrp) >= -100 && Number(rsrp) <= -70, cell);
		t.regex((await terminal.answer("AT+CESQ"))[0], /^\+CESQ: \d+,99,255,255,\d+,\d+$/);
		t.regex((await terminal.answer("AT+CBC"))[0], /^\+CBC: 0,0,33\d\d$/);
	}
	t.true(readings.size > 1 && Math.min(...readings) > 10 && Math.max(...readings) < 32);
});
