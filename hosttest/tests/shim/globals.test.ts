import test from "ava";
import fc from "fast-check";
import { setTraceSink } from "../../shim/globals.js";
import config, { setConfig } from "../../shim/config.js";

test("strings and buffers convert as UTF-8", t => {
	fc.assert(
		fc.property(fc.string({ unit: "grapheme" }), text => {
			const buffer = ArrayBuffer.fromString(text);
			t.deepEqual(Buffer.from(buffer), Buffer.from(text));
			t.is(String.fromArrayBuffer(buffer), text);
		}),
		{ seed: 2 },
	);
	t.is(String.fromArrayBuffer(Uint8Array.of(0xef, 0xbb, 0xbf, 0, 65).buffer), "\ufeff\0A");
});

for (const bytes of [[0xff], [0xc3], [0x80], [0xc3, 0x41], [0xe2, 0x82], [0xf0, 0x9f, 0x98]]) {
	test(`fromArrayBuffer throws on ${Buffer.from(bytes).toString("hex")}`, t => {
		t.throws(() => String.fromArrayBuffer(Uint8Array.from(bytes).buffer), {
			instanceOf: TypeError,
			message: /invalid UTF-8/,
		});
	});
}

test("fromArrayBuffer takes an ArrayBuffer only", t => {
	const values: unknown[] = [
		new Uint8Array(2),
		new DataView(new ArrayBuffer(2)),
		Buffer.from("a"),
		"a",
		undefined,
	];
	for (const value of values) {
		t.throws(() => String.fromArrayBuffer(value as ArrayBuffer), {
			instanceOf: TypeError,
			message: /not an ArrayBuffer/,
		});
	}
});

test("concat joins buffers and refuses anything else", t => {
	const joined = Uint8Array.of(1).buffer.concat(new ArrayBuffer(0), Uint8Array.of(2, 3).buffer);
	t.deepEqual([...new Uint8Array(joined)], [1, 2, 3]);
	t.throws(() => joined.concat(new Uint8Array(1) as unknown as ArrayBuffer), { instanceOf: TypeError });
});

test.serial("trace joins its arguments, adds nothing, and goes to the sink", t => {
	const written: string[] = [];
	setTraceSink(text => written.push(text));
	trace("a ", 1, " ", true, "\n");
	trace.left("AT", "modem");
	trace.right(Uint8Array.of(0x0d, 0x0a).buffer);
	setTraceSink(undefined);
	t.deepEqual(written, ["a 1 true\n", "AT\n", "0d0a\n"]);
});

test.serial("mc/config is empty, filled once, and frozen to its depths", t => {
	t.deepEqual(config, {});
	const values = { serial: { baud: 9600, pins: [16, 17] }, sensors: [{ name: "a" }] };
	setConfig(values);
	t.deepEqual(config, values);
	const { serial, sensors } = config as typeof values;
	for (const part of [config, serial, serial.pins, sensors, sensors[0]]) t.true(Object.isFrozen(part));
	t.throws(() => (serial.baud = 1), { instanceOf: TypeError });
	t.false(Object.isFrozen(values.serial), "the caller's own stay as they are");
	t.throws(() => setConfig({}), { message: /set already/ });
});
