import { CommandError, TimeoutError } from "../at/errors.js";
import type { Scheduler } from "../at/scheduler.js";
import type { Profile } from "../bc20/bringup.js";
import { MQTT } from "../bc20/commands.js";
import { QMT } from "../bc20/qmt.js";
import { sender, tolerate } from "../bc20/send.js";
import { MQTTError, OpenError } from "./errors.js";
import type { Settings } from "./options.js";

/** `<result>` of QMTOPEN. */
const OCCUPIED = 2;
const MQTT_3_1_1 = 4;

/** What a connection is made with. */
export interface ConnectContext {
	readonly scheduler: Scheduler;
	readonly identifier: number;
	readonly profile: Profile;
	readonly settings: Settings;
	/** Whether to go on: false once the client is closed. */
	readonly isWanted: () => boolean;
	/** Messages come in hex digits, in which nothing can pass for a line of the module. */
	readonly onHex: () => void;
	/** The network connection is, or may be, open from here on and has to be closed. */
	readonly onOpened: () => void;
	/** A command had no answer and is sent again. */
	readonly onRepeat: () => void;
}

/**
 * Configures an identifier, opens its network connection and connects the client: QMTCFG, QMTOPEN, QMTCONN (application note 3.2.1 to
 * 3.2.4). The options are sent each time: whether the module keeps them over a reset is not documented.
 * Ends early, without an error, when it is no longer wanted.
 * @throws (rejects) OpenError, ConnectionRefusedError, PacketError, or an error of the AT engine
 */
export async function connect(context: ConnectContext): Promise<void> {
	if (context.settings.hex && !context.profile.later)
		throw new MQTTError('dataFormat "hex" is not possible with this firmware of the module');
	const qmt = new QMT(context.scheduler, true);
	for (const { set, isRequired, isDataFormat } of configuration(qmt, context)) {
		if (!context.isWanted()) return;
		const isAccepted = await accepted(set(), isRequired);
		if (isDataFormat && isAccepted) context.onHex();
	}
	if (!context.isWanted()) return;
	await open(qmt, context);
	if (!context.isWanted()) return;
	const { id: clientId, user, password } = context.settings;
	await qmt.connect(context.identifier, { clientId, user, password });
}

/**
 * Closes an identifier's network connection; that it was closed already is no error. Without an answer the command is sent again: the
 * module would keep the connection alive.
 */
export function closeNetwork(scheduler: Scheduler, identifier: number, onRepeat: () => void): Promise<void> {
	return tolerate(sender(scheduler, onRepeat)(MQTT.close, "write", [identifier]));
}

interface Step {
	readonly set: () => Promise<void>;
	/** Whether the connection depends on it. */
	readonly isRequired: boolean;
	readonly isDataFormat?: boolean;
}

/** The options in the order in which they are sent. */
function configuration(qmt: QMT, { identifier: id, profile, settings }: ConnectContext): Step[] {
	const { aliAuth, clean, keepAlive, packetTimeout, retries, will, hex } = settings;
	const send = hex ? "hex" : "text";
	const steps: Step[] = [
		{ set: () => qmt.setKeepAlive(id, keepAlive), isRequired: true },
		{ set: () => qmt.setSession(id, clean), isRequired: true },
		{ set: () => qmt.setTimeout(id, { packetTimeout, retries, notice: true }), isRequired: true },
		{ set: () => qmt.setWill(id, will), isRequired: will !== undefined },
	];
	if (aliAuth) steps.push({ set: () => qmt.setAliAuth(id, aliAuth), isRequired: true });
	if (profile.later)
		steps.push(
			{ set: () => qmt.setVersion(id, MQTT_3_1_1), isRequired: false },
			{
				set: () => qmt.setDataFormat(id, { send, receive: "hex" }),
				isRequired: hex,
				isDataFormat: true,
			},
			// An echo of a message could pass for a line of the module.
			{ set: () => qmt.setEchoMode(id, false), isRequired: false },
		);
	return steps;
}

/** Lets pass that the module refuses what is not required. @returns whether it has accepted it */
async function accepted(setting: Promise<void>, isRequired: boolean): Promise<boolean> {
	try {
		await setting;
		return true;
	} catch (error) {
		if (isRequired || !(error instanceof CommandError)) throw error;
		return false;
	}
}

async function open(qmt: QMT, context: ConnectContext): Promise<void> {
	try {
		await openOnce(qmt, context);
	} catch (error) {
		// Some firmware answers with an error to an identifier that is occupied.
		const isOccupied = error instanceof OpenError && error.code === OCCUPIED;
		if (!isOccupied && !(error instanceof CommandError)) throw error;
		await closeNetwork(context.scheduler, context.identifier, context.onRepeat);
		if (context.isWanted()) await openOnce(qmt, context);
	}
}

async function openOnce(qmt: QMT, { identifier, settings, onOpened }: ConnectContext): Promise<void> {
	try {
		await qmt.open(identifier, settings.host, settings.port, onOpened);
	} catch (error) {
		// Whether it took effect is not known.
		if (error instanceof TimeoutError) onOpened();
		throw error;
	}
}
