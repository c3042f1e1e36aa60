// What loading a module may do where it is preloaded, which mcconfig's linker does at build time: import this file first.
import Timer from "timer";
import "../shim/machine.js";
import { loading } from "./declared.js";

/** A constructor of XS. */
type Constructor = new (...parameters: unknown[]) => object;

/** Classes whose instances the linker (xs/tools/xslSlot.c, fxPrepareHeap) puts into flash to be read only. */
const READ_ONLY = [
	"Map",
	"Set",
	"WeakMap",
	"WeakSet",
	"WeakRef",
	"ArrayBuffer",
	"DataView",
	"Uint8Array",
	"Int8Array",
	"Uint8ClampedArray",
	"Uint16Array",
	"Int16Array",
	"Uint32Array",
	"Int32Array",
	"Float32Array",
	"Float64Array",
	"BigInt64Array",
	"BigUint64Array",
] as const;

const globals = globalThis as unknown as Record<string, Constructor>;
const restore: (() => void)[] = [];

function replace(object: object, name: string, value: unknown): void {
	const descriptor = Object.getOwnPropertyDescriptor(object, name);
	Object.defineProperty(object, name, { value, configurable: true, writable: true });
	if (descriptor) restore.push(() => Object.defineProperty(object, name, descriptor));
}

function forbidden(name: string): () => never {
	return () => {
		throw new Error(`${name} at load time`);
	};
}

/** A constructor that notes what a module of ours makes while it is loaded. */
function noting(native: Constructor): unknown {
	function Noting(...parameters: unknown[]): object {
		const target = new.target as unknown;
		const newTarget = target === Noting ? native : (target as Constructor);
		const instance: object = Reflect.construct(native, parameters, newTarget);
		loading()?.made.push(instance);
		return instance;
	}
	Object.setPrototypeOf(Noting, native);
	Noting.prototype = native.prototype as object;
	return Noting;
}

for (const name of READ_ONLY) replace(globals, name, noting(globals[name]));
for (const name of ["set", "repeat", "schedule", "clear"]) replace(Timer, name, forbidden(`Timer.${name}`));
replace(Math, "random", forbidden("Math.random"));
replace(Date, "now", forbidden("Date.now"));
for (const name of ["Date", "Promise"]) {
	const native = globals[name];
	const atLoad = new Proxy(native, { construct: forbidden(`new ${name}`) });
	replace(globals, name, atLoad);
}

/** Loading is over: what it forbids is allowed again. */
export function loaded(): void {
	for (const undo of restore.reverse()) undo();
}
