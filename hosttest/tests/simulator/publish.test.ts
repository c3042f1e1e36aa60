import test from "ava";
import type { Aedes, AedesPublishPacket } from "aedes";
import { makeBroker, Terminal } from "./terminal.js";

/** What clients published, in order: topic, payload, QoS, retain. */
function listen(broker: Aedes): [string, string, number, boolean][] {
	const heard: [string, string, number, boolean][] = [];
	broker.on("publish", ({ topic, payload, qos, retain }: AedesPublishPacket, client) => {
		if (client) heard.push([topic, Buffer.from(payload as Buffer).toString("latin1"), qos, retain]);
	});
	return heard;
}

const publishTo = (broker: Aedes, topic: string, payload: string | Buffer, qos: 0 | 1 | 2): void =>
	broker.publish({ cmd: "publish", topic, payload, qos, retain: false, dup: false }, () => undefined);

for (const qos of [0, 1, 2] as const) {
	test.serial(`publish with QoS ${qos}`, async t => {
		const { broker, network } = await makeBroker();
		const heard = listen(broker);
		const terminal = await Terminal.quiet({ network });
		await terminal.connect();
		const lines = await terminal.result(`AT+QMTPUB=0,7,${qos},1,"a/b","hello, world"`, "+QMTPUB: 0,7,0\r\n");
		t.deepEqual(lines, ["OK", "+QMTPUB: 0,7,0"]);
		await terminal.clock.advance(100);
		t.deepEqual(heard, [["a/b", "hello, world", qos, true]]);
		broker.close();
	});

	test.serial(`receive with QoS ${qos}`, async t => {
		const { broker, network } = await makeBroker();
		const terminal = await Terminal.quiet({ network });
		let acknowledged = 0;
		broker.on("ack", () => (acknowledged += 1));
		await terminal.connect();
		await terminal.result('AT+QMTSUB=0,1,"in",2', "+QMTSUB: 0,1,0,2\r\n");
		publishTo(broker, "in", `n ${qos}`, qos);
		publishTo(broker, "in", "again", qos);
		const lines = [...(await terminal.until(`"n ${qos}"\r\n`)), ...(await terminal.until('"again"\r\n'))];
		const ids = lines.map(line => Number(/^\+QMTRECV: 0,(\d+),"in","/.exec(line)?.[1]));
		t.deepEqual(lines, [`+QMTRECV: 0,${ids[0]},"in","n ${qos}"`, `+QMTRECV: 0,${ids[1]},"in","again"`]);
		if (qos === 0) t.deepEqual(ids, [0, 0]);
		else t.true(ids[0] > 0 && ids[1] > ids[0]);
		await terminal.clock.advance(1000);
		t.is(acknowledged, qos === 0 ? 0 : 2);
		broker.close();
	});
}

test.serial("payloads inline: quotes and commas, nothing, 700 bytes, unquoted", async t => {
	const { broker, network } = await makeBroker();
	const heard = listen(broker);
	const terminal = await Terminal.quiet({ network });
	await terminal.connect();
	const payloads: [string, string][] = [
		['"{"a":"b","c":[1,2]}"', '{"a":"b","c":[1,2]}'],
		["{params:{x:1,y:2}}", "{params:{x:1,y:2}}"],
		['""', ""],
		[`"${"m".repeat(700)}"`, "m".repeat(700)],
		['"\xe9\x00\xff"', "\xe9\x00\xff"],
	];
	for (const [text] of payloads) await terminal.result(`AT+QMTPUB=0,1,1,0,"t",${text}`, "+QMTPUB: 0,1,0\r\n");
	t.deepEqual(
		heard.map(([, payload]) => payload),
		payloads.map(([, payload]) => payload),
	);
	broker.close();
});

test.serial("data mode: prompt, Ctrl-Z, any bytes, 1024 of them, Esc", async t => {
	const { broker, network } = await makeBroker();
	const heard = listen(broker);
	const terminal = await Terminal.quiet({ network });
	await terminal.connect();
	terminal.take();
	const send = async (payload: string, end: string): Promise<string> => {
		terminal.type('AT+QMTPUB=0,3,1,0,"t"\r');
		await terminal.clock.advance(20);
		t.is(terminal.take(), "\r\n>");
		terminal.type(payload + end);
		await terminal.clock.advance(200);
		return terminal.take();
	};
	const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
	const binary = bytes.replace(/[\x1a\x1b]/g, "");
	const sent = "\r\nOK\r\n\r\n+QMTPUB: 0,3,0\r\n";
	t.is(await send(binary, "\x1a"), sent);
	t.is(await send("x".repeat(1024), "\x1a"), sent);
	t.is(await send("", "\x1a"), sent);
	t.is(await send("x".repeat(1025), "\x1a"), "\r\nERROR\r\n");
	t.is(await send("never", "\x1b"), "\r\nOK\r\n");
	t.deepEqual(
		heard.map(([, payload]) => payload),
		[binary, "x".repeat(1024), ""],
	);
	t.deepEqual(await terminal.answer("AT"), ["OK"]);
	broker.close();
});

test.serial("data mode, variants: prompt with a space, Esc, echo; URCs wait for its end", async t => {
	for (const [escape, answer] of [
		["ERROR", "\r\nERROR\r\n"],
		["nothing", ""],
	] as const) {
		const { broker, network } = await makeBroker();
		const terminal = await Terminal.quiet({
			network,
			variants: { escape, spaceAfterPrompt: true, echoMode: 1 },
		});
		await terminal.connect();
		terminal.take();
		terminal.type('AT+QMTPUB=0,3,1,0,"t"\r');
		await terminal.until("\r\n> ");
		terminal.modem.urc("+TEST: 1");
		terminal.type("ab");
		terminal.type("c");
		await terminal.clock.advance(5000);
		t.is(terminal.take(), "abc");
		terminal.type("\x1b");
		await terminal.clock.advance(100);
		t.is(terminal.take(), `\r\n+TEST: 1\r\n${answer}`);
		broker.close();
	}
	const { broker, network } = await makeBroker();
	const terminal = await Terminal.quiet({ network, variants: { urcInDataMode: "send" } });
	await terminal.connect();
	terminal.type('AT+QMTPUB=0,3,1,0,"t"\r');
	await terminal.until("\r\n>");
	terminal.modem.urc("+TEST: 1");
	t.is(terminal.take(), "\r\n+TEST: 1\r\n");
	broker.close();
});

test.serial("dataformat: hex out and in", async t => {
	const { broker, network } = await makeBroker();
	const heard = listen(broker);
	const terminal = await Terminal.quiet({ network });
	await terminal.answer('AT+QMTCFG="dataformat",0,1,1');
	await terminal.connect();
	await terminal.result('AT+QMTSUB=0,1,"in",0', "+QMTSUB: 0,1,0,0\r\n");
	await terminal.result('AT+QMTPUB=0,2,1,0,"t","00ff1A1b"', "+QMTPUB: 0,2,0\r\n");
	t.deepEqual(await terminal.answer('AT+QMTPUB=0,2,1,0,"t","0"'), ["ERROR"]);
	t.deepEqual(await terminal.answer('AT+QMTPUB=0,2,1,0,"t","xy"'), ["ERROR"]);
	t.deepEqual(await terminal.answer(`AT+QMTPUB=0,2,1,0,"t","${"00".repeat(351)}"`), ["ERROR"]);
	terminal.type('AT+QMTPUB=0,3,1,0,"t"\r');
	await terminal.until(">");
	terminal.type("7b7D\x1a");
	await terminal.until("+QMTPUB: 0,3,0\r\n");
	t.deepEqual(
		heard.map(([, payload]) => payload),
		["\x00\xff\x1a\x1b", "{}"],
	);
	publishTo(broker, "in", Buffer.from([0, 0xab, 0x22]), 0);
	t.deepEqual(await terminal.until('\r\n+QMTRECV: 0,0,"in","00AB22"\r\n'), ['+QMTRECV: 0,0,"in","00AB22"']);
	broker.close();
});

test.serial("a payload that looks like the module's own lines comes raw", async t => {
	const { broker, network } = await makeBroker();
	const payload = '{"a":"b"}\r\nOK\r\n+QMTSTAT: 0,1\r\n\0"';
	for (const [receiveNul, receiveQuotes, shown] of [
		["raw", true, `"in","${payload}"`],
		["cut", true, `"in","${payload.slice(0, -2)}"`],
		["raw", false, `in,${payload}`],
	] as const) {
		const terminal = await Terminal.quiet({ network, variants: { receiveNul, receiveQuotes } });
		await terminal.connect();
		await terminal.result('AT+QMTSUB=0,1,"in",0', "+QMTSUB: 0,1,0,0\r\n");
		publishTo(broker, "in", payload, 0);
		await terminal.clock.advance(100);
		t.is(terminal.take(), `\r\n+QMTRECV: 0,0,${shown}\r\n`);
	}
	broker.close();
});

test.serial("several topics at once; refused ones are 128", async t => {
	const { broker, network } = await makeBroker({
		authorizeSubscribe: (_, subscription, callback) =>
			callback(null, subscription.topic === "secret" ? null : subscription),
	});
	const terminal = await Terminal.quiet({ network });
	await terminal.connect();
	const command = 'AT+QMTSUB=0,9,"a",0,"secret",1,"é",2'.replace("é", "\xc3\xa9");
	t.deepEqual(await terminal.result(command, "+QMTSUB: 0,9,0,0,128,2\r\n"), ["OK", "+QMTSUB: 0,9,0,0,128,2"]);
	publishTo(broker, "é", "1", 0);
	t.deepEqual(await terminal.until('"1"\r\n'), ['+QMTRECV: 0,0,"\xc3\xa9","1"']);
	t.deepEqual(await terminal.result('AT+QMTUNS=0,10,"a","\xc3\xa9"', "+QMTUNS: 0,10,0\r\n"), [
		"OK",
		"+QMTUNS: 0,10,0",
	]);
	publishTo(broker, "é", "2", 0);
	await terminal.clock.advance(1000);
	t.is(terminal.take(), "");
	broker.close();
});

test.serial("one publish at a time", async t => {
	const { broker, network } = await makeBroker();
	const terminal = await Terminal.quiet({ network, delays: "real" });
	await terminal.connect();
	t.deepEqual(await terminal.answer('AT+QMTPUB=0,1,1,0,"t","1"'), ["OK"]);
	t.deepEqual(await terminal.answer('AT+QMTPUB=0,2,1,0,"t","2"'), ["ERROR"]);
	t.deepEqual(await terminal.answer('AT+QMTPUB=0,2,1,0,"t"'), ["ERROR"]);
	await terminal.until("+QMTPUB: 0,1,0\r\n");
	await terminal.result('AT+QMTPUB=0,2,1,0,"t","2"', "+QMTPUB: 0,2,0\r\n");
	t.pass();
	broker.close();
});
