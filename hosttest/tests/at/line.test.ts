import test from "ava";
import type { Line } from "../../../modules/at/line.js";
import { latin1 } from "../bytes.js";
import { lineOf } from "./lines.js";

const fieldsOf = (line: Line) => Array.from({ length: line.fields }, (_, field) => line.string(field));

const cases: readonly [line: string, prefixLength: number, fields: readonly string[]][] = [
	["OK", 2, []],
	["460001357924680", 15, []],
	["+CSQ: 22,0", 4, ["22", "0"]],
	["+CGATT:1", 6, ["1"]],
	["+CEREG:    0,1", 6, ["0", "1"]],
	["+X:", 2, []],
	["+X:  ", 2, []],
	["+X: ,", 2, ["", ""]],
	["+X: ,,7", 2, ["", "", "7"]],
	[
		'+CGDCONT: 1,"IP","CMNET","",0,0,0,,,,,,0,,0',
		8,
		["1", "IP", "CMNET", "", ..."0,0,0,,,,,,0,,0".split(",")],
	],
	['+QMTOPEN: 0,"220.180.239.212",8401', 8, ["0", "220.180.239.212", "8401"]],
	['+QMTRECV: 0,0,"a,b","c:d, e"', 8, ["0", "0", "a,b", "c:d, e"]],
	['+QMTRECV: 0,0,"t","{"beep":1}"', 8, ["0", "0", "t", '{"beep":1}']],
	['+X: """",""', 2, ['""', ""]],
	['+X: "', 2, [""]],
	['+X: "open, without end', 2, ["open, without end"]],
	['+X: a"b,c', 2, ['a"b', "c"]],
	["Revision: BC20NBR01A01", 8, ["BC20NBR01A01"]],
	["+CGPADDR: 1,101.43.5.1", 8, ["1", "101.43.5.1"]],
];

for (const [text, prefixLength, fields] of cases) {
	test(`fields of "${text}"`, t => {
		for (const size of [1, 7, 128]) {
			const line = lineOf(text, size);
			t.is(line.text, text);
			t.is(line.length, text.length);
			t.is(line.prefixLength, prefixLength);
			t.is(line.fields, fields.length);
			t.deepEqual(fieldsOf(line), fields);
			t.is(line.string(fields.length), undefined);
			t.is(line.integer(fields.length), undefined);
		}
	});
}

test("whole numbers: what is not one is undefined", t => {
	const line = lineOf('+X: 0,-1,12345678901,9999999999,"7",,+5,1.5,0x1, 3,-,-0,--1');
	const values = Array.from({ length: line.fields }, (_, field) => line.integer(field));
	const none = undefined;
	t.deepEqual(values, [0, -1, none, 9999999999, 7, none, none, none, none, none, none, -0, none]);
});

test("tells quoted fields from bare ones", t => {
	const line = lineOf('+CEREG: 5,"69C9",12,""');
	t.deepEqual(
		[0, 1, 2, 3, 4].map(field => line.isQuoted(field)),
		[false, true, false, true, false],
	);
});

test("the value is all that stands behind the colon and its blanks", t => {
	t.is(lineOf('+QMTRECV:  0,0,"t","p"').value, '0,0,"t","p"');
	t.is(lineOf("OK").value, "");
	t.is(lineOf("+X:").value, "");
});

test("bytes that are no UTF-8 are left out of texts, the rest stays", t => {
	t.is(lineOf("+X: \xe6\x96\x87,2").string(0), "文", "UTF-8 is read");
	t.is(lineOf("+X: a\xffb\xc3,2").string(0), "ab", "a byte that cannot be, and a sequence cut off");
	t.is(lineOf("+X: \xed\xa0\x80z").string(0), "z", "a surrogate");
	t.is(lineOf("+X: \xc0\xafz").string(0), "z", "an overlong form");
	t.is(lineOf("+X: \xf4\x90\x80\x80z").string(0), "z", "beyond Unicode");
	t.is(lineOf("+X: \xf0\x9f\x98\x80z").string(0), "😀z");
	t.is(lineOf("\xfe+X\xfe: 1").text, "+X: 1");
	t.is(lineOf("+X: 1\xff").integer(0), undefined, "noise in a number makes it none");
});

test("finds text within itself only", t => {
	const line = lineOf('+X: "a"');
	t.is(line.indexOf('"', 0), 4);
	t.is(line.indexOf('"', 5), 6);
	t.is(line.indexOf('"', 7), -1, "the quote behind it is another's");
	t.is(line.indexOf("9", 0), -1);
	t.is(line.lastIndexOf('"'), 6);
	t.is(line.lastIndexOf(","), -1, "the comma before it is another's");
	t.is(line.lastIndexOf("+X"), 0);
	t.is(line.at(1), "X".charCodeAt(0));
});

test("places are those of the bytes, whatever characters are before them", t => {
	for (const size of [1, 3, 128]) {
		const line = lineOf('+X: é\xff\0文,"b"'.replace("é", "\xc3\xa9").replace("文", "\xe6\x96\x87"), size);
		t.is(line.indexOf('"', 0), 12);
		t.is(line.lastIndexOf(","), 11);
		t.is(line.string(1), "b");
		t.is(line.textAt(8, 3), "文");
		t.deepEqual([...new Uint8Array(line.slice(6, 2))], [0xff, 0]);
	}
});

test("equals exactly the bytes given", t => {
	t.true(lineOf("AT+CSQ").equals(latin1("AT+CSQ")));
	t.false(lineOf("AT+CSQ").equals(latin1("AT+CSQ?")));
	t.false(lineOf("AT+CSQ?").equals(latin1("AT+CSQ")));
	t.false(lineOf("at+csq").equals(latin1("AT+CSQ")));
});

test("the first field as a whole number, whatever stands at the place of a lone digit", t => {
	for (const [text, value] of [
		["+X: 0", 0],
		["+X: 9", 9],
		["+X: 0,1", 0],
		["+X: 9,1", 9],
		["+X: 12", 12],
		["+X: 12,3", 12],
		["+X:57", 57],
		["+X:  5", 5],
		['+X: "5",1', 5],
		["+X: -5", -5],
		["+X: A", undefined],
		["+X: A,1", undefined],
		["+X: /,1", undefined],
		["+X: :,1", undefined],
		["+X: 5x", undefined],
		["+X: 5 ,1", undefined],
		["+X: ,5", undefined],
		["+X:", undefined],
		["a 7,: 3", 3],
	] as const)
		t.is(lineOf(text).integer(0), value, text);
});

test("what stands behind its end is not the line's", t => {
	const bare = lineOf("+X:", 128, ' 5,"\r\n');
	t.is(bare.integer(0), undefined);
	t.is(bare.fields, 0);
	t.is(bare.value, "");

	const open = lineOf("+X: 1,", 128, '"7",8\r\n');
	t.is(open.fields, 2);
	t.is(open.string(1), "");
	t.false(open.isQuoted(1));

	const quoted = lineOf('+X: "', 128, '7",8\r\n');
	t.is(quoted.fields, 1);
	t.is(quoted.string(0), "");
	t.is(quoted.integer(0), undefined);
	t.true(quoted.isQuoted(0));
});

test("a quote at the end of a bare field belongs to it", t => {
	const line = lineOf('+X: a",b"');
	t.deepEqual(fieldsOf(line), ['a"', 'b"']);
	t.false(line.isQuoted(0));
});

test("numbers and bytes at an index", t => {
	const line = lineOf("+X: 12,-345,6");
	t.is(line.integerAt(4, 2), 12);
	t.is(line.integerAt(4, 1), 1);
	t.is(line.integerAt(7, 4), -345);
	t.is(line.integerAt(8, 3), 345);
	t.is(line.integerAt(7, 1), undefined, "a sign alone");
	t.is(line.integerAt(6, 2), undefined, "a comma");
	t.is(line.integerAt(8, 0), undefined, "nothing");

	const target = new Uint8Array(6);
	line.copy(4, 2, target);
	line.copy(8, 3, target, 3);
	t.deepEqual([...target], [...latin1("12\x00345")]);
	t.deepEqual([...new Uint8Array(line.slice(8, 3))], [...latin1("345")]);
	t.is(line.textAt(8, 3), "345");
});

test("noise makes an echo another line, though its text is the same", t => {
	const line = lineOf("AT\xff");
	t.is(line.text, "AT");
	t.false(line.equals(latin1("AT")));
});

test("searches find the line's first byte, and nothing behind its last", t => {
	for (const size of [1, 5, 128]) {
		t.is(lineOf('+X: "a"', size).indexOf("+", 0), 0);
		t.is(lineOf('+X: "a"', size).indexOf("z", 0), -1, "nowhere");
		t.is(lineOf('+X: "a"', size).indexOf("x", 0), -1, "before it");
		t.is(lineOf('+X: "a"', size).lastIndexOf("+X"), 0);
		t.is(lineOf('+X: "a"', size).lastIndexOf('"'), 6);
		t.is(lineOf('+X: "a"', size).lastIndexOf("z"), -1, "nowhere");
		t.is(lineOf('+X: "a"', size).lastIndexOf(',"'), -1, "behind it");
		t.is(lineOf('+X: "a"', size).lastIndexOf('"\r'), -1, "across its end");
	}
});

test("shows the text that it lies in", t => {
	for (const size of [1, 5, 128]) {
		const line = lineOf('+X: "a",2', size);
		const text = line.shown();
		t.is(text.slice(line.shownAt, line.shownAt + line.length), '+X: "a",2');
	}
});
