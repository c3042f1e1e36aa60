// What is C on the chip and script on xsnap costs here what the call of a native does. An entry imports this file first.
import Time from "time";
import Timer from "timer";
import { machine } from "../xs/shim/machine.js";
import { pause, resumeAt } from "./receive-port.js";

type Method = (...values: unknown[]) => unknown;
type Methods = Record<string, Method>;

let harnessComputrons = 0;

/** The stand-in, as cheap as a native. Without rest parameters, which would make garbage; trailing undefined values are left out. */
function asNative(standIn: Method, owner: unknown): Method {
	return (first, second, third) => {
		const computrons = pause();
		let result;
		if (third !== undefined) result = standIn.call(owner, first, second, third);
		else if (second !== undefined) result = standIn.call(owner, first, second);
		else result = standIn.call(owner, first);
		resumeAt(computrons - harnessComputrons);
		return result;
	};
}

function replace(owner: object, names: readonly string[]): void {
	for (const name of names)
		Object.defineProperty(owner, name, { value: asNative((owner as Methods)[name], owner) });
}

const native = new Uint8Array(1);
const standIn = { at: asNative(() => undefined, undefined) };
resumeAt(0);
native.at(0);
const nativeComputrons = pause();
resumeAt(0);
standIn.at(0);
harnessComputrons = pause() - nativeComputrons;

Object.defineProperty(Time, "delta", {
	value: (start: number, end = machine.now) => (end - start) | 0,
	configurable: true,
});
replace(Time, ["delta"]);
replace(Timer, ["set", "repeat", "schedule", "clear"]);
replace(String, ["fromArrayBuffer"]);
replace(ArrayBuffer, ["fromString"]);
