import Time from "time";
import { CommandError } from "../at/errors.js";
import type { Scheduler } from "../at/scheduler.js";
import { Basic, MQTT } from "./commands.js";
import { type PDPContext, addressOf } from "./context.js";
import { RegistrationError, SimError } from "./errors.js";
import { type Send, sender, tolerate } from "./send.js";
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

/** What the firmware of the module can do beyond the application note V1.0. */
export interface Profile {
	/** `QMTPUB` with the message behind the prompt `>`, and the options `version`, `dataformat` and `echomode`. */
	readonly later: boolean;
}

/** What bring-up asks of who runs it. */
export interface BringUpContext {
	readonly scheduler: Scheduler;
	readonly sleep: Sleep;
	/** Access point name to be set as default, or undefined to leave what the module has. */
	readonly apn: string | undefined;
	/** ms of searching after which `onNoNetwork` is told. */
	readonly registrationTimeoutMs: number;
	/** Registration, `<stat>` of the last `+CEREG`. */
	readonly registration: () => number;
	readonly onRegistration: (state: number) => void;
	readonly context: PDPContext;
	/** No network for so long; searching goes on. */
	readonly onNoNetwork: (error: RegistrationError) => void;
}

/** Attach may take 75 s by itself (AT commands manual); the network is asked at most so often, ms. */
const POLL_MS = 2000;
/** The SIM may take so long after power on, ms. */
const SIM_BUDGET_MS = 10_000;
/** `<stat>` of a module that is not registered and does not search. */
const IDLE = 0;
const PLUS = 0x2b;

/** Puts the module into the state that the firmware counts on: no echo, numeric errors, no sleep. */
export async function configure(scheduler: Scheduler): Promise<Identification> {
	const send = sender(scheduler);
	await send(Basic.echo, "execute");
	await send(Basic.errorReports, "write", [1]);
	const identification = await identify(send);
	for (const spec of [Basic.sleep, Basic.powerSaving, Basic.discontinuousReception])
		await tolerate(send(spec, "write", [0]));
	let functionality = 1;
	await send(Basic.functionality, "read", [], {
		onInformation: line => (functionality = line.integer(0) ?? 1),
	});
	if (functionality !== 1) await send(Basic.functionality, "write", [1]);
	return identification;
}

/** Finds out which firmware profile the module has. */
export async function recognise(scheduler: Scheduler): Promise<Profile> {
	let later = false;
	await tolerate(
		sender(scheduler)(MQTT.options, "test", [], {
			onInformation: line => {
				if (line.string(0) === "dataformat") later = true;
			},
		}),
	);
	return { later };
}

/** Closes the MQTT identifiers that an earlier run of the firmware left open. @returns how many there were */
export async function closeLeftovers(scheduler: Scheduler): Promise<number> {
	const send = sender(scheduler);
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
export async function awaitSim(context: BringUpContext): Promise<void> {
	const send = sender(context.scheduler);
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
		await context.sleep.wait(POLL_MS);
	}
}

/**
 * Sets the APN of the default context if it is another one; it takes effect after a restart of the module (AT commands manual,
 * AT+QCGDEFCONT).
 * @returns whether the module has to restart
 */
export async function setAccessPoint(scheduler: Scheduler, apn: string): Promise<boolean> {
	const send = sender(scheduler);
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
export async function attach(context: BringUpContext): Promise<string | undefined> {
	const send = sender(context.scheduler);
	await send(Basic.registration, "write", [1]);
	const start = Time.ticks;
	for (let report = context.registrationTimeoutMs; ;) {
		await send(Basic.registration, "read", [], {
			onInformation: line => context.onRegistration(line.integer(1) ?? 0),
		});
		const state = context.registration();
		if (isRegistered(state)) break;
		const waited = Time.delta(start);
		if (waited >= report) {
			report = waited + context.registrationTimeoutMs;
			context.onNoNetwork(new RegistrationError(state, waited));
		}
		// Told to detach by somebody, it would never search.
		if (state === IDLE) await tolerate(send(Basic.attachment, "write", [1]));
		await context.sleep.wait(POLL_MS);
	}
	let attached = 0;
	await send(Basic.attachment, "read", [], { onInformation: line => (attached = line.integer(0) ?? 0) });
	if (!attached) await send(Basic.attachment, "write", [1]);
	if (context.context.isDown) await context.context.activate(context.scheduler);
	return addressOf(context.scheduler);
}

/** Registered at home or roaming. */
export function isRegistered(state: number): boolean {
	return state === 1 || state === 5;
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
