// Freezes what preload freezes, by the rules of mcconfig's linker: xs/tools/xsl.c fxFreezeBuiltIns, xs/tools/xslSlot.c fxPrepareHeap
// (SDK 8.2.3).
import config from "../shim/config.js";
import { declared } from "./declared.js";
import { loaded } from "./load-time.js";

/** Of xsnap: freezes an object with all that it leads to. */
declare function harden(object: unknown): void;

type Method = (this: object, ...parameters: unknown[]) => unknown;

/** Methods that write into an instance which is read only. */
const WRITERS: readonly (readonly [prototype: object, names: readonly string[]])[] = [
	[Map.prototype, ["set", "delete", "clear"]],
	[Set.prototype, ["add", "delete", "clear"]],
	[WeakMap.prototype, ["set", "delete"]],
	[WeakSet.prototype, ["add", "delete"]],
];

/** What `freezePreloaded` has frozen. */
export interface Preloaded {
	/** Modules with a buffer whose bytes were written since: flash that a program cannot write. */
	readonly writtenBuffers: () => string[];
}

/**
 * Ends the loading. From now on, as on the chip: built-ins, functions, classes with their static fields and prototypes, and regular
 * expressions are frozen; Maps, Sets and their weak kin throw when they are written; JSON.stringify throws for anything preloaded.
 * Other objects of the modules can be written (the chip copies them), and so can variables.
 */
export function freezePreloaded(): Preloaded {
	loaded();
	const preloaded = new Set<object>();
	const buffers: { readonly module: string; readonly bytes: Uint8Array; readonly copy: Uint8Array }[] = [];
	for (const [prototype, names] of WRITERS) for (const name of names) guard(preloaded, prototype, name);
	guardJSON(preloaded);
	const visited = new Set<unknown>([undefined, null, Object.prototype, Function.prototype]);
	for (const { module, bindings, made } of declared) {
		// A list, not recursion: what it leads to may be deep.
		const list: unknown[] = [...Object.values(bindings), ...made];
		for (let value = list.pop(); value !== undefined || list.length; value = list.pop()) {
			if (visited.has(value) || (typeof value !== "object" && typeof value !== "function")) continue;
			visited.add(value);
			const object = value as object;
			preloaded.add(object);
			list.push(...children(object));
			if (object instanceof ArrayBuffer) {
				const bytes = new Uint8Array(object);
				buffers.push({ module, bytes, copy: bytes.slice() });
			}
			if (typeof object === "function" || object instanceof RegExp) Object.freeze(object);
			if (typeof object === "function" && isObject((object as { prototype?: unknown }).prototype))
				Object.freeze((object as { prototype: object }).prototype);
		}
	}
	hardenBuiltIns();
	const isWritten = ({ bytes, copy }: (typeof buffers)[number]) =>
		bytes.some((byte, index) => byte !== copy[index]);
	return { writtenBuffers: () => buffers.filter(isWritten).map(({ module }) => module) };
}

function children(object: object): unknown[] {
	const values: unknown[] = [Reflect.getPrototypeOf(object)];
	if (ArrayBuffer.isView(object)) return [...values, object.buffer];
	for (const key of Reflect.ownKeys(object)) {
		const descriptor: object = Reflect.getOwnPropertyDescriptor(object, key) ?? {};
		values.push(...(Object.values(descriptor) as unknown[]));
	}
	if (object instanceof Map) for (const entry of object as Map<unknown, unknown>) values.push(...entry);
	if (object instanceof Set) values.push(...(object as Set<unknown>));
	return values;
}

function guard(preloaded: ReadonlySet<object>, prototype: object, name: string): void {
	const native = (prototype as Record<string, Method>)[name];
	const guarded: Method = function (...parameters) {
		if (preloaded.has(this)) throw new TypeError(`${name}: read-only instance, it was preloaded`);
		return native.apply(this, parameters);
	};
	Object.defineProperty(prototype, name, { value: guarded });
}

/** JSON.stringify marks each object that it is in, which it cannot where they are in flash. */
function guardJSON(preloaded: ReadonlySet<object>): void {
	const native = JSON.stringify as Method;
	const guarded = (...parameters: unknown[]) => {
		const list: unknown[] = [parameters[0]];
		const seen = new Set<unknown>();
		for (let value = list.pop(); value !== undefined || list.length; value = list.pop()) {
			if (!isObject(value) || seen.has(value)) continue;
			seen.add(value);
			if (value === config || preloaded.has(value))
				throw new TypeError("JSON.stringify: read-only object, it was preloaded");
			list.push(...(Object.values(value) as unknown[]));
		}
		return native.apply(JSON, parameters);
	};
	Object.defineProperty(JSON, "stringify", { value: guarded });
}

function hardenBuiltIns(): void {
	const globals = globalThis as unknown as Record<string, unknown>;
	for (const name of Object.getOwnPropertyNames(globals)) if (/^[A-Z]/.test(name)) harden(globals[name]);
	// Those that have no name.
	const generator = function* (): Generator {
		// makes nothing
	};
	const asyncGenerator = async function* (): AsyncGenerator {
		// makes nothing
	};
	const asyncFunction = async (): Promise<void> => {
		// does nothing
	};
	for (const unnamed of [
		generator,
		asyncGenerator,
		asyncFunction,
		[][Symbol.iterator](),
		new Map()[Symbol.iterator](),
		new Set()[Symbol.iterator](),
		""[Symbol.iterator](),
		"".matchAll(/./g),
	])
		harden(Reflect.getPrototypeOf(unnamed));
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null;
}
