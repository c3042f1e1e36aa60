/** Lines of the module that the recorded conversation does not have: each code, other forms, other modules' and none. */
const LINES: readonly string[] = [
	...["OK", "ERROR", "NO CARRIER", "ABORTED", "+CME ERROR: 3", "+CME ERROR: 50", "+CMS ERROR: 500"],
	...[-1, 0, 1, 2, 3, 4, 5].map(result => `+QMTOPEN: 0,${result}`),
	...["0,0,0", "0,0,5", "0,1", "0,2", "0,0", "0,3", "0,4"].map(values => `+QMTCONN: ${values}`),
	...["0,1,0", "0,1,1,2", "0,1,2", "0,2,0", "0,3,0", "0,0,0", "5,1,0", "6,1,0"].map(it => `+QMTPUB: ${it}`),
	...["0,1,0,0", "0,1,0,1", "0,1,0,128", "0,1,1,1", "0,1,2"].map(values => `+QMTSUB: ${values}`),
	...["0,1,0", "0,2,2"].map(values => `+QMTUNS: ${values}`),
	...[0, -1].flatMap(result => [`+QMTCLOSE: 0,${result}`, `+QMTDISC: 0,${result}`]),
	...Array.from({ length: 10 }, (_, code) => `+QMTSTAT: 0,${code}`),
	...["+QMTSTAT: 3,1", "+QMTSTAT: 255,1", "+QMTOPEN: 9,0", "+QMTCONN: -1,0,0"],
	'+QMTRECV: 0,0,"in/x","{""list"":[1,2],""text"":""OK""}"',
	'+QMTRECV: 0,7,"in/x","one\r\nOK\r\n+QMTSTAT: 0,1\r\ntwo"',
	'+QMTRECV: 0,0,"in/x","48656C6C6F20776F726C64"',
	'+QMTRECV: 0,0,"in/x",""',
	"+QMTRECV: 0,0,in/x,bare",
	'+QMTRECV: 4,65535,"in/x","another identifier"',
	'+QMTRECV: 0,0,"in/x","\u00c3\u00a4\u00e2\u0082\u00ac"',
	'+QMTRECV: 0,0,"in/x',
	"+QMTRECV:",
	...["+CEREG: 0", "+CEREG: 1", "+CEREG: 2", "+CEREG: 5", "+CEREG: 0,1", '+CEREG: 1,"69C9","06923252",9'],
	...["+CSQ: 18,0", "+CSQ: 99,99", "+CBC: 0,0,3366", "+CSCON: 1", "+CPIN: READY", "+CFUN: 1", "+CMEE: 1"],
	...["+IP: 10.170.235.216", "+CGATT: 1", "+CGPADDR: 1,10.1.2.3", "460001357924680", "Quectel_BC20"],
	...["RDY", "Neul", '+QIURC: "closed",0', '+QNBIOTEVENT: "ENTER PSM"', "^MODE: 5,4", "%XSIM: 1", "+", ":"],
	...["F1: 0000 0000", "Leaving the BROM", "+QATWAKEUP", "AT", "ATE0", "AT+QMTCLOSE=0"],
];

/** What the module says on its own: as blocks, and the same with the framing of the boot banner and of echo. */
export const WRITTEN: readonly string[] = LINES.flatMap(line => [
	`\r\n${line}\r\n`,
	`\r\n${line}\r\n\r\nOK\r\n`,
	`${line}\n\r`,
]).concat(["\r\n> ", "\r\n>", ">", "AT+CSQ\r\r\n+CSQ: 18,0\r\n\r\nOK\r\n", 'AT+QMTPUB=0,1,1,0,"t"\r\r\n> ']);

/** What is put into a conversation: ends, quotes, marks, bytes that are no text. */
export const TOKENS: readonly string[] = [
	...["\0", "\r", "\n", '"', "'", ",", ":", ">", "+", "-", ";", " ", "\x1a", "\x1b", "\x7f", "\x80", "\xff"],
	..."\r\n,\n\r,\r\r\n,\n\n,\r\n\r\n,\r\n\r,\xc3,\xe2\x82,\xed\xa0\x80,\xf0\x90,\xf8\x88\x80\x80\x80,\xef\xbb\xbf".split(
		",",
	),
	...['"\r\n', '"\r\n\r\n', '","', '""', "\r\nOK\r\n", "\r\nERROR\r\n", "\r\n> ", "\0\0\0\0", "AT", "+QMT"],
];

/** Numbers that no field may have. */
export const NUMBERS: readonly string[] = [
	...[
		"-1",
		"6",
		"255",
		"256",
		"65535",
		"65536",
		"2147483648",
		"4294967296",
		"9999999999",
		"99999999999999999999",
	],
	...["", "-", "--1", "1e9", "0x10", "1.5", "NaN", " 1", "1 ", "00000000000001", '"1"', "\u00b2"],
];

/** How a line that never ends begins. */
export const STARTS: readonly string[] = [
	"",
	'+QMTRECV: 0,0,"in/x","',
	"+QMTRECV: 0,0,in/x,",
	"+CSQ: ",
	'"',
	"A",
	"\r\n",
];
