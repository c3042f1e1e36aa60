import test from "ava";
import { generate, parser, type Packet } from "mqtt-packet";
import type { Duplex } from "node:stream";
import { brokerNetwork, streamNetwork, type CloseCause, type Network } from "../../simulator/network.js";
import { makeBroker, Terminal } from "./terminal.js";

/** A broker that answers only what `answers` holds, and records what comes with its time. */
function stubBroker(now: () => number, answers: Partial<Record<Packet["cmd"], (packet: Packet) => Packet>>) {
	const heard: { cmd: string; atMs: number; packet: Packet }[] = [];
	let stream: Duplex | undefined;
	const network: Network = brokerNetwork(far => {
		stream = far;
		const incoming = parser();
		far.on("data", (bytes: Buffer) => incoming.parse(bytes));
		incoming.on("packet", packet => {
			heard.push({ cmd: packet.cmd, atMs: now(), packet: { ...packet } });
			const answer = answers[packet.cmd]?.(packet);
			if (answer) far.write(generate(answer));
		});
	});
	return { heard, network, end: () => stream?.end(), send: (bytes: Buffer) => stream?.write(bytes) };
}

const connack = (): Packet => ({ cmd: "connack", returnCode: 0, sessionPresent: false });

async function onStub(
	answers: Parameters<typeof stubBroker>[1],
	options: ConstructorParameters<typeof Terminal>[0] = {},
	configure: readonly string[] = [],
) {
	let now = (): number => 0;
	const stub = stubBroker(() => now(), { connack, connect: connack, ...answers });
	const terminal = await Terminal.quiet({ network: stub.network, delays: "none", ...options });
	now = () => terminal.clock.now;
	for (const command of configure) await terminal.answer(command);
	return { terminal, stub };
}

const opened = "+QMTOPEN: 0,0\r\n";

for (const [cause, result] of [
	["dns", 4],
	["refused", -1],
	["unreachable", -1],
] as [CloseCause, number][])
	test.serial(`QMTOPEN where the network says ${cause}`, async t => {
		const terminal = await Terminal.quiet({ network: streamNetwork(() => cause) });
		const lines = await terminal.result('AT+QMTOPEN=0,"h",1', `+QMTOPEN: 0,${result}\r\n`);
		t.deepEqual(lines, ["OK", `+QMTOPEN: 0,${result}`]);
		t.deepEqual(await terminal.answer("AT+QMTOPEN?"), ["OK"]);
		t.deepEqual(await terminal.answer("AT+QMTCLOSE=0"), ["ERROR"]);
	});

test.serial("QMTOPEN: variant 5 for unreachable, 3 without a PDP context, -1 after 75 s", async t => {
	const variant = await Terminal.quiet({ variants: { openUnreachable: 5 } });
	await variant.result('AT+QMTOPEN=0,"h",1', "+QMTOPEN: 0,5\r\n");
	const detached = await Terminal.quiet({ radio: { coverage: false } });
	await detached.result('AT+QMTOPEN=0,"h",1', "+QMTOPEN: 0,3\r\n");
	const hole: Network = {
		connect: () => ({ write: () => undefined, close: () => undefined, abort: () => undefined }),
	};
	const waiting = await Terminal.quiet({ network: hole });
	await waiting.answer('AT+QMTOPEN=0,"h",1');
	await waiting.clock.advance(74_900);
	t.is(waiting.take(), "");
	await waiting.clock.advance(200);
	t.deepEqual(waiting.lines(), ["+QMTOPEN: 0,-1"]);
});

for (const returnCode of [1, 2, 3, 4, 5])
	test.serial(`CONNACK ${returnCode} is reported, and the broker's close after it`, async t => {
		const { terminal, stub } = await onStub({
			connect: () => ({ cmd: "connack", returnCode, sessionPresent: false }),
		});
		await terminal.result('AT+QMTOPEN=0,"h",1', opened);
		const lines = await terminal.result('AT+QMTCONN=0,"me","user","pass"', `+QMTCONN: 0,0,${returnCode}\r\n`);
		t.deepEqual(lines, ["OK", `+QMTCONN: 0,0,${returnCode}`]);
		stub.end();
		t.deepEqual(await terminal.until("+QMTSTAT: 0,1\r\n"), ["+QMTSTAT: 0,1"]);
		t.deepEqual(await terminal.answer('AT+QMTCONN=0,"me"'), ["ERROR"]);
	});

test.serial("MQTT 3.1 by default: aedes refuses a client identifier of more than 23 bytes", async t => {
	const { broker, network } = await makeBroker();
	const terminal = await Terminal.quiet({ network });
	await terminal.result('AT+QMTOPEN=0,"h",1', opened);
	const lines = await terminal.result(`AT+QMTCONN=0,"${"x".repeat(24)}"`, "+QMTSTAT: 0,1\r\n");
	t.deepEqual(lines, ["OK", "+QMTCONN: 0,0,2", "+QMTSTAT: 0,1"]);
	broker.close();
});

test.serial("what CONNECT carries: user, password, will, keep-alive, session, version", async t => {
	const { terminal, stub } = await onStub({}, {}, [
		'AT+QMTCFG="will",0,1,2,1,"gone","bye"',
		'AT+QMTCFG="keepalive",0,77',
		'AT+QMTCFG="session",0,0',
		'AT+QMTCFG="version",0,4',
	]);
	await terminal.result('AT+QMTOPEN=0,"h",1', opened);
	await terminal.result('AT+QMTCONN=0,"me","us er","p,w"', "+QMTCONN: 0,0,0\r\n");
	const packet = stub.heard[0].packet as Extract<Packet, { cmd: "connect" }>;
	t.is(packet.clientId, "me");
	t.is(packet.username as unknown as string, "us er");
	t.is(String(packet.password), "p,w");
	t.is(packet.keepalive, 77);
	t.false(packet.clean);
	t.is(packet.protocolVersion, 4);
	t.is(packet.will?.topic, "gone");
	t.is(String(packet.will?.payload), "bye");
	t.is(packet.will?.qos, 2);
	t.true(packet.will?.retain);
});

test.serial("aliauth computes the credentials of AliCloud", async t => {
	const { terminal, stub } = await onStub({}, {}, ['AT+QMTCFG="aliauth",0,"pk","dn","secret"']);
	await terminal.result('AT+QMTOPEN=0,"h",1', opened);
	await terminal.result('AT+QMTCONN=0,"dn"', "+QMTCONN: 0,0,0\r\n");
	const packet = stub.heard[0].packet as Extract<Packet, { cmd: "connect" }>;
	t.is(packet.clientId, "dn|securemode=3,signmethod=hmacsha1|");
	t.is(packet.username as unknown as string, "dn&pk");
	// printf clientIddndeviceNamednproductKeypk | openssl dgst -sha1 -hmac secret
	t.is(String(packet.password), "8ebd3485c20ea5fffab1b557f705c923bf025336");
});

test.serial(
	"a connection that ends abruptly: the broker publishes the will; DISCONNECT drops it",
	async t => {
		const { broker, network } = await makeBroker();
		const wills: string[] = [];
		broker.on("publish", ({ topic }) => topic === "gone" && wills.push(topic));
		for (const [command, result, count] of [
			["AT+QMTDISC=0", "+QMTDISC: 0,0\r\n", 0],
			["AT+QMTCLOSE=0", "+QMTCLOSE: 0,0\r\n", 1],
			["AT+QRST=1", "BROM", 2],
		] as const) {
			const terminal = await Terminal.quiet({ network });
			await terminal.answer('AT+QMTCFG="will",0,1,0,0,"gone","bye"');
			await terminal.connect();
			terminal.type(`${command}\r`);
			await terminal.until(result);
			await terminal.clock.advance(3000);
			t.is(wills.length, count, command);
			t.false(terminal.take().includes("QMTSTAT"));
		}
		broker.close();
	},
);

test.serial("the peer closes: +QMTSTAT 1, and the identifier is free", async t => {
	for (const resultsOnClose of ["none", "failed"] as const) {
		const { terminal, stub } = await onStub({}, { variants: { resultsOnClose } });
		await terminal.connect();
		await terminal.answer('AT+QMTPUB=0,1,1,0,"t","m"');
		await terminal.clock.advance(10);
		stub.end();
		const lines = await terminal.until("+QMTSTAT: 0,1\r\n");
		t.deepEqual(lines, [...(resultsOnClose === "failed" ? ["+QMTPUB: 0,1,2"] : []), "+QMTSTAT: 0,1"]);
		t.deepEqual(await terminal.answer("AT+QMTCONN?"), ["OK"]);
		await terminal.connect();
	}
});

test.serial("a server that closes first after DISCONNECT: +QMTSTAT 5", async t => {
	const { terminal, stub } = await onStub({}, { variants: { disconnectCloses: false } });
	await terminal.connect();
	await terminal.result("AT+QMTDISC=0", "+QMTDISC: 0,0\r\n");
	t.deepEqual(await terminal.answer("AT+QMTCONN?"), ["+QMTCONN: 0,4", "OK"]);
	stub.end();
	t.deepEqual(await terminal.until("+QMTSTAT: 0,5\r\n"), ["+QMTSTAT: 0,5"]);
});

test.serial("keep-alive: PINGREQ when idle; unanswered, +QMTSTAT 2 after pkt_timeout", async t => {
	let answers = true;
	const { terminal, stub } = await onStub(
		{ pingreq: () => (answers ? { cmd: "pingresp" } : (undefined as unknown as Packet)) },
		{},
		['AT+QMTCFG="keepalive",0,30', 'AT+QMTCFG="timeout",0,7'],
	);
	await terminal.connect();
	const start = terminal.clock.now;
	await terminal.clock.advance(20_000);
	await terminal.result('AT+QMTPUB=0,0,0,0,"t","m"', "+QMTPUB: 0,0,0\r\n");
	await terminal.clock.advance(65_000);
	const pings = (): number[] =>
		stub.heard.filter(({ cmd }) => cmd === "pingreq").map(({ atMs }) => atMs - start);
	t.deepEqual(pings(), [50_000, 80_000]);
	t.is(terminal.take(), "");
	answers = false;
	await terminal.until("+QMTSTAT: 0,2\r\n");
	t.is(terminal.clock.now - start, 110_000 + 7000);
});

for (const [command, name, cmd] of [
	['AT+QMTSUB=0,5,"t",1', "+QMTSUB: 0,5", "subscribe"],
	['AT+QMTUNS=0,5,"t"', "+QMTUNS: 0,5", "unsubscribe"],
	['AT+QMTPUB=0,5,1,0,"t","m"', "+QMTPUB: 0,5", "publish"],
	['AT+QMTPUB=0,5,2,0,"t","m"', "+QMTPUB: 0,5", "publish"],
] as const)
	for (const notice of [0, 1])
		test.serial(`${command} unanswered, timeout_notice ${notice}`, async t => {
			const { terminal, stub } = await onStub({}, {}, [`AT+QMTCFG="timeout",0,4,2,${notice}`]);
			await terminal.connect();
			const start = terminal.clock.now;
			const lines = await terminal.result(command, "+QMTSTAT: 0,6\r\n");
			const notices = notice ? [`${name},1,1`, `${name},1,2`] : [];
			t.deepEqual(lines, ["OK", ...notices, `${name},2`, "+QMTSTAT: 0,6"]);
			const sent = stub.heard.filter(packet => packet.cmd === cmd);
			t.deepEqual(
				sent.map(({ atMs }) => atMs - start),
				[0, 4000, 8000],
			);
			if (cmd === "publish")
				t.deepEqual(
					sent.map(({ packet }) => (packet as Extract<Packet, { cmd: "publish" }>).dup),
					[false, true, true],
				);
			t.is(terminal.clock.now - start, 12_000);
		});

test.serial("QoS 2: PUBREL is repeated until PUBCOMP, then the result comes", async t => {
	let releases = 0;
	const { terminal, stub } = await onStub(
		{
			publish: ({ messageId = 0 }) => ({ cmd: "pubrec", messageId }),
			pubrel: ({ messageId = 0 }) =>
				++releases < 3 ? (undefined as unknown as Packet) : { cmd: "pubcomp", messageId },
		},
		{},
		['AT+QMTCFG="timeout",0,4,3,1'],
	);
	await terminal.connect();
	const lines = await terminal.result('AT+QMTPUB=0,9,2,0,"t","m"', "+QMTPUB: 0,9,0\r\n");
	t.deepEqual(lines, ["OK", "+QMTPUB: 0,9,1,1", "+QMTPUB: 0,9,1,2", "+QMTPUB: 0,9,0"]);
	t.deepEqual(
		stub.heard.slice(1).map(({ cmd }) => cmd),
		["publish", "pubrel", "pubrel", "pubrel"],
	);
});

test.serial("a QoS 2 message that the broker repeats is reported once", async t => {
	const { terminal, stub } = await onStub({});
	await terminal.connect();
	const message = (dup: boolean): Buffer =>
		generate({ cmd: "publish", messageId: 4, qos: 2, dup, retain: false, topic: "t", payload: "m" });
	stub.send(message(false));
	stub.send(message(true));
	await terminal.clock.advance(100);
	stub.send(generate({ cmd: "pubrel", messageId: 4 }));
	await terminal.clock.advance(100);
	t.deepEqual(terminal.lines(), ['+QMTRECV: 0,4,"t","m"']);
	t.deepEqual(
		stub.heard.slice(1).map(({ cmd }) => cmd),
		["pubrec", "pubrec", "pubcomp"],
	);
});

for (const [connectTimeout, expected] of [
	["both", ["+QMTCONN: 0,2", "+QMTSTAT: 0,4"]],
	["result", ["+QMTCONN: 0,2"]],
	["stat", ["+QMTSTAT: 0,4"]],
] as const)
	test.serial(`CONNECT unanswered: ${connectTimeout}`, async t => {
		const { terminal } = await onStub(
			{ connect: () => undefined as unknown as Packet },
			{ variants: { connectTimeout } },
		);
		await terminal.result('AT+QMTOPEN=0,"h",1', opened);
		await terminal.answer('AT+QMTCONN=0,"me"');
		t.deepEqual(await terminal.answer("AT+QMTCONN?"), ["+QMTCONN: 0,2", "OK"]);
		await terminal.clock.advance(9990);
		t.is(terminal.take(), "");
		await terminal.clock.advance(20);
		t.deepEqual(terminal.lines(), expected);
		t.deepEqual(await terminal.answer("AT+QMTOPEN?"), ["OK"]);
	});

test.serial("no coverage: packets wait, CONNECT fails with 3; detached or malformed: 7", async t => {
	const { terminal, stub } = await onStub({ publish: ({ messageId = 0 }) => ({ cmd: "puback", messageId }) });
	await terminal.connect();
	terminal.modem.radio({ coverage: false });
	await terminal.answer('AT+QMTPUB=0,1,1,0,"t","m"');
	await terminal.clock.advance(5000);
	t.is(terminal.take(), "");
	terminal.modem.radio({ coverage: true });
	t.deepEqual(await terminal.until("+QMTPUB: 0,1,0\r\n"), ["+QMTPUB: 0,1,0"]);
	stub.send(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
	t.deepEqual(await terminal.until("+QMTSTAT: 0,7\r\n"), ["+QMTSTAT: 0,7"]);
	await terminal.connect();
	t.deepEqual(await terminal.answer("AT+CGATT=0"), ["+QMTSTAT: 0,7", "OK"]);
	await terminal.answer("AT+CGATT=1");
	await terminal.until("+IP");
	await terminal.result('AT+QMTOPEN=0,"h",1', opened);
	terminal.modem.radio({ coverage: false });
	t.deepEqual((await terminal.result('AT+QMTCONN=0,"me"', "+QMTSTAT: 0,3\r\n")).slice(-2), [
		"+QMTCONN: 0,2",
		"+QMTSTAT: 0,3",
	]);
});

test.serial("sessions outlive the host, not a reset", async t => {
	const { broker, network } = await makeBroker();
	const terminal = await Terminal.quiet({ network, variants: { autoBaudDrops: [0, 0] } });
	await terminal.answer('AT+QMTCFG="keepalive",0,99');
	await terminal.connect();
	terminal.modem.close();
	await terminal.clock.advance(1000);
	terminal.open(115_200);
	t.deepEqual(await terminal.answer("AT+QMTCONN?"), ["+QMTCONN: 0,3", "OK"]);
	terminal.modem.reset();
	await terminal.clock.advance(2000);
	t.false(terminal.take().includes("QMTSTAT"));
	await terminal.answer("AT");
	await terminal.answer("ATE0");
	await terminal.until("+IP: 10.170.235.216\r\n");
	t.deepEqual(await terminal.answer("AT+QMTCONN?"), ["OK"]);
	t.deepEqual(await terminal.answer('AT+QMTCFG="keepalive",0'), ['+QMTCFG: "keepalive",120', "OK"]);
	broker.close();
});

test.serial(
	"a newer client of the same name takes the broker: +QMTSTAT 1 on the older identifier",
	async t => {
		const { broker, network } = await makeBroker();
		const terminal = await Terminal.quiet({ network });
		await terminal.connect("same", 0);
		await terminal.connect("same", 1);
		await terminal.clock.advance(1000);
		t.deepEqual(await terminal.answer("AT+QMTCONN?"), ["+QMTCONN: 1,3", "OK"]);
		broker.close();
	},
);
