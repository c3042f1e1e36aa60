import test from "ava";
import type { CommandSpec, Form } from "../../../modules/at/command.js";
import type { Value } from "../../../modules/at/request.js";
import { synchronisedBench } from "../bench.js";
import { Command, logged } from "./commands.js";

/** A bench that notes the trace and unknown lines. */
async function traced() {
	const trace: string[] = [];
	const unknown: string[] = [];
	const all = await synchronisedBench({
		onTrace: (direction, text) => trace.push(`${direction === "send" ? ">" : "<"} ${text}`),
		onUnknown: line => unknown.push(line.text),
	});
	const start = [...trace];
	trace.length = 0;
	return { ...all, trace, unknown, start };
}

test.serial("shows the conversation, probes included", async t => {
	const { serial, scheduler, trace, start } = await traced();
	t.deepEqual(start, ["> (Esc)", "> AT", "< OK", "> AT+CMEE?", "< +CMEE: 1", "< OK"]);
	scheduler.submit(logged([], "", Command.signal, "execute"));
	serial.receive("AT+CSQ\r\r\n+CSQ: 1,1\r\n\r\n+QMTSTAT: 0,1\r\n\r\nOK\r\n");
	const publish = logged([], "", Command.publishData, "write", [0, 7, 1, 0, "t"]);
	publish.data = new Uint8Array(5);
	scheduler.submit(publish);
	serial.receive("\r\n> \r\nOK\r\n\r\n+QMTPUB: 0,7,0\r\n");
	t.deepEqual(trace, [
		"> AT+CSQ",
		"< (echo)",
		"< +CSQ: 1,1",
		"< +QMTSTAT: 0,1",
		"< OK",
		'> AT+QMTPUB=0,7,1,0,"t"',
		"< >",
		"> (5 bytes, Ctrl-Z)",
		"< OK",
		"< +QMTPUB: 0,7,0",
	]);
});

const SECRET = "hunter2";
const connect = [Command.connect, "write", 0, "client", "user", SECRET] as const;
const authentication = [Command.authentication, "write", "aliauth", 0, "key", "name", SECRET] as const;
const echo = `AT+QMTCONN=0,"client","user","${SECRET}"\r`;

/** A modem's ways to repeat a secret. */
const rows: readonly (readonly [
	title: string,
	command: readonly [CommandSpec, Form, ...Value[]],
	received: string,
])[] = [
	["an echo", connect, `${echo}\r\nOK\r\n`],
	["an echo that lost its head", connect, `${echo.slice(5)}\r\nOK\r\n`],
	["an echo that lost all but the secret", connect, `${SECRET}"\r\r\nOK\r\n`],
	["an echo that lost its end", connect, `${echo.slice(0, -2)}\nOK\r\n`],
	["an echo with noise in it", connect, `${echo.replace("client", "cl\xfft")}\r\nOK\r\n`],
	["an echo in two lines", connect, `${echo.slice(0, 20)}\n${echo.slice(20)}\r\nOK\r\n`],
	["an echo run into the answer", connect, `${echo}OK\r\n`],
	["an echo in lower case", connect, `${echo.toLowerCase()}\r\nOK\r\n`],
	["an echo that has become a prefix", connect, `+QMTCONN: ${echo.slice(11)}\r\nOK\r\n`],
	[
		"an answer that tells it",
		authentication,
		`\r\n+QMTCFG: "aliauth","key","name","${SECRET}"\r\n\r\nOK\r\n`,
	],
	["an error that tells it", connect, `\r\nERROR at "${SECRET}"\r\n`],
];
for (const [title, [spec, form, ...values], received] of rows) {
	for (const when of ["in time", "late"]) {
		test.serial(`shows no secret: ${title}, ${when}`, async t => {
			const { clock, serial, scheduler, trace, unknown } = await traced();
			const log: string[] = [];
			const request = logged(log, "", spec, form, values);
			request.onInformation = request.onResult = () => undefined;
			scheduler.submit(request);
			t.true(serial.take().includes(SECRET), "it is sent");
			if (when === "late") await clock.advance(1000);
			serial.writable();
			serial.receive(received);
			await clock.advance(5000);
			t.true(trace.length > 1);
			for (const text of [...trace, ...unknown, ...log]) t.false(text.includes(SECRET), text);
		});
	}
}

test.serial("withholds no more than it must", async t => {
	const { serial, scheduler, trace, unknown } = await traced();
	scheduler.listen("+QMTSTAT", () => undefined);
	const [spec, form, ...values] = connect;
	scheduler.submit(logged([], "", spec, form, values));
	serial.receive("\r\n+QMTSTAT: 1,1\r\n\r\nnoise\r\n\r\nOK\r\n\r\nnews\r\n\r\n+QMTCONN: 0,0,0\r\n");
	scheduler.submit(logged([], "", Command.connect, "read"));
	serial.receive("\r\n+QMTCONN: 0,3\r\n\r\nOK\r\n");
	t.deepEqual(trace, [
		'> AT+QMTCONN=0,"client","user",***',
		"< +QMTSTAT: 1,1",
		"< (withheld: may repeat a secret)",
		"< OK",
		"< news",
		"< +QMTCONN: 0,0,0",
		"> AT+QMTCONN?",
		"< +QMTCONN: 0,3",
		"< OK",
	]);
	t.deepEqual(unknown, ["news"]);
	t.is(scheduler.statistics.unknown, 2, "counted all the same");
});
