import assert from "node:assert/strict";
import test from "ava";
import fc from "fast-check";
import { CommandBuilder, toHex } from "../../../modules/at/builder.js";
import type { CommandSpec, Parameter } from "../../../modules/at/command.js";
import { ParameterError } from "../../../modules/at/errors.js";
import { Request, type Value } from "../../../modules/at/request.js";
import { latin1, latin1Of, utf8Of } from "../bytes.js";

const identifier: Parameter = { name: "tcpconnectID", kind: "integer", minimum: 0, maximum: 5 };
const host: Parameter = { name: "host_name", kind: "string", minimum: 1, maximum: 100 };
const port: Parameter = { name: "port", kind: "integer", minimum: 1, maximum: 65535 };
const message: Parameter = { name: "msg", kind: "message", maximum: 20 };
const hex: Parameter = { name: "msg", kind: "hex", maximum: 4 };
const option: Parameter = { name: "option", kind: "keyword" };
const password: Parameter = { name: "password", kind: "string", maximum: 20, secret: true };

function spec(...parameters: readonly Parameter[]): CommandSpec {
	return { name: "+X", timeout: 300, parameters };
}
/** The command as it is sent, or the error. */
function built(parameters: readonly Parameter[], values: readonly Value[], capacity = 256): string {
	const request = new Request(spec(...parameters), "write", values);
	const builder = new CommandBuilder(capacity);
	try {
		builder.check(request);
	} catch (error) {
		if (!(error instanceof ParameterError)) throw error;
		return error.message;
	}
	builder.build(request);
	return latin1Of(builder.bytes.subarray(0, builder.length));
}

test("the four forms", t => {
	const builder = new CommandBuilder(64);
	const sent = (form: "test" | "read" | "write" | "execute", values: Value[] = []) => {
		const request = new Request(spec(identifier, host), form, values);
		builder.check(request);
		builder.build(request);
		return utf8Of(builder.bytes.subarray(0, builder.length));
	};
	t.is(sent("test"), "AT+X=?\r");
	t.is(sent("read"), "AT+X?\r");
	t.is(sent("execute"), "AT+X\r");
	t.is(sent("write", [5, "a.example"]), 'AT+X=5,"a.example"\r');
	t.is(sent("write", [5]), "AT+X=5\r", "trailing values may be left out");
	t.is(sent("write"), "AT+X\r");
	t.is(utf8Of(builder.command), "AT+X", "what is echoed");
	const bare = new Request({ name: "", timeout: 300 }, "execute");
	builder.build(bare);
	t.is(utf8Of(builder.command), "AT");
});

const cases: readonly [
	title: string,
	parameters: readonly Parameter[],
	values: readonly Value[],
	sent: string,
][] = [
	["integers", [identifier, port], [0, 65535], "AT+X=0,65535\r"],
	[
		"an integer below its range",
		[identifier],
		[-1],
		"AT+X: <tcpconnectID> must be a whole number from 0 to 5",
	],
	[
		"an integer above its range",
		[identifier],
		[6],
		"AT+X: <tcpconnectID> must be a whole number from 0 to 5",
	],
	["a fraction", [port], [1.5], "AT+X: <port> must be a whole number from 1 to 65535"],
	["no number", [port], [NaN], "AT+X: <port> must be a whole number from 1 to 65535"],
	["text for an integer", [port], ["80"], "AT+X: <port> must be a whole number from 1 to 65535"],
	[
		"a number too large to be written in digits",
		[{ name: "n", kind: "integer" }],
		[1e21],
		"AT+X: <n> must be a whole number from 0 to Infinity",
	],
	["a string", [host], ["broker.example"], 'AT+X="broker.example"\r'],
	["bytes", [host], [latin1("a\xff")], 'AT+X="a\xff"\r'],
	["a buffer", [host], [latin1("ab").slice().buffer], 'AT+X="ab"\r'],
	["UTF-8", [host], ["ü"], 'AT+X="\xc3\xbc"\r'],
	["a string at its limit", [host], ["x".repeat(100)], `AT+X="${"x".repeat(100)}"\r`],
	[
		"a string above its limit",
		[host],
		["x".repeat(101)],
		"AT+X: <host_name> has 101 bytes; the limit is 100",
	],
	["a limit counts bytes", [host], ["ü".repeat(51)], "AT+X: <host_name> has 102 bytes; the limit is 100"],
	["a string too short", [host], [""], "AT+X: <host_name> needs at least 1 bytes"],
	["a number for a string", [host], [1], "AT+X: <host_name> must be text"],
	["a quote", [host], ['a"b'], 'AT+X: <host_name> holds a quote ("), which this form cannot carry'],
	["a line end", [host], ["a\rAT+QRST=1"], "AT+X: <host_name> holds byte 0x0d, which this form cannot carry"],
	["a Ctrl-Z", [host], ["a\x1ab"], "AT+X: <host_name> holds byte 0x1a, which this form cannot carry"],
	[
		"the first control character is named",
		[host],
		["a\x7f\x00"],
		"AT+X: <host_name> holds byte 0x7f, which this form cannot carry",
	],
	["quotes in a message", [message], ['{"a":"b"}'], 'AT+X="{"a":"b"}"\r'],
	[
		"a line end in a message",
		[message],
		["a\nb"],
		"AT+X: <msg> holds byte 0x0a, which this form cannot carry",
	],
	["hex", [hex], [Uint8Array.of(0, 0x0d, 0x22, 0xff)], 'AT+X="000D22FF"\r'],
	["hex of a string", [hex], ["ü"], 'AT+X="C3BC"\r'],
	["hex above its limit", [hex], [new Uint8Array(5)], "AT+X: <msg> has 5 bytes; the limit is 4"],
	["an option", [option, identifier], ["keepalive", 0], 'AT+X="keepalive",0\r'],
	[
		"an option that would leave its quotes",
		[option],
		['a",0'],
		'AT+X: <option> holds a quote ("), which this form cannot carry',
	],
	["too many values", [identifier], [1, 2], "AT+X: <parameters> are at most 1"],
	["values where there are no parameters", [], [1], "AT+X: <parameters> are at most 0"],
	[
		"half of a surrogate pair",
		[host],
		["a\ud800"],
		"AT+X: <host_name> holds half of a surrogate pair, of which there is no UTF-8",
	],
];
for (const [title, parameters, values, sent] of cases) {
	test(`parameters: ${title}`, t => t.is(built(parameters, values), sent));
}

test("a command that fills the buffer is sent, one byte more is refused", t => {
	const text = "x".repeat(40);
	const command = `AT+X="${text}"\r`;
	t.is(built([host], [text], command.length), command);
	t.is(built([host], [text], command.length - 1), "AT+X: <parameters> make a command of over 47 bytes");
	t.is(built([hex], [new Uint8Array(4)], 15), "AT+X: <parameters> make a command of over 15 bytes");
	t.is(built([hex], [new Uint8Array(4)], 16), 'AT+X="00000000"\r');
});

test("data must not hold the bytes that end the data mode", t => {
	const builder = new CommandBuilder(64);
	const request = new Request(spec(identifier), "write", [0]);
	for (const [byte, fits] of [
		[0x1a, false],
		[0x1b, false],
		[0x0d, true],
		[0, true],
		[0xff, true],
	] as const) {
		request.data = Uint8Array.of(0x41, byte, 0x42);
		if (fits) t.notThrows(() => builder.check(request));
		else t.throws(() => builder.check(request), { instanceOf: ParameterError, message: /^AT\+X: <data> / });
	}
});

test("errors and descriptions never show a secret", t => {
	const secret = "hunter2";
	const builder = new CommandBuilder(64);
	const request = new Request(spec(identifier, password), "write", [0, secret]);
	builder.check(request);
	t.is(builder.describe(request), "AT+X=0,***");
	request.values = [0, latin1(secret)];
	t.is(builder.describe(request), "AT+X=0,***");
	for (const bad of [`${secret}"`, `${secret}\n`, secret.repeat(9), latin1(`${secret}\r`)]) {
		request.values = [0, bad];
		const error = t.throws(() => builder.check(request), { instanceOf: ParameterError });
		t.is(error.parameter, "password");
		t.is(error.command, "AT+X");
		t.false(`${error.message} ${error.stack ?? ""} ${JSON.stringify(error)}`.includes(secret));
	}
	request.values = [0, secret];
	const small = new CommandBuilder(8);
	t.false(String(t.throws(() => small.check(request), { instanceOf: ParameterError })).includes(secret));
});

test("descriptions show what is no secret", t => {
	const builder = new CommandBuilder(64);
	const describe = (values: Value[], ...parameters: Parameter[]) =>
		builder.describe(new Request(spec(...parameters), "write", values));
	t.is(describe([1, "h"], identifier, host), 'AT+X=1,"h"');
	t.is(describe([latin1("h")], host), 'AT+X="h"');
	t.is(describe([Uint8Array.of(1, 2)], hex), 'AT+X="(2 bytes as hex)"');
	t.is(builder.describe(new Request(spec(), "read")), "AT+X?");
	t.is(builder.describe(new Request(spec(), "test")), "AT+X=?");
	t.is(builder.describe(new Request(spec(), "execute")), "AT+X");
});

test("two hexadecimal digits a byte", t => {
	t.is(toHex(Uint8Array.of(0x0f, 0xa5)), "0FA5");
	const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
	for (const [from, to] of [
		[0, 256],
		[1, 4],
		[3, 9],
		[255, 256],
		[7, 7],
	] as const) {
		const expected = Array.from(bytes.subarray(from, to), byte => byte.toString(16).padStart(2, "0")).join(
			"",
		);
		t.is(toHex(bytes.subarray(from, to)), expected.toUpperCase());
	}
});

test("property: no value leaves its quotes or ends the line", t => {
	const bytes = fc.oneof(
		fc.uint8Array({ maxLength: 30 }),
		fc
			.string({ unit: fc.constantFrom('"', ",", "\r", "\n", "\x1a", "\\", "a", "é"), maxLength: 12 })
			.map(latin1),
	);
	fc.assert(
		fc.property(bytes, bytes, fc.constantFrom("string", "keyword", "hex"), (first, second, kind) => {
			const parameters: Parameter[] = [
				{ name: "a", kind, maximum: 20 },
				{ name: "b", kind, maximum: 20 },
			];
			const sent = built(parameters, [first, second]);
			if (sent.startsWith("AT+X: <")) return;

			const found = /^AT\+X="([^"\x00-\x1f\x7f]*)","([^"\x00-\x1f\x7f]*)"\r$/.exec(sent);
			const plain = (value: Uint8Array) =>
				kind === "hex"
					? Array.from(value, byte => byte.toString(16).padStart(2, "0").toUpperCase()).join("")
					: latin1Of(value);
			assert.deepEqual(found?.slice(1), [plain(first), plain(second)]);
		}),
		{ seed: 5, numRuns: 3000 },
	);
	t.pass();
});

test("property: a message stays one message up to the line's end, whatever it holds", t => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 30 }), fc.boolean(), (bytes, printable) => {
			const value = printable ? bytes.map(byte => 0x20 + (byte % 0x5f)) : bytes;
			const sent = built([identifier, message], [0, value]);
			const text = latin1Of(value);

			const fits = value.length <= 20 && !/[\x00-\x1f\x7f]/.test(text);
			if (fits) assert.equal(sent, `AT+X=0,"${text}"\r`);
			else assert.match(sent, /^AT\+X: <msg> /);
		}),
		{ seed: 6, numRuns: 2000 },
	);
	t.pass();
});

test("an integer takes the room of its digits and sign", t => {
	const number: Parameter = { name: "n", kind: "integer", minimum: -1000 };
	for (const value of [0, 1, 9, 10, 11, 99, 65535, -1, -9, -10]) {
		const command = `AT+X=${value}\r`;
		const { length } = command;
		t.is(built([number], [value], length), command);
		t.is(
			built([number], [value], length - 1),
			`AT+X: <parameters> make a command of over ${length - 1} bytes`,
		);
	}
});

test("a command without a list of parameters takes no values", t => {
	const request = new Request({ name: "+X", timeout: 300 }, "write", [1]);
	t.throws(() => new CommandBuilder(64).check(request), {
		instanceOf: ParameterError,
		message: "AT+X: <parameters> are at most 0",
	});
});

test("only the write form has values", t => {
	const builder = new CommandBuilder(64);
	for (const [form, text] of [
		["test", "AT+X=?"],
		["read", "AT+X?"],
		["execute", "AT+X"],
	] as const) {
		const request = new Request(spec(identifier), form, [9, "left over"]);
		t.notThrows(() => builder.check(request), "they are not looked at");
		builder.build(request);
		t.is(utf8Of(builder.command), text);
		t.is(builder.describe(request), text);
	}
});

test("the last parameters may come again and again", t => {
	const builder = new CommandBuilder(64);
	const qos: Parameter = { name: "qos", kind: "integer", minimum: 0, maximum: 2 };
	const sent = (parameters: readonly Parameter[], repeated: number, values: readonly Value[]) => {
		const request = new Request({ ...spec(...parameters), repeated }, "write", values);
		builder.check(request);
		builder.build(request);
		t.is(builder.describe(request), utf8Of(builder.command));
		return utf8Of(builder.command);
	};
	t.is(sent([identifier, host, qos], 2, [5, "a", 0, "b", 1, "c", 2]), 'AT+X=5,"a",0,"b",1,"c",2');
	t.is(sent([identifier, host], 1, [5, "a", "b", "c"]), 'AT+X=5,"a","b","c"');
	const three = [identifier, host, qos, port];
	t.is(sent(three, 3, [5, "a", 0, 80, "b", 1, 443, "c"]), 'AT+X=5,"a",0,80,"b",1,443,"c"');
	t.throws(() => sent(three, 3, [5, "a", 0, 80, "b", 3]), { message: /^AT\+X: <qos> / });
	t.throws(() => sent(three, 3, [5, "a", 0, 80, "b", 1, 0]), { message: /^AT\+X: <port> / });
	t.throws(() => sent(three, 3, [5, "a", 0, 80, "b", 1, 443, 7]), { message: /^AT\+X: <host_name> / });
});

test("data are bytes, and their first one counts as well", t => {
	const builder = new CommandBuilder(64);
	const request = new Request(spec(identifier), "write", [0]);
	const message = "AT+X: <data> holds byte 0x1a or 0x1b, which ends the data mode";
	request.data = Uint8Array.of(0x1a, 0x41);
	t.throws(() => builder.check(request), { instanceOf: ParameterError, message });
	request.data = Uint8Array.of(0x41, 0x1b);
	t.throws(() => builder.check(request), { instanceOf: ParameterError, message });
	for (const data of ["text", "", new ArrayBuffer(2), [0x41], null]) {
		request.data = data as unknown as Uint8Array;
		t.throws(() => builder.check(request), {
			instanceOf: ParameterError,
			message: "AT+X: <data> must be a Uint8Array",
		});
	}
	request.data = new Uint8Array(0);
	t.notThrows(() => builder.check(request));
});
