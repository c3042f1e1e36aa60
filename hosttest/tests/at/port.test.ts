import test from "ava";
import { VirtualClock, useClock } from "../../shim/clock.js";
import fc from "fast-check";
import { ATError } from "../../../modules/at/errors.js";
import { Port } from "../../../modules/at/port.js";
import { ReceiveBuffer } from "../../../modules/at/receive-buffer.js";
import { TestSerial } from "../bench.js";
import { latin1, utf8Of } from "../bytes.js";

function open(onReceive?: (port: Port) => void) {
	const buffer = new ReceiveBuffer(512);
	let sent = 0;
	const port = new Port({ io: TestSerial, transmit: 17, receive: 16 }, buffer, () => sent++);
	const receiver = {
		isReading: false,
		receive: (count: number) => {
			buffer.add(count);
			receiver.isReading = true;
			onReceive?.(port);
			receiver.isReading = false;
			return true;
		},
		receiveNoise: () => undefined,
	};
	port.receiver = receiver;
	return { port, buffer, serial: TestSerial.last, completions: () => sent };
}

test.serial("gives the serial class its options and its own callbacks", t => {
	let given: Record<string, unknown> = {};
	class Serial {
		constructor(options: Record<string, unknown>) {
			given = options;
		}
		close() {}
		read() {
			return undefined;
		}
		write() {}
	}
	const options = Object.freeze({ io: Serial, baud: 115200, port: 1, format: "number" });
	new Port(options, new ReceiveBuffer(256), () => undefined);
	t.is(given.baud, 115200);
	t.is(given.port, 1);
	t.is(given.format, "buffer");
	t.is(given.io, undefined);
	t.is(typeof given.onReadable, "function");
	t.is(typeof given.onWritable, "function");
});

test.serial("sends nothing before it is told of room, and never more than that", t => {
	const { port, serial, completions } = open();
	const bytes = latin1("0123456789".repeat(30));
	t.false(port.send(bytes, 0, bytes.length));
	t.is(serial.take(), "");
	t.true(port.sending);
	serial.writable(128);
	t.is(serial.take().length, 128);
	t.is(completions(), 0);
	serial.writable(118);
	t.is(serial.take().length, 118);
	serial.writable(128);
	t.is(serial.take().length, 54);
	t.is(completions(), 1);
	t.false(port.sending);
	t.true(port.send(bytes, 0, 74), "what room is left is used");
	t.is(completions(), 1, "told by the return value alone");
	t.false(port.send(bytes, 0, 1));
	serial.writable(0);
	t.is(completions(), 1);
	serial.writable(1);
	t.is(completions(), 2);
});

test.serial("sends a byte at a time if that is the room", t => {
	const { port, serial, completions } = open();
	port.send(latin1("xAT+CSQ\ry"), 1, 8);
	for (let count = 0; count < 7; count++) {
		t.is(completions(), 0);
		serial.writable(1);
	}
	t.is(serial.take(), "AT+CSQ\r");
	t.is(completions(), 1);
});

test.serial("refuses a second send and forgets what was aborted", t => {
	const { port, serial, completions } = open();
	port.send(latin1("abc"), 0, 3);
	t.throws(() => port.send(latin1("d"), 0, 1), { instanceOf: ATError });
	serial.writable(1);
	port.abort();
	t.false(port.sending);
	serial.writable(128);
	t.is(serial.take(), "a");
	t.is(completions(), 0);
	t.true(port.send(latin1("d"), 0, 1));
	t.is(serial.take(), "d");
});

test.serial("drains the FIFO, also of what comes while it does", t => {
	let more = 1;
	const { buffer, serial } = open(() => {
		if (more-- > 0) serial.hold("second");
	});
	serial.receive("first");
	t.is(utf8Of(buffer.bytes.slice(0, buffer.length)), "firstsecond");
});

test.serial("reads without being told", t => {
	const { port, buffer, serial } = open();
	serial.hold("OK");
	port.receive();
	t.is(buffer.length, 2);
	port.receive();
	t.is(buffer.length, 2);
});

test.serial("closed: touches the serial port no more; closed in its own callback, a turn later", async t => {
	const clock = new VirtualClock();
	useClock(clock);
	const { port, serial, completions } = open(port => port.close());
	port.send(latin1("abc"), 0, 3);
	serial.hold("never read");
	serial.receive("x");
	t.false(serial.closed);
	await clock.advance(0);
	t.true(serial.closed);
	port.close();
	port.receive();
	t.false(port.send(latin1("d"), 0, 1));
	t.is(serial.take(), "");
	t.is(completions(), 0);
});

test.serial("property: any text, in any rooms, arrives once and in order", t => {
	const text = fc.string({ unit: "binary-ascii", maxLength: 300 });
	fc.assert(
		fc.property(
			fc.array(text, { maxLength: 4 }),
			fc.array(fc.integer({ min: 1, max: 128 }), { minLength: 1 }),
			(texts, rooms) => {
				const { port, serial, completions } = open();
				let turn = 0;
				let expected = 0;
				for (const text of texts) {
					const bytes = latin1(text);
					if (port.send(bytes, 0, bytes.length)) continue;
					expected++;
					while (port.sending) serial.writable(rooms[turn++ % rooms.length]);
				}
				return serial.take() === texts.join("") && completions() === expected;
			},
		),
		{ seed: 7, numRuns: 500 },
	);
	t.pass();
});

test.serial("a serial port that throws is contained: nothing is taken as sent or received", t => {
	const { port, buffer, serial, completions } = open();
	serial.write = serial.read = () => {
		throw new Error("gone");
	};
	t.false(port.send(latin1("abc"), 0, 3));
	serial.writable(128);
	t.notThrows(() => serial.readable(1));
	t.true(port.sending);
	t.is(buffer.length, 0);
	t.is(completions(), 0);
});
