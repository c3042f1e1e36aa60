import assert from "node:assert/strict";
import type { Bench } from "./bench.js";

export interface TranscriptOptions {
	/** Whether the modem repeats each command. */
	readonly echo?: boolean;
	/** Called with each `>` line before it is expected: the place to submit the command. Not needed where the firmware acts by itself. */
	readonly onCommand?: (command: string) => void;
	/** ms that the firmware may take to send a `>` line; 0 by default. */
	readonly patienceMs?: number;
}

/**
 * Plays a conversation written as `> AT…` (host) and `< …` (modem), one a line; empty lines and lines that begin with `#` are
 * comments. Each `>` line must be sent byte for byte, with a CR, or with Ctrl-Z where it ends with `^Z`; each `<` line is then received
 * as `\r\n<line>\r\n`, and the prompt `< >` as `\r\n> `. Fails with the number of the line that does not hold.
 */
export async function play(transcript: string, bench: Bench, options: TranscriptOptions = {}): Promise<void> {
	const { echo = false, onCommand, patienceMs = 0 } = options;
	const { clock, serial } = bench;
	const lines = transcript.split("\n").map(line => line.trim());
	for (const [index, line] of lines.entries()) {
		if (!line || line.startsWith("#")) continue;
		const where = `line ${index + 1} of the transcript: ${line}`;
		const text = line.slice(2);
		if (line.startsWith("> ")) {
			onCommand?.(text);
			await clock.advance(patienceMs);
			serial.writable();
			const expected = text.endsWith("^Z") ? `${text.slice(0, -2)}\x1a` : `${text}\r`;
			assert.equal(serial.take(), expected, where);
			if (echo && !text.endsWith("^Z")) serial.receive(expected);
		} else {
			assert.ok(line.startsWith("< "), `${where}: begins with neither > nor <`);
			assert.equal(serial.take(), "", `nothing is sent before ${where}`);
			serial.receive(text === ">" ? "\r\n> " : `\r\n${text}\r\n`);
		}
	}
	await clock.advance(patienceMs);
	assert.equal(serial.take(), "", "nothing is sent behind the transcript");
}

/** The examples of chapter 6 of the application note, repaired (module reference, chapter 12). */
export const CHAPTER_6 = `
> AT+QMTOPEN=?
< +QMTOPEN: (0-5),"<host_name>",<port>
< OK
> AT+QMTOPEN=0,"220.180.239.212",8401
< OK
< +QMTOPEN: 0,0
> AT+QMTOPEN?
< +QMTOPEN: 0,"220.180.239.212",8401
< OK
> AT+QMTCONN=?
< +QMTCONN: (0-5),"<clientID>"[,"<username>"[,"<password>"]]
< OK
> AT+QMTCONN=0,"clientExample"
< OK
< +QMTCONN: 0,0,0
> AT+QMTSUB=?
< +QMTSUB: (0-5),<msgID>,"<topic>",<qos>[,"<topic>",<qos>...]
< OK
> AT+QMTSUB=0,1,"topic/example",2
< OK
< +QMTSUB: 0,1,0,2
> AT+QMTSUB=0,1,"topic/pub",0
< OK
< +QMTSUB: 0,1,0,0
< +QMTRECV: 0,0,"topic/example","This is the payload related to topic"
> AT+QMTUNS=0,2,"topic/example"
< OK
< +QMTUNS: 0,2,0
> AT+QMTPUB=?
< +QMTPUB: (0-5),<msgID>,<qos>,<retain>,"<topic>","<msg>"
< OK
> AT+QMTPUB=0,0,0,0,"topic/pub","hello MQTT."
< OK
< +QMTPUB: 0,0,0
< +QMTRECV: 0,0,"topic/pub","hello MQTT."
> AT+QMTDISC=0
< OK
< +QMTDISC: 0,0
`;
