import test from "ava";
import fc from "fast-check";
import { SenmlError, type SenmlPack, encodePack } from "../../../modules/telemetry/senml.js";

const encode = (pack: Partial<SenmlPack>) =>
	String.fromArrayBuffer(encodePack({ baseName: "unit/", sequence: 1, records: [], ...pack }));
const parse = (pack: Partial<SenmlPack>) => JSON.parse(encode(pack)) as Record<string, unknown>[];

test("a pack has base name, base time and sequence number in its first record, then the readings", t => {
	t.is(
		encode({
			baseName: "urn:dev:mac:0024befffe804ff1:",
			baseTimeMs: 1_763_804_178_250,
			sequence: 17,
			records: [
				{ n: "temperature", u: "Cel", value: 21.5 },
				{ n: "door", value: true },
				{ n: "label", value: 'a "quoted" \\ line\n' },
			],
		}),
		'[{"bn":"urn:dev:mac:0024befffe804ff1:","n":"seq","v":17,"bt":1763804178.25},' +
			'{"n":"temperature","u":"Cel","v":21.5},{"n":"door","vb":true},{"n":"label","vs":"a \\"quoted\\" \\\\ line\\n"}]',
	);
});

test("a clock that was never set gives no time", t => {
	for (const baseTimeMs of [0, 5_000, Date.UTC(2019, 11, 31), undefined, NaN])
		t.false("bt" in parse({ baseTimeMs })[0], String(baseTimeMs));
	t.is(parse({ baseTimeMs: Date.UTC(2020, 0, 1) })[0].bt, 1_577_836_800);
});

test("what is no number is left out, and numbers are rounded", t => {
	const value = (value: number | undefined, digits?: number) =>
		parse({ records: [{ n: "x", value, digits }] })[1]?.v;
	for (const none of [NaN, Infinity, -Infinity, undefined]) t.is(value(none), undefined);
	t.is(value(1 / 3), 0.333333);
	t.is(value(21.123456789, 4), 21.12);
	t.is(value(0.1 + 0.2), 0.3);
	t.is(value(16_743_399_424), 16_743_399_424);
	t.is(value(16_743_399_424, 3), 16_700_000_000);
	t.is(value(-0.000412345678), -0.000412346);
	t.is(value(-0), 0);
	for (const digits of [0, 16, 1.5])
		t.throws(() => value(1.5, digits), { instanceOf: SenmlError, message: /digits/ });
});

test("names are those of RFC 8428 4.5.1, base name included", t => {
	for (const n of ["a b", "ä", 'a"b', "a,b", ""])
		t.throws(() => encode({ baseName: "", records: [{ n, value: 1 }] }), {
			instanceOf: SenmlError,
			message: /name/,
		});
	t.throws(() => encode({ baseName: "/unit/" }), { instanceOf: SenmlError });
	t.throws(() => encode({ baseName: "", records: [{ n: "-x", value: 1 }] }), { instanceOf: SenmlError });
	t.is(parse({ records: [{ n: "-x:1._/Y", value: 1 }] })[1].n, "-x:1._/Y");
	t.false("bn" in parse({ baseName: "" })[0]);
});

test("a secondary unit sets the version of the pack", t => {
	t.is(parse({ records: [{ n: "x", u: "dBm", value: -81 }] })[0].bver, 26);
	t.false("bver" in parse({ records: [{ n: "x", u: "dBW", value: -111 }] })[0]);
});

test("a pack above the limit is an error that names both sizes", t => {
	const records = [{ n: "label", value: "é".repeat(100) }];
	const size = encodePack({ baseName: "u/", sequence: 1, records }).byteLength;
	t.is(encodePack({ baseName: "u/", sequence: 1, records, limit: size }).byteLength, size);
	const error = t.throws(() => encodePack({ baseName: "u/", sequence: 1, records, limit: size - 1 }), {
		instanceOf: SenmlError,
	});
	t.is(error.code, "size");
	t.true(error.message.includes(`${size} bytes`) && error.message.includes(`limit of ${size - 1}`));
	t.throws(() => encode({ records: [{ n: "label", value: "x".repeat(700) }] }), { message: /limit of 700/ });
});

test("sequence numbers are whole", t => {
	for (const sequence of [-1, 1.5, NaN, 2 ** 53])
		t.throws(() => encode({ sequence }), { instanceOf: SenmlError });
	t.is(parse({ sequence: 4_294_967_295 })[0].v, 4_294_967_295);
});

test("property: any values come back, numbers within the rounding", t => {
	const value = fc.oneof(fc.double(), fc.boolean(), fc.string({ unit: "binary" }));
	fc.assert(
		fc.property(fc.array(value, { maxLength: 20 }), values => {
			const records = values.map((each, i) => ({ n: `n${i}`, value: each }));
			const found = new Map(parse({ records, limit: 1e6 }).map(record => [record.n, record]));
			for (const { n, value: expected } of records) {
				const record = found.get(n);
				if (typeof expected === "number") {
					if (!Number.isFinite(expected)) t.is(record, undefined);
					else t.true(Math.abs((record?.v as number) - expected) <= Math.abs(expected) * 1e-5);
				} else t.is(record?.[typeof expected === "boolean" ? "vb" : "vs"], expected);
			}
		}),
		{ seed: 1 },
	);
});
