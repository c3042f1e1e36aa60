import Time from "time";
import type { CommandSpec } from "../at/command.js";
import { CommandError } from "../at/errors.js";
import { execute } from "../at/execute.js";
import type { Line } from "../at/line.js";
import type { Scheduler } from "../at/scheduler.js";
import { Basic, MQTT } from "./commands.js";
import { type PDPContext, addressOf } from "./context.js";
import { ModemResetError, RegistrationError, SimError } from "./errors.js";
import type { RungName } from "./ladder.js";
import { type Send, tolerate } from "./send.js";
import type { Sleep } from "./sleep.js";

/** What the module says of itself. */
export interface Identification {
	/** `Quectel_Ltd` */
	readonly manufacturer: string;
	/** `Quectel_BC20` */
	readonly model: string;
	/** `BC20NBR01A01` */
	readonly revision: string;
	/** 15 digits; empty where the module gives none. */
	readonly imei: string;
}

/** What waiting for the network asks of who runs it. */
export interface BringUpContext {
	readonly sleep: Sleep;
	/** ms of searching after which `onNoNetwork` is told. */
	readonly registrationTimeoutMs: number;
	/** Registration, `<stat>` of the last `+CEREG`. */
	readonly registration: () => number;
	/** The answer to AT+CEREG?. */
	readonly onState: (line: Line) => void;
	readonly context: PDPContext;
	/** No network for so long; searching goes on. */
	readonly onNoNetwork: (error: RegistrationError) => void;
}

/** Attach may take 75 s by itself (AT commands manual); the network is asked at most so often, ms. */
const POLL_MS = 2000;
/** … and so often when it has looked for a network for longer than a search takes: that there is one is told as well. */
const SLOW_POLL_MS = 30_000;
const LONG_SEARCH_MS = 600_000;
/** The SIM may take so long after power on, ms. */
const SIM_BUDGET_MS = 10_000;
/** `<stat>` of a module that is not registered and does not search. */
const IDLE = 0;
const PLUS = 0x2b;
/** AT+CMEE: errors by their numbers. */
const ERROR_REPORTS = 1;

/** Puts the module into the state that the firmware counts on: no echo, numeric errors, no sleep. */
export async function configure(send: Send): Promise<Identification> {
	await send(Basic.echo, "execute");
	await send(Basic.errorReports, "write", [ERROR_REPORTS]);
	const identification = await identify(send);
	for (const spec of [Basic.sleep, Basic.powerSaving, Basic.discontinuousReception])
		await switchOff(send, spec);
	let functionality = 1;
	await send(Basic.functionality, "read", [], {
		onInformation: line => (functionality = line.integer(0) ?? 1),
	});
	if (functionality !== 1) await send(Basic.functionality, "write", [1]);
	return identification;
}

/** First and last line of the boot banner (module reference, chapter 2). */
const BANNER: readonly string[] = ["F1", "Leaving the BROM"];
/** What the module says behind the banner. It may come late, so it is a reason to look and no proof. */
export const START_URCS: readonly string[] = ["+CFUN", "+CPIN"];

/** Hears of a restart by the boot banner. @param onRestart gets a line of it */
export function listenForBanner(scheduler: Scheduler, onRestart: ((line: Line) => void) | undefined): void {
	for (const sign of BANNER) scheduler.listen(sign, onRestart);
}

/**
 * Uses the rung of the ladder that is due, if any: `radio`, AT+CFUN=0 and =1: whatever it was stuck in, it looks for a network anew; or
 * `restart`.
 */
export async function applyRemedy(
	rung: RungName | undefined,
	scheduler: Scheduler,
	send: Send,
): Promise<void> {
	if (rung === "radio") {
		await tolerate(send(Basic.functionality, "write", [0]));
		await send(Basic.functionality, "write", [1]);
	} else if (rung === "restart") await restart(scheduler, "it was told to");
}

/**
 * AT+QRST=1. An `OK` may come or not, and then the module is not there.
 * @throws (rejects) ModemResetError, always
 */
export async function restart(scheduler: Scheduler, reason: string): Promise<never> {
	listenForBanner(scheduler, undefined);
	try {
		await execute(scheduler, Basic.restart, "write", [1]);
	} catch {
		// Whether it has restarted is found out by who brings it up again.
	}
	throw new ModemResetError(reason);
}

/** Closes the MQTT identifiers that an earlier run of the firmware left open. @returns how many there were */
export async function closeLeftovers(send: Send): Promise<number> {
	const open: number[] = [];
	await tolerate(
		send(MQTT.open, "read", [], {
			onInformation: line => {
				const identifier = line.integer(0);
				if (identifier !== undefined) open.push(identifier);
			},
		}),
	);
	for (const identifier of open) await tolerate(send(MQTT.close, "write", [identifier]));
	return open.length;
}

/** Waits for the SIM. @throws SimError */
export async function awaitSim(send: Send, sleep: Sleep): Promise<void> {
	for (let waited = 0; ; waited += POLL_MS) {
		let state = "no answer";
		let code: number | undefined;
		try {
			await send(Basic.pin, "read", [], { onInformation: line => (state = line.string(0) ?? state) });
		} catch (error) {
			if (!(error instanceof CommandError)) throw error;
			state = error.message;
			({ code } = error);
		}
		if (state === "READY") return;
		if (waited >= SIM_BUDGET_MS) throw new SimError(state, code);
		await sleep.wait(POLL_MS);
	}
}

/**
 * Sets the APN of the default context if it is another one; it takes effect after a restart of the module (AT commands manual,
 * AT+QCGDEFCONT).
 * @returns whether the module has to restart
 */
export async function setAccessPoint(send: Send, apn: string): Promise<boolean> {
	let current: string | undefined;
	await send(Basic.context, "read", [], {
		onInformation: line => {
			if (line.integer(0) === 1) current = line.string(2);
		},
	});
	if (current?.toLowerCase() === apn.toLowerCase()) return false;
	await send(Basic.defaultContext, "write", ["IP", apn]);
	return true;
}

/**
 * Waits until the module is registered and attached, however long it takes; says so when it takes longer than it should.
 * @returns the module's address, undefined if it does not tell
 * @throws (rejects) ContextError
 */
export async function attach(
	context: BringUpContext,
	scheduler: Scheduler,
	send: Send,
): Promise<string | undefined> {
	await send(Basic.registration, "write", [1]);
	const start = Time.ticks;
	for (let report = context.registrationTimeoutMs; ;) {
		await send(Basic.registration, "read", [], { onInformation: context.onState });
		const state = context.registration();
		if (isRegistered(state)) break;
		const waited = Time.delta(start);
		if (waited >= report) {
			report = waited + context.registrationTimeoutMs;
			context.onNoNetwork(new RegistrationError(state, waited));
		}
		// Told to detach by somebody, it would never search.
		if (state === IDLE) await tolerate(send(Basic.attachment, "write", [1]));
		await context.sleep.wait(waited < LONG_SEARCH_MS ? POLL_MS : SLOW_POLL_MS);
	}
	let attached = 0;
	await send(Basic.attachment, "read", [], { onInformation: line => (attached = line.integer(0) ?? 0) });
	if (!attached) await send(Basic.attachment, "write", [1]);
	if (context.context.isDown) await context.context.activate(scheduler);
	return addressOf(send);
}

/**
 * Makes sure that what `configure` has set is still so: a restart in the middle of bringing up may have gone unheard.
 * @throws (rejects) ModemResetError
 */
export async function confirm(send: Send): Promise<void> {
	let mode = ERROR_REPORTS;
	await send(Basic.errorReports, "read", [], { onInformation: line => (mode = line.integer(0) ?? mode) });
	if (mode !== ERROR_REPORTS) throw new ModemResetError("its settings are gone");
}

/** Registered at home or roaming. */
export function isRegistered(state: number): boolean {
	return state === 1 || state === 5;
}

/**
 * Sets an option to 0, unless it is: some of them the module keeps in its flash, which is not to be written each time. One that its
 * firmware lacks is left alone.
 */
async function switchOff(send: Send, spec: CommandSpec): Promise<void> {
	let value: number | undefined;
	await tolerate(send(spec, "read", [], { onInformation: line => (value ??= line.integer(0)) }));
	if (value !== 0) await tolerate(send(spec, "write", [0]));
}

async function identify(send: Send): Promise<Identification> {
	const lines: string[] = [];
	let imei = "";
	await send(Basic.information, "execute", [], {
		// Its lines have no prefix; a URC between them has one.
		onInformation: line => {
			if (line.at(0) !== PLUS) lines.push(line.text);
		},
	});
	await tolerate(
		send(Basic.serialNumber, "write", [1], { onInformation: line => (imei = line.string(0) ?? "") }),
	);
	const [manufacturer = "", model = "", revision = ""] = lines;
	return { manufacturer, model, revision: revision.slice(revision.indexOf(":") + 1).trim(), imei };
}
