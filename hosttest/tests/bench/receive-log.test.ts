import test from "ava";
import { THRESHOLD, messagesOf, messagesOnly, workingDay } from "../../bench/log.js";

test("a working day is the same for the same seed, and another for another", t => {
	t.deepEqual(workingDay(20_000, 3), workingDay(20_000, 3));
	t.notDeepEqual(workingDay(20_000, 3).blocks, workingDay(20_000, 4).blocks);
});

test("the pieces of a block are its text, in 1 to 96 bytes", t => {
	const { blocks, bytes } = workingDay(20_000);
	let sum = 0;
	for (const { text, pieces } of blocks) {
		t.true(pieces.every(length => length >= 1 && length <= THRESHOLD));
		const total = pieces.reduce((length, piece) => length + piece, 0);
		t.is(total, text.length);
		sum += total;
	}
	t.is(bytes, sum);
	t.true(bytes >= 20_000);
});

test("messages are of 16 to 1,000 bytes, and stand in the log as the module reports them", t => {
	const { blocks, messages } = workingDay(100_000);
	const lengths = messages.map(({ payload }) => payload.length);
	t.true(Math.min(...lengths) < 32);
	t.true(Math.min(...lengths) >= 16);
	t.true(Math.max(...lengths) > 900);
	t.true(Math.max(...lengths) <= 1000);
	const lines = blocks.filter(({ text }) => text.includes("+QMTRECV"));
	t.is(lines.length, messages.length);
	lines.forEach(({ text }, index) => {
		const { topic, payload } = messages[index];
		t.true(text.endsWith(`,"${topic}","${payload}"\r\n`), text);
	});
});

test("a working day has lines, and commands for its responses, of every kind", t => {
	const { blocks, lines } = workingDay(100_000);
	const commands = new Set(blocks.map(({ command }) => command));
	t.deepEqual([...commands].filter(command => command !== undefined).sort(), [
		"clock",
		"publish",
		"registration",
		"signal",
		"supply",
	]);
	t.is(
		blocks.map(({ text }) => text.split("\r\n").filter(Boolean).length).reduce((a, b) => a + b),
		lines,
	);
	for (const urc of ["+CSCON: 0", "+CEREG: 1,", "+QNBIOTEVENT: ", "+IP: "])
		t.true(
			blocks.some(({ text }) => text.includes(urc)),
			urc,
		);
});

test("messages of one size, and the messages of a day alone", t => {
	const { blocks } = messagesOf(100, 3, true);
	t.is(blocks.length, 3);
	t.regex(blocks[0].text, /^\r\n\+QMTRECV: 0,1,"[^"]+","[0-9A-F]{200}"\r\n$/);
	const day = workingDay(20_000);
	const only = messagesOnly(day);
	t.deepEqual(only.messages, day.messages);
	t.is(only.blocks.length, day.messages.length);
});
