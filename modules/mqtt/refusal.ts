import { CommandError } from "../at/errors.js";
import { QMT } from "../bc20/qmt.js";
import type { AnyLink } from "./link.js";

/** `<state>` of QMTCONN: connected (application note 3.2.4). */
const CLIENT_CONNECTED = 3;
/** Final result codes by which the module says that it did not take a command. */
const REFUSALS: readonly string[] = ["ERROR", "+CME ERROR"];
/** `<err>` of `+CME ERROR` that are about the command and what it carries; others are about the network, the SIM or the module. */
const ABOUT_COMMAND: readonly number[] = [3, 4, 24, 25, 50, 765, 766];

/** Whether the module did not take a command: nothing was sent. */
export function isRefused(error: Error | undefined): error is CommandError {
	return error instanceof CommandError && REFUSALS.includes(error.final);
}

/** Whether the command itself may be why, and not what will be better on another connection. */
export function isAboutCommand({ code }: CommandError): boolean {
	return code === undefined || ABOUT_COMMAND.includes(code);
}

/**
 * Asks the module whether the link's client is still connected, and has the data format that was set: it is the one message that was
 * refused. False too where it does not answer; never rejects.
 */
export async function isRefusedAlone(link: AnyLink): Promise<boolean> {
	try {
		return (await isStillConnected(link)) && (await link.hasFormat());
	} catch {
		return false;
	}
}

/** Asks the module whether the link's client is still connected. False too where it does not answer; never rejects. */
export async function isStillConnected({ scheduler, identifier }: AnyLink): Promise<boolean> {
	try {
		const states = scheduler ? await new QMT(scheduler, true).clientStates() : [];
		return states.some(({ id, state }) => id === identifier && state === CLIENT_CONNECTED);
	} catch {
		// What went wrong first says more.
		return false;
	}
}
