// Texts and their bytes, on both engines.

/** Bytes of a text, one a character. Throws a RangeError for a character above 255. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
	return Uint8Array.from(text, character => {
		const code = character.codePointAt(0) ?? 0;
		if (code > 0xff) throw new RangeError(`no byte: ${character}`);
		return code;
	});
}

/** The text of bytes, one a character. */
export function latin1Of(bytes: ArrayBuffer | Uint8Array): string {
	let text = "";
	for (const byte of bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes))
		text += String.fromCharCode(byte);
	return text;
}

/** Bytes of a text in UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
	return new Uint8Array(ArrayBuffer.fromString(text));
}

/** The text of bytes in UTF-8. Throws where they are none. */
export function utf8Of(bytes: ArrayBuffer | Uint8Array): string {
	return String.fromArrayBuffer(bytes instanceof Uint8Array ? bytes.slice().buffer : bytes);
}
