// What is C on the chip and script on xsnap costs here what the call of a native does. An entry imports this file first.
import Time from "time";
import Timer from "timer";
import { machine } from "../xs/shim/machine.js";
import { pause, resumeAt } from "./receive-port.js";

declare const TextDecoder: new (label: string, options: object) => { decode(bytes: Uint8Array): string };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes: a message and what is around it. */
const LONGEST_TEXT = 1200;

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
standInForDecoder();
replace(String, ["fromArrayBuffer"]);
replace(ArrayBuffer, ["fromString"]);

/** As hosttest/xs/shim has it, without the garbage of a view each time: the bytes are copied one by one to where there are views. */
function standInForDecoder(): void {
	const { fromArrayBuffer: decode } = String as unknown as {
		fromArrayBuffer: (buffer: ArrayBufferLike) => string;
	};
	const scratch = new Uint8Array(4096);
	// Of each length that a log has, now: what is made later would count as the receiver's garbage.
	const views: (Uint8Array | undefined)[] = [];
	for (let length = 0; length <= LONGEST_TEXT; length++) views.push(scratch.subarray(0, length));
	let source = new Uint8Array(0);
	const fromArrayBuffer = (buffer: ArrayBufferLike, offset?: number, length?: number) => {
		if (offset === undefined || length === undefined || length > scratch.length) return decode(buffer);
		if (source.buffer !== buffer) source = new Uint8Array(buffer as ArrayBuffer);
		for (let index = 0; index < length; index++) scratch[index] = source[offset + index];
		return decoder.decode((views[length] ??= scratch.subarray(0, length)));
	};
	Object.defineProperty(String, "fromArrayBuffer", { value: fromArrayBuffer, configurable: true });
}
