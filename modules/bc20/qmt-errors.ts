import {
	CLOSE_RESULTS,
	CONNECT_RETURN_CODES,
	DISCONNECT_RESULTS,
	OPEN_RESULTS,
	PACKET_RESULTS,
} from "./codes.js";
import { type Reaction, linkState } from "./link-states.js";

/** What all errors of MQTT have in common: a name, a code where the module gives one, and what to do. */
export class MQTTError extends Error {
	override name = "MQTTError";
	/** The module's number, in the table of its command; undefined where there is none. */
	readonly code: number | undefined;

	constructor(message: string, code?: number) {
		super(message);
		this.code = code;
	}
}

/** `<result>` of QMTOPEN: no PDP context, network disconnected (application note 3.2.2). */
const LOCAL_CODES: readonly number[] = [3, 5];

/** `+QMTOPEN: <id>,<result>`: no connection to the broker (application note 3.2.2). */
export class OpenError extends MQTTError {
	override name = "OpenError";

	constructor(code: number, host: string, port: number) {
		super(`cannot open ${host}:${port}: ${OPEN_RESULTS[code] ?? "result"} (${code})`, code);
	}
	/** It failed on this side of the network: the broker was not asked. */
	get isLocal(): boolean {
		return LOCAL_CODES.includes(this.code ?? NaN);
	}
}

/** `+QMTCONN: <id>,0,<ret_code>`: the broker refused the client (application note 3.2.4). */
export class ConnectionRefusedError extends MQTTError {
	override name = "ConnectionRefusedError";

	constructor(code: number) {
		super(`${CONNECT_RETURN_CODES[code] ?? "connection refused"} (${code})`, code);
	}
}

/** `+QMTCONN`, `+QMTSUB`, `+QMTUNS` or `+QMTPUB` with result 2: the packet was not sent, or not acknowledged (application note 3.2.4 to 3.2.8). */
export class PacketError extends MQTTError {
	override name = "PacketError";

	/** @param packet its name in MQTT, such as `SUBSCRIBE` */
	constructor(packet: string, code: number) {
		super(`${packet}: ${PACKET_RESULTS[code] ?? "result"} (${code}); connect again`, code);
	}
}

/** `+QMTCLOSE` or `+QMTDISC` with result -1 (application note 3.2.3, 3.2.5). */
export class CloseError extends MQTTError {
	override name = "CloseError";

	constructor(command: "AT+QMTCLOSE" | "AT+QMTDISC", code: number) {
		const results = command === "AT+QMTCLOSE" ? CLOSE_RESULTS : DISCONNECT_RESULTS;
		super(`${command}: ${results[code] ?? "result"} (${code}); it may have been closed already`, code);
	}
}

/** `+QMTSTAT: <id>,<err_code>`: the module has closed the connection (application note 5.1). */
export class LinkError extends MQTTError {
	override name = "LinkError";
	/** What is to be done about it. */
	readonly reaction: Reaction;

	constructor(code: number) {
		const { meaning, reaction } = linkState(code);
		super(`link lost: ${meaning} (${code})`, code);
		this.reaction = reaction;
	}
}

/** The module answered `OK` without the information that was asked for, or with something else. */
export class ResponseError extends MQTTError {
	override name = "ResponseError";

	/** @param command such as `AT+QMTCFG="will"` */
	constructor(command: string) {
		super(`${command}: the module's answer lacks what was asked for; does its firmware know the command?`);
	}
}
