import { clock } from "../../shim/clock.js";
import type { Random } from "../random.js";
import { catches, logarithmic, none, oneOf, strike, type Piece, type Target } from "./kind.js";

type Direction = "toHost" | "toModem";

const direction: readonly Direction[] = ["toHost", "toModem"];

/**
 * `count` bytes beginning at a random place of the next piece. `sparePublish`: not in AT+QMTPUB, its data or its result, where a changed
 * byte makes another valid message, or another valid result, that nothing on this line can tell from the true one.
 */
const bytes = { count: 1, sparePublish: false as boolean };

const drawBytes = (random: Random) => ({ count: logarithmic(random, 1, 8) });

/** A fault of bytes in one direction. */
function byteFault(
	point: Direction,
	about: string,
	change: (piece: Uint8Array, start: number, end: number, random: Random) => Uint8Array,
) {
	return catches(point, {
		about: `${about} ${point === "toHost" ? "from the module" : "to the module"}`,
		defaults: bytes,
		perDay: 6,
		draw: drawBytes,
		alter({ bytes: piece, ofPublish }: Piece, { count, sparePublish }, { random }: Target) {
			if (piece.length === 0 || (ofPublish && sparePublish)) return undefined;
			const start = random.integer([0, Math.max(0, piece.length - count)]);
			return change(piece, start, Math.min(piece.length, start + count), random);
		},
	});
}

const without = (piece: Uint8Array, start: number, end: number): Uint8Array =>
	Buffer.concat([piece.subarray(0, start), piece.subarray(end)]);

const doubled = (piece: Uint8Array, start: number, end: number): Uint8Array =>
	Buffer.concat([piece.subarray(0, end), piece.subarray(start)]);

/** One bit of each byte. */
const flipped = (piece: Uint8Array, start: number, end: number, random: Random): Uint8Array =>
	piece.map((byte, at) => (at < start || at >= end ? byte : byte ^ (1 << random.integer([0, 7]))));

const noiseOf = (random: Random, count: number): Uint8Array =>
	Uint8Array.from({ length: count }, () => random.integer([0, 255]));

/** What happens to bytes between the ESP32 and the module. */
export const lineKinds = {
	"line.lostToHost": byteFault("toHost", "bytes are lost", without),
	"line.lostToModem": byteFault("toModem", "bytes are lost", without),
	"line.doubledToHost": byteFault("toHost", "bytes come twice", doubled),
	"line.doubledToModem": byteFault("toModem", "bytes come twice", doubled),
	"line.flippedToHost": byteFault("toHost", "a bit of each byte is changed", flipped),
	"line.flippedToModem": byteFault("toModem", "a bit of each byte is changed", flipped),
	"line.noise": strike<{ direction: Direction; count: number }>({
		about: "random bytes that nobody sent",
		defaults: { direction: "toHost", count: 20 },
		perDay: 6,
		draw: random => ({ direction: oneOf(random, direction), count: logarithmic(random, 1, 200) }),
		strike({ direction: way, count }, { random, modem }) {
			const noise = noiseOf(random, count);
			if (way === "toHost") modem.disturb(noise);
			else modem.write(noise);
			return undefined;
		},
	}),
	"line.sleep": strike({
		about: "the module sleeps: the next packet on the UART is lost",
		defaults: none,
		perDay: 6,
		strike(_, { modem }) {
			modem.sleep();
			return undefined;
		},
	}),
	"host.blocked": catches("toHost", {
		about:
			"a turn of the ESP32 takes so long, from when a piece of `atLeast` bytes begins to come: beyond 128 the receive FIFO overruns",
		defaults: { ms: 60, atLeast: 1 },
		perDay: 12,
		draw: random => ({ ms: logarithmic(random, 10, 200) }),
		alter({ bytes: piece }, { ms, atLeast }, target) {
			if (piece.length < atLeast) return undefined;
			target.after(0, () => clock().block(ms));
			return piece;
		},
	}),
};
