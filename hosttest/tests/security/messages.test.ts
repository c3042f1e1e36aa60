import test, { type ExecutionContext } from "ava";
import { execute } from "../../../modules/at/execute.js";
import { QMT } from "../../../modules/bc20/qmt.js";
import { Basic } from "../../../modules/bc20/commands.js";
import { ParameterError } from "../../../modules/at/errors.js";
import MQTTClient from "../../../modules/mqtt/client.js";
import type { PublishForm } from "../../../modules/bc20/qmt.js";
import { CheckedText, type Text } from "../../../modules/at/text.js";
import MQTTSession from "../../../modules/mqtt/session.js";
import { encodePack, SenmlError } from "../../../modules/telemetry/senml.js";
import { latin1, latin1Of, utf8 } from "../bytes.js";
import { stepOf } from "../sampling.js";
import { readingModem } from "./reading-modem.js";
import { type Given, texts } from "./values.js";

const BREAKING = "x\rAT+QRST=1\r\x1aAT+QPOWD=0\r\x1b";

/** Whether a call of QMT has ended, and how. */
async function outcome(call: Promise<unknown>, clock: { advance(ms: number): Promise<void> }) {
	const ends: { error?: unknown }[] = [];
	call.then(
		() => ends.push({}),
		(error: unknown) => ends.push({ error }),
	);
	for (let ms = 0; ms < 50 && !ends.length; ms++) await clock.advance(1);
	if (!ends.length) throw new Error("neither done nor failed");
	return ends[0].error;
}

const LIMITS: Readonly<Record<PublishForm, number>> = { inline: 700, hex: 350, data: 1024 };
const FORBIDDEN: Readonly<Record<PublishForm, RegExp | undefined>> = {
	inline: /[\x00-\x1f\x7f]/,
	hex: undefined,
	data: /[\x1a\x1b]/,
};

for (const form of ["data", "inline", "hex"] as const)
	test.serial(
		`QMT.publish, ${form}: any message is refused before a byte goes out, or arrives as it is`,
		async t => {
			const { clock, scheduler, serial, understood } = await readingModem(form !== "inline");
			const qmt = new QMT(scheduler);
			let arrived = 0;
			let refused = 0;
			for (const { value, bytes } of few(texts(LIMITS[form], stepOf(16)))) {
				understood.commands.length = understood.data.length = 0;
				const fits = bytes !== undefined && bytes.length <= LIMITS[form] && !FORBIDDEN[form]?.test(bytes);
				serial.take();
				const publication = { topic: "t", message: value as Text, form, QoS: 0, retain: false };
				const error = await outcome(qmt.publish(0, 0, publication), clock);
				const shown = JSON.stringify(bytes ?? typeof value).slice(0, 100);
				if (!fits) {
					if (!(error instanceof ParameterError || error instanceof TypeError) || serial.take() !== "")
						throw new Error(`${shown}: ${String(error)}`);
					refused++;
					continue;
				}
				if (error) throw new Error(`${shown}: refused`, { cause: error });
				const [{ parameters }] = understood.commands;
				const came = form === "data" ? understood.data[0] : parameters[5];
				if (came !== (form === "hex" ? hexOf(bytes) : bytes) || understood.commands.length !== 1)
					throw new Error(`${shown} came as ${JSON.stringify(came)}`);
				arrived++;
			}
			t.true(arrived > 50 && refused > 20, `${arrived} arrived, ${refused} refused`);
			t.deepEqual(understood.faults, []);
			t.log(`${arrived} arrived, ${refused} refused`);
		},
	);

function hexOf(bytes: string): string {
	return Array.from(bytes, byte => byte.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()).join("");
}

/** Each byte in one place as bytes and as text, and all else: all places are tried on the commands themselves (commands.test.ts). */
function few(all: readonly Given[]): Given[] {
	return all.filter(({ bytes }) => {
		if (bytes === undefined || bytes.length > 60) return true;
		return !bytes.endsWith("yyyyy") && !(bytes.length === 3 && /^[^]ab$|^ab[^]$/.test(bytes));
	});
}

test.serial(
	"what becomes of a buffer while its command waits changes nothing of what was checked",
	async t => {
		const { clock, scheduler, understood } = await readingModem(true);
		const qmt = new QMT(scheduler);
		const buffer = () => new Uint8Array(BREAKING.length).fill(0x61);
		const calls: readonly ((bytes: Uint8Array<ArrayBuffer>) => Promise<unknown>)[] = [
			bytes => qmt.publish(0, 0, { topic: bytes, message: "m", form: "data", QoS: 0, retain: false }),
			bytes => qmt.publish(0, 0, { topic: "t", message: bytes, form: "data", QoS: 0, retain: false }),
			bytes => qmt.publish(0, 0, { topic: "t", message: bytes.buffer, form: "data", QoS: 0, retain: false }),
			bytes => qmt.publish(0, 0, { topic: "t", message: bytes, form: "inline", QoS: 0, retain: false }),
			bytes => qmt.publish(0, 0, { topic: "t", message: bytes, form: "hex", QoS: 0, retain: false }),
			bytes => qmt.subscribe(0, 1, [{ topic: bytes, QoS: 0 }]),
			bytes => qmt.unsubscribe(0, 1, [bytes.buffer]),
			bytes => qmt.connect(0, { clientId: bytes, user: bytes.buffer, password: bytes }),
			bytes => qmt.setWill(0, { topic: bytes, message: bytes.buffer, QoS: 0, retain: false }),
			bytes => qmt.setAliAuth(0, { productKey: bytes, deviceName: bytes, deviceSecret: bytes.buffer }),
		];
		for (const call of calls) {
			const bytes = buffer();
			const first = execute(scheduler, Basic.signal, "execute");
			const called = call(bytes);
			bytes.set(latin1(BREAKING));
			t.is(await outcome(first, clock), undefined);
			t.is(await outcome(called, clock), undefined);
		}
		t.deepEqual(understood.faults, []);
		t.is(understood.commands.length, 2 * calls.length);
		for (const text of [...understood.data, ...understood.commands.flatMap(({ parameters }) => parameters)])
			t.false(typeof text === "string" && /QRST|QPOWD|5152/.test(text), String(text));
		t.true(understood.data.includes("a".repeat(BREAKING.length)));
	},
);

/** A client on a reading modem, connected. */
async function connectedClient(later: boolean) {
	const reading = await readingModem(later);
	const state = { isConnected: false, isWritable: false, answers: 0, errors: [] as Error[] };
	const client = new MQTTClient({
		modem: reading.modem,
		host: "h",
		onControl: ({ operation }) => {
			state.isConnected = true;
			if (operation === MQTTClient.SUBACK || operation === MQTTClient.UNSUBACK) state.answers++;
		},
		onWritable: () => (state.isWritable = true),
		onError: error => state.errors.push(error),
	});
	const until = async (condition: () => boolean) => {
		for (let ms = 0; ms < 200 && !condition(); ms++) await reading.clock.advance(1);
		if (!condition()) throw state.errors[0] ?? new Error("nothing comes");
	};
	await until(() => state.isWritable);
	return { ...reading, client, state, until };
}

/** Where a wildcard may stand in a filter: MQTT 3.1.1, 4.7.1. */
function isFilter(filter: string): boolean {
	const levels = filter.split("/");
	return levels.every(
		(level, index) => !/[+#]/.test(level) || level === "+" || (level === "#" && index === levels.length - 1),
	);
}
const isTopic = (bytes: string) =>
	bytes.length >= 1 && bytes.length <= 255 && !/["\x00-\x1f\x7f]/.test(bytes);

/** Publishes or subscribes with each topic: refused by name and nothing sent, or a command with that topic. */
async function tryTopics(
	t: ExecutionContext,
	operation: "PUBLISH" | "SUBSCRIBE" | "UNSUBSCRIBE",
): Promise<void> {
	const { client, clock, state, until, understood } = await connectedClient(true);
	const isPublish = operation === "PUBLISH";
	let arrived = 0;
	let refused = 0;
	for (const { value, bytes } of few(texts(255, stepOf(16)))) {
		understood.commands.length = 0;
		const topic = value as string;
		const fits = bytes !== undefined && isTopic(bytes) && (isPublish ? !/[+#]/.test(bytes) : isFilter(bytes));
		state.isWritable = false;
		const { answers } = state;
		let error: unknown;
		try {
			if (isPublish) client.write(new Uint8Array(1), { topic });
			else client.write(null, { operation: MQTTClient[operation], items: [{ topic }] });
		} catch (exception) {
			error = exception;
		}
		const shown = JSON.stringify(bytes ?? typeof value).slice(0, 100);
		if (fits === (error !== undefined)) throw new Error(`${shown}: ${String(error)}`);
		if (!fits) {
			const { message } = error as Error;
			if (!/^(?:topic|items\[0\]\.topic)\b/.test(message)) throw new Error(`${shown}: unclear: ${message}`);
			refused++;
			continue;
		}
		await until(() => (isPublish ? state.isWritable : state.answers > answers));
		const [{ name, parameters }] = understood.commands;
		const came = parameters[isPublish ? 4 : 2];
		if (came !== bytes || understood.commands.length !== 1)
			throw new Error(`${shown} came as ${name} ${JSON.stringify(came)}`);
		arrived++;
	}
	await clock.advance(10);
	t.true(arrived > 50 && refused > 40, `${arrived} arrived, ${refused} refused`);
	t.deepEqual(understood.faults, []);
	t.deepEqual(state.errors, []);
	client.close();
	t.log(`${arrived} arrived, ${refused} refused`);
}

for (const operation of ["PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE"] as const)
	test.serial(`MQTT client, ${operation}: any topic is refused by name, or arrives as it is`, t =>
		tryTopics(t, operation),
	);

test.serial(
	"MQTTSession: any topic, filter and text arrives as it is, or its promise is rejected",
	async t => {
		const { clock, modem, understood } = await readingModem(true);
		const session = new MQTTSession({ mqtt: { io: MQTTClient, modem }, host: "h", onError: () => undefined });
		for (let ms = 0; ms < 100 && !session.connected; ms++) await clock.advance(1);
		await clock.advance(10);
		understood.commands.length = 0;
		const counts = { arrived: 0, refused: 0 };
		for (const { value, bytes } of few(texts(255, stepOf(16)))) {
			const topic = value as string;
			const isText = typeof value === "string" && bytes !== undefined && isTopic(bytes);
			const shown = JSON.stringify(bytes ?? typeof value).slice(0, 100);
			const attempt = async (
				call: Promise<unknown>,
				fits: boolean,
				came: () => unknown,
				expected: unknown,
			) => {
				const error = await outcome(call, clock);
				if (fits === (error !== undefined)) throw new Error(`${shown}: ${String(error)}`);
				if (fits && came() !== expected) throw new Error(`${shown} came as ${JSON.stringify(came())}`);
				if (!fits && understood.commands.length) throw new Error(`${shown}: sent all the same`);
				counts[fits ? "arrived" : "refused"]++;
				understood.commands.length = understood.data.length = 0;
			};
			const parameter = (index: number) => () => understood.commands[0]?.parameters[index];
			await attempt(session.publish(topic, "m"), isText && !/[+#]/.test(topic), parameter(4), bytes);
			const isWanted = isText && isFilter(topic);
			await attempt(
				session.subscribe(topic, () => undefined),
				isWanted,
				parameter(2),
				bytes,
			);
			if (isWanted) await attempt(session.unsubscribe(topic), true, parameter(2), bytes);
			if (typeof value !== "string" || bytes === undefined || bytes.length > 1024) continue;
			const isCarried = !/[\x1a\x1b]/.test(bytes);
			// Without a message there is nothing to send behind the prompt.
			if (bytes) await attempt(session.publish("t", topic), isCarried, () => understood.data[0], bytes);
		}
		t.true(counts.arrived > 200 && counts.refused > 100);
		t.deepEqual(understood.faults, []);
		session.close();
		t.log(`${counts.arrived} arrived, ${counts.refused} refused`);
	},
);

test("SenML: what a sensor says is refused by name, or comes out of the pack as it is, and no byte of it ends anything", t => {
	const head = { baseName: "u/", sequence: 1, limit: 100_000 };
	let packed = 0;
	let refused = 0;
	for (const { value, bytes } of texts(255, stepOf(16))) {
		if (typeof value !== "string" || value.length > 1000) continue;
		for (const place of ["n", "u", "value", "baseName"] as const) {
			const record = {
				n: "n",
				value: place === "value" ? value : 1,
				...(place !== "baseName" && { [place]: value }),
			};
			let text: string;
			try {
				text = latin1Of(
					encodePack({ ...head, ...(place === "baseName" && { baseName: value }), records: [record] }),
				);
			} catch (error) {
				if (!(error instanceof SenmlError)) throw error;
				t.true(place === "n" || place === "baseName", `${place} ${JSON.stringify(value)}`);
				refused++;
				continue;
			}
			if (/[\x00-\x1f\x7f]/.test(text))
				throw new Error(`${place} ${JSON.stringify(value)}: ${JSON.stringify(text)}`);
			const pack = JSON.parse(String.fromArrayBuffer(latin1(text).slice().buffer)) as Record<
				string,
				unknown
			>[];
			const came = { n: pack[1].n, u: pack[1].u, value: pack[1].vs, baseName: pack[0].bn }[place];
			const isAbsent: boolean = place === "baseName" && value === "";
			if (came !== (isAbsent ? undefined : value))
				throw new Error(`${place} ${JSON.stringify(value)} came as ${JSON.stringify(came)}`);
			if (bytes === undefined && came !== value) throw new Error("half a pair is lost");
			packed++;
		}
	}
	t.true(packed > 200 && refused > 200, `${packed} packed, ${refused} refused`);
});

test("SenML: numbers that are none are left out, others are JSON numbers", t => {
	for (const value of [NaN, Infinity, -Infinity, -0, 1e21, 1e-21, 2 ** 64, Number.MAX_VALUE, 0.1 + 0.2]) {
		const text = String.fromArrayBuffer(
			encodePack({ baseName: "u", sequence: 0, records: [{ n: "n", value }] }),
		);
		const pack = JSON.parse(text) as Record<string, unknown>[];
		t.is(pack.length, Number.isFinite(value) ? 2 : 1, text);
		t.is(utf8(text).length, text.length);
	}
});

test.serial(
	"a topic in bytes that XS would take for one with a NUL goes out as the bytes that were checked",
	t => {
		const engine = String as { fromArrayBuffer: (buffer: ArrayBuffer) => string };
		const { fromArrayBuffer } = engine;
		// What XS of SDK 8.2.3 makes of 0xC0 0x80, which is a NUL in its own strings (xsString.c).
		engine.fromArrayBuffer = buffer => latin1Of(buffer).replace("\xc0\x80", "\0");
		try {
			t.is(new CheckedText(latin1("a\xc0\x80b")).string, undefined);
			t.is(new CheckedText(latin1("ab")).string, "ab");
		} finally {
			engine.fromArrayBuffer = fromArrayBuffer;
		}
	},
);
