import type { SerialOptions } from "../at/port.js";
import { checkInteger, checkNumber, checkText } from "./checks.js";
import { APN_LIMIT } from "./commands.js";
import type { KeyOptions } from "./keys.js";
import type { BC20 } from "./modem.js";

/** What `onChanged` can name. */
export type ChangedProperty = "connection" | "signal" | "voltage" | "recovery";

export interface BC20Options {
	/** ECMA-419 serial constructor and its options: `{io: Serial, receive, transmit, port, baud}`. */
	readonly serial: SerialOptions;
	/** The PWRKEY pin, where it is wired. */
	readonly power?: KeyOptions | undefined;
	/** The RESET pin, where it is wired. */
	readonly reset?: KeyOptions | undefined;
	/** Access point name, 1 to 99 bytes; the module's own where absent. The module restarts once when it changes. */
	readonly apn?: string | undefined;
	/** ms without registration after which it is reported, and again each such time; 180,000 by default. */
	readonly registrationTimeoutMs?: number;
	/**
	 * ms without a line from the module after which one `AT` asks whether it is there, 1000 to 3,600,000; 0: never, as for a module that
	 * sleeps. 30,000 by default.
	 */
	readonly livenessMs?: number;
	/** Bytes of the receive ring, 256 to 65,536: the longest line is this less 128. 2560 by default. */
	readonly receiveBuffer?: number;
	/** Commands that may wait for the line, 1 to 255; 12 by default. */
	readonly queue?: number;
	/** A property has changed. */
	readonly onChanged?: (this: BC20, property: ChangedProperty) => void;
	/** Something failed, or a callback threw (CallbackError); what is tried again comes with the ms until then. */
	readonly onError?: (this: BC20, error: Error, retryInMs?: number) => void;
	/** The AT conversation, secrets left out. May come from inside a method: it is for watching only. */
	readonly onTrace?: (direction: "send" | "receive", text: string) => void;
}

/** What the supervisor tells its owner: one frozen table in flash. None of them throws; never from inside a method. */
export interface SupervisorEvents<Owner> {
	readonly onChanged: (owner: Owner, property: ChangedProperty) => void;
	readonly onError: (owner: Owner, error: Error, retryInMs?: number) => void;
	/** A callback threw. */
	readonly onException: (owner: Owner, exception: unknown) => void;
	/** Only where the option `onTrace` is given. */
	readonly onTrace: (owner: Owner, direction: "send" | "receive", text: string) => void;
	/** The modem is on the network. */
	readonly onUp: (owner: Owner) => void;
	/** The line is closed. */
	readonly onDown: (owner: Owner) => void;
}

/**
 * Checks all options.
 * @returns a copy: what becomes of the options later changes nothing
 * @throws TypeError or RangeError that names the option
 */
export function checked(options: BC20Options): BC20Options {
	if (typeof (options.serial as SerialOptions | undefined)?.io !== "function")
		throw new TypeError("serial.io must be a serial constructor");
	const { apn, registrationTimeoutMs, livenessMs, receiveBuffer, queue } = options;
	if (apn !== undefined) checkText("apn", apn, 1, APN_LIMIT);
	if (registrationTimeoutMs !== undefined)
		checkNumber("registrationTimeoutMs", registrationTimeoutMs, 1, LONGEST_TIMEOUT_MS);
	if (livenessMs) checkNumber("livenessMs", livenessMs, SHORTEST_SILENCE_MS, LONGEST_SILENCE_MS);
	if (receiveBuffer !== undefined)
		checkInteger("receiveBuffer", receiveBuffer, SMALLEST_BUFFER, LARGEST_BUFFER);
	if (queue !== undefined) checkInteger("queue", queue, 1, LARGEST_QUEUE);
	return { ...options, serial: { ...options.serial } };
}

const SHORTEST_SILENCE_MS = 1000;
const LONGEST_SILENCE_MS = 3_600_000;
const LONGEST_TIMEOUT_MS = 0x7fffffff;
/** Twice the FIFO of the ESP32's UART: what the ring needs. */
const SMALLEST_BUFFER = 256;
const LARGEST_BUFFER = 65_536;
const LARGEST_QUEUE = 255;
