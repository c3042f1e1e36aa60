import type { DelaysName } from "./delays.js";
import type { Faults } from "./faults/faults.js";
import type { KeyPins } from "./faults/keys.js";
import type { Network } from "./network.js";
import type { ProfileName } from "./profiles.js";
import type { Range } from "./random.js";
import type { RadioOptions } from "./registration.js";

/** Who the module and its SIM are. */
export interface Identity {
	readonly manufacturer: string;
	readonly model: string;
	readonly revision: string;
	readonly imei: string;
	readonly imeiSv: string;
	readonly imsi: string;
	readonly iccid: string;
}

/**
 * What no manual or trace of the BC20 settles (sections 1, 2, 3.5, 4, 5 and 9 of the reference), with the behaviour
 * that the reference takes as likely.
 */
export interface Variants {
	/** `+X: 1` or `+X:1`, in responses and URCs. */
	readonly spaceAfterColon: boolean;
	/** `> ` or `>` asks for the payload. */
	readonly spaceAfterPrompt: boolean;
	/** Several lines of information in one `\r\n…\r\n`, or in one each. */
	readonly informationLines: "together" | "apart";
	/** Bytes that arrive while a command runs are kept for later, or lost. */
	readonly whileBusy: "queue" | "drop";
	/** Longest command line in bytes, CR not counted. */
	readonly lineLimit: number;
	/** A longer line is answered with ERROR, or hangs the module until it is reset (SDKs before V1.4). */
	readonly longLine: "error" | "hang";
	/** What Esc answers in data mode. */
	readonly escape: "OK" | "ERROR" | "nothing";
	/** URCs wait for the end of data mode, or come in its middle. */
	readonly urcInDataMode: "hold" | "send";
	/** The result (`+QMTOPEN: 0,0`) comes before `OK`, where it is known within 300 ms. */
	readonly resultBeforeOk: boolean;
	/** AT+QMTOPEN on an identifier in use: `+QMTOPEN: id,2` after OK, or an error at once. */
	readonly openInUse: "result" | "error";
	/** Host or port out of range: an error at once, or `+QMTOPEN: id,1` after OK. */
	readonly openWrongParameter: "error" | "result";
	/** Result of AT+QMTOPEN when the server refuses or cannot be reached. */
	readonly openUnreachable: -1 | 5;
	/** AT+QMTCLOSE and AT+QMTDISC on an identifier not open, or not connected: an error, or result -1 after OK. */
	readonly closeUnopened: "error" | "result";
	/** `+CME ERROR` of profile A for an MQTT command that the identifier's state forbids. */
	readonly notAllowedCode: number;
	/** … for a wrong parameter, a too long string, a string that is not UTF-8. */
	readonly wrongParameterCode: number;
	readonly tooLongCode: number;
	readonly wrongCharactersCode: number;
	/** Defaults of AT+QMTCFG. */
	readonly version: 3 | 4;
	readonly session: 0 | 1;
	readonly timeoutNotice: 0 | 1;
	readonly echoMode: 0 | 1;
	/** Smallest retry_times that AT+QMTCFG="timeout" takes: the note says 0 and 1. */
	readonly minimumRetries: 0 | 1;
	/** AT+QMTCFG values outlive a reset. */
	readonly keepConfiguration: boolean;
	/** AT+QRST=1 answers OK first. */
	readonly resetAnswersOk: boolean;
	/** `+CGSN: "4901…"` */
	readonly imeiQuotes: boolean;
	/** Quotes around the will's topic and message in the answer to its query. */
	readonly willQuotes: boolean;
	/** Quotes around topic and payload of +QMTRECV. */
	readonly receiveQuotes: boolean;
	/** A byte 0 in a payload received as text: as it is, or the end of the payload. */
	readonly receiveNul: "raw" | "cut";
	/** With dataformat 1 the limits of the payload count hex digits, or bytes. */
	readonly hexLimit: "digits" | "bytes";
	/** CONNECT not answered in time: `+QMTCONN: id,2`, `+QMTSTAT: id,4` (3 if it could not be sent), or both. */
	readonly connectTimeout: "both" | "result" | "stat";
	/** After the last retransmission in vain the module closes the connection: `+QMTSTAT: id,6`. */
	readonly closeAfterRetries: boolean;
	/** Operations under way when the connection is lost: no result, or result 2. */
	readonly resultsOnClose: "none" | "failed";
	/** AT+QMTDISC also closes the TCP connection. If not, the server's close is `+QMTSTAT: id,5`. */
	readonly disconnectCloses: boolean;
	/** What a reset does to open connections: the peer sees RST, or nothing ever again. */
	readonly connectionsAtReset: "reset" | "silent";
	/** Milliseconds from power on or reset until input is read. */
	readonly bootMs: number;
	/** How many `AT` auto-baud swallows. */
	readonly autoBaudDrops: Range;
	/** AT+QSCLK after a reset. */
	readonly sleepMode: 0 | 1 | 2;
	/** Idle milliseconds until light sleep, which loses the first packet on the UART. */
	readonly lightSleepAfterMs: number;
	/** Form of +CCLK, see clock-format.ts. */
	readonly clockFormat: "manual" | "plain" | "long" | "gmt" | "gmtPadded";
	/** Time zone in quarters of an hour, and whether the time shown includes it. */
	readonly timeZoneQuarters: number;
	readonly clockTime: "local" | "utc";
}

/** One piece of the conversation on the UART. */
export interface TranscriptEntry {
	/** Milliseconds of the clock in use. */
	readonly timeMs: number;
	readonly direction: "toModem" | "toHost";
	readonly bytes: Uint8Array;
}

/** Options of SimulatedBC20; all can be left out. */
export interface BC20Options {
	/** Firmware: "A" is the note's V1.0, "B" (default) what is seen in the field. */
	readonly profile?: ProfileName;
	/** Same seed, same input: same behaviour to the millisecond. Default 1. */
	readonly seed?: number;
	/** Where connections lead; default the machine's own TCP. */
	readonly network?: Network;
	/**
	 * State before the host first opens the port. "boot" (default): power comes with the port, banner and all.
	 * "on": switched on long ago, at the host's baud rate, registered. "off": waits for power(true).
	 */
	readonly start?: "boot" | "on" | "off";
	/** Times of the module and the network: "none", "short" (default), or "real" as the reference documents them. */
	readonly delays?: DelaysName;
	readonly radio?: Partial<RadioOptions>;
	readonly identity?: Partial<Identity>;
	readonly variants?: Partial<Variants>;
	/** Pins of the ESP32 that work RESET and PWRKEY; none by default. */
	readonly keys?: KeyPins;
	/** What goes wrong; nothing by default. Faults are one module's. */
	readonly faults?: Faults;
	/** Hears every piece that passes the UART, as it arrives. */
	readonly transcript?: (entry: TranscriptEntry) => void;
}

export const defaultIdentity: Identity = {
	manufacturer: "Quectel_Ltd",
	model: "Quectel_BC20",
	revision: "BC20NBR01A01",
	imei: "490154203237511",
	imeiSv: "4901542032375101",
	imsi: "460001357924680",
	iccid: "89860317482035195410",
};

export const defaultVariants: Variants = {
	spaceAfterColon: true,
	spaceAfterPrompt: false,
	informationLines: "together",
	whileBusy: "queue",
	lineLimit: 1400,
	longLine: "error",
	escape: "OK",
	urcInDataMode: "hold",
	resultBeforeOk: false,
	openInUse: "result",
	openWrongParameter: "error",
	openUnreachable: -1,
	closeUnopened: "error",
	notAllowedCode: 3,
	wrongParameterCode: 50,
	tooLongCode: 24,
	wrongCharactersCode: 25,
	version: 3,
	session: 1,
	timeoutNotice: 0,
	echoMode: 0,
	minimumRetries: 0,
	keepConfiguration: false,
	resetAnswersOk: false,
	imeiQuotes: false,
	willQuotes: true,
	receiveQuotes: true,
	receiveNul: "raw",
	hexLimit: "digits",
	connectTimeout: "both",
	closeAfterRetries: true,
	resultsOnClose: "none",
	disconnectCloses: true,
	connectionsAtReset: "reset",
	bootMs: 1800,
	autoBaudDrops: [0, 3],
	sleepMode: 1,
	lightSleepAfterMs: 10_000,
	clockFormat: "manual",
	timeZoneQuarters: 32,
	clockTime: "local",
};
