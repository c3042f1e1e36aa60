import test from "ava";
import { commandsOf } from "../../bench/commands.js";
import { JUSTIFICATIONS, justificationOf } from "../../bench/commands-table.js";

const piece = (text: string, direction: "toModem" | "toHost" = "toModem") => ({
	timeMs: 0,
	direction,
	bytes: Buffer.from(text, "latin1"),
});

test("commands are found across pieces, and messages in data mode are none", t => {
	const transcript = [
		piece("\x1b\rAT\rAT+CS"),
		piece("\r\nOK\r\n", "toHost"),
		piece("Q\r"),
		piece('AT+QMTPUB=0,1,1,0,"t"\r'),
		piece("\r\n>", "toHost"),
		piece("AT is data\r and goes on\x1a"),
		piece("AT+CBC\r"),
	];
	t.deepEqual(commandsOf(transcript), ["AT", "AT+CSQ", 'AT+QMTPUB=0,1,1,0,"t"', "AT+CBC"]);
});

for (const [command, row] of [
	["AT", "AT"],
	["AT+CMEE=1", "AT+CMEE=1"],
	["AT+CEREG?", "AT+CEREG?"],
	['AT+QMTCFG="will",0,0', 'AT+QMTCFG="will"'],
	["AT+QMTCFG=?", undefined],
	['AT+QMTOPEN=0,"host=x",1883', "AT+QMTOPEN"],
	["AT+CMEE=2", undefined],
	["AT+QMTOPEN=?", undefined],
	["AT+QRST=1", undefined],
] as const)
	test(`${command} is justified by ${row ?? "nothing"}`, t => t.is(justificationOf(command)?.command, row));

test("each command is justified once", t => {
	t.is(new Set(JUSTIFICATIONS.map(({ command }) => command)).size, JUSTIFICATIONS.length);
});
