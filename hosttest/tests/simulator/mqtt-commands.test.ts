import test from "ava";
import type { BC20Options } from "../../simulator/options.js";
import { makeBroker, Terminal } from "./terminal.js";

type Row = readonly [command: string, ...answer: string[]];

function table(title: string, options: BC20Options, rows: readonly Row[], connected = false): void {
	test.serial(title, async t => {
		const { broker, network } = await makeBroker();
		const terminal = await Terminal.quiet({ delays: "none", network, ...options });
		if (connected) await terminal.connect();
		for (const [command, ...answer] of rows) t.deepEqual(await terminal.answer(command), answer, command);
		broker.close();
	});
}

const noteKeys = [
	'+QMTCFG: "keepalive",(0-5),(0-3600)',
	'+QMTCFG: "session",(0-5),(0,1)',
	'+QMTCFG: "timeout",(0-5),(1-60),(1-10),(0,1)',
	'+QMTCFG: "will",(0-5),(0,1),(0-2),(0,1),"will_topic","will_msg"',
	'+QMTCFG: "aliauth",(0-5),"productkey","devicename","devicesecret"',
];
const laterKeys = [
	'+QMTCFG: "echomode",(0-5),(0,1)',
	'+QMTCFG: "dataformat",(0-5),(0,1),(0,1)',
	'+QMTCFG: "version",(0-5),(3,4)',
];

const testForms: readonly Row[] = [
	["AT+QMTOPEN=?", '+QMTOPEN: (0-5),"<host_name>",<port>', "OK"],
	["AT+QMTCLOSE=?", "+QMTCLOSE: (0-5)", "OK"],
	["AT+QMTCONN=?", '+QMTCONN: (0-5),"<clientID>"[,"<username>"[,"<password>"]]', "OK"],
	["AT+QMTDISC=?", "+QMTDISC: (0-5)", "OK"],
	["AT+QMTSUB=?", '+QMTSUB: (0-5),<msgID>,"<topic>",<qos>[,"<topic>",<qos>...]', "OK"],
	["AT+QMTUNS=?", '+QMTUNS: (0-5),<msgID>,"<topic>"[,"<topic>"...]', "OK"],
	["AT+QMTPUB=?", '+QMTPUB: (0-5),<msgID>,<qos>,<retain>,"<topic>","<msg>"', "OK"],
	["AT+QMTOPEN?", "OK"],
	["AT+QMTCONN?", "OK"],
	["AT+QMTCLOSE?", "ERROR"],
	["AT+QMTDISC?", "ERROR"],
	["AT+QMTPUB?", "ERROR"],
	["AT+QMTPUB", "ERROR"],
];

for (const profile of ["A", "B"] as const) {
	table(`test and read forms, profile ${profile}`, { profile }, [
		...testForms,
		["AT+QMTCFG=?", ...noteKeys, ...(profile === "A" ? [] : laterKeys), "OK"],
	]);

	table(`QMTCFG of the note, profile ${profile}`, { profile }, [
		['AT+QMTCFG="keepalive",0', '+QMTCFG: "keepalive",120', "OK"],
		['AT+QMTCFG="KEEPALIVE",0,3600', "OK"],
		['AT+QMTCFG="KeepAlive",0', '+QMTCFG: "keepalive",3600', "OK"],
		['AT+QMTCFG="keepalive",1', '+QMTCFG: "keepalive",120', "OK"],
		['AT+QMTCFG="keepalive",0,3601', "ERROR"],
		['AT+QMTCFG="keepalive",6,1', "ERROR"],
		['AT+QMTCFG="keepalive"', "ERROR"],
		['AT+QMTCFG="session",5', '+QMTCFG: "session",1', "OK"],
		['AT+QMTCFG="session",5,0', "OK"],
		['AT+QMTCFG="session",5', '+QMTCFG: "session",0', "OK"],
		['AT+QMTCFG="session",5,2', "ERROR"],
		['AT+QMTCFG="timeout",0', '+QMTCFG: "timeout",10,3,0', "OK"],
		['AT+QMTCFG="timeout",0,60,10,1', "OK"],
		['AT+QMTCFG="timeout",0,5', "OK"],
		['AT+QMTCFG="timeout",0', '+QMTCFG: "timeout",5,10,1', "OK"],
		['AT+QMTCFG="timeout",0,,0', "OK"],
		['AT+QMTCFG="timeout",0', '+QMTCFG: "timeout",5,0,1', "OK"],
		['AT+QMTCFG="timeout",0,61', "ERROR"],
		['AT+QMTCFG="timeout",0,1,11', "ERROR"],
		['AT+QMTCFG="timeout",0,1,1,2', "ERROR"],
		['AT+QMTCFG="will",0', '+QMTCFG: "will",0', "OK"],
		['AT+QMTCFG="will",0,1', "ERROR"],
		['AT+QMTCFG="will",0,1,2,1,"gone",""', "OK"],
		['AT+QMTCFG="will",0', '+QMTCFG: "will",1,2,1,"gone",""', "OK"],
		['AT+QMTCFG="will",0,1,3,1,"gone",""', "ERROR"],
		['AT+QMTCFG="will",0,0', "OK"],
		['AT+QMTCFG="will",0', '+QMTCFG: "will",0', "OK"],
		['AT+QMTCFG="aliauth",0', "OK"],
		['AT+QMTCFG="aliauth",0,"pk","dn","ds"', "OK"],
		['AT+QMTCFG="aliauth",0', '+QMTCFG: "aliauth","pk","dn","ds"', "OK"],
		['AT+QMTCFG="aliauth",0,"pk"', "ERROR"],
		...["recv/mode", "ssl", "send/mode", "qmtping"].map((key): Row => [`AT+QMTCFG="${key}",0`, "ERROR"]),
		['AT+QMTPUBEX=0,0,0,0,"t",1', "ERROR"],
		["AT+QMTRECV?", "ERROR"],
	]);
}

table("QMTCFG of later firmware", {}, [
	['AT+QMTCFG="version",0', '+QMTCFG: "version",3', "OK"],
	['AT+QMTCFG="version",0,4', "OK"],
	['AT+QMTCFG="version",0', '+QMTCFG: "version",4', "OK"],
	['AT+QMTCFG="version",0,5', "ERROR"],
	['AT+QMTCFG="dataformat",0', '+QMTCFG: "dataformat",0,0', "OK"],
	['AT+QMTCFG="dataformat",0,1,0', "OK"],
	['AT+QMTCFG="dataformat",0', '+QMTCFG: "dataformat",1,0', "OK"],
	['AT+QMTCFG="dataformat",0,1', "ERROR"],
	['AT+QMTCFG="echomode",0,1', "OK"],
	['AT+QMTCFG="echomode",0', '+QMTCFG: "echomode",1', "OK"],
]);

table("profile A has none of the later keys; its errors have codes", { profile: "A" }, [
	["AT+CMEE=1", "OK"],
	...["version", "dataformat", "echomode"].map((key): Row => [`AT+QMTCFG="${key}",0`, "+CME ERROR: 50"]),
	["AT+QMTCLOSE=0", "+CME ERROR: 3"],
	["AT+QMTDISC=0", "+CME ERROR: 3"],
	['AT+QMTCONN=0,"me"', "+CME ERROR: 3"],
	['AT+QMTSUB=0,1,"t",0', "+CME ERROR: 3"],
	['AT+QMTUNS=0,1,"t"', "+CME ERROR: 3"],
	['AT+QMTPUB=0,0,0,0,"t","m"', "+CME ERROR: 3"],
	['AT+QMTPUB=0,0,0,0,"t"', "+CME ERROR: 50"],
	[`AT+QMTPUB=0,0,0,0,"t","${"m".repeat(701)}"`, "+CME ERROR: 24"],
	[`AT+QMTPUB=0,0,0,0,"${"t".repeat(256)}","m"`, "+CME ERROR: 24"],
	['AT+QMTSUB=0,1,"\xff",0', "+CME ERROR: 25"],
	["AT+CMEE=2", "OK"],
	["AT+QMTCLOSE=0", "+CME ERROR: operation not allowed"],
]);

table("profile B says ERROR whatever CMEE is", {}, [
	["AT+CMEE=1", "OK"],
	["AT+QMTCLOSE=0", "ERROR"],
	["AT+QMTDISC=0", "ERROR"],
	['AT+QMTCONN=0,"me"', "ERROR"],
	['AT+QMTSUB=0,1,"t",0', "ERROR"],
	['AT+QMTPUB=0,0,0,0,"t","m"', "ERROR"],
	['AT+QMTPUB=0,0,0,0,"t"', "ERROR"],
	['AT+QMTOPEN=6,"h",1', "ERROR"],
	['AT+QMTOPEN=0,"h",0', "ERROR"],
	['AT+QMTOPEN=0,"h",65536', "ERROR"],
	['AT+QMTOPEN=0,"",1', "ERROR"],
	['AT+QMTOPEN=0,"h"', "ERROR"],
	['AT+QMTOPEN=0,"h",1,1', "ERROR"],
	['AT+QMTOPEN=0,"h,1', "ERROR"],
	['AT+QMTOPEN=0,"h"x,1', "ERROR"],
	[`AT+QMTOPEN=0,"${"h".repeat(101)}",1`, "ERROR"],
]);

table(
	"misuse on a connected identifier",
	{},
	[
		['AT+QMTCONN=0,"again"', "ERROR"],
		["AT+QMTCONN?", "+QMTCONN: 0,3", "OK"],
		["AT+QMTOPEN?", '+QMTOPEN: 0,"broker",1883', "OK"],
		['AT+QMTSUB=0,0,"t",0', "ERROR"],
		['AT+QMTSUB=0,65536,"t",0', "ERROR"],
		['AT+QMTSUB=0,1,"t",3', "ERROR"],
		['AT+QMTSUB=0,1,"t"', "ERROR"],
		['AT+QMTSUB=0,1,"",0', "ERROR"],
		[`AT+QMTSUB=0,1,"${"t".repeat(256)}",0`, "ERROR"],
		['AT+QMTUNS=0,0,"t"', "ERROR"],
		["AT+QMTUNS=0,1", "ERROR"],
		['AT+QMTPUB=0,0,1,0,"t","m"', "ERROR"],
		['AT+QMTPUB=0,65536,1,0,"t","m"', "ERROR"],
		['AT+QMTPUB=0,1,3,0,"t","m"', "ERROR"],
		['AT+QMTPUB=0,1,1,2,"t","m"', "ERROR"],
		['AT+QMTPUB=0,1,1,0,"t","m', "ERROR"],
		[`AT+QMTPUB=0,1,1,0,"t","${"m".repeat(701)}"`, "ERROR"],
		['AT+QMTPUB=1,1,1,0,"t"', "ERROR"],
	],
	true,
);

test.serial("six identifiers, opened and closed apart", async t => {
	const { broker, network } = await makeBroker();
	const terminal = await Terminal.quiet({ network });
	for (let id = 0; id < 6; id += 1)
		await terminal.result(`AT+QMTOPEN=${id},"host${id}",${1000 + id}`, `+QMTOPEN: ${id},0\r\n`);
	await terminal.result('AT+QMTCONN=4,"four"', "+QMTCONN: 4,0,0\r\n");
	t.deepEqual(await terminal.answer("AT+QMTOPEN?"), [
		...[0, 1, 2, 3, 4, 5].map(id => `+QMTOPEN: ${id},"host${id}",${1000 + id}`),
		"OK",
	]);
	t.deepEqual(await terminal.result("AT+QMTCLOSE=1", "+QMTCLOSE: 1,0\r\n"), ["OK", "+QMTCLOSE: 1,0"]);
	t.deepEqual(await terminal.answer("AT+QMTCONN?"), [
		...[0, 2, 3].map(id => `+QMTCONN: ${id},1`),
		"+QMTCONN: 4,3",
		"+QMTCONN: 5,1",
		"OK",
	]);
	broker.close();
});

test.serial("variants of QMTOPEN, QMTCLOSE and the order of results", async t => {
	const { broker, network } = await makeBroker();
	const plain = await Terminal.quiet({ network });
	await plain.connect();
	t.deepEqual(await plain.result('AT+QMTOPEN=0,"h",1', "+QMTOPEN: 0,2\r\n"), ["OK", "+QMTOPEN: 0,2"]);
	const other = await Terminal.quiet({
		network,
		delays: "none",
		variants: {
			openInUse: "error",
			openWrongParameter: "result",
			closeUnopened: "result",
			resultBeforeOk: true,
		},
	});
	t.deepEqual(await other.answer('AT+QMTOPEN=0,"h",1'), ["+QMTOPEN: 0,0", "OK"]);
	t.deepEqual(await other.answer('AT+QMTCONN=0,"other"'), ["+QMTCONN: 0,0,0", "OK"]);
	t.deepEqual(await other.answer('AT+QMTOPEN=0,"h",1'), ["ERROR"]);
	t.deepEqual(await other.result('AT+QMTOPEN=1,"h",0', "+QMTOPEN: 1,1\r\n"), ["OK", "+QMTOPEN: 1,1"]);
	t.deepEqual(await other.result("AT+QMTCLOSE=1", "+QMTCLOSE: 1,-1\r\n"), ["OK", "+QMTCLOSE: 1,-1"]);
	t.deepEqual(await other.result("AT+QMTDISC=1", "+QMTDISC: 1,-1\r\n"), ["OK", "+QMTDISC: 1,-1"]);
	broker.close();
});
