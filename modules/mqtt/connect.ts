import { CommandError, TimeoutError } from "../at/errors.js";
import type { Scheduler } from "../at/scheduler.js";
import { MQTT } from "../bc20/commands.js";
import { QMT } from "../bc20/qmt.js";
import { sender, tolerate } from "../bc20/send.js";
import { accepted, setDataFormat } from "./data-format.js";
import { NotOpenedError, OpenError } from "./errors.js";
import type { Settings } from "./options.js";

/** `<result>` of QMTOPEN. */
const OCCUPIED = 2;
const MQTT_3_1_1 = 4;

/** What a connection is made with. */
export interface ConnectContext {
	readonly scheduler: Scheduler;
	readonly identifier: number;
	readonly settings: Settings;
	/** Whether to go on: false once the client is closed. */
	readonly isWanted: () => boolean;
	/** The module has the later firmware: messages come in hex digits, in which nothing can pass for a line of the module. */
	readonly onLater: () => void;
	/** The network connection is, or may be, open from here on and has to be closed. */
	readonly onOpened: () => void;
	/** A command had no answer and is sent again. */
	readonly onRepeat: () => void;
}

/**
 * Configures an identifier, opens its network connection and connects the client: QMTCFG, QMTOPEN, QMTCONN (application note 3.2.1 to
 * 3.2.4). The options are sent each time: whether the module keeps them over a reset is not documented.
 * Ends early, without an error, when it is no longer wanted.
 * @throws (rejects) NotOpenedError, OpenError, ConnectionRefusedError, PacketError, ResponseError, MQTTError, or an error of the AT engine
 */
export async function connect(context: ConnectContext): Promise<void> {
	const qmt = new QMT(context.scheduler, true);
	try {
		await configureAll(qmt, context);
		if (!context.isWanted()) return;
		await open(qmt, context);
	} catch (error) {
		throw error instanceof CommandError ? new NotOpenedError(error) : error;
	}
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
}

async function configureAll(qmt: QMT, context: ConnectContext): Promise<void> {
	const { identifier, isWanted, onLater, settings } = context;
	await configure(configuration(qmt, context), context);
	if (!isWanted() || !(await setDataFormat(qmt, identifier, settings.hex))) return;
	onLater();
	await configure(laterConfiguration(qmt, identifier), context);
}

async function configure(steps: Step[], { isWanted }: ConnectContext): Promise<void> {
	for (const { set, isRequired } of steps) {
		if (!isWanted()) return;
		await accepted(set(), isRequired);
	}
}

/** The options of the note, in the order in which they are sent. */
function configuration(qmt: QMT, { identifier: id, settings }: ConnectContext): Step[] {
	const { aliAuth, clean, keepAlive, packetTimeout, retries, will } = settings;
	const steps: Step[] = [
		{ set: () => qmt.setKeepAlive(id, keepAlive), isRequired: true },
		{ set: () => qmt.setSession(id, clean), isRequired: true },
		{ set: () => qmt.setTimeout(id, { packetTimeout, retries, notice: true }), isRequired: true },
		{ set: () => qmt.setWill(id, will), isRequired: will !== undefined },
	];
	if (aliAuth) steps.push({ set: () => qmt.setAliAuth(id, aliAuth), isRequired: true });
	return steps;
}

/** Those of the later firmware, besides the data format. */
function laterConfiguration(qmt: QMT, id: number): Step[] {
	return [
		{ set: () => qmt.setVersion(id, MQTT_3_1_1), isRequired: false },
		// An echo of a message could pass for a line of the module.
		{ set: () => qmt.setEchoMode(id, false), isRequired: false },
	];
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
