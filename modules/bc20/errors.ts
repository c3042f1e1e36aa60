import { CommandError } from "../at/errors.js";
import { REGISTRATION } from "./codes.js";

/** What all errors of the modem have in common. */
export class ModemError extends Error {
	override name = "ModemError";
}

/** The modem does not answer. */
export class UnresponsiveError extends ModemError {
	override name = "UnresponsiveError";

	constructor() {
		super(
			"the modem does not answer: check its power, the wiring (1.8 V levels, receive and transmit crossed) and the baud rate",
		);
	}
}

/** The modem restarted on its own: all its MQTT connections are gone. */
export class ModemResetError extends ModemError {
	override name = "ModemResetError";

	/** @param sign what told of it */
	constructor(sign: string) {
		super(`the modem has restarted (${sign}); its connections are gone`);
	}
}

/** The SIM is not ready. */
export class SimError extends ModemError {
	override name = "SimError";
	/** `+CME ERROR` number, where the module gave one. */
	readonly code: number | undefined;

	constructor(state: string, code?: number) {
		super(`SIM not ready: ${state}; check that it is inserted, unlocked and active`);
		this.code = code;
	}
}

/** No registration at the network. */
export class RegistrationError extends ModemError {
	override name = "RegistrationError";
	/** `<stat>` of `+CEREG`. */
	readonly code: number;

	/** @param waitedMs how long it was waited for, ms */
	constructor(code: number, waitedMs: number) {
		super(
			`no network after ${Math.round(waitedMs / 1000)} s: ${REGISTRATION[code] ?? "state"} (${code}); check antenna, coverage and subscription`,
		);
		this.code = code;
	}
}

/** The PDP context could not be deactivated or activated; the modem is brought up again. */
export class ContextError extends ModemError {
	override name = "ContextError";
	/** `+CME ERROR` number, where the module gave one. */
	readonly code: number | undefined;

	constructor(action: "activate" | "deactivate", reason: Error) {
		super(`cannot ${action} the PDP context: ${reason.message}`);
		this.code = reason instanceof CommandError ? reason.code : undefined;
	}
}
