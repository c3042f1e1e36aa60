// What the SDK's XS has as globals and xsnap's has not. Importing this file installs it.

interface Coder {
	encode(text: string): Uint8Array<ArrayBuffer>;
	decode(bytes: Uint8Array): string;
}
declare const TextEncoder: new () => Coder;
declare const TextDecoder: new (label: string, options: object) => Coder;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
let sink: (text: string) => void = () => undefined;

/** Sends what `trace` writes to `newSink`; it goes nowhere before. */
export function setTraceSink(newSink: (text: string) => void): void {
	sink = newSink;
}

/** A natives' replacement that nobody can enumerate. */
function define(object: object, name: string, value: unknown): void {
	Object.defineProperty(object, name, { value, configurable: true, writable: true });
}

define(globalThis, "trace", (...log: unknown[]) => sink(log.join("")));
define(ArrayBuffer, "fromString", (text: string) => encoder.encode(text).buffer);
define(String, "fromArrayBuffer", (buffer: ArrayBuffer, byteOffset?: number, byteLength?: number) =>
	decoder.decode(new Uint8Array(buffer, byteOffset, byteLength)),
);
