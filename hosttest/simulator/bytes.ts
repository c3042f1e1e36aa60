import { MqttError } from "./errors.js";

// Text on the UART is held as strings of one character for each byte (latin1), so that no byte is ever changed.

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const bytesOf = (latin1: string): Buffer => Buffer.from(latin1, "latin1");
export const latin1Of = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
/** The bytes of a JavaScript string in UTF-8, one character each. */
export const latin1OfText = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** What the bytes say in UTF-8, which MQTT demands of topics, names and client identifiers. */
export function utf8Of(latin1: string): string {
	try {
		return decoder.decode(bytesOf(latin1));
	} catch {
		throw new MqttError("characters");
	}
}

/** The bytes that pairs of hex digits stand for; undefined where they are none. */
export function bytesOfHex(latin1: string): Buffer | undefined {
	return /^([\dA-Fa-f]{2})*$/.test(latin1) ? Buffer.from(latin1, "hex") : undefined;
}
