import { bytesOf } from "../bytes.js";
import type { Random } from "../random.js";
import { logarithmic, oneOf, strike, type Target } from "./kind.js";

/** A message identifier that no publish of late has had. */
const otherMessageId = ({ random, lastMessageId }: Target): number =>
	((lastMessageId + random.integer([1000, 60_000])) % 65_535) + 1;

const topic = "t/hostile";

/** Lines by what is wrong with them; each draws one. */
const corpus = {
	/** URCs of other modules, other firmware, and none. */
	unknown: [
		"RDY",
		"APP RDY",
		"Neul",
		"RING",
		"NO CARRIER",
		"REBOOT_CAUSE_APPLICATION_AT",
		"^MODE: 5,4",
		"%XSIM: 1",
		"*PSUTTZ: 2026,1,1,0,0,0",
		'+QIURC: "closed",0',
		'+CTZV: "+32"',
		'+QNBIOTEVENT: "ENTER PSM"',
		"+QATWAKEUP",
		"+QMTPING: 0,0",
		"+QMTRECX: 0,0",
		"+QMTSTATUS: 0,1",
	],
	malformed: [
		"+QMTPUB:",
		"+QMTPUB: ,,",
		"+QMTPUB 0,1,0",
		"+QMTPUB: 0;1;0",
		"+QMTSTAT: 0",
		"+QMTSTAT: zero,one",
		'+QMTRECV: 0,0,"t',
		"+QMTRECV: 0",
		"+QMTRECV:",
		'+QMTRECV: 0,0,"t" "p"',
		'+CEREG: "1',
		"+CEREG: ,",
		"+CSCON: \0",
		"+: 1",
		"+",
		'"',
		",,,,,,,,",
		"\xff\xfe\0\x7f",
		"+CME ERROR",
		"+QMTOPEN: 0,",
		"AT+QMTPUB=0,1,1,0",
	],
	range: [
		"+QMTPUB: 0,99999999999999999999,0",
		"+QMTPUB: 0,65536,0",
		"+QMTPUB: 0,-1,0",
		"+QMTSTAT: 0,256",
		"+QMTSTAT: 0,-1",
		"+QMTSTAT: 0,4294967297",
		"+CEREG: 4294967296",
		"+CEREG: -1",
		"+CEREG: 77",
		"+CSCON: 1e9",
		`+QMTRECV: 0,65536,"${topic}","p"`,
		`+QMTRECV: 0,-5,"${topic}","p"`,
		"+QMTCONN: 0,0,99",
		"+QMTOPEN: 0,99",
		"+CME ERROR: 99999999999",
	],
	/** Identifiers that do not exist, or that nobody has opened. */
	stranger: [
		"+QMTPUB: 6,1,0",
		"+QMTPUB: 5,1,0",
		"+QMTSTAT: 6,1",
		"+QMTSTAT: 5,1",
		"+QMTSTAT: 255,1",
		"+QMTSTAT: -1,1",
		"+QMTCONN: 9,0,0",
		"+QMTOPEN: 4,0",
		"+QMTSUB: 8,1,0,1",
		"+QMTDISC: 7,0",
		`+QMTRECV: 6,0,"${topic}","p"`,
		`+QMTRECV: 4294967295,0,"${topic}","p"`,
	],
} as const;
type Corpus = keyof typeof corpus;

/** Results nobody asked for; none claims a publish of late. */
const unasked: readonly ((target: Target) => string)[] = [
	...["OK", "ERROR", "+CME ERROR: 50", "+CMEE: 1", "+CSQ: 20,0", "+QMTOPEN: 0,0", "+QMTCLOSE: 0,0"].map(
		line => () => line,
	),
	target => `+QMTPUB: 0,${otherMessageId(target)},0`,
	target => `+QMTPUB: 0,${otherMessageId(target)},2`,
	target => `+QMTSUB: 0,${otherMessageId(target)},0,1`,
	target => `+QMTUNS: 0,${otherMessageId(target)},0`,
	() => "+QMTCONN: 0,0,0",
	() => "+QMTDISC: 0,0",
	() => ">",
];

const say = (target: Target, line: string): void => target.modem.disturb(bytesOf(`\r\n${line}\r\n`));

function lines(name: Corpus, about: string, perDay = 4) {
	return strike({
		about,
		defaults: { line: "", count: 1 },
		perDay,
		draw: (random: Random) => ({ count: random.integer([1, 3]) }),
		strike({ line, count }, target) {
			for (let left = count; left > 0; left -= 1) say(target, line || oneOf(target.random, corpus[name]));
			return undefined;
		},
	});
}

/** A modem that says what no modem should. `line` empty: one of a list. */
export const hostileKinds = {
	"hostile.unknown": lines("unknown", "URCs that no document of the BC20 knows"),
	"hostile.malformed": lines("malformed", "lines that break off, lack fields or hold other ones"),
	"hostile.range": lines("range", "numbers out of range"),
	"hostile.stranger": lines("stranger", "URCs and results of identifiers that do not exist or are closed"),
	"hostile.unasked": strike({
		about: "a result that nobody asked for",
		defaults: { line: "OK" },
		perDay: 4,
		draw: (random, target) => ({ line: oneOf(random, unasked)(target) }),
		strike({ line }, target) {
			say(target, line);
			return undefined;
		},
	}),
	"hostile.endless": strike({
		about: "a line that does not end for so many bytes",
		defaults: { bytes: 5000, start: '+QMTRECV: 0,0,"t","' },
		perDay: 2,
		draw: random => ({
			bytes: logarithmic(random, 1000, 20_000),
			start: oneOf(random, ["", "+", '+QMTRECV: 0,0,"', '+QMTRECV: 0,0,"t","', "+QMTPUB: 0,1", "+UNKNOWN: "]),
		}),
		strike({ bytes, start }, { modem }) {
			modem.disturb(bytesOf(`\r\n${start.padEnd(bytes, "x")}`));
			return undefined;
		},
	}),
	"hostile.flood": strike({
		about: "so many URCs without a pause",
		defaults: { count: 200, line: "+CSCON: 1" },
		perDay: 2,
		draw: random => ({
			count: logarithmic(random, 20, 1000),
			line: oneOf(random, ["+CSCON: 0", "+CEREG: 1", "+IP: 10.170.235.216", `+QMTRECV: 5,0,"${topic}","p"`]),
		}),
		strike({ count, line }, { modem }) {
			modem.disturb(bytesOf(`\r\n${line}\r\n`.repeat(count)));
			return undefined;
		},
	}),
};
