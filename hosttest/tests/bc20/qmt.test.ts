import test from "ava";
import { createHmac } from "node:crypto";
import type { AedesOptions } from "aedes";
import { CommandError, ParameterError, TimeoutError } from "../../../modules/at/errors.js";
import { CME_ERRORS, CONNECT_RETURN_CODES, GRANTED } from "../../../modules/bc20/codes.js";
import { MQTT, type QMTCommand, type QMTForm, packetTime } from "../../../modules/bc20/qmt-commands.js";
import { QMT } from "../../../modules/bc20/qmt.js";
import { CHAPTER_6 } from "../transcript.js";
import { recordedQMT, schedulerOf, settled } from "./qmt-bench.js";
import { REFUSED, cases, range } from "./qmt-cases.js";
import { failures } from "./qmt-failures.js";
import { Rig } from "./rig.js";

const commandsOf = (conversation: string) =>
	Buffer.from(conversation)
		.toString("latin1")
		.split("\n")
		.map(line => line.trim())
		.filter(line => line.startsWith("> AT"))
		.map(line => line.slice(2));

const broker: AedesOptions = {
	authorizeSubscribe: (_client, subscription, done) =>
		done(null, subscription.topic === REFUSED ? null : subscription),
};

test("every form of every command of the note has its conversation", t => {
	for (const [name, { forms }] of Object.entries<QMTCommand>(MQTT))
		for (const form of forms)
			t.true(
				cases.some(sample => sample.command === name && sample.form === form),
				`${name} ${form}`,
			);
	const wrong = cases.filter(
		({ command, form }) => !(MQTT[command].forms as readonly QMTForm[]).includes(form),
	);
	t.deepEqual(wrong, []);
});

test.serial("recorded conversations: bytes sent and typed results", async t => {
	const { converse } = await recordedQMT();
	for (const { call, conversation, result } of cases)
		t.deepEqual(await converse(call, conversation), { result }, conversation);
});

for (const profile of ["A", "B"] as const)
	test.serial(`the simulator, profile ${profile}: bytes sent and typed results`, async t => {
		const rig = await Rig.ready(t, { simulator: { profile }, broker });
		const qmt = new QMT(await schedulerOf(rig));
		await rig.quiet();
		for (const { call, conversation, later, ...sample } of cases) {
			const before = rig.line.commands.length;
			const outcome = await settled(rig, call(qmt));
			t.deepEqual(rig.line.commands.slice(before), commandsOf(conversation));
			if (profile === "A" && later) t.is(outcome.error?.name, "CommandError", conversation);
			else {
				const { result, noteResult = result } = sample;
				t.deepEqual(outcome, { result: profile === "A" ? noteResult : result }, conversation);
			}
		}
	});

for (const { title, call, conversation, error, code, message, result } of failures)
	test.serial(`recorded: ${title}`, async t => {
		const { converse } = await recordedQMT();
		const outcome = await converse(call, conversation);
		t.is(outcome.error?.name, error);
		if (error) {
			t.is(outcome.error?.code, code);
			t.regex(outcome.error?.message ?? "", message ?? /./);
		} else t.deepEqual(outcome.result, result);
	});

test("each documented code comes in a conversation", t => {
	const conversations = [...cases, ...failures].map(({ conversation }) => conversation).join("\n");
	const seen = (name: string, keys: number, code: string) =>
		new RegExp(`< \\${name}: (\\d+,){${keys}}${code}(,|$)`, "m").test(conversations);
	for (const { name, results = {}, result } of Object.values<QMTCommand>(MQTT))
		for (const code of Object.keys(results)) {
			// QMTPUB of the three forms has one name, one result.
			t.true(seen(name, result?.keys ?? 1, code), `${name} ${code}`);
		}
	for (const code of Object.keys(CONNECT_RETURN_CODES)) t.true(seen("+QMTCONN", 1, `0,${code}`), code);
	for (const code of Object.keys(GRANTED))
		t.regex(conversations, new RegExp(`QMTSUB: \\d,\\d+,0,.*\\b${code}\\b`));
	for (const code of Object.keys(CME_ERRORS).filter(code => Number(code) <= 100))
		t.true(conversations.includes(`+CME ERROR: ${code}\n`), code);
});

test.serial("retransmissions are told while they happen", async t => {
	const { converse } = await recordedQMT();
	const counts: number[] = [];
	const options = { onRetransmission: (count: number) => counts.push(count) };
	const message = { topic: "t", message: "m", form: "inline", QoS: 1, retain: false } as const;
	await converse(
		qmt => qmt.subscribe(0, 7, [{ topic: "t", QoS: 1 }], options),
		'> AT+QMTSUB=0,7,"t",1\n< OK\n< +QMTSUB: 0,7,1,1\n< +QMTSUB: 0,7,1,2\n< +QMTSUB: 0,7,0,1',
	);
	await converse(
		qmt => qmt.unsubscribe(0, 8, ["t"], options),
		'> AT+QMTUNS=0,8,"t"\n< OK\n< +QMTUNS: 0,8,1,3\n< +QMTUNS: 0,8,0',
	);
	await converse(
		qmt => qmt.publish(0, 9, message, options),
		'> AT+QMTPUB=0,9,1,0,"t","m"\n< OK\n< +QMTPUB: 0,9,1,4\n< +QMTPUB: 0,9,0',
	);
	await converse(
		qmt => qmt.connect(0, { clientId: "x" }, options),
		'> AT+QMTCONN=0,"x"\n< OK\n< +QMTCONN: 0,1\n< +QMTCONN: 0,0,0',
	);
	t.deepEqual(counts, [1, 2, 3, 4, 1]);
});

for (const profile of ["A", "B"] as const)
	test.serial(`the simulator, profile ${profile}: packets without an answer`, async t => {
		const rig = await Rig.ready(t, { simulator: { profile } });
		const qmt = new QMT(await schedulerOf(rig));
		await settled(rig, qmt.setTimeout(0, { packetTimeout: 2, retries: 2, notice: true }));
		await settled(rig, qmt.open(0, "broker.test", 1883));
		t.deepEqual(await settled(rig, qmt.connect(0, { clientId: "x" })), { result: undefined });
		rig.sim.radio({ coverage: false });
		const counts: number[] = [];
		const start = rig.clock.now;
		const { error } = await settled(
			rig,
			qmt.subscribe(0, 1, [{ topic: "t", QoS: 1 }], { onRetransmission: count => counts.push(count) }),
		);
		t.deepEqual(counts, [1, 2]);
		t.is(error?.name, "PacketError");
		t.is(error?.code, 2);
		t.true(rig.clock.now - start >= 6000 && rig.clock.now - start < packetTime(2, 2));
	});

for (const profile of ["A", "B"] as const)
	test.serial(`the simulator, profile ${profile}: six identifiers at once`, async t => {
		const rig = await Rig.ready(t, { simulator: { profile } });
		const published: string[] = [];
		rig.broker.on("publish", (packet, client) => client && published.push(`${client.id} ${packet.topic}`));
		const qmt = new QMT(await schedulerOf(rig));
		const all = (call: (id: number) => Promise<unknown>) =>
			settled(rig, Promise.all([0, 1, 2, 3, 4, 5].map(call)));
		await all(id => qmt.open(id, `broker${id}.test`, 1883 + id));
		t.deepEqual(
			(await settled(rig, qmt.opened())).result,
			[0, 1, 2, 3, 4, 5].map(id => ({ id, host: `broker${id}.test`, port: 1883 + id })),
		);
		await all(id => qmt.connect(id, { clientId: `client ${id}` }));
		t.deepEqual(
			(await settled(rig, qmt.clientStates())).result,
			[0, 1, 2, 3, 4, 5].map(id => ({ id, state: 3 })),
		);
		// The same msgID on each: results are told apart by identifier.
		const { result } = await all(id => qmt.subscribe(id, 1, [{ topic: `in/${id}`, QoS: id % 3 }]));
		t.deepEqual(result, [[0], [1], [2], [0], [1], [2]]);
		await all(id =>
			qmt.publish(id, 2, { topic: `out/${id}`, message: "m", form: "inline", QoS: 1, retain: false }),
		);
		t.deepEqual(
			published.sort(),
			[0, 1, 2, 3, 4, 5].map(id => `client ${id} out/${id}`),
		);
		t.deepEqual(await all(id => qmt.disconnect(id)), { result: Array.from({ length: 6 }) });
	});

for (const profile of ["A", "B"] as const)
	test.serial(`the simulator, profile ${profile}: AliCloud`, async t => {
		const seen: (string | undefined)[] = [];
		const rig = await Rig.ready(t, {
			simulator: { profile },
			broker: {
				// Longer than MQTT 3.1 allows: AliCloud takes it all the same.
				maxClientsIdLength: 100,
				authenticate: (client, user, password, done) => {
					seen.push(client.id, user, password?.toString());
					done(null, true);
				},
			},
		});
		const qmt = new QMT(await schedulerOf(rig));
		const [productKey, deviceName, deviceSecret] = ["pk", "dn", "very secret"];
		await settled(rig, qmt.setAliAuth(0, { productKey, deviceName, deviceSecret }));
		await settled(rig, qmt.open(0, `${productKey}.iot-as-mqtt.cn-shanghai.aliyuncs.com`, 1883));
		t.deepEqual(await settled(rig, qmt.connect(0, { clientId: deviceName })), { result: undefined });
		const hmac = createHmac("sha1", deviceSecret).update("clientIddndeviceNamedn" + "productKeypk");
		t.deepEqual(seen, ["dn|securemode=3,signmethod=hmacsha1|", "dn&pk", hmac.digest("hex")]);
		t.deepEqual((await settled(rig, qmt.aliAuth(0))).result, { productKey, deviceName, deviceSecret });
		t.false(rig.conversation.some(text => text.includes(deviceSecret)));
	});

test.serial("secrets are in no trace and no error", async t => {
	const trace: string[] = [];
	const { converse } = await recordedQMT(trace);
	const secret = "hush hush";
	await converse(
		qmt => qmt.aliAuth(1),
		`> AT+QMTCFG="aliauth",1\n< +QMTCFG: "aliauth",pk,dn,${secret}\n< OK`,
	);
	const device = { productKey: "pk", deviceName: "dn", deviceSecret: secret };
	const { error } = await converse(
		qmt => qmt.setAliAuth(1, device),
		`> AT+QMTCFG="aliauth",1,"pk","dn","${secret}"\n< +CME ERROR: 50`,
	);
	await converse(
		qmt => qmt.connect(1, { clientId: "c", user: "somebody", password: secret }),
		`> AT+QMTCONN=1,"c","somebody","${secret}"\n< OK\n< +QMTCONN: 1,0,4`,
	);
	t.true(error instanceof CommandError);
	t.false([...trace, String(error)].some(text => text.includes(secret)));
});

test.serial("answers that the note leaves open", async t => {
	const { converse } = await recordedQMT();
	const will = { topic: "gone/device", QoS: 1, retain: false };
	for (const [answer, message] of [
		['"gone/device","no, not well"', "no, not well"],
		["gone/device,no, not well", "no, not well"],
		['"gone/device",no, not well', "no, not well"],
		['"gone/device",""', ""],
		["gone/device,", ""],
		['gone/device,say "no"', 'say "no"'],
		['"gone/device","say "no""', 'say "no"'],
		['"gone/device","a","b"', 'a","b'],
	])
		t.deepEqual(
			await converse(qmt => qmt.will(4), `> AT+QMTCFG="will",4\n< +QMTCFG: "will",1,1,0,${answer}\n< OK`),
			{ result: { ...will, message } },
			answer,
		);
	t.deepEqual(
		await converse(qmt => qmt.keepAlive(4), '> AT+QMTCFG="keepalive",4\n< +QMTCFG:"KEEPALIVE",60\n< OK'),
		{ result: 60 },
	);
	t.deepEqual(
		await converse(
			qmt => qmt.publishRange(),
			"> AT+QMTPUB=?\n< +QMTPUB: (0-5),(0-65535),(0,1,2),(0,1),<topic>,<msg>\n< OK",
		),
		{
			result: [range(0, 5), range(0, 65535), range(0, 2), range(0, 1), "topic", "msg"],
		},
	);
});

test.serial("a late result is no answer to a test or read form", async t => {
	const { converse } = await recordedQMT();
	t.deepEqual(
		await converse(qmt => qmt.clientStates(), "> AT+QMTCONN?\n< +QMTCONN: 2,0,0\n< +QMTCONN: 1,2\n< OK"),
		{ result: [{ id: 1, state: 2 }] },
	);
	t.deepEqual(
		await converse(qmt => qmt.closeRange(), "> AT+QMTCLOSE=?\n< +QMTCLOSE: 2,0\n< +QMTCLOSE: (0-5)\n< OK"),
		{
			result: [range(0, 5)],
		},
	);
	t.deepEqual(
		await converse(qmt => qmt.opened(), '> AT+QMTOPEN?\n< +QMTOPEN: 2,0\n< +QMTOPEN: 1,"h",5\n< OK'),
		{
			result: [{ id: 1, host: "h", port: 5 }],
		},
	);
});

const publication = { topic: "t", message: "m", form: "inline", QoS: 0, retain: false } as const;
for (const [title, call, parameter] of [
	["identifier 6", qmt => qmt.keepAlive(6), "tcpconnectID"],
	["identifier -1", qmt => qmt.publish(-1, 0, publication), "tcpconnectID"],
	["keep-alive 3601", qmt => qmt.setKeepAlive(0, 3601), "keep-alive time"],
	["pkt_timeout 0", qmt => qmt.setTimeout(0, { packetTimeout: 0 }), "pkt_timeout"],
	["11 retries", qmt => qmt.setTimeout(0, { packetTimeout: 1, retries: 11 }), "retry_times"],
	["notice without retries", qmt => qmt.setTimeout(0, { packetTimeout: 1, notice: true }), "retry_times"],
	[
		"a will without topic",
		qmt => qmt.setWill(0, { topic: "", message: "", QoS: 0, retain: false }),
		"will_topic",
	],
	[
		"AliCloud without secret",
		qmt => qmt.setAliAuth(0, { productKey: "p", deviceName: "d", deviceSecret: "" }),
		"device_secret",
	],
	["version 5", qmt => qmt.setVersion(0, 5 as 4), "vsn"],
	[
		"an unknown format",
		qmt => qmt.setDataFormat(0, { send: "base64" as "hex", receive: "text" }),
		"send_format",
	],
	["host of 101 bytes", qmt => qmt.open(0, "h".repeat(101), 1), "host_name"],
	["port 0", qmt => qmt.open(0, "h", 0), "port"],
	["msgID 0 of SUBSCRIBE", qmt => qmt.subscribe(0, 0, [{ topic: "t", QoS: 0 }]), "msgID"],
	["no topic to subscribe to", qmt => qmt.subscribe(0, 1, []), "topic"],
	["QoS 3", qmt => qmt.subscribe(0, 1, [{ topic: "t", QoS: 3 }]), "qos"],
	["a quote in the second topic", qmt => qmt.unsubscribe(0, 1, ["t", 'a"b']), "topic"],
	["no topic to unsubscribe from", qmt => qmt.unsubscribe(0, 1, []), "topic"],
	["msgID 0 with QoS 1", qmt => qmt.publish(0, 0, { ...publication, QoS: 1 }), "msgID"],
	["701 bytes inline", qmt => qmt.publish(0, 0, { ...publication, message: "m".repeat(701) }), "msg"],
	[
		"351 bytes as hex",
		qmt => qmt.publish(0, 0, { ...publication, form: "hex", message: new Uint8Array(351) }),
		"msg",
	],
	[
		"1025 bytes behind the prompt",
		qmt => qmt.publish(0, 0, { ...publication, form: "data", message: new Uint8Array(1025) }),
		"msg",
	],
	[
		"Ctrl-Z behind the prompt",
		qmt => qmt.publish(0, 0, { ...publication, form: "data", message: "\x1a" }),
		"data",
	],
] as readonly [string, (qmt: QMT) => Promise<unknown>, string][])
	test.serial(`refused, and nothing is sent: ${title}`, async t => {
		const { qmt, clock, serial } = await recordedQMT();
		const error = await t.throwsAsync(call(qmt), { instanceOf: ParameterError });
		t.is(error.parameter, parameter);
		await clock.advance(100);
		t.is(serial.take(), "");
	});

test.serial("the longest topics and messages go out", async t => {
	const { qmt, clock, serial } = await recordedQMT();
	const topic = "t".repeat(255);
	void qmt.publish(0, 0, { ...publication, topic, message: "m".repeat(700) }).catch(() => undefined);
	for (let i = 0; i < 20; i++) {
		serial.writable();
		await clock.advance(1);
	}
	t.is(serial.take(), `AT+QMTPUB=0,0,0,0,"${topic}","${"m".repeat(700)}"\r`);
});

for (const [title, prepare, call, expectedMs] of [
	["default", undefined, qmt => qmt.unsubscribe(0, 1, ["t"]), 42_000],
	["as configured", [5, 1], qmt => qmt.unsubscribe(0, 1, ["t"]), 12_000],
	["as configured: SUBSCRIBE", [5, 0], qmt => qmt.subscribe(0, 1, [{ topic: "t", QoS: 0 }]), 7000],
	["of another identifier: default", [5, 1], qmt => qmt.unsubscribe(1, 1, ["t"]), 42_000],
	["CONNECT is not repeated", [5, 9], qmt => qmt.connect(0, { clientId: "" }), 7000],
	["QoS 1", [1, 1], qmt => qmt.publish(0, 1, { ...publication, QoS: 1 }), 4000],
	["QoS 2: two packets", [1, 1], qmt => qmt.publish(0, 1, { ...publication, QoS: 2 }), 8000],
	["as asked for", [1, 1], qmt => qmt.unsubscribe(0, 1, ["t"], { packetTime: 9000 }), 9000],
	["QMTOPEN: 75 s", [1, 1], qmt => qmt.open(0, "h", 1), 75_000],
	["QMTCLOSE", undefined, qmt => qmt.close(0), 5000],
] as readonly [string, [number, number] | undefined, (qmt: QMT) => Promise<unknown>, number][])
	test.serial(`time limit of a result, ${title}: ${expectedMs} ms`, async t => {
		const { converse, clock, qmt, serial } = await recordedQMT();
		if (prepare) {
			const [packetTimeout, retries] = prepare;
			await converse(
				it => it.setTimeout(0, { packetTimeout, retries }),
				`> AT+QMTCFG="timeout",0,${packetTimeout},${retries}\n< OK`,
			);
		}
		let failed: unknown;
		call(qmt).catch((error: unknown) => (failed = error));
		await clock.advance(1);
		serial.receive("\r\nOK\r\n");
		await clock.advance(expectedMs - 1);
		t.is(failed, undefined);
		await clock.advance(500);
		t.true(failed instanceof TimeoutError);
		t.regex(String(failed), new RegExp(`no result within ${expectedMs} ms`));
	});

test.serial("a query tells the time limits too; a setting that failed does not", async t => {
	const { converse, qmt } = await recordedQMT();
	await converse(it => it.timeout(2), '> AT+QMTCFG="timeout",2\n< +QMTCFG: "timeout",7,0,0\n< OK');
	t.is(qmt.resultTime(MQTT.publish, 2), packetTime(7, 0));
	await converse(it => it.setTimeout(2, { packetTimeout: 1 }), '> AT+QMTCFG="timeout",2,1\n< ERROR');
	t.is(qmt.resultTime(MQTT.publish, 2), packetTime(7, 0));
	t.is(qmt.resultTime(MQTT.open, 2), undefined, "does not follow them");
});

test.serial("chapter 6 of the note", async t => {
	const { converse } = await recordedQMT();
	const calls: ((qmt: QMT) => Promise<unknown>)[] = [
		qmt => qmt.openRange(),
		qmt => qmt.open(0, "220.180.239.212", 8401),
		qmt => qmt.opened(),
		qmt => qmt.connectRange(),
		qmt => qmt.connect(0, { clientId: "clientExample" }),
		qmt => qmt.subscribeRange(),
		qmt => qmt.subscribe(0, 1, [{ topic: "topic/example", QoS: 2 }]),
		qmt => qmt.subscribe(0, 1, [{ topic: "topic/pub", QoS: 0 }]),
		qmt => qmt.unsubscribe(0, 2, ["topic/example"]),
		qmt => qmt.publishRange(),
		qmt => qmt.publish(0, 0, { ...publication, topic: "topic/pub", message: "hello MQTT." }),
		qmt => qmt.disconnect(0),
	];
	const results: unknown[] = [];
	// One conversation for each command.
	for (const [index, conversation] of CHAPTER_6.trim()
		.split(/\n(?=> )/)
		.entries())
		results.push(await converse(calls[index], conversation));
	const ids = range(0, 5);
	t.deepEqual(
		results,
		[
			[ids, "host_name", "port"],
			undefined,
			[{ id: 0, host: "220.180.239.212", port: 8401 }],
			[ids, "clientID", "username", "password"],
			undefined,
			[ids, "msgID", "topic", "qos", "topic", "qos"],
			[2],
			[0],
			undefined,
			[ids, "msgID", "qos", "retain", "topic", "msg"],
			undefined,
			undefined,
		].map(result => ({ result })),
	);
});
