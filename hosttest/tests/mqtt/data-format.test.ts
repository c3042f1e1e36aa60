import test, { type ExecutionContext } from "ava";
import { Rig } from "../bc20/rig.js";
import { inbox, send } from "./inbox.js";
import { bytes, listen, observe } from "./observe.js";
import MQTTClient from "../../../modules/mqtt/client.js";
import MQTTSession from "../../../modules/mqtt/session.js";

/** What is said in place of the module's answer to AT+QMTCFG="dataformat". */
const FALSE_OK = "\r\nOK\r\n";
const FALSE_ERROR = "\r\nERROR\r\n";
const SET = /^AT\+QMTCFG="dataformat",\d,/;
const QUERY = /^AT\+QMTCFG="dataformat",\d$/;
/** The module keeps what an identifier was set to when its connection is closed. */
const KEEPS = { variants: { keepConfiguration: true } };
/** Longer than from a doubt to the look at the state. */
const DOUBT_MS = 20_000;
/** Longer than between two looks at the state without a reason. */
const LOOK_MS = 6 * 60_000;

/** A client that subscribes, and takes refusals. */
function client(rig: Rig) {
	const { messages, onReadable } = inbox();
	const refused: number[] = [];
	const observed = observe(rig, {
		onReadable,
		onRefused: id => refused.push(id),
		onControl({ operation }) {
			if (operation === MQTTClient.CONNACK)
				this.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: "in", QoS: 1 }] });
		},
	});
	return { ...observed, messages, refused, subscribed: () => observed.until("control 9") };
}

/** A message goes out and one comes in as they were written. */
async function exchanges(t: ExecutionContext, rig: Rig) {
	const published = listen(rig, "out");
	const { client: mqtt, messages, subscribed, until, errors } = client(rig);
	await subscribed();
	mqtt.write(bytes('{"a":1}'), { topic: "out", QoS: 1, id: 7 });
	await until("control 4");
	await send(rig, "in", "6869");
	await rig.clock.run(() => messages.length > 0, 10_000);
	t.deepEqual(
		published.map(({ payload }) => payload),
		['{"a":1}'],
	);
	t.is(messages[0].payload.toString(), "6869");
	t.deepEqual(errors, []);
	return mqtt;
}

test.serial(
	"firmware V1.0 taken for later by a false OK: a publish that is refused ends it, the next is right",
	async t => {
		const rig = await Rig.ready(t, { simulator: { profile: "A" } });
		rig.line.answer(SET, FALSE_OK, { times: 1 });
		const { client: mqtt, subscribed, until, refused, errors } = client(rig);
		await subscribed();
		mqtt.write(bytes("hello"), { topic: "out", QoS: 1, id: 7 });
		await until("error");
		t.deepEqual(refused, [], "it is not the message's fault");
		t.is(errors[0].name, "NotSentError");
		await exchanges(t, rig);
		t.is(rig.modem.restarts, 0);
	},
);

test.serial("firmware V1.0 taken for later by a false OK: a message that is not in hex ends it", async t => {
	const rig = await Rig.ready(t, { simulator: { profile: "A" } });
	rig.line.answer(SET, FALSE_OK, { times: 1 });
	const { client: mqtt, subscribed, until, messages, errors } = client(rig);
	await subscribed();
	await send(rig, "in", "hello");
	const { now } = rig.clock;
	await until("error");
	t.true(rig.clock.now - now < DOUBT_MS);
	t.is(errors[0].name, "FormatError");
	t.true((errors[0] as { isOwn?: boolean }).isOwn);
	t.deepEqual(messages, []);
	t.is(mqtt.dropped, 1);
	await exchanges(t, rig);
	t.is(rig.modem.restarts, 0);
});

test.serial(
	"later firmware taken for V1.0 by false errors, with hex left from before: found, the next is right",
	async t => {
		const rig = await Rig.ready(t, { simulator: KEEPS });
		(await exchanges(t, rig)).close();
		await rig.clock.advance(1000);
		rig.line.answer(SET, FALSE_ERROR, { times: 1 });
		rig.line.answer(QUERY, FALSE_ERROR, { times: 1 });
		const { subscribed, errors } = client(rig);
		await subscribed();
		await rig.clock.run(() => errors.length > 0, LOOK_MS);
		t.is(errors[0].name, "FormatError");
		await exchanges(t, rig);
		t.is(rig.modem.restarts, 0);
	},
);

test.serial("an error alone makes no firmware V1.0: the option is set again", async t => {
	const rig = await Rig.ready(t);
	rig.line.answer(SET, FALSE_ERROR, { times: 1 });
	await exchanges(t, rig);
	t.is(rig.count('AT+QMTCFG="dataformat",0,0,1'), 2);
	t.is(rig.count('AT+QMTCFG="dataformat",0'), 1);
	t.is(rig.count('AT+QMTCFG="echomode",0,0'), 1);
});

test.serial("firmware V1.0: two commands find it out, the later options are not sent", async t => {
	const rig = await Rig.ready(t, { simulator: { profile: "A" } });
	await exchanges(t, rig);
	t.deepEqual(
		rig.line.commands.filter(command => /dataformat|version|echomode/.test(command)),
		['AT+QMTCFG="dataformat",0,0,1', 'AT+QMTCFG="dataformat",0'],
	);
});

test.serial("a firmware that has the option and refuses to set it is used as V1.0", async t => {
	const rig = await Rig.ready(t);
	rig.line.answer(SET, FALSE_ERROR);
	await exchanges(t, rig);
});

for (const profile of ["A", "B"] as const)
	test.serial(`profile ${profile}: the format is as it was set, whatever is doubted`, async t => {
		const rig = await Rig.ready(t, { simulator: { profile } });
		const { client: mqtt, subscribed, errors, messages } = client(rig);
		await subscribed();
		rig.line.raw('\r\n+QMTRECV: 0,0,"t","no hex"\r\n');
		await rig.clock.advance(LOOK_MS);
		t.deepEqual(errors, []);
		await send(rig, "in", "hi");
		await rig.clock.run(() => messages.some(({ payload }) => payload.toString() === "hi"), 10_000);
		t.is(mqtt.dropped, profile === "B" ? 1 : 0);
		const queries = rig.line.commands.filter(command => QUERY.test(command)).length;
		t.is(queries, profile === "B" ? 1 : 2, "V1.0: when connecting too");
	});

for (const [profile, first, second] of [
	["A", FALSE_OK, undefined],
	["B", FALSE_ERROR, FALSE_ERROR],
] as const)
	test.serial(`profile ${profile} taken for the other: a session is right again by itself`, async t => {
		const rig = await Rig.ready(t, { simulator: { profile, ...KEEPS } });
		if (profile === "B") {
			(await exchanges(t, rig)).close();
			await rig.clock.advance(1000);
		}
		rig.line.answer(SET, first, { times: 1 });
		if (second) rig.line.answer(QUERY, second, { times: 1 });
		const messages: string[] = [];
		const session = new MQTTSession({
			mqtt: { io: MQTTClient, modem: rig.modem },
			host: "broker.test",
			id: "s",
		});
		t.teardown(() => session.close());
		await Promise.all([
			session.subscribe("in", (_, payload) => void messages.push(Buffer.from(payload).toString()), {
				QoS: 1,
			}),
			rig.clock.advance(5000),
		]);
		for (let minute = 0; minute < 8 && !messages.includes("hello"); minute++) {
			await send(rig, "in", "hello");
			await rig.clock.advance(60_000);
		}
		t.true(messages.includes("hello"));
		t.is(rig.modem.restarts, 0);
	});
