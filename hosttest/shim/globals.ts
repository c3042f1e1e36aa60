// What XS has as globals and Node has not. Importing this file installs it.

/** Receives what `trace` writes: text with its line ends as given. */
export type TraceSink = (text: string) => void;

const standardError: TraceSink = text => void process.stderr.write(text);
let sink = standardError;

/** Sends what `trace` writes to `newSink`; undefined: to standard error again. */
export function setTraceSink(newSink: TraceSink | undefined): void {
	sink = newSink ?? standardError;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const isBuffer = (value: unknown): value is ArrayBufferLike =>
	value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;

function fromArrayBuffer(buffer: ArrayBufferLike, byteOffset?: number, byteLength?: number): string {
	if (!isBuffer(buffer))
		throw new TypeError("String.fromArrayBuffer: not an ArrayBuffer (of a view, pass a slice of its buffer)");
	try {
		return decoder.decode(new Uint8Array(buffer, byteOffset, byteLength));
	} catch {
		throw new TypeError("String.fromArrayBuffer: invalid UTF-8");
	}
}

function fromString(string: string): ArrayBuffer {
	const { buffer, byteOffset, byteLength } = encoder.encode(string);
	return buffer.slice(byteOffset, byteOffset + byteLength);
}

function concat(this: ArrayBuffer, ...buffers: ArrayBufferLike[]): ArrayBuffer {
	const parts: ArrayBufferLike[] = [this, ...buffers];
	if (!parts.every(isBuffer)) throw new TypeError("ArrayBuffer.concat: not an ArrayBuffer");
	const result = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
	let offset = 0;
	for (const part of parts) {
		result.set(new Uint8Array(part), offset);
		offset += part.byteLength;
	}
	return result.buffer;
}

const traceText = (log: string | ArrayBufferLike) =>
	sink((typeof log === "string" ? log : Buffer.from(log).toString("hex")) + "\n");
const trace = Object.assign((...log: (string | number | boolean)[]) => sink(log.join("")), {
	left: traceText,
	center: traceText,
	right: traceText,
});

const define = (object: object, name: string, value: unknown) =>
	Object.defineProperty(object, name, { value, configurable: true, writable: true });

define(globalThis, "trace", trace);
define(String, "fromArrayBuffer", fromArrayBuffer);
define(ArrayBuffer, "fromString", fromString);
define(ArrayBuffer.prototype, "concat", concat);
