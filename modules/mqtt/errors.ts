import { CommandError } from "../at/errors.js";
import { describeFinal } from "../bc20/codes.js";
import { MQTTError } from "../bc20/qmt-errors.js";

export {
	CloseError,
	ConnectionRefusedError,
	LinkError,
	MQTTError,
	OpenError,
	PacketError,
} from "../bc20/qmt-errors.js";

/** A message that the module cannot carry in the form that is set; nothing was sent. */
export class PayloadError extends MQTTError {
	override name = "PayloadError";
}

/** `write` before CONNACK, or after the end. */
export class NotConnectedError extends MQTTError {
	override name = "NotConnectedError";

	constructor() {
		super("not connected: wait for onControl with CONNACK");
	}
}

/** The data do not fit now: write no more than the last count of `onWritable` or `write`. Nothing was taken. */
export class OverflowError extends MQTTError {
	override name = "OverflowError";

	constructor() {
		super("overflow");
	}
}

/** The module's messages are not in the format that the connection was configured for; the next connection sets it anew. */
export class FormatError extends MQTTError {
	override name = "FormatError";

	constructor() {
		super("the module has another data format than was set; connect again");
	}
	/** It is this unit's own failure, not one of a fleet: see `ModemError.isOwn`. */
	get isOwn(): boolean {
		return true;
	}
}

/**
 * The module answered one PUBLISH with `ERROR` or `+CME ERROR: <code>` and is still connected: nothing was sent. `code` is that of the AT
 * error; undefined where there is none.
 */
export class PublishRefusedError extends MQTTError {
	override name = "PublishRefusedError";

	constructor({ message, code }: CommandError) {
		super(`${message}; this message was not sent: write it again, or another one`, code);
	}
}

/**
 * The module answered AT+QMTCFG or AT+QMTOPEN with `ERROR` or `+CME ERROR: <code>`: the broker was not asked. Firmware that has nothing
 * but `ERROR` does not tell a wrong parameter from a module that has to be restarted.
 */
export class NotOpenedError extends CommandError {
	override name = "NotOpenedError";

	constructor({ command = "", final, code }: CommandError) {
		super(command, final, code, code === undefined ? undefined : describeFinal(final, code));
	}
	/** It failed on this side of the network. */
	get isLocal(): boolean {
		return true;
	}
}

/** The module answered PUBLISH with `ERROR` or `+CME ERROR: <code>`, and that is the end of the connection: the message was not sent. */
export class NotSentError extends CommandError {
	override name = "NotSentError";

	constructor({ command = "", final, code }: CommandError) {
		const meaning = code === undefined ? undefined : describeFinal(final, code);
		super(command, final, code, `${meaning === undefined ? "" : `${meaning}; `}the message was not sent`);
	}
}
