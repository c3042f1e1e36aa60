import { CommandError } from "../at/errors.js";
import type { Scheduler } from "../at/scheduler.js";
import { QMT } from "../bc20/qmt.js";
import type { DataFormat } from "../bc20/qmt-configuration.js";
import { MQTTError } from "./errors.js";

/** Messages come in hex digits where that can be had: nothing in them can pass for a line of the module then. */
const IN_TEXT: DataFormat = { send: "text", receive: "hex" };
const IN_HEX: DataFormat = { send: "hex", receive: "hex" };

/**
 * Sets the data format of an identifier, and so finds out which firmware the module has: the later one has this option, QMTPUB with the
 * prompt, `version` and `echomode`; firmware V1.0 has none of them. It is asked anew for each connection: what was once taken for its
 * answer need not have been one, and an error alone is believed only if the query fails too.
 * @param hex messages go out in hex digits too
 * @returns whether it is the later firmware: messages come in hex digits
 * @throws (rejects) MQTTError or CommandError where `hex` is not possible; ResponseError, and errors of the AT engine
 */
export async function setDataFormat(qmt: QMT, identifier: number, hex: boolean): Promise<boolean> {
	const format = hex ? IN_HEX : IN_TEXT;
	if (await accepted(qmt.setDataFormat(identifier, format))) return true;
	if (await accepted(qmt.dataFormat(identifier))) return accepted(qmt.setDataFormat(identifier, format), hex);
	if (hex) throw new MQTTError('dataFormat "hex" is not possible with this firmware of the module');
	return false;
}

/**
 * Whether the module does what `setDataFormat` has made of it.
 * @param later what that has returned
 * @throws (rejects) ResponseError, and errors of the AT engine
 */
export async function hasDataFormat(
	scheduler: Scheduler,
	identifier: number,
	hex: boolean,
	later: boolean,
): Promise<boolean> {
	let format: DataFormat | undefined;
	const qmt = new QMT(scheduler, true);
	await accepted(qmt.dataFormat(identifier).then(told => (format = told)));
	const wanted = hex ? IN_HEX : IN_TEXT;
	if (later) return format?.send === wanted.send && format.receive === wanted.receive;
	return format === undefined || (format.send === "text" && format.receive === "text");
}

/** Lets pass that the module refuses what is not required. @returns whether it has accepted it */
export async function accepted(setting: Promise<unknown>, isRequired = false): Promise<boolean> {
	try {
		await setting;
		return true;
	} catch (error) {
		if (isRequired || !(error instanceof CommandError)) throw error;
		return false;
	}
}
