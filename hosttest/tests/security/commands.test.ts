import test, { type ExecutionContext } from "ava";
import * as commands from "../../../modules/bc20/commands.js";
import type { CommandSpec, Parameter } from "../../../modules/at/command.js";
import { CommandError, ParameterError } from "../../../modules/at/errors.js";
import { Request, type Value } from "../../../modules/at/request.js";
import { synchronisedBench } from "../bench.js";
import { stepOf } from "../sampling.js";
import { type Given, numbers, texts } from "./values.js";
import { type WireParameter, commandsOf } from "./wire.js";

type Named = readonly [title: string, spec: CommandSpec & { readonly option?: string }];

/** All commands of all tables that the dialect has, whatever tables and commands there will be. */
const ALL: readonly Named[] = Object.entries(commands).flatMap(([table, entries]: [string, unknown]) =>
	typeof entries === "object" && entries
		? Object.entries(entries).flatMap(([name, spec]: [string, unknown]) =>
				isSpec(spec) ? [[`${table}.${name}`, spec] as const] : [],
			)
		: [],
);

function isSpec(value: unknown): value is CommandSpec {
	return typeof value === "object" && value !== null && "name" in value && "timeout" in value;
}

/** The parameters of a command, those that may come again twice. */
function parametersOf({ parameters = [], repeated = 0 }: CommandSpec): readonly Parameter[] {
	return repeated ? [...parameters, ...parameters.slice(-repeated)] : parameters;
}

/** A value that nobody can find fault with. */
function harmless(parameter: Parameter, option: string | undefined): Value {
	if (parameter.kind === "integer") return parameter.minimum ?? 0;
	return parameter.kind === "keyword" ? (option ?? "option") : "x".repeat(parameter.minimum ?? 0);
}

/** What the note says that a parameter can carry (module reference 3.6): strings have no escape, so no quote; a message ends with its line. */
function carries({ kind, minimum = 0, maximum = Infinity }: Parameter, bytes: string): boolean {
	if (bytes.length < minimum || bytes.length > maximum) return false;
	if (kind === "hex") return true;
	return !(kind === "message" ? /[\x00-\x1f\x7f]/ : /["\x00-\x1f\x7f]/).test(bytes);
}

function hexOf(bytes: string): string {
	return Array.from(bytes, byte => byte.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()).join("");
}

/** How a harmless value is read. */
function asRead(parameter: Parameter, value: Value): WireParameter {
	return parameter.kind === "hex" ? hexOf(value as string) : (value as WireParameter);
}

/** Submits commands one after the other to a module that refuses each, so that the line is free for the next. */
async function line() {
	const trace: string[] = [];
	const { serial, scheduler } = await synchronisedBench({ onTrace: (_, text) => trace.push(text) });
	return {
		trace,
		/** @returns what is sent, or the error of a command that is not taken */
		submit: (spec: CommandSpec, values: readonly unknown[]): string | Error => {
			const request = new Request(spec, "write", values as Value[]);
			const errors: (Error | undefined)[] = [];
			request.onDone = error => errors.push(error);
			serial.writable(0xffff);
			try {
				scheduler.submit(request);
			} catch (error) {
				if (serial.take() !== "" || request.busy) throw new Error("sent all the same", { cause: error });
				return error as Error;
			}
			const sent = serial.take();
			serial.receive("\r\nERROR\r\n");
			if (serial.take() !== "" || errors.length !== 1 || !(errors[0] instanceof CommandError))
				throw new Error("more than one command");
			return sent;
		},
	};
}

/** Counts, and fails a test without an assertion for each of the many values. */
class Verdict {
	carried = 0;
	refused = 0;
	readonly #title: string;
	readonly #spec: CommandSpec;
	readonly #parameter: Parameter;

	constructor(title: string, spec: CommandSpec, parameter: Parameter) {
		this.#title = title;
		this.#spec = spec;
		this.#parameter = parameter;
	}
	/** What became of a value. @param expected all parameters as they must be read; undefined where the value must be refused */
	judge(given: unknown, came: string | Error, expected: readonly WireParameter[] | undefined): void {
		const spec = this.#spec;
		const parameter = this.#parameter;
		if (came instanceof Error) {
			if (expected) this.#fail(given, `refused: ${came.message}`);
			if (!(came instanceof ParameterError)) this.#fail(given, `no ParameterError: ${String(came)}`);
			const isAboutIt = came.parameter === parameter.name || came.parameter === "parameters";
			if (!isAboutIt || came.command !== `AT${spec.name}`) this.#fail(given, `unclear: ${came.message}`);
			this.refused++;
			return;
		}
		if (!expected) this.#fail(given, `sent: ${JSON.stringify(came)}`);
		const isMessage = spec.parameters?.[spec.parameters.length - 1].kind === "message";
		const read = commandsOf(came, isMessage ? spec.parameters.length : undefined);
		const right = [{ name: spec.name, form: "write", parameters: expected }];
		if (JSON.stringify(read) !== JSON.stringify(right)) this.#fail(given, `read as ${JSON.stringify(read)}`);
		this.carried++;
	}
	#fail(given: unknown, what: string): never {
		const shown =
			typeof given === "string" || typeof given === "number" ? JSON.stringify(given) : String(given);
		throw new Error(
			`${this.#title} <${this.#parameter.name}>, value ${shown.slice(0, 100)}: ${what.slice(0, 300)}`,
		);
	}
}

const covered = new Set<string>();
let tried = 0;

/** Tries all values for one parameter of a command, with harmless ones for the others. */
async function tryAll(t: ExecutionContext, [title, spec]: Named, index: number): Promise<void> {
	const parameters = parametersOf(spec);
	const parameter = parameters[index];
	const others = parameters.map(other => harmless(other, spec.option));
	const verdict = new Verdict(`${title} ${index}`, spec, parameter);
	const { submit, trace } = await line();
	const attempt = (value: unknown, read: WireParameter | undefined) => {
		const values = [...others] as unknown[];
		values[index] = value;
		const expected = parameters.map((other, at) => asRead(other, others[at]));
		if (read !== undefined) expected[index] = read;
		verdict.judge(value, submit(spec, values), read === undefined ? undefined : expected);
	};
	const { kind, minimum = 0, maximum = Infinity, secret = false } = parameter;
	if (kind === "integer")
		for (const value of numbers(minimum, maximum)) {
			const fits =
				typeof value === "number" && Number.isSafeInteger(value) && value >= minimum && value <= maximum;
			attempt(value, fits ? value + 0 : undefined);
		}
	else {
		const longest = Number.isFinite(maximum) ? maximum : 1000;
		const room =
			1152 -
			others.reduce<number>(
				(sum, other) => sum + `${other as string | number}`.length + 3,
				spec.name.length + 3,
			);
		for (const { value, bytes } of texts(longest, stepOf(16)) satisfies Given[]) {
			const fits = bytes !== undefined && carries(parameter, bytes) && bytes.length <= room;
			trace.length = 0;
			attempt(value, fits ? (kind === "hex" ? hexOf(bytes) : bytes) : undefined);
			if (secret && bytes && bytes.length > 4 && trace.some(text => text.includes(bytes)))
				throw new Error(`${title} <${parameter.name}> is a secret, and traced`);
		}
	}
	t.true(
		verdict.carried > 0 && verdict.refused > 0,
		`${verdict.carried} carried, ${verdict.refused} refused`,
	);
	covered.add(`${title} ${index}`);
	tried += verdict.carried + verdict.refused;
}

const cases = ALL.flatMap(command =>
	parametersOf(command[1]).map((parameter, index) => ({ command, parameter, index })),
);
for (const { command, parameter, index } of cases)
	test.serial(
		`${command[0]} ${index} <${parameter.name}>: any value is refused by name, or arrives as it is`,
		t => tryAll(t, command, index),
	);

test.serial("each parameter of each command has been tried", t => {
	const names = ALL.map(([title]) => title);
	t.true(names.includes("MQTT.publish") && names.includes("Basic.defaultContext"), "the tables are found");
	const expected = ALL.flatMap(([title, spec]) => parametersOf(spec).map((_, index) => `${title} ${index}`));
	t.deepEqual([...covered].sort(), expected.sort());
	t.true(expected.length >= 70);
	const write = ALL.filter(([, { parameters }]) => parameters?.length).length;
	t.log(`${ALL.length} commands, ${write} with parameters, ${expected.length} parameters, ${tried} values`);
});

test("what ends where its line ends is the last parameter, and secrets are marked", t => {
	for (const [title, { parameters = [] }] of ALL)
		parameters.forEach(({ name, kind, secret = false }, index) => {
			if (kind === "message") t.is(index, parameters.length - 1, title);
			if (/user|pass|secret/i.test(name)) t.true(secret, `${title} <${name}>`);
		});
});

test("more values than a command has parameters are refused", async t => {
	const { submit } = await line();
	for (const [title, spec] of ALL) {
		if (!spec.parameters?.length || spec.repeated) continue;
		const values = [...parametersOf(spec).map(parameter => harmless(parameter, spec.option)), 1];
		t.true(submit(spec, values) instanceof ParameterError, title);
	}
});

test("the reader of commands tells what is none", t => {
	const write = (...parameters: WireParameter[]) => [{ name: "+X", form: "write", parameters }];
	t.deepEqual(commandsOf('AT+X=1,"a,b",""\r'), write(1, "a,b", ""));
	t.deepEqual(commandsOf('AT+X=0,"{"a":"b"}"\r', 2), write(0, '{"a":"b"}'));
	t.is(commandsOf('AT+X=1\rAT+Y="a"\r').length, 2);
	t.deepEqual(
		commandsOf("AT\rATE0\rAT+X?\rAT+X=?\r").map(({ name, form }) => `${name} ${form}`),
		[" execute", "E0 execute", "+X read", "+X test"],
	);
	for (const bad of [
		"AT+X=1",
		'AT+X="a"b"\r',
		'AT+X="a""b"\r',
		'AT+X="a\r',
		'AT+X="a\nb"\r',
		"AT+X=a\r",
		"AT+X=01\r",
		"AT+X=1,\r",
		"AT+X=-1\r",
		"AT+X=1.5\r",
		"x\r",
		"\rAT\r",
		"AT+X? \r",
	])
		t.throws(() => commandsOf(bad), undefined, bad);
});
