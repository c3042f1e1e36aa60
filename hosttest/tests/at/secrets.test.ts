import test from "ava";
import { bench, latin1, synchronise, synchronisedBench } from "../bench.js";
import { Command, logged } from "./commands.js";

const WITHHELD = "(withheld: may repeat a secret)";
const connect = [0, "client", "user", "hunter2"] as const;

/** Options that note the trace, its directions as they are, and the lines that nobody claimed. */
function noting() {
	const trace: string[] = [];
	const unknown: string[] = [];
	return {
		trace,
		unknown,
		options: {
			onTrace: (direction: string, text: string) => trace.push(`${direction} ${text}`),
			onUnknown: (line: { readonly text: string }) => unknown.push(line.text),
		},
	};
}

test.serial(
	"before the first command what stands in quotes may be a secret from before a restart",
	async t => {
		const { trace, unknown, options } = noting();
		const all = bench(options);
		await all.clock.advance(0);
		for (const line of ['AT+QMTCONN=0,"client","user","hunter2"', '"hunter2"', "news"])
			all.serial.receive(`\r\n${line}\r\n`);
		t.deepEqual(trace, ["send (Esc)", `receive ${WITHHELD}`, `receive ${WITHHELD}`, "receive news"]);
		t.deepEqual(unknown, ["news"]);
		await synchronise(all);
		trace.length = 0;
		all.serial.receive('\r\n+X: "a"\r\n');
		t.deepEqual(trace, ['receive +X: "a"'], "once the line is free it is no echo");
	},
);

test.serial("behind a command without a secret, text in quotes is shown", async t => {
	const { trace, unknown, options } = noting();
	const { serial, scheduler } = await synchronisedBench(options);
	scheduler.submit(logged([], "", Command.signal, "execute"));
	trace.length = 0;
	serial.receive('\r\n+X: "a"\r\n');
	t.deepEqual(trace, ['receive +X: "a"']);
	t.deepEqual(unknown, ['+X: "a"']);
});

test.serial("a secret of digits is one as well: nothing of its command's prefix is shown", async t => {
	const { trace, unknown, options } = noting();
	const { serial, scheduler } = await synchronisedBench(options);
	const request = logged([], "", Command.authentication, "write", ["aliauth", 0, "key", "name", "12345"]);
	request.onInformation = undefined;
	scheduler.submit(request);
	trace.length = 0;
	serial.receive("\r\n+QMTCFG: 0,12345\r\n");
	t.deepEqual(trace, [`receive +QMTCFG: ${WITHHELD}`]);
	t.deepEqual(unknown, []);
});

test.serial("an echo may stand behind any prefix: numbers alone are shown, anything else is not", async t => {
	const { trace, unknown, options } = noting();
	const { serial, scheduler } = await synchronisedBench(options);
	scheduler.listen("+QMTSTAT", () => undefined);
	scheduler.submit(logged([], "", Command.connect, "write", connect));
	trace.length = 0;
	serial.receive('\r\n+QMTSTAT: 1,1AT+QMTCONN=0,"client","user","hunter2"\r\n');
	serial.receive('\r\n+QMTSTAT: hunter2"\r\n\r\n+QMTSTAT: hunter2, 1\r\n\r\n+QMTSTAT: 1, -1\r\n');
	serial.receive('\r\n+CME ERROR: hunter2"\r\n');
	t.deepEqual(trace, [
		`receive +QMTSTAT: ${WITHHELD}`,
		`receive +QMTSTAT: ${WITHHELD}`,
		`receive +QMTSTAT: ${WITHHELD}`,
		"receive +QMTSTAT: 1, -1",
		`receive +CME ERROR: ${WITHHELD}`,
	]);
	t.deepEqual(unknown, []);
});

test.serial("a write form without parameters holds no secret", async t => {
	const { trace, unknown, options } = noting();
	const { serial, scheduler } = await synchronisedBench(options);
	scheduler.submit(logged([], "", { name: "+X", timeout: 300 }, "write"));
	trace.length = 0;
	serial.receive("\r\nnews\r\n");
	t.deepEqual(trace, ["receive news"]);
	t.deepEqual(unknown, ["news"]);
});

test.serial(
	"an echo is traced as such: of a probe in quarantine, of the command while it is on the line",
	async t => {
		const { trace, options } = noting();
		const all = bench(options);
		const { clock, serial, scheduler } = all;
		await clock.advance(300);
		trace.length = 0;
		serial.receive("AT\r\r\nOK\r\n");
		t.deepEqual(trace, ["receive (echo)", "receive OK"]);
		await synchronise(all);
		scheduler.submit(logged([], "", Command.signal, "execute"));
		trace.length = 0;
		serial.receive("AT\r\n");
		serial.receive("AT+CSQ\r\r\n");
		t.deepEqual(trace, ["receive AT", "receive (echo)"]);
	},
);

test.serial("the prompt, and the Esc to a prompt that nobody wants any more, are traced", async t => {
	const { trace, options } = noting();
	const { serial, scheduler } = await synchronisedBench(options);
	const request = logged([], "", Command.publishData, "write", [0, 7, 1, 0, "t"]);
	request.data = latin1("payload");
	scheduler.submit(request);
	scheduler.cancel(request);
	trace.length = 0;
	serial.receive("\r\n> ");
	t.deepEqual(trace, ["receive >", "send (Esc)"]);
});

test.serial(
	"the prefixes of commands are forgotten by trim: a withheld line shows only those in use",
	async t => {
		const { trace, options } = noting();
		const { serial, scheduler } = await synchronisedBench(options);
		for (const shown of ["+CSQ: ", ""]) {
			scheduler.submit(logged([], "", Command.signal, "execute"));
			serial.writable();
			serial.receive("\r\nOK\r\n");
			if (!shown) scheduler.trim();
			scheduler.submit(logged([], "", Command.connect, "write", connect));
			serial.writable();
			trace.length = 0;
			serial.receive('\r\n+CSQ: hunter2"\r\n');
			t.deepEqual(trace, [`receive ${shown}${WITHHELD}`]);
			serial.receive("\r\nERROR\r\n");
		}
	},
);

test.serial("an echo that is repeated behind the final result code is withheld too", async t => {
	const { trace, options } = noting();
	const { serial, scheduler } = await synchronisedBench(options);
	scheduler.submit(logged([], "", Command.connect, "write", connect));
	serial.receive("\r\nOK\r\n");
	trace.length = 0;
	serial.receive('AT+QMTCONN=0,"client","user","hunter2"\r\r\n');
	serial.receive("\r\n+QMTSTAT: 1,1\r\n");
	t.deepEqual(trace, [`receive ${WITHHELD}`, "receive +QMTSTAT: 1,1"]);
});
