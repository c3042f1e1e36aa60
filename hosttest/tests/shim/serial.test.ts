import test from "ava";
import { useClock, VirtualClock } from "../../shim/clock.js";
import Serial, { resetSerial, statistics, wire } from "../../shim/serial.js";
import type { SerialOptions } from "../../shim/serial.js";
import { counting, RecordingEnd } from "./recording-end.js";

const PINS = { receive: 16, transmit: 17 };
const ignore = () => undefined;
const GOOD: SerialOptions = { ...PINS, port: 2, baud: 115200, onReadable: ignore };

let time: VirtualClock;

test.beforeEach(() => {
	resetSerial();
	useClock((time = new VirtualClock()));
});

interface Refusal {
	what: string;
	options: unknown;
	is: ErrorConstructor | RangeErrorConstructor | TypeErrorConstructor;
	message?: string;
}

const without = (...names: (keyof SerialOptions)[]) =>
	Object.fromEntries(Object.entries(GOOD).filter(([name]) => !names.includes(name as keyof SerialOptions)));

const REFUSALS: Refusal[] = [
	{ what: "no options", options: undefined, is: TypeError },
	{ what: "no pin", options: without("receive", "transmit"), is: Error, message: "invalid" },
	{ what: "a pin of undefined", options: { ...GOOD, transmit: undefined }, is: Error, message: "invalid" },
	{ what: "a negative pin", options: { ...GOOD, receive: -1 }, is: RangeError, message: "negative" },
	{ what: "a pin the chip has not (24)", options: { ...GOOD, receive: 24 }, is: Error, message: "in use" },
	{ what: "a pin beyond the last", options: { ...GOOD, transmit: 40 }, is: Error, message: "in use" },
	{ what: "transmit on an input", options: { ...GOOD, transmit: 34 }, is: Error, message: "uart failed" },
	{ what: "port 3", options: { ...GOOD, port: 3 }, is: RangeError, message: "invalid port" },
	{ what: "port -1", options: { ...GOOD, port: -1 }, is: RangeError, message: "invalid port" },
	{ what: "a port of undefined", options: { ...GOOD, port: undefined }, is: Error, message: "invalid" },
	{ what: "the debugger's port", options: { ...GOOD, port: 0 }, is: RangeError, message: "port in use" },
	{
		what: "no port, which is the debugger's",
		options: without("port"),
		is: RangeError,
		message: "port in use",
	},
	{ what: "no baud", options: without("baud"), is: RangeError, message: "invalid baud" },
	{ what: "baud 0", options: { ...GOOD, baud: 0 }, is: RangeError, message: "invalid baud" },
	{ what: "baud 20000001", options: { ...GOOD, baud: 20_000_001 }, is: RangeError, message: "invalid baud" },
	{
		what: "a format it has not",
		options: { ...GOOD, format: "string" },
		is: RangeError,
		message: "invalid format",
	},
	{ what: "an unknown format", options: { ...GOOD, format: "x" }, is: RangeError, message: "invalid format" },
	{
		what: "a callback that is none",
		options: { ...GOOD, onReadable: 1 },
		is: Error,
		message: "not a function",
	},
	{
		what: "no callback",
		options: without("onReadable"),
		is: Error,
		message: "no callback: pass onReadable or onWritable, with its pin",
	},
	{
		what: "a callback without its pin",
		options: { ...without("transmit", "onReadable"), onWritable: ignore },
		is: Error,
		message: "no callback: pass onReadable or onWritable, with its pin",
	},
];

for (const { what, options, is, message } of REFUSALS) {
	test.serial(`the constructor refuses ${what}, and takes nothing`, t => {
		const end = new RecordingEnd();
		wire(2, end);
		t.throws(() => new Serial(options as SerialOptions), { instanceOf: is, ...(message && { message }) });
		t.deepEqual(end.events, []);
		t.notThrows(() => new Serial(GOOD));
	});
}

const ACCEPTED: { what: string; options: SerialOptions & Record<string, unknown> }[] = [
	{
		what: "frozen options with unknown keys",
		options: Object.freeze({ ...GOOD, flowControl: "hardware", stop: 2 }),
	},
	{ what: "no format but a null one", options: { ...GOOD, format: null as unknown as "buffer" } },
	{ what: "callbacks of null", options: { ...GOOD, onWritable: null } },
	{ what: "receive on an input", options: { ...GOOD, receive: 34 } },
	{ what: "receive alone", options: { receive: 16, port: 1, baud: 1, onReadable: ignore } },
	{ what: "transmit alone", options: { transmit: 17, port: 1, baud: 20_000_000, onWritable: ignore } },
];

for (const { what, options } of ACCEPTED) {
	test.serial(`the constructor accepts ${what}`, t => {
		const serial = new Serial(options);
		t.is(serial.format, "buffer");
		t.false("target" in serial);
		serial.close();
	});
}

test.serial("pins and port are in use until close, which may be called twice", t => {
	const first = new Serial(GOOD);
	const inUse = { instanceOf: Error, message: "in use" };
	t.throws(() => new Serial({ ...GOOD, port: 1, receive: 4 }), inUse, "transmit");
	t.throws(() => new Serial({ ...GOOD, port: 1, transmit: 4 }), inUse, "receive");
	t.throws(() => new Serial({ ...GOOD, transmit: 4, receive: 5 }), inUse, "port");
	t.throws(() => wire(2, undefined), { message: /port 2 is open/ });
	first.close();
	const second = new Serial(GOOD);
	first.close();
	t.throws(() => new Serial(GOOD), inUse, "the second close of the first frees nothing");
	second.close();
	t.notThrows(() => new Serial(GOOD));
});

test.serial("what the far end throws at opening leaves the constructor, and nothing is taken", t => {
	const end = new RecordingEnd();
	let isMissing = true;
	wire(2, {
		open: (baud, deliver) => {
			if (isMissing) throw new Error("/dev/ttyX: no such device");
			end.open(baud, deliver);
		},
		write: ignore,
		close: ignore,
	});
	t.throws(() => new Serial(GOOD), { message: "/dev/ttyX: no such device" });
	isMissing = false;
	t.notThrows(() => new Serial(GOOD));
	t.deepEqual(end.events, ["open 115200"]);
});

test.serial("target, format, and what the chip has not", t => {
	const target = {};
	const serial = new Serial({ ...GOOD, target, format: "number" });
	t.is(serial.target, target);
	t.is(serial.format, "number");
	serial.format = "buffer";
	t.is(serial.format, "buffer");
	t.throws(() => (serial.format = "uint8" as "buffer"), { instanceOf: RangeError, message: "unimplemented" });
	t.throws(() => (serial.format = "text" as "buffer"), { instanceOf: RangeError, message: "unknown" });
	for (const name of ["flush", "set", "onError", "onReadable", "onWritable"]) t.false(name in serial, name);
});

test.serial("after close everything but close throws, and no callback comes", async t => {
	const end = new RecordingEnd();
	wire(2, end);
	let calls = 0;
	const serial = new Serial({ ...GOOD, onReadable: () => calls++, onWritable: () => calls++ });
	end.send(counting(100));
	serial.close();
	end.send(counting(100));
	await time.advance(1000);
	t.is(calls, 0);
	for (const use of [() => serial.read(), () => serial.write(new ArrayBuffer(1)), () => serial.format]) {
		t.throws(use, { instanceOf: SyntaxError });
	}
	t.deepEqual(end.events, ["open 115200", "close"]);
});

test.serial("a close in onReadable keeps a due onWritable away", async t => {
	const end = new RecordingEnd();
	wire(2, end, { latencyCharacters: 0, early: 0, fullThreshold: 1 });
	const calls: string[] = [];
	const serial = new Serial({
		...GOOD,
		baud: 10_000_000,
		onReadable: () => {
			calls.push("readable");
			serial.close();
		},
		onWritable: () => calls.push("writable"),
	});
	end.send(counting(1));
	time.block(1); // both interrupts come before a callback can
	await time.advance(100);
	t.deepEqual(calls, ["readable"]);
});

test.serial(
	"callbacks get the instance and the count, and are never called from the constructor, read or write",
	async t => {
		const end = new RecordingEnd();
		wire(2, end, { latencyCharacters: 0 });
		let isInside = true;
		const calls: string[] = [];
		const serial: Serial = new Serial({
			...GOOD,
			onReadable(count) {
				calls.push(`readable ${this === serial} ${count} ${isInside}`);
				isInside = true;
				serial.read();
				serial.write(new ArrayBuffer(1));
				isInside = false;
			},
			onWritable(count) {
				calls.push(`writable ${this === serial} ${count} ${isInside}`);
			},
		});
		isInside = false;
		t.deepEqual(calls, []);
		await time.advance(0);
		t.deepEqual(calls, ["writable true 128 false"]);
		end.send(counting(5));
		await time.advance(2);
		t.true(calls.length >= 3);
		t.false(calls.some(call => call.endsWith("true")));
		t.true(calls.every(call => call.includes(" true ")));
	},
);

test.serial("read: all, into a view, into a buffer, a number of bytes, nothing", async t => {
	const end = new RecordingEnd();
	wire(2, end);
	const serial = new Serial({ ...GOOD, onReadable: null, onWritable: ignore });
	t.is(serial.read(), undefined);
	t.is(serial.read(new Uint8Array(0)), undefined, "undefined comes before the check");
	end.send(counting(20));
	await time.advance(20);
	t.deepEqual(new Uint8Array(serial.read(3) ?? new ArrayBuffer(0)), counting(3));
	const view = new Uint8Array(6).fill(99);
	t.is(serial.read(view.subarray(1, 5)), 4);
	t.deepEqual([...view], [99, 3, 4, 5, 6, 99]);
	const buffer = new ArrayBuffer(2);
	t.is(serial.read(buffer), 2);
	t.deepEqual([...new Uint8Array(buffer)], [7, 8]);
	for (const length of [0, -1, NaN])
		t.throws(() => serial.read(length), { instanceOf: Error, message: "invalid" });
	t.throws(() => serial.read(new Uint8Array(0)), { message: "invalid" });
	t.throws(() => serial.read(null as unknown as ArrayBuffer), { instanceOf: TypeError });
	const large = new Uint8Array(20);
	t.is(serial.read(large), 11);
	t.deepEqual(large.subarray(0, 11), counting(11, 9));
	t.is(serial.read(large), undefined);
	end.send(counting(2));
	await time.advance(1);
	t.deepEqual([...new Uint8Array(serial.read(4) ?? new ArrayBuffer(0))], [0, 1, 255, 255], "not clamped");
	end.send(counting(128));
	await time.advance(20);
	const all = serial.read();
	t.true(all instanceof ArrayBuffer);
	t.deepEqual(new Uint8Array(all as ArrayBuffer), counting(128));
});

test.serial("format number reads and writes bytes", async t => {
	const end = new RecordingEnd();
	wire(2, end);
	const serial = new Serial({ ...GOOD, format: "number" });
	t.is(serial.read(), undefined);
	end.send(Uint8Array.of(7, 200));
	for (let byte = 0; byte < 128; byte++) serial.write(byte + 256);
	t.throws(() => serial.write(0), { message: "output full" });
	await time.advance(20);
	t.deepEqual([serial.read(), serial.read(), serial.read()], [7, 200, undefined]);
	t.deepEqual(end.written, [...counting(128)]);
});

test.serial("write takes buffers and views, copies them, and returns nothing", async t => {
	const end = new RecordingEnd();
	wire(2, end);
	const serial = new Serial(GOOD);
	const bytes = counting(10);
	const write: (data: Uint8Array) => unknown = data => serial.write(data);
	const result = write(bytes.subarray(2, 4));
	t.is(result, undefined);
	serial.write(bytes.buffer);
	serial.write(new DataView(bytes.buffer, 9));
	serial.write(new ArrayBuffer(0));
	bytes.fill(0);
	for (const wrong of ["AT", 1, undefined, {}]) {
		t.throws(() => serial.write(wrong as unknown as ArrayBuffer), { instanceOf: TypeError });
	}
	await time.advance(10);
	t.deepEqual(end.written, [2, 3, ...counting(10), 9]);
	t.is(statistics(2).sent, 13);
});

test.serial("with nothing wired, or no pin for it, bytes vanish and none arrive", async t => {
	const serial = new Serial(GOOD);
	serial.write(new ArrayBuffer(128));
	await time.advance(20);
	t.deepEqual(statistics(2), { received: 0, dropped: 0, pieces: 0, sent: 128 });
	t.is(serial.read(), undefined);
	const end = new RecordingEnd();
	wire(1, end);
	const transmitter = new Serial({ transmit: 4, port: 1, baud: 9600, onWritable: ignore });
	end.send(counting(5));
	await time.advance(100);
	t.is(transmitter.read(), undefined);
	transmitter.close();
	const receiver = new Serial({ receive: 4, port: 1, baud: 9600, onReadable: ignore });
	receiver.write(new ArrayBuffer(5));
	await time.advance(100);
	t.deepEqual(end.written, []);
	t.throws(() => wire(3, undefined), { instanceOf: RangeError, message: "invalid port" });
});

test.serial(
	"what was written before close still leaves, then the far end is closed; a new opening drops it",
	async t => {
		const end = new RecordingEnd();
		wire(2, end);
		let serial = new Serial(GOOD);
		serial.write(counting(50));
		serial.close();
		t.deepEqual(end.events, ["open 115200"]);
		await time.advance(50);
		t.deepEqual(end.written, [...counting(50)]);
		t.deepEqual(end.events, ["open 115200", "close"]);
		serial = new Serial(GOOD);
		serial.write(counting(50));
		serial.close();
		new Serial({ ...GOOD, baud: 9600 });
		await time.advance(50);
		t.is(end.written.length, 50);
		t.deepEqual(end.events.slice(2), ["open 115200", "close", "open 9600"]);
	},
);
