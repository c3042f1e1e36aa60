import test from "ava";
import { type Bench, synchronisedBench } from "../bench.js";
import { utf8 } from "../bytes.js";
import { CHAPTER_6, play } from "../transcript.js";
import { Command, logged } from "./commands.js";
import { receivedEnds } from "./framing.js";

async function noted(log: string[]): Promise<Bench> {
	const all = await synchronisedBench({ onUnknown: line => log.push(`unknown ${line.text}`) });
	all.scheduler.listen("+QMTRECV", line => log.push(line.text), receivedEnds);
	return all;
}

for (const echo of [false, true]) {
	test.serial(
		`the conversation of chapter 6 of the application note${echo ? ", with echo" : ""}`,
		async t => {
			const log: string[] = [];
			const all = await noted(log);
			const requests = [
				logged(log, "", Command.open, "test"),
				logged(log, "", Command.open, "write", [0, "220.180.239.212", 8401]),
				logged(log, "", Command.open, "read"),
				logged(log, "", Command.connect, "test"),
				logged(log, "", Command.connect, "write", [0, "clientExample"]),
				logged(log, "", Command.subscribe, "test"),
				logged(log, "", Command.subscribe, "write", [0, 1, "topic/example", 2]),
				logged(log, "", Command.subscribe, "write", [0, 1, "topic/pub", 0]),
				logged(log, "", Command.unsubscribe, "write", [0, 2, "topic/example"]),
				logged(log, "", Command.publish, "test"),
				logged(log, "", Command.publish, "write", [0, 0, 0, 0, "topic/pub", "hello MQTT."]),
				logged(log, "", Command.disconnect, "write", [0]),
			];
			let next = 0;
			await play(CHAPTER_6, all, {
				echo,
				// A message is complete when the line has been silent for a moment; a command waits for that.
				patienceMs: 50,
				onCommand: () => all.scheduler.submit(requests[next++]),
			});
			t.deepEqual(log, [
				'information +QMTOPEN: (0-5),"<host_name>",<port>',
				"done",
				"result +QMTOPEN: 0,0",
				"done",
				'information +QMTOPEN: 0,"220.180.239.212",8401',
				"done",
				'information +QMTCONN: (0-5),"<clientID>"[,"<username>"[,"<password>"]]',
				"done",
				"result +QMTCONN: 0,0,0",
				"done",
				'information +QMTSUB: (0-5),<msgID>,"<topic>",<qos>[,"<topic>",<qos>...]',
				"done",
				"result +QMTSUB: 0,1,0,2",
				"done",
				"result +QMTSUB: 0,1,0,0",
				"done",
				'+QMTRECV: 0,0,"topic/example","This is the payload related to topic"',
				"result +QMTUNS: 0,2,0",
				"done",
				'information +QMTPUB: (0-5),<msgID>,<qos>,<retain>,"<topic>","<msg>"',
				"done",
				"result +QMTPUB: 0,0,0",
				"done",
				'+QMTRECV: 0,0,"topic/pub","hello MQTT."',
				"result +QMTDISC: 0,0",
				"done",
			]);
			t.is(all.scheduler.statistics.gaps, 0);
		},
	);
}

test.serial("a transcript with a prompt and data", async t => {
	const log: string[] = [];
	const all = await noted(log);
	const request = logged(log, "", Command.publishData, "write", [0, 7, 1, 0, "t"]);
	request.data = utf8('{"a":1}');
	await play(
		`# profile B
		> AT+QMTPUB=0,7,1,0,"t"
		< >
		> {"a":1}^Z
		< OK
		< +QMTPUB: 0,7,0`,
		all,
		{ onCommand: command => command.startsWith("AT") && all.scheduler.submit(request) },
	);
	t.deepEqual(log, ["result +QMTPUB: 0,7,0", "done"]);
});

test.serial("a transcript that does not hold fails at its line", async t => {
	const cases: readonly (readonly [string, RegExp])[] = [
		["> AT+CSQ\n< OK\n> AT+CIMI", /line 3 of the transcript: > AT\+CIMI/],
		["> AT+CBC", /line 1 of the transcript/],
		["> AT+CSQ\nOK", /line 2 of the transcript: OK: begins with neither/],
		["< OK", /nothing is sent before line 1/],
		["", /nothing is sent behind/],
	];
	for (const [transcript, message] of cases) {
		const all = await noted([]);
		const submit = () => all.scheduler.submit(logged([], "", Command.signal, "execute"));
		if (!transcript.startsWith(">")) submit();
		let submitted = 0;
		await t.throwsAsync(
			play(transcript, all, {
				onCommand: () => {
					if (submitted++ === 0) submit();
				},
			}),
			{ message },
		);
	}
});
