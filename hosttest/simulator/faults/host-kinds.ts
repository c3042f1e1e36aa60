import { clock, VirtualClock } from "../../shim/clock.js";
import { logarithmic, none, oneOf, strike } from "./kind.js";

const DAY = 86_400_000;
/** Bytes of a record of the outbox, about: the cut falls in the first few. */
const RECORDS = 2000;

/** The ESP32. */
export const hostKinds = {
	"host.restart": strike({
		about: "the ESP32 restarts; the module does not notice",
		defaults: none,
		perDay: 3,
		possible: ({ host }) => host.restart !== undefined,
		strike(_, { host }) {
			host.restart?.();
			return undefined;
		},
	}),
	"host.cut": strike({
		about: "the ESP32 has no power for `ms`; the module does not notice",
		defaults: { ms: 1000 },
		perDay: 2,
		draw: random => ({ ms: logarithmic(random, 10, 3_600_000) }),
		possible: ({ host }) => host.cutPower !== undefined,
		strike({ ms }, { host }) {
			host.cutPower?.(ms);
			return undefined;
		},
	}),
	"flash.cut": strike({
		about: "the ESP32 loses its power when so many more bytes have been written to flash",
		defaults: { bytes: 1 },
		perDay: 3,
		draw: random => ({ bytes: random.integer([0, RECORDS]) }),
		possible: ({ host }) => host.cutFlash !== undefined,
		strike({ bytes }, { host }) {
			host.cutFlash?.(bytes);
			return undefined;
		},
	}),
	"clock.jumps": strike({
		about: "the date changes by so much; timers do not",
		defaults: { byMs: 3_600_000 },
		perDay: 2,
		draw: random => ({ byMs: logarithmic(random, 1000, 30 * DAY) * oneOf(random, [-1, 1]) }),
		possible: ({ host }) => host.jumpClock !== undefined || clock() instanceof VirtualClock,
		strike({ byMs }, { host }) {
			const inUse = clock();
			if (host.jumpClock) host.jumpClock(byMs);
			else if (inUse instanceof VirtualClock) inUse.date += byMs;
			return undefined;
		},
	}),
};
