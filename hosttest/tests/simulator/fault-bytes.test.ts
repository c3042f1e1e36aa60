import test from "ava";
import { useClock, VirtualClock } from "../../shim/clock.js";
import Serial, { resetSerial, statistics, wire } from "../../shim/serial.js";
import { Faults, type KindName, type Parameters } from "../../simulator/faults/faults.js";
import { SimulatedBC20 } from "../../simulator/modem.js";
import { publish, faultBench } from "./fault-bench.js";
import { nowhere } from "./terminal.js";

const ANSWER = "\r\n+CGATT: 1\r\n\r\nOK\r\n";

/** All texts that differ from `text` by a change of `count` bytes. */
function changes(text: string, count: number, change: (at: number) => string): Set<string> {
	return new Set(Array.from({ length: text.length - count + 1 }, (_, at) => change(at)));
}
const without = (text: string, count: number): Set<string> =>
	changes(text, count, at => text.slice(0, at) + text.slice(at + count));
const doubled = (text: string, count: number): Set<string> =>
	changes(text, count, at => text.slice(0, at + count) + text.slice(at));

const FIRST = "\r\n+CGATT: 1\r\n";
for (const [kind, possible] of [
	["line.lostToHost", without],
	["line.doubledToHost", doubled],
] as const)
	for (const count of [1, 3])
		test.serial(`${kind}: ${count} bytes of one piece, at a place by the seed`, async t => {
			const seen = new Set<string>();
			for (let seed = 1; seed <= 12; seed++) {
				const { terminal, faults } = await faultBench(t, { faults: { seed } });
				faults.inject(kind, { count });
				terminal.type("AT+CGATT?\r");
				await terminal.clock.advance(1000);
				const answer = terminal.take();
				t.true(
					possible(FIRST, count).has(answer.slice(0, -"\r\n\r\nOK\r\n".length + 2)),
					JSON.stringify(answer),
				);
				t.is(await terminal.ask("AT+CGATT?"), ANSWER);
				seen.add(answer);
			}
			t.true(seen.size > 3);
		});

test.serial("line.flippedToHost: one bit of each of `count` bytes", async t => {
	const { terminal, faults } = await faultBench(t);
	faults.inject("line.flippedToHost", { count: 4 });
	terminal.type("AT+CGATT?\r");
	await terminal.clock.advance(1000);
	const answer = terminal.take();
	t.is(answer.length, ANSWER.length);
	const bits = [...Buffer.from(answer, "latin1")].map((byte, at) => byte ^ ANSWER.charCodeAt(at));
	t.deepEqual(
		bits.filter(bit => bit !== 0).map(bit => Number.isInteger(Math.log2(bit))),
		[true, true, true, true],
	);
});

test.serial("line.…ToModem: what the module hears is changed, and only once", async t => {
	for (const [kind, possible] of [
		["line.lostToModem", (text: string) => without(text, 1)],
		["line.doubledToModem", (text: string) => doubled(text, 1)],
		["line.flippedToModem", undefined],
	] as const) {
		const { terminal, faults } = await faultBench(t);
		faults.inject(kind);
		terminal.type("AT+CGATT?\r");
		const heard = Buffer.from(terminal.transcript.at(-1)?.bytes ?? []).toString("latin1");
		t.not(heard, "AT+CGATT?\r", kind);
		if (possible) t.true(possible("AT+CGATT?\r").has(heard), heard);
		else t.is(heard.length, 10);
		terminal.type("\r");
		await terminal.clock.advance(1000);
		terminal.take();
		t.is(await terminal.ask("AT+CGATT?"), ANSWER, kind);
	}
});

test.serial("sparePublish: AT+QMTPUB, its data and its result pass, what follows is changed", async t => {
	for (const [kind, typed] of [
		["line.flippedToModem", [`${publish(7)}\r`]],
		["line.flippedToModem", ["AT+QMTP", 'UB=0,7,1,0,"t","m7"\r']],
		["line.lostToModem", ['AT+QMTPUB=0,7,1,0,"t"\r', "m", "7\x1a"]],
		["line.flippedToHost", [`${publish(7)}\r`]],
	] as const) {
		const { terminal, faults, published } = await faultBench(t, { connected: true });
		// OK of the publish is a piece of its own, which may be changed.
		const times = kind === "line.flippedToHost" ? 4 : 1;
		faults.inject(kind, { sparePublish: true }, { times });
		let output = "";
		for (const piece of typed) {
			terminal.type(piece);
			await terminal.clock.advance(300);
			output += terminal.take();
		}
		t.deepEqual(published, ["m7"]);
		t.true(output.includes("\r\n+QMTPUB: 0,7,0\r\n"));
		if (times > 1) continue;
		t.deepEqual(faults.log, []);
		terminal.type("AT+CGATT?\r");
		t.is(faults.log.length, 1);
	}
});

test.serial("oneIn: about one in so many bytes, the same ones for the same seed", async t => {
	const run = async (seed: number): Promise<string> => {
		const { terminal, faults } = await faultBench(t, {
			faults: { seed, rates: { "line.lostToHost": { oneIn: 50, parameters: { count: 1 } } } },
		});
		let output = "";
		for (let count = 0; count < 100; count++) {
			terminal.type("AT+CGATT?\r");
			await terminal.clock.advance(100);
			output += terminal.take();
		}
		const lost = 100 * ANSWER.length - output.length;
		t.is(faults.counts["line.lostToHost"], lost);
		// 2000 bytes: 40 on average
		t.true(lost > 20 && lost < 60, String(lost));
		return output;
	};
	const first = await run(1);
	t.is(await run(1), first);
	t.not(await run(2), first);
});

/** Bytes of both URCs, and of the receive FIFO. */
const LENGTH = 12 + 511;
test.serial("host.blocked: beyond 128 bytes the receive FIFO overruns", async t => {
	const overruns = async (kind?: KindName, parameters?: Parameters): Promise<number> => {
		const clock = new VirtualClock();
		useClock(clock);
		resetSerial();
		t.teardown(resetSerial);
		const faults = new Faults();
		const modem = new SimulatedBC20({ faults, start: "on", network: nowhere });
		wire(1, modem, { early: 0, latencyCharacters: 0 });
		let received = 0;
		const serial = new Serial({
			port: 1,
			receive: 16,
			transmit: 17,
			baud: 115_200,
			onReadable() {
				const read = this.read();
				received += read instanceof ArrayBuffer ? read.byteLength : 0;
			},
		});
		if (kind) faults.inject(kind, parameters);
		modem.urc("+TEST: 1");
		modem.urc(`+LONG: ${"x".repeat(500)}`);
		await clock.advance(1000);
		serial.close();
		t.is(received, statistics(1).received);
		return statistics(1).dropped;
	};
	t.is(await overruns(), 0);
	t.is(await overruns("host.blocked", { ms: 60, atLeast: 129 }), LENGTH - 128);
	t.true((await overruns("host.blocked", { ms: 20, atLeast: 129 })) < LENGTH - 128);
});
