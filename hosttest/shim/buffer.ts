/** The bytes of a buffer or view, not copied. Throws a TypeError for anything else, as the C code of the SDK does. */
export function bytesOf(buffer: unknown): Uint8Array {
	if (ArrayBuffer.isView(buffer)) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
	if (buffer instanceof ArrayBuffer || buffer instanceof SharedArrayBuffer) return new Uint8Array(buffer);
	throw new TypeError("not a buffer");
}
