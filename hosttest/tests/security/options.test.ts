import test from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import type { MQTTClientOptions } from "../../../modules/mqtt/options.js";
import { BC20 } from "../../../modules/bc20/modem.js";
import { stepOf } from "../sampling.js";
import { readingModem } from "./reading-modem.js";
import { type Given, numbers, texts } from "./values.js";
import type { WireCommand, WireParameter } from "./wire.js";

/** Keys whose values may be any text; not of those that are numbers as text, nor the one that is for the application alone. */
type TextOf<Options> = Exclude<
	{ [Key in keyof Options]-?: string extends Options[Key] ? Key : never }[keyof Options],
	"port" | "keepAlive" | "keepalive" | "target"
> &
	string;
type Nested<Key extends "will" | "aliAuth"> = `${Key}.${TextOf<NonNullable<MQTTClientOptions[Key]>>}`;
type TextOption = TextOf<MQTTClientOptions> | Nested<"will"> | Nested<"aliAuth">;

interface Place {
	/** Command and parameter in which it goes out. */
	readonly command: string;
	readonly option?: string;
	readonly parameter: number;
	readonly minimum: number;
	readonly maximum: number;
	/** Besides quotes and control characters. */
	readonly forbidden?: RegExp;
}

/** Where each text of the options goes; the compiler asks for one that is new. */
const TEXTS: Readonly<Record<TextOption, Place>> = {
	host: { command: "+QMTOPEN", parameter: 1, minimum: 1, maximum: 100 },
	id: { command: "+QMTCONN", parameter: 1, minimum: 0, maximum: 255 },
	user: { command: "+QMTCONN", parameter: 2, minimum: 0, maximum: 255 },
	password: { command: "+QMTCONN", parameter: 3, minimum: 0, maximum: 255 },
	"will.topic": {
		command: "+QMTCFG",
		option: "will",
		parameter: 5,
		minimum: 1,
		maximum: 255,
		forbidden: /[+#]/,
	},
	"will.message": { command: "+QMTCFG", option: "will", parameter: 6, minimum: 0, maximum: 255 },
	"aliAuth.productKey": { command: "+QMTCFG", option: "aliauth", parameter: 2, minimum: 1, maximum: 255 },
	"aliAuth.deviceName": { command: "+QMTCFG", option: "aliauth", parameter: 3, minimum: 1, maximum: 255 },
	"aliAuth.deviceSecret": { command: "+QMTCFG", option: "aliauth", parameter: 4, minimum: 1, maximum: 255 },
};
const HARMLESS: Readonly<Record<TextOption, unknown>> = {
	host: "h",
	id: "i",
	user: "u",
	password: "p",
	"will.topic": "t",
	"will.message": "m",
	"aliAuth.productKey": "k",
	"aliAuth.deviceName": "n",
	"aliAuth.deviceSecret": "s",
};
/** Absent, not wrong: these options have a default. */
const ABSENT: Readonly<Partial<Record<TextOption, readonly unknown[]>>> = {
	id: [undefined],
	user: [undefined, null],
	password: [undefined, null],
};
const names = Object.keys(TEXTS) as TextOption[];

/** Options of a client with these texts. */
function optionsOf(values: Readonly<Record<TextOption, unknown>>, more: object = {}): MQTTClientOptions {
	const options: Record<string, unknown> = { ...more };
	for (const name of names) {
		const [first, second] = name.split(".") as [string, string?];
		if (second === undefined) options[first] = values[name];
		else options[first] = { ...(options[first] as object | undefined), [second]: values[name] };
	}
	return options as unknown as MQTTClientOptions;
}

/** Whether a value can go out, and as what: undefined where it must be refused. */
function carried(name: TextOption, { value, bytes }: Given): string | undefined {
	const { minimum, maximum, forbidden } = TEXTS[name];
	if (bytes === undefined || bytes.length < minimum || bytes.length > maximum) return undefined;
	if (name === "host" && typeof value !== "string") return undefined;
	return /["\x00-\x1f\x7f]/.test(bytes) || forbidden?.test(bytes) ? undefined : bytes;
}

function parameterOf(
	commands: readonly WireCommand[],
	{ command, option, parameter }: Place,
): WireParameter | undefined {
	return commands.find(({ name, parameters }) => name === command && (!option || parameters[0] === option))
		?.parameters[parameter];
}

async function connected(
	client: { isConnected: boolean; error?: Error },
	clock: { advance(ms: number): Promise<void> },
) {
	for (let ms = 0; ms < 400 && !client.isConnected && !client.error; ms += 40) await clock.advance(40);
	if (!client.isConnected) throw client.error ?? new Error("not connected");
}

test.serial("MQTT client: each text of its options is refused by name, or arrives as it is", async t => {
	const { clock, modem, serial, understood } = await readingModem(true);
	const accepted = new Map<TextOption, { value: unknown; bytes: string }[]>();
	let tries = 0;
	for (const name of names) {
		const list: { value: unknown; bytes: string }[] = [];
		for (const given of texts(TEXTS[name].maximum, stepOf(16)).filter(
			({ bytes }) => !bytes?.endsWith("yyyyy"),
		)) {
			const { value } = given;
			if (ABSENT[name]?.includes(value)) continue;
			if (tries++ % 100 === 0) await clock.advance(1);
			const expected = carried(name, given);
			let error: unknown;
			try {
				new MQTTClient(optionsOf({ ...HARMLESS, [name]: value }, { modem })).close();
			} catch (exception) {
				error = exception;
			}
			if (expected !== undefined && !error) {
				// Of the bytes in each place those in the middle: the others are tried on the commands themselves (commands.test.ts).
				const isSent = /^a[^]+b$/.test(expected) || (expected.length > 3 && !expected.endsWith("yyyyy"));
				if (isSent && !list.some(({ bytes }) => bytes === expected)) list.push({ value, bytes: expected });
			} else if (expected === undefined ? !isAbout(name, error, value) : error !== undefined)
				throw new Error(`${name} ${JSON.stringify(given.bytes ?? typeof value)}: ${String(error)}`);
		}
		accepted.set(name, list);
	}
	await clock.advance(1000);
	t.is(serial.sent, "", "nothing is sent by those that were refused or closed at once");
	const rounds = Math.max(...[...accepted.values()].map(list => list.length));
	for (let round = 0; round < rounds; round++) {
		understood.commands.length = 0;
		const values = { ...HARMLESS };
		const expected = {} as Record<TextOption, string>;
		for (const [name, list] of accepted) {
			const { value, bytes } = list[round % list.length];
			values[name] = value;
			expected[name] = bytes;
		}
		const state: { isConnected: boolean; error?: Error } = { isConnected: false };
		const client = new MQTTClient(
			optionsOf(values, {
				modem,
				onControl: () => (state.isConnected = true),
				onError: (error: Error) => (state.error = error),
			}),
		);
		await connected(state, clock);
		for (const name of names) {
			const came = parameterOf(understood.commands, TEXTS[name]);
			if (came !== expected[name])
				throw new Error(`${name} ${JSON.stringify(expected[name])} came as ${JSON.stringify(came)}`);
		}
		client.close();
		await clock.advance(10);
		serial.take();
	}
	t.deepEqual(understood.faults, []);
	t.is(accepted.size, names.length);
	t.log(`${names.length} options, ${rounds} connections`);
});

/** Whether an error names the option and not its value. */
function isAbout(name: string, error: unknown, value: unknown): boolean {
	if (!(error instanceof Error)) return false;
	const isNamed = error.message.startsWith(name) && ["Error", "RangeError", "TypeError"].includes(error.name);
	return isNamed && !(typeof value === "string" && value.length > 4 && error.message.includes(value));
}

/** Where each number of the options goes: as it is given, and as it goes out. */
const NUMBERS: readonly (readonly [
	option: string,
	place: Place,
	sent: (value: number) => number,
	text: boolean,
])[] = [
	["port", { command: "+QMTOPEN", parameter: 2, minimum: 1, maximum: 65535 }, value => value, true],
	[
		"keepAlive",
		{ command: "+QMTCFG", option: "keepalive", parameter: 2, minimum: 0, maximum: 3_600_000 },
		value => Math.ceil(value < 1000 ? value : value / 1000),
		true,
	],
	["identifier", { command: "+QMTOPEN", parameter: 0, minimum: 0, maximum: 5 }, value => value, false],
	[
		"packetTimeout",
		{ command: "+QMTCFG", option: "timeout", parameter: 2, minimum: 1, maximum: 60 },
		value => value,
		false,
	],
	[
		"retries",
		{ command: "+QMTCFG", option: "timeout", parameter: 3, minimum: 0, maximum: 10 },
		value => value,
		false,
	],
	[
		"will.QoS",
		{ command: "+QMTCFG", option: "will", parameter: 3, minimum: 0, maximum: 2 },
		value => value,
		false,
	],
];

for (const [option, place, sent, isText] of NUMBERS)
	test.serial(`MQTT client: ${option} is refused by name, or arrives as the number that it is`, async t => {
		const { clock, modem, serial, understood } = await readingModem(false);
		let arrived = 0;
		let refused = 0;
		for (const value of numbers(place.minimum, place.maximum)) {
			if (value === undefined || (value === null && (option === "port" || option === "keepAlive"))) continue;
			understood.commands.length = 0;
			const state: { isConnected: boolean; error?: Error } = { isConnected: false };
			const callbacks = {
				modem,
				host: "h",
				onControl: () => (state.isConnected = true),
				onError: (error: Error) => (state.error = error),
			};
			const given =
				option === "will.QoS" ? { will: { topic: "t", message: "m", QoS: value } } : { [option]: value };
			let client: MQTTClient | undefined;
			try {
				client = new MQTTClient({ ...callbacks, ...given } as unknown as MQTTClientOptions);
			} catch (error) {
				t.true(isAbout(option, error, undefined), `${typeof value}: ${String(error)}`);
				refused++;
				continue;
			}
			await connected(state, clock);
			arrived++;
			const number = isText && typeof value === "string" ? Number(value) : value;
			t.is(typeof number, "number");
			t.true(Number(number) >= place.minimum && Number(number) <= place.maximum);
			t.is(parameterOf(understood.commands, place), sent(Number(number)) + 0, typeof value);
			client.close();
			await clock.advance(10);
			serial.take();
		}
		t.true(arrived > 2 && refused > 20);
		t.deepEqual(understood.faults, []);
	});

test.serial("what is neither text nor number changes only which command is sent", async t => {
	const { clock, modem, understood } = await readingModem(true);
	const odd = ['",0\r', "0", {}, [], 0, NaN, true] as const;
	for (const value of odd) {
		const state = { isConnected: false };
		const client = new MQTTClient({
			modem,
			host: "h",
			clean: value as boolean,
			will: { topic: "t", message: "m", retain: value as boolean },
			onControl: () => (state.isConnected = true),
		});
		await connected(state, clock);
		client.close();
		await clock.advance(10);
	}
	t.deepEqual(understood.faults, []);
	const flags = understood.commands
		.filter(({ parameters }) => parameters[0] === "session")
		.map(({ parameters }) => parameters[2]);
	t.deepEqual(
		flags,
		odd.map(value => (value ? 1 : 0)),
	);
	for (const dataFormat of ["text\r", "HEX", 1, {}, [], ["hex"]])
		t.throws(() => new MQTTClient({ modem, host: "h", dataFormat } as never), { message: /^dataFormat/ });
});

test.serial("BC20: its access point name is refused by name before the port is opened, or taken", t => {
	let opened = 0;
	class Port {
		constructor() {
			opened++;
			throw new Error("opened");
		}
	}
	let taken = 0;
	const all = texts(99, stepOf(16)).filter(({ value }) => value !== undefined);
	for (const given of all) {
		const { bytes } = given;
		const fits =
			bytes !== undefined && bytes.length >= 1 && bytes.length <= 99 && !/["\x00-\x1f\x7f]/.test(bytes);
		const make = () => new BC20({ serial: { io: Port as never }, apn: given.value as string });
		if (fits) make().close();
		else if (!isAbout("apn", t.throws(make), given.value)) t.fail(JSON.stringify(bytes));
		taken += fits ? 1 : 0;
	}
	t.is(opened, 0);
	t.true(taken > 100 && taken < all.length);
});
