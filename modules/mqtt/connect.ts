import { CommandError, TimeoutError } from "../at/errors.js";
import { type ExecuteOptions, execute } from "../at/execute.js";
import type { CommandSpec } from "../at/command.js";
import type { Value } from "../at/request.js";
import type { Scheduler } from "../at/scheduler.js";
import { MQTT } from "../bc20/commands.js";
import type { Profile } from "../bc20/bringup.js";
import { ConnectionRefusedError, MQTTError, OpenError, PacketError } from "./errors.js";
import type { Settings } from "./options.js";

const OCCUPIED = 2;
const MQTT_3_1_1 = 4;
/** Above the module's own time for CONNACK, ms. */
const MARGIN_MS = 2000;

/** What a connection is made with. */
export interface ConnectContext {
	readonly scheduler: Scheduler;
	readonly identifier: number;
	readonly profile: Profile;
	readonly settings: Settings;
	/** Whether to go on: false once the client is closed. */
	readonly isWanted: () => boolean;
	/** The network connection is, or may be, open from here on and has to be closed. */
	readonly onOpened: () => void;
}

/**
 * Configures an identifier, opens its network connection and connects the client: QMTCFG, QMTOPEN, QMTCONN (application note 3.2.1 to
 * 3.2.4). The options are sent each time: whether the module keeps them over a reset is not documented.
 * Ends early, without an error, when it is no longer wanted.
 * @returns whether messages come in hex digits, in which nothing can pass for a line of the module
 * @throws (rejects) OpenError, ConnectionRefusedError, PacketError, or an error of the AT engine
 */
export async function connect(context: ConnectContext): Promise<boolean> {
	if (context.settings.hex && !context.profile.later)
		throw new MQTTError('dataFormat "hex" is not possible with this firmware of the module');
	let receivesHex = false;
	for (const [spec, values, required] of configuration(context)) {
		if (!context.isWanted()) return false;
		const accepted = await configure(context, spec, values, required);
		if (spec === MQTT.dataFormat) receivesHex = accepted;
	}
	if (!context.isWanted()) return false;
	await open(context);
	if (!context.isWanted()) return false;
	await connectClient(context);
	return receivesHex;
}

/** Closes an identifier's network connection; that it was closed already is no error. */
export async function close(scheduler: Scheduler, identifier: number): Promise<void> {
	try {
		await execute(scheduler, MQTT.close, "write", [identifier]);
	} catch (error) {
		if (!(error instanceof CommandError)) throw error;
	}
}

/** The options as commands, in the order in which they are sent, and whether the connection depends on them. */
function configuration({ identifier, profile, settings }: ConnectContext): [CommandSpec, Value[], boolean][] {
	const { clean, keepAlive, packetTimeout, retries, will, hex } = settings;
	const commands: [CommandSpec, Value[], boolean][] = [
		[MQTT.keepAlive, ["keepalive", identifier, keepAlive], true],
		[MQTT.session, ["session", identifier, clean ? 1 : 0], true],
		[MQTT.timeout, ["timeout", identifier, packetTimeout, retries, 1], true],
		[MQTT.will, ["will", identifier, ...(will ? willOf(will) : [0])], will !== undefined],
	];
	if (profile.later)
		commands.push(
			[MQTT.version, ["version", identifier, MQTT_3_1_1], false],
			[MQTT.dataFormat, ["dataformat", identifier, hex ? 1 : 0, 1], hex],
			// An echo of a message could pass for a line of the module.
			[MQTT.echoMode, ["echomode", identifier, 0], false],
		);
	return commands;
}

async function configure(
	context: ConnectContext,
	spec: CommandSpec,
	values: Value[],
	required: boolean,
): Promise<boolean> {
	try {
		await send(context, spec, values);
		return true;
	} catch (error) {
		if (required || !(error instanceof CommandError)) throw error;
		return false;
	}
}

function willOf(will: NonNullable<Settings["will"]>): Value[] {
	return [1, will.QoS, will.retain ? 1 : 0, will.topic, will.message];
}

async function open(context: ConnectContext): Promise<void> {
	const { scheduler, identifier, settings } = context;
	let result = OCCUPIED;
	try {
		result = await openOnce(context);
	} catch (error) {
		// Some firmware answers so to an identifier that is occupied.
		if (!(error instanceof CommandError)) throw error;
	}
	if (result === OCCUPIED) {
		await close(scheduler, identifier);
		if (!context.isWanted()) return;
		result = await openOnce(context);
	}
	if (result !== 0) throw new OpenError(result, settings.host, settings.port);
	context.onOpened();
}

/** @returns `<result>` */
async function openOnce(context: ConnectContext): Promise<number> {
	const { host, port } = context.settings;
	let result = -1;
	try {
		await send(context, MQTT.open, [context.identifier, host, port], {
			onResult: line => (result = line.integer(1) ?? -1),
		});
	} catch (error) {
		if (error instanceof TimeoutError) context.onOpened();
		throw error;
	}
	return result;
}

async function connectClient(context: ConnectContext): Promise<void> {
	const { id, user, password, packetTimeout } = context.settings;
	const values: Value[] = [context.identifier, id];
	if (user !== undefined || password !== undefined) values.push(user ?? "");
	if (password !== undefined) values.push(password);
	let result = -1;
	let returnCode = 0;
	await send(context, MQTT.connect, values, {
		resultTimeout: packetTimeout * 1000 + MARGIN_MS,
		onResult: line => {
			result = line.integer(1) ?? -1;
			returnCode = line.integer(2) ?? 0;
		},
	});
	if (returnCode !== 0) throw new ConnectionRefusedError(returnCode);
	if (result !== 0) throw new PacketError("CONNECT", result);
}

function send(
	context: ConnectContext,
	spec: CommandSpec,
	values: Value[],
	options?: ExecuteOptions,
): Promise<void> {
	return execute(context.scheduler, spec, "write", values, options);
}
