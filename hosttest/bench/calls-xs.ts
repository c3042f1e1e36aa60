// What a program of the benchmark does on XS when Node calls it.
import "../xs/shim/globals.js";
import { machine } from "../xs/shim/machine.js";
import { pause, resumeAt } from "./receive-port.js";

/** A call of Node: a name, and a value as JSON carries it. */
export type Calls = Readonly<Record<string, (value: never) => unknown>>;

/** Has Node call these functions; the reply is the JSON of what they return. */
export function answerCalls(calls: Calls): void {
	const handle = (buffer: ArrayBuffer) => {
		const { name, value } = JSON.parse(String.fromArrayBuffer(buffer)) as { name: string; value: never };
		const result = calls[name](value);
		// Only asked for when the promise jobs are done.
		return {
			get result() {
				return ArrayBuffer.fromString(JSON.stringify(result ?? null));
			},
		};
	};
	Object.defineProperty(globalThis, "handleCommand", { value: handle });
}

/** Lets time pass up to `time`: rings what is due. @returns computrons of that */
export function passTo(time: number): number {
	const { alarms } = machine;
	let computrons = 0;
	for (;;) {
		let first = -1;
		for (let index = 0; index < alarms.length; index++)
			if (alarms[index].due <= time && (first < 0 || alarms[index].due < alarms[first].due)) first = index;
		if (first < 0) break;
		const alarm = alarms[first];
		machine.now = Math.max(machine.now, alarm.due);
		resumeAt(0);
		alarm.ring();
		computrons += pause() - CALL_COMPUTRONS;
	}
	machine.now = time;
	return computrons;
}

/** What a metered call of a method that does nothing comes to. */
const CALL_COMPUTRONS = (() => {
	const nothing = { call: () => undefined };
	resumeAt(0);
	nothing.call();
	return pause();
})();
