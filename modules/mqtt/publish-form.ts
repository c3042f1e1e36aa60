import { DATA_LIMIT, INLINE_LIMIT } from "../bc20/commands.js";
import { ESC, SUB, indexOfControl } from "../at/text.js";
import { PayloadError } from "./errors.js";

/** Behind the prompt `>`: any bytes but 0x1A and 0x1B. */
export const DATA = "data";
/** Within the command: any bytes but control characters. */
export const INLINE = "inline";
/** Within the command, two hex digits a byte: any bytes. */
export const HEX = "hex";
export type PublishForm = typeof DATA | typeof INLINE | typeof HEX;

/**
 * The form of `AT+QMTPUB` that carries a message, the one with the fewest bytes and limits first.
 * @param later whether the module has the later firmware's forms
 * @param hex whether the connection was configured to send hex
 * @throws PayloadError that names the limit or the byte
 */
export function publishForm(bytes: Uint8Array, length: number, later: boolean, hex: boolean): PublishForm {
	const form = hex ? HEX : later && length > 0 ? DATA : INLINE;
	const limit = LIMITS[form];
	if (length > limit)
		throw new PayloadError(`message of ${length} bytes; the limit is ${limit} (${form} form of AT+QMTPUB)`);
	const at =
		form === HEX ? -1 : form === DATA ? indexOfDataControl(bytes, length) : indexOfControl(bytes, length);
	if (at >= 0) {
		const cure = later ? 'connect with dataFormat "hex"' : "this firmware of the module cannot carry it";
		throw new PayloadError(
			`message holds byte 0x${bytes[at].toString(16).padStart(2, "0")} at ${at}, not possible in ${form} form; ${cure}`,
		);
	}
	return form;
}

/** The longest message of each form, bytes. */
export const LIMITS: Readonly<Record<PublishForm, number>> = {
	[DATA]: DATA_LIMIT,
	[INLINE]: INLINE_LIMIT,
	[HEX]: INLINE_LIMIT / 2,
};

function indexOfDataControl(bytes: Uint8Array, length: number): number {
	for (const control of [SUB, ESC]) {
		const at = bytes.indexOf(control);
		if (at >= 0 && at < length) return at;
	}
	return -1;
}
