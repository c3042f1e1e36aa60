import { CommandError } from "../at/errors.js";
import { REGISTRATION } from "./codes.js";
import type { FailureName, RungName } from "./ladder.js";

/** What all errors of the modem have in common. */
export class ModemError extends Error {
	override name = "ModemError";

	/** It is this unit's own failure, not the broker's or the network's to it: who connects again need not fear to be one of a fleet. */
	get isOwn(): boolean {
		return true;
	}
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

/** The recovery interrupts what is there, since it did not work. */
export class RecoveryError extends ModemError {
	override name = "RecoveryError";
	/** What is done about it. */
	readonly rung: RungName;

	constructor(failure: FailureName, rung: RungName) {
		super(`${FAILURE_TEXTS[failure]}; what is tried now: ${RUNG_TEXTS[rung] ?? rung}`);
		this.rung = rung;
	}
}

const FAILURE_TEXTS: Readonly<Record<FailureName, string>> = {
	silent: "the modem does not answer any more",
	absent: "the modem does not answer",
	restarted: "the modem has restarted",
	port: "the serial port cannot be opened",
	sim: "the SIM is not ready",
	bringUp: "the modem cannot be brought up",
	coverage: "there has been no network for long",
	link: "no connection to the broker is possible",
};
const RUNG_TEXTS: Readonly<Partial<Record<RungName, string>>> = {
	context: "the PDP context is activated anew",
	radio: "radio off and on (AT+CFUN)",
	restart: "a restart of the modem (AT+QRST)",
	reset: "the modem's RESET",
	power: "the modem's PWRKEY",
};

/** A callback of the application threw `cause`. It was contained. */
export class CallbackError extends ModemError {
	override name = "CallbackError";

	constructor(cause: unknown) {
		super(`a callback threw: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
	}
}
