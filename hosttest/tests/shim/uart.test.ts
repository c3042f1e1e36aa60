import test from "ava";
import fc from "fast-check";
import { useClock, VirtualClock, WallClock } from "../../shim/clock.js";
import Serial, { resetSerial, statistics, wire } from "../../shim/serial.js";
import type { SerialOptions, UartBehaviour } from "../../shim/serial.js";
import Timer from "../../shim/timer.js";
import { counting, RecordingEnd } from "./recording-end.js";

/** The same on every run: the interrupt at 96 bytes or after 4 idle characters, the callback right after it. */
const EXACT: UartBehaviour = { early: 0, latencyCharacters: 0 };

let time: VirtualClock;
let end: RecordingEnd;

test.beforeEach(() => {
	resetSerial();
	useClock((time = new VirtualClock()));
	end = new RecordingEnd();
});

function open(options: Partial<SerialOptions>, behaviour: UartBehaviour = EXACT): Serial {
	wire(1, end, behaviour);
	return new Serial({
		receive: 16,
		transmit: 17,
		port: 1,
		baud: 115200,
		onReadable: () => undefined,
		...options,
	});
}

const near = (a: number, b: number) => Math.abs(a - b) < 1e-6;

for (const baud of [9600, 115200]) {
	const characterMs = 10_000 / baud;

	test.serial(
		`at ${baud} the line brings a byte each ${characterMs.toFixed(3)} ms, neither more nor less`,
		async t => {
			const serial = open({ baud, onReadable: null, onWritable: () => undefined });
			const view = new Uint8Array(128);
			end.send(new Uint8Array(20_000));
			let arrived = 0;
			for (let ms = 7; ms <= 1400; ms += 7) {
				await time.advance(7);
				for (;;) {
					const count = serial.read(view);
					if (count === undefined) break;
					arrived += count;
				}
				t.is(arrived, Math.floor(ms / characterMs + 1e-3));
			}
			t.is(statistics(1).received, arrived);
			t.is(statistics(1).dropped, 0);
		},
	);

	test.serial(`at ${baud} written bytes leave at the line's pace, the room with them`, async t => {
		let room = 0;
		let total = 0;
		open({
			baud,
			onReadable: null,
			onWritable(count) {
				room = count;
				this.write(new ArrayBuffer(count));
				total += count;
			},
		});
		await time.advance(2000);
		// The FIFO is never empty, so the line never rests; what has left is known up to the last event.
		const left = Math.floor(2000 / characterMs);
		t.true(statistics(1).sent > left - 128 && statistics(1).sent <= left, `${statistics(1).sent} of ${left}`);
		t.is(room, 118);
		t.true(total - statistics(1).sent <= 246);
	});

	test.serial(`at ${baud} the interrupts come at 96 bytes, and 4 characters after the last byte`, async t => {
		const calls: [at: number, count: number][] = [];
		open({
			baud,
			onReadable(count) {
				calls.push([time.now / characterMs, count]);
				this.read();
			},
		});
		end.send(counting(100));
		await time.advance(1000 * characterMs);
		t.deepEqual(
			calls.map(([at, count]) => [Math.round(at * 1000) / 1000, count]),
			[
				[96, 96],
				[104, 4],
			],
		);
	});
}

test.serial("bytes nobody reads are dropped without a word, and counted", async t => {
	const counts: number[] = [];
	const serial = open({ onReadable: count => counts.push(count) });
	end.send(counting(200));
	await time.advance(30);
	t.deepEqual(counts.slice(0, 3), [96, 97, 98], "again and again, as nothing is read");
	t.is(counts.at(-1), 128);
	t.deepEqual(statistics(1), { received: 128, dropped: 72, pieces: counts.length, sent: 0 });
	t.deepEqual(new Uint8Array(serial.read() as ArrayBuffer), counting(128), "the first are kept");
	t.is(serial.read(), undefined);
});

test.serial("a callback that blocks loses what does not fit in the FIFO", async t => {
	let received = 0;
	open({
		onReadable() {
			received += (this.read() as ArrayBuffer).byteLength;
			Timer.delay(60);
		},
	});
	end.send(new Uint8Array(1018));
	await time.advance(500);
	const { dropped } = statistics(1);
	t.is(received + dropped, 1018);
	t.true(dropped > 600, `${dropped} lost`);
});

test.serial(
	"the interrupt is masked until the callback has run: 96 bytes come once, not again and again",
	async t => {
		const calls: number[] = [];
		open(
			{
				onReadable(count) {
					calls.push(count);
					this.read(new Uint8Array(50)); // leaves some
				},
			},
			{ ...EXACT, latencyCharacters: 24, seed: 5 },
		);
		end.send(counting(96));
		await time.advance(100);
		t.deepEqual(calls, [96], "46 bytes are left: no interrupt comes for them");
		end.send(counting(1, 96));
		await time.advance(100);
		t.deepEqual(calls, [96, 47], "until another byte has come");
	},
);

test.serial("read() enables the interrupt before the callback has returned", async t => {
	const calls: number[] = [];
	open({
		onReadable(count) {
			calls.push(count);
			this.read();
			if (calls.length > 1) return;
			end.send(counting(30));
			Timer.delay(5); // all of it comes, and 4 idle characters, before the callback returns
		},
	});
	end.send(counting(20));
	await time.advance(100);
	t.deepEqual(calls, [20, 30]);
});

test.serial("bytes that were read elsewhere before the callback came call nothing", async t => {
	let calls = 0;
	const serial = open({ onReadable: () => calls++ }, { early: 0, latencyCharacters: 1000, seed: 3 });
	end.send(counting(10));
	await time.advance(1.3); // 14 characters take 1.22 ms
	t.is((serial.read() as ArrayBuffer).byteLength, 10);
	await time.advance(1000);
	t.is(calls, 0);
});

test.serial(
	"a threshold for tests; a pause of 4 characters ends a piece, a shorter one does not",
	async t => {
		const counts: number[] = [];
		open(
			{
				onReadable(count) {
					counts.push(count);
					this.read();
				},
			},
			{ ...EXACT, fullThreshold: 3 },
		);
		const characterMs = 10_000 / 115200;
		end.send(counting(7));
		time.set(() => end.send(counting(1)), 10 * characterMs);
		time.set(() => end.send(counting(2)), 16 * characterMs);
		await time.advance(10);
		t.deepEqual(counts, [3, 3, 2, 2]);
	},
);

test.serial("write throws output full beyond the room of 128 bytes, and takes nothing of it", async t => {
	const serial = open({});
	const full = { instanceOf: Error, message: "output full" };
	t.throws(() => serial.write(new ArrayBuffer(129)), full);
	serial.write(counting(100));
	t.throws(() => serial.write(new ArrayBuffer(29)), full);
	serial.write(counting(28, 100));
	t.throws(() => serial.write(new ArrayBuffer(1)), full);
	await time.advance(10_000 / 115200 + 0.001);
	serial.write(counting(1, 128));
	t.throws(() => serial.write(new ArrayBuffer(1)), full);
	await time.advance(100);
	t.deepEqual(end.written, [...counting(129)]);
});

test.serial(
	"onWritable comes at the start, and when 10 bytes or fewer are left; not without a write",
	async t => {
		const characterMs = 10_000 / 115200;
		const calls: [at: number, count: number][] = [];
		const serial = open({ onWritable: count => calls.push([time.now, count]) });
		await time.advance(5);
		serial.write(new ArrayBuffer(128));
		await time.advance(45);
		serial.write(new ArrayBuffer(4));
		await time.advance(50);
		const expected = [
			[0, 128],
			[5 + 118 * characterMs, 118],
			[50, 124],
		];
		t.is(calls.length, expected.length);
		calls.forEach(([at, count], i) => {
			t.true(near(at, expected[i][0]), `${at}`);
			t.is(count, expected[i][1]);
		});
	},
);

test.serial("bytes reach the far end when they have left, even while the host blocks", async t => {
	const serial = open({});
	serial.write(counting(100));
	time.block(20);
	serial.write(counting(28, 100));
	await time.advance(1);
	t.deepEqual(end.written, [], "the last of 28 needs 2.4 ms");
	await time.advance(2);
	t.deepEqual(end.written, [...counting(128)]);
});

test.serial(
	"the same seed gives the same pieces, another one others, of all sizes, and none is lost",
	async t => {
		const pieces = async (seed: number) => {
			resetSerial();
			useClock((time = new VirtualClock()));
			const counts: number[] = [];
			open(
				{
					onReadable(count) {
						counts.push(count);
						this.read();
					},
				},
				{ seed },
			);
			end.send(new Uint8Array(5000));
			await time.advance(1000);
			t.is(statistics(1).dropped, 0);
			t.is(statistics(1).received, 5000);
			t.is(statistics(1).pieces, counts.length);
			return counts;
		};
		const first = await pieces(1);
		t.deepEqual(await pieces(1), first);
		t.notDeepEqual(await pieces(2), first);
		t.true(Math.min(...first) < 30);
		t.true(Math.max(...first) > 96);
		t.true(new Set(first).size > 20);
	},
);

test.serial("what is delivered is copied, and may be delivered before the port has a reader", async t => {
	const bytes = counting(3);
	wire(1, { open: (_, deliver) => deliver(bytes), write: () => undefined, close: () => undefined }, EXACT);
	let got: unknown;
	new Serial({
		receive: 16,
		port: 1,
		baud: 9600,
		onReadable() {
			got = new Uint8Array(this.read() as ArrayBuffer);
		},
	});
	bytes.fill(0);
	await time.advance(100);
	t.deepEqual(got, counting(3));
});

test.serial("a far end that is not paced loses nothing, at any amount and with a slow reader", async t => {
	end = new RecordingEnd(false);
	const got: number[] = [];
	const sizes: number[] = [];
	open({
		onReadable(count) {
			sizes.push(count);
			got.push(...new Uint8Array(this.read() as ArrayBuffer));
			Timer.delay(50);
		},
	});
	const sent: number[] = [];
	for (const count of [1, 5000, 300]) {
		const bytes = Uint8Array.from({ length: count }, (_, i) => i * 7);
		sent.push(...bytes);
		end.send(bytes);
		await time.advance(10);
	}
	await time.advance(5000);
	t.deepEqual(got, sent);
	t.true(Math.max(...sizes) <= 128);
	t.is(statistics(1).dropped, 0);
});

test.serial("an exception that leaves a callback surfaces", async t => {
	open({
		onReadable: () => {
			throw new Error("restart");
		},
	});
	end.send(counting(1));
	await t.throwsAsync(time.advance(10), { message: "restart" });
});

test.serial("on the wall clock, a busy desktop loses nothing: the line waits for Node", async t => {
	const wall = new WallClock();
	useClock(wall);
	const got: number[] = [];
	const sent = Uint8Array.from({ length: 700 }, (_, i) => i * 3);
	const busy = () => {
		wall.block(15);
		if (got.length < sent.length) wall.set(busy, 1);
	};
	await new Promise<void>(resolve => {
		open(
			{
				onReadable() {
					got.push(...new Uint8Array(this.read() as ArrayBuffer));
					wall.block(15);
					if (got.length === sent.length) resolve();
				},
			},
			{},
		);
		end.send(sent);
		busy();
	});
	t.deepEqual(got, [...sent]);
	t.is(statistics(1).dropped, 0);
});

test.serial("a month later the line still keeps its pace", async t => {
	await time.advance(30 * 24 * 3600 * 1000);
	let received = 0;
	open({
		onReadable() {
			received += (this.read() as ArrayBuffer).byteLength;
		},
	});
	end.send(new Uint8Array(11_520));
	await time.advance(1000.4);
	t.is(received, 11_520);
});

test.serial(
	"property: what the far end writes arrives unchanged and in order with a reader that drains",
	async t => {
		const scenario = fc.record({
			pieces: fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 40 })), {
				maxLength: 12,
			}),
			seed: fc.integer(),
			early: fc.constantFrom(0, 0.5, 1),
			baud: fc.constantFrom(9600, 57600, 115200, 921600),
			paced: fc.boolean(),
		});
		await fc.assert(
			fc.asyncProperty(scenario, async ({ pieces, seed, early, baud, paced }) => {
				resetSerial();
				useClock((time = new VirtualClock({ turns: 1 })));
				end = new RecordingEnd(paced);
				const got: number[] = [];
				const view = new Uint8Array(40);
				open(
					{
						baud,
						onReadable() {
							for (let count = this.read(view); count !== undefined; count = this.read(view)) {
								got.push(...view.subarray(0, count));
							}
						},
					},
					{ seed, early },
				);
				for (const [bytes, pauseMs] of pieces) {
					end.send(bytes);
					await time.advance(pauseMs);
				}
				await time.advance(5000);
				t.deepEqual(
					got,
					pieces.flatMap(([bytes]) => [...bytes]),
				);
			}),
			{ seed: 3, numRuns: 60 },
		);
	},
);
