import { machine } from "./machine.js";

/** Module "time" of the Moddable SDK; as hosttest/shim/time.ts, on the machine's time. */
const Time = {
	get ticks(): number {
		return machine.now | 0;
	},
	delta(start: number, ...end: [end?: number]): number {
		return ((end.length > 0 ? (end[0] ?? 0) : machine.now | 0) - start) | 0;
	},
};

export default Time;
