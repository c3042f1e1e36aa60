import fc from "fast-check";

/** Each byte once, one a character. */
export const ALL = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
export const SINGLE = Array.from(ALL);
const LINE_ENDS = ["\r", "\n", "\r\n", "\n\r", "\r\r", "\n\n", "\r\n\r\n", "\n\r\n\r", "\r\n\r\n\r\n"];
/** What the module says, each on a line of its own. */
const LOOKALIKES = [
	"OK",
	"ERROR",
	"+CME ERROR: 3",
	"+CMS ERROR: 3",
	"NO CARRIER",
	"ABORTED",
	"+QMTSTAT: 0,1",
	"+QMTSTAT: 0,2",
	"+QMTPUB: 0,0,0",
	"+QMTPUB: 0,1,0",
	"+QMTPUB: 0,1,2",
	"+QMTSUB: 0,1,0,128",
	"+QMTUNS: 0,1,0",
	"+QMTCONN: 0,0,5",
	"+QMTOPEN: 0,-1",
	"+QMTCLOSE: 0,0",
	"+QMTDISC: 0,0",
	'+QMTRECV: 0,0,"t","x"',
	"+QMTRECV: 0,0,t,x",
	"+CEREG: 0",
	"+CEREG: 1,0",
	"+CMEE: 1",
	"+CFUN: 1",
	"+CPIN: READY",
	"+CPIN: NOT READY",
	"F1: 0000 0000",
	"V0: 0000 0000 [0001]",
	"Leaving the BROM",
	"AT+QMTCLOSE=0",
	"AT",
	">",
	"> ",
];
const QUOTES = [
	'"',
	'""',
	'"""',
	'"x',
	'x"',
	'x"x',
	',"',
	'",',
	'","',
	'","","',
	'x","y',
	'"\r\n',
	'"\r\n"',
	'"\n',
	'\r\n"',
	'"\r\n\n',
	'"\r\n ',
	'" \r\nx',
	'"\n\n\r',
	'"\r\nOK\r\n',
	'"\r\n+QMTSTAT: 0,1\r\n',
	'","\r\n+QMTSTAT: 0,1\r\n',
	'"\r\n+QMTRECV: 0,0,"t","x"\r\n"',
	'{"list":["a","b"],"empty":""}',
	"'",
	"\\",
	"\\22",
	"\\r\\n",
];
const FRAMED = LOOKALIKES.flatMap(text => [
	text,
	`\r\n${text}\r\n`,
	`\n\r${text}\n\r`,
	`x\r\n${text}\r\ny`,
	`"\r\n${text}\r\n"`,
	`\r\n\r\n${text}\r\n\r\n`,
]);
/** Messages that are hard to carry. */
export const CORPUS: readonly string[] = [
	"",
	ALL,
	ALL.split("").reverse().join(""),
	...SINGLE,
	...SINGLE.map(byte => `a${byte}b`),
	...LINE_ENDS,
	...LINE_ENDS.map(end => `one${end}two`),
	...LINE_ENDS.map(end => `${end}text${end}`),
	...LINE_ENDS.map(end => `${end},"${end},`),
	...QUOTES,
	...FRAMED,
];
/** Behind a quote, an empty line, or nearly: in text, nothing tells some of them from the end of the message. */
export const BREAKING: readonly string[] = [
	'"\r\n\r\n',
	'"\r\n\r',
	'x"\r\n\rrest',
	'"\n\r',
	'"\n\r\n\r',
	'"\r\r\n\r',
	'" \t\r\n\r',
	...LOOKALIKES.map(text => `x"\r\n\r\n${text}\r\n`),
];

/** Bytes that are likely to break something, one a character. */
export function hostile(limit: number): fc.Arbitrary<string> {
	const byte = fc.nat({ max: 255 }).map(code => String.fromCharCode(code));
	const piece = fc.oneof(
		{ weight: 4, arbitrary: byte },
		{ weight: 2, arbitrary: fc.constantFrom(...LINE_ENDS, '"', ",", '","', '"\r\n', "\x1a", "\x1b") },
		{ weight: 1, arbitrary: fc.constantFrom(...LOOKALIKES) },
		{ weight: 1, arbitrary: fc.string({ maxLength: 60 }).map(text => Buffer.from(text).toString("latin1")) },
	);
	const short = fc.array(piece, { maxLength: 30 }).map(pieces => pieces.join("").slice(0, limit));
	// Without the bytes that the data mode cannot carry: else hardly one of the long ones would go out.
	const long = fc
		.uint8Array({ minLength: Math.floor(limit / 2), maxLength: limit })
		.map(bytes =>
			Buffer.from(bytes.map(byte => (byte === 0x1a || byte === 0x1b ? 0x0a : byte))).toString("latin1"),
		);
	return fc.oneof({ weight: 5, arbitrary: short }, { weight: 1, arbitrary: long });
}
