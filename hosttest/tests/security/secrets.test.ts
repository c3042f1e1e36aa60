import test, { type ExecutionContext } from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import MQTTSession from "../../../modules/mqtt/session.js";
import Digital from "../../shim/digital.js";
import { Faults, everyFault, kindNames } from "../../simulator/faults/faults.js";
import { Rig, type RigOptions } from "../bc20/rig.js";
import { SECRETS, printed, shownIn } from "./markers.js";

const POWER = 4;
const RESET = 5;

interface Scenario {
	readonly rig?: RigOptions;
	/** Answers of the module's that are the test's. */
	readonly prepare?: (rig: Rig) => void;
	/** Called each so many ms of the run. */
	readonly disturb?: (rig: Rig, time: number) => void;
	/** ms that all of it runs. */
	readonly runMs?: number;
}

/** A client of the class and a session with all secrets there are, through whatever happens; all that can be seen of it. */
async function watch(t: ExecutionContext, { rig: options = {}, prepare, disturb, runMs = 60_000 }: Scenario) {
	const rig = await Rig.for(t, {
		...options,
		simulator: { keys: { power: POWER, reset: RESET }, ...options.simulator },
		modem: { power: { io: Digital, pin: POWER }, reset: { io: Digital, pin: RESET } },
	});
	prepare?.(rig);
	rig.start({ registrationTimeoutMs: 30_000 });
	const seen: unknown[] = [];
	const { user, password, deviceSecret } = SECRETS;
	const aliAuth = { productKey: "product", deviceName: "device", deviceSecret };
	const secrets = { user, password, will: { topic: "gone", message: "bye" } };
	const clients: MQTTClient[] = [];
	const connect = () => {
		if (clients.length >= 5) return;
		clients.push(
			new MQTTClient({
				...{ modem: rig.modem, host: "broker.test", id: "class", aliAuth, ...secrets },
				onControl: message => seen.push(message),
				onWritable() {
					if (clients.length < 3) this.write(ArrayBuffer.fromString("m"), { topic: "t", QoS: 1 });
				},
				onError(error) {
					seen.push(error);
					connect();
				},
				onClose: connect,
			}),
		);
	};
	connect();
	const session = new MQTTSession({
		mqtt: { io: MQTTClient, modem: rig.modem, aliAuth },
		...{ host: "broker.test", id: "session", ...secrets, backoff: { firstMs: 1000 } },
		onError: (error, retryInMs) => seen.push(error, retryInMs),
	});
	session.subscribe("in/#", () => undefined).catch((error: unknown) => seen.push(error));
	session.publish("t", "m", { QoS: 1 }).catch((error: unknown) => seen.push(error));
	for (let time = 0; time < runMs; time += 1000) {
		disturb?.(rig, time);
		await rig.clock.advance(1000);
	}
	seen.push(session, ...clients, rig.modem, rig.modem.identifiers, rig.modem.statistics);
	session.close();
	for (const client of clients) client.close();
	await rig.clock.advance(1000);
	const wasSent = Object.values(SECRETS).every(secret => rig.line.sent.includes(secret));
	const texts = [...rig.conversation, ...rig.traced, ...[...rig.errors, ...seen].map(printed)];
	return {
		rig,
		texts,
		wasSent,
		errors: seen.filter(value => value instanceof Error).length + rig.errors.length,
	};
}

/** Fails where a secret can be seen. @param isSent whether all secrets must have gone over the line */
async function expectHidden(t: ExecutionContext, scenario: Scenario, isSent = true) {
	const { texts, wasSent, errors, rig } = await watch(t, scenario);
	for (const text of texts)
		if (shownIn(text) !== undefined) t.fail(`${String(shownIn(text))} in ${text.slice(0, 400)}`);
	t.true(texts.length > 20);
	if (isSent) t.true(wasSent, "the secrets went over the line");
	await rig.close();
	return errors;
}

test.serial("the search finds a secret in any spelling", t => {
	const { password } = SECRETS;
	for (const text of [
		password,
		password.toLowerCase(),
		password.slice(3, 9),
		Buffer.from(password).toString("hex"),
		Buffer.from(password).toString("hex").toUpperCase(),
		Buffer.from(`user:${password}`).toString("base64"),
		Buffer.from(`a:${password}`).toString("base64"),
		printed(new Error("x", { cause: new Error(password) })),
		printed({ deep: { options: [{ password }] } }),
	])
		t.not(shownIn(`before ${text} behind`), undefined, text);
	t.is(shownIn("AT+QMTCONN=0,***"), undefined);
});

for (const [title, simulator] of [
	["firmware V1.0", { profile: "A" }],
	["later firmware", { profile: "B" }],
] as const)
	test.serial(`nothing goes wrong, ${title}`, async t => {
		t.is(await expectHidden(t, { rig: { simulator } }), 0);
	});

const COMMANDS = {
	CONNECT: /^AT\+QMTCONN=/,
	aliauth: /^AT\+QMTCFG="aliauth"/,
	OPEN: /^AT\+QMTOPEN=/,
	will: /^AT\+QMTCFG="will"/,
} as const;
/** What a module makes of a command that it repeats, and its answer. */
const ANSWERS: Readonly<Record<string, (command: string) => string | undefined>> = {
	ERROR: () => "\r\nERROR\r\n",
	"+CME ERROR": () => "\r\n+CME ERROR: 3\r\n",
	"an error in words": () => "\r\n+CME ERROR: operation not allowed\r\n",
	nothing: () => undefined,
	"an echo and ERROR": command => `${command}\r\r\nERROR\r\n`,
	"an echo and nothing": command => `${command}\r`,
	"an echo without its head": command => `${command.slice(5)}\r\r\nERROR\r\n`,
	"an echo without its end": command => `${command.slice(0, -3)}\r\nERROR\r\n`,
	"an echo in two lines": command => `${command.slice(0, 30)}\r\n${command.slice(30)}\r\r\nERROR\r\n`,
	"an echo with a flipped byte": command => `${command.replace(",", "\x2d")}\r\r\nERROR\r\n`,
	"an echo with noise": command => `\xff\xfe${command.replace('"', "\xff")}\r\r\nERROR\r\n`,
	"an echo behind a URC whose end is lost": command => `\r\n+CEREG: 1\r${command}\r\r\nERROR\r\n`,
	"an echo glued to a URC": command => `\r\n+QMTSTAT: 5,1${command}\r\r\nERROR\r\n`,
	"an echo glued to an answer": command => `\r\n+CME ERROR: 3${command}\r\n`,
	"an echo that is an answer": command => `\r\nOK: ${command}\r\n\r\nERROR\r\n`,
	"an echo that is a message": command => `\r\n+QMTRECV: 0,0,"t","${command}"\r\n\r\nERROR\r\n`,
	"the answer to a query of it": command =>
		`\r\n+QMTCFG: ${command.slice(command.indexOf("=") + 1)}\r\n\r\nOK\r\n`,
};
/** Those that end the connection, whatever the command. */
const FATAL = ["ERROR", "+CME ERROR", "an error in words", "nothing", "an echo and ERROR"];

for (const [command, pattern] of Object.entries(COMMANDS))
	test.serial(`${command} is answered by an error, an echo, a part of it, or not at all`, async t => {
		for (const [title, answer] of Object.entries(ANSWERS)) {
			const prepare = (rig: Rig) => rig.line.answer(pattern, ({ input }) => answer(input));
			// What fails sooner does not come to the secrets of the commands behind it.
			const errors = await expectHidden(t, { runMs: 15_000, prepare }, command === "CONNECT");
			if (FATAL.includes(title)) t.true(errors > 0, title);
		}
	});

test.serial("each result of QMTOPEN and QMTCONN, and each code of QMTSTAT and +CME ERROR", async t => {
	const results: (readonly [RegExp, string])[] = [];
	for (const code of [-1, 1, 2, 3, 4, 5, 6, 255]) results.push([COMMANDS.OPEN, `OPEN: $,${code}`]);
	for (const code of [1, 2, 3, 4, 5, 6, 255]) results.push([COMMANDS.CONNECT, `CONN: $,0,${code}`]);
	for (const code of [1, 2, 3]) results.push([COMMANDS.CONNECT, `CONN: $,${code}`]);
	for (const code of [1, 2, 3, 4, 5, 6, 7, 8]) results.push([COMMANDS.CONNECT, `STAT: $,${code}`]);
	for (const [pattern, result] of results) {
		const prepare = (rig: Rig) =>
			rig.line.answer(pattern, ({ input }) => {
				const id = input.charAt(input.indexOf("=") + 1);
				return `\r\nOK\r\n\r\n+QMT${result.replace("$", id)}\r\n`;
			});
		t.true((await expectHidden(t, { runMs: 15_000, prepare }, pattern === COMMANDS.CONNECT)) > 0, result);
	}
	for (const code of [3, 4, 23, 24, 25, 30, 50, 100, 767]) {
		const prepare = (rig: Rig) => rig.line.answer(COMMANDS.CONNECT, `\r\n+CME ERROR: ${code}\r\n`);
		t.true((await expectHidden(t, { runMs: 10_000, prepare })) > 0, `+CME ERROR: ${code}`);
	}
});

test.serial("the broker refuses, and each command has no answer in its turn", async t => {
	const broker: RigOptions["broker"] = {
		authenticate: (_client, _user, _password, done) => {
			done(Object.assign(new Error("no"), { returnCode: 4 }), null);
		},
	};
	t.true((await expectHidden(t, { rig: { broker } })) > 0);
	const { rig } = await watch(t, { runMs: 10_000 });
	await rig.close();
	const names = new Set(
		rig.line.commands.map(command => /^AT[^=?]*(?:="[a-z]+")?/.exec(command)?.[0] ?? command),
	);
	t.true(names.size > 20, [...names].join(" "));
	for (const name of names) {
		const prepare = ({ line }: Rig) => {
			const pattern = new RegExp(`^${name.replace(/[+"&]/g, "\\$&")}(?![A-Z])`);
			line.answer(pattern, undefined, { times: 2 });
		};
		await expectHidden(t, { runMs: 12_000, prepare }, false);
	}
});

test.serial("a module that has echo on, and one that goes on behind a restart of its driver", async t => {
	// The driver believes that echo is off.
	await expectHidden(t, { prepare: rig => rig.line.answer(/^ATE0$/, "\r\nOK\r\n") });
	for (const fragment of [0, 12, 25, 38]) {
		let command = "";
		const errors = await expectHidden(t, {
			runMs: 20_000,
			prepare: rig =>
				rig.line.answer(COMMANDS.CONNECT, ({ input }) => {
					command = input;
					return undefined;
				}),
			disturb: (rig, time) => {
				if (time !== 10_000) return;
				rig.modem.close();
				rig.start();
				for (const afterMs of [5, 50, 150])
					rig.clock.set(() => rig.line.raw(`${command.slice(fragment)}\r\r\nERROR\r\n`), afterMs);
			},
		});
		t.true(command.length > 38 && errors > 0);
	}
});

test.serial("the module restarts at each moment of connecting", async t => {
	for (const pattern of [...Object.values(COMMANDS), /^AT\+QMTSUB=/, /^AT\+QMTPUB=/])
		for (const banner of [true, false]) {
			const prepare = (rig: Rig) =>
				rig.line.answer(
					pattern,
					({ input }) => {
						rig.clock.set(() => rig.sim.reset(), 2);
						return banner ? `${input}\r` : undefined;
					},
					{ times: 2 },
				);
			await expectHidden(t, { runMs: 20_000, prepare }, false);
		}
});

test.serial("all faults of the simulator, one after the other and all at once", async t => {
	const happened = new Set<string>();
	const run = async (faults: Faults, runMs: number, disturb: Scenario["disturb"] = () => undefined) => {
		await expectHidden(t, { rig: { simulator: { faults } }, runMs, disturb }, false);
		for (const { kind } of faults.log) happened.add(kind);
	};
	for (const name of kindNames) {
		const faults = new Faults();
		await run(faults, 6000, (_, time) => {
			if (time % 2000 === 0 && !faults.running.includes(name))
				try {
					faults.inject(name, {}, { times: 3 });
				} catch {
					// It cannot happen now.
				}
		});
	}
	for (const seed of [1, 2, 3]) await run(new Faults({ seed, rates: everyFault(2000) }), 30_000);
	// There is no ESP32 here to do anything to, and nobody sends AT+QRST.
	const possible = kindNames.filter(name => !/^(?:host|flash|softReset)\./.test(name));
	t.deepEqual(
		possible.filter(name => !happened.has(name)),
		[],
	);
	t.log(`${happened.size} kinds`);
});
