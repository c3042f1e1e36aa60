import { clock } from "./clock.js";

/** Module "time" of the Moddable SDK (modules/base/time), on `clock()`: what it has on the ESP32, less the setting of the date. */
const Time = {
	/** Milliseconds since the start, a signed 32-bit integer: after 2147483647 comes -2147483648. Compare by `delta` only. */
	get ticks(): number {
		return Math.floor(clock().now) | 0;
	},

	/**
	 * Milliseconds from `start` to `end` (now, if not given; an `end` of undefined is 0, as on the chip). Correct over the wrap
	 * of `ticks` as long as they are less than 2 ** 31 ms (24.8 days) apart.
	 */
	delta(start: number, ...end: [end?: number]): number {
		return ((end.length > 0 ? (end[0] ?? 0) : Time.ticks) - start) | 0;
	},
};

export default Time;
