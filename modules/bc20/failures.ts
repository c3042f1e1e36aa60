import { CommandError, TimeoutError } from "../at/errors.js";
import { ContextError, ModemResetError, SimError, UnresponsiveError } from "./errors.js";
import type { FailureName } from "./ladder.js";
import { LinkError, OpenError, PacketError } from "./qmt-errors.js";

type ErrorClass = abstract new (...values: never[]) => Error;

/** What an error of bringing the module up, or the loss of it, is to the ladder; anything else is the serial port's. */
const FAILURE_OF: readonly (readonly [ErrorClass, FailureName])[] = [
	[UnresponsiveError, "silent"],
	[ModemResetError, "restarted"],
	[SimError, "sim"],
	[ContextError, "bringUp"],
	[CommandError, "bringUp"],
	[TimeoutError, "bringUp"],
];

/** @param hasAnswered whether the module has answered at all since the start */
export function failureOf(error: Error, hasAnswered: boolean): FailureName {
	const found = FAILURE_OF.find(([type]) => error instanceof type)?.[1] ?? "port";
	return found === "silent" && !hasAnswered ? "absent" : found;
}

/**
 * Errors of an MQTT connection that say something about the way to the broker, and their codes that do not: wrong parameters, what cannot be
 * sent, and how a DISCONNECT may end. A refusal by the broker (`ConnectionRefusedError`) is none: the way to it is open.
 */
const LINK_ERRORS: readonly (readonly [ErrorClass, readonly number[]])[] = [
	[OpenError, [1]],
	[PacketError, []],
	[LinkError, [5]],
	[CommandError, [4, 24, 25, 50]],
	[TimeoutError, []],
];

/** Whether it may help to climb the ladder. */
export function isLinkFailure(error: Error & { code?: number | undefined }): boolean {
	const entry = LINK_ERRORS.find(([type]) => error instanceof type);
	return entry !== undefined && !entry[1].includes(error.code ?? NaN);
}

/** Whether it failed on this side of the network, so that the broker has no part in it: by the error's `isLocal`. */
export function isLocal(error: Error & { isLocal?: boolean }): boolean {
	return error.isLocal === true;
}
