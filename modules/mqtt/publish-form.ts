import { DATA_LIMIT, INLINE_LIMIT } from "../bc20/commands.js";
import { indexOfControl, indexOfDataEnd } from "../at/text.js";
import { PayloadError } from "./errors.js";

/** Behind the prompt `>`: any bytes but 0x1A and 0x1B. */
export const DATA = "data";
/** Within the command: any bytes but control characters. */
export const INLINE = "inline";
/** Within the command, two hex digits a byte: any bytes. */
export const HEX = "hex";
export type PublishForm = typeof DATA | typeof INLINE | typeof HEX;

/**
 * The form of `AT+QMTPUB` that carries a message of a length, the one with the fewest bytes and limits first.
 * @param later whether the module has the later firmware's forms
 * @param hex whether the connection was configured to send hex
 * @throws PayloadError that names the limit
 */
export function publishForm(length: number, later: boolean, hex: boolean): PublishForm {
	const form = hex ? HEX : later && length > 0 ? DATA : INLINE;
	const limit = LIMITS[form];
	if (length > limit)
		throw new PayloadError(`message of ${length} bytes; the limit is ${limit} (${form} form of AT+QMTPUB)`);
	return form;
}

/** Why the command was refused as it stands: the error that names the byte which a message holds and its form cannot carry. */
export function payloadError(message: Uint8Array, form: PublishForm, later: boolean): PayloadError {
	const at = form === DATA ? indexOfDataEnd(message) : indexOfControl(message);
	const cure = later ? 'connect with dataFormat "hex"' : "this firmware of the module cannot carry it";
	return new PayloadError(
		`message holds byte 0x${(message[at] ?? 0).toString(16).padStart(2, "0")} at ${at}, not possible in ${form} form; ${cure}`,
	);
}

/** The longest message of each form, bytes. */
export const LIMITS: Readonly<Record<PublishForm, number>> = {
	[DATA]: DATA_LIMIT,
	[INLINE]: INLINE_LIMIT,
	[HEX]: INLINE_LIMIT / 2,
};
