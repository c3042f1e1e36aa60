import { CONNECT_RETURN_CODES, LINK_STATES, OPEN_RESULTS, PACKET_RESULTS } from "../bc20/codes.js";

/** What all errors of the MQTT client have in common: a name, a code where the module gives one, and what to do. */
export class MQTTError extends Error {
	override name = "MQTTError";
	/** The module's number, in the table of its command; undefined where there is none. */
	readonly code: number | undefined;

	constructor(message: string, code?: number) {
		super(message);
		this.code = code;
	}
}

/** `+QMTOPEN: <id>,<result>`: no connection to the broker (application note 3.2.2). */
export class OpenError extends MQTTError {
	override name = "OpenError";

	constructor(code: number, host: string, port: number) {
		super(`cannot open ${host}:${port}: ${OPEN_RESULTS[code] ?? "result"} (${code})`, code);
	}
}

/** `+QMTCONN: <id>,0,<ret_code>`: the broker refused the client (application note 3.2.4). */
export class ConnectionRefusedError extends MQTTError {
	override name = "ConnectionRefusedError";

	constructor(code: number) {
		super(`${CONNECT_RETURN_CODES[code] ?? "connection refused"} (${code})`, code);
	}
}

/** `+QMTCONN` or `+QMTPUB` with result 2: the module could not send the packet (application note 3.2.4, 3.2.8). */
export class PacketError extends MQTTError {
	override name = "PacketError";

	constructor(packet: string, code: number) {
		super(`${packet}: ${PACKET_RESULTS[code] ?? "result"} (${code}); connect again`, code);
	}
}

/** `+QMTSTAT: <id>,<err_code>`: the module has closed the connection (application note 5.1). */
export class LinkError extends MQTTError {
	override name = "LinkError";

	constructor(code: number) {
		super(`link lost: ${LINK_STATES[code] ?? "reserved code; open and connect again"} (${code})`, code);
	}
}

/** A message that the module cannot carry in the form that is set; nothing was sent. */
export class PayloadError extends MQTTError {
	override name = "PayloadError";
}

/** `write` before CONNACK, or after the end. */
export class NotConnectedError extends MQTTError {
	override name = "NotConnectedError";

	constructor() {
		super("not connected: wait for onControl with CONNACK");
	}
}

/** The data do not fit now: write no more than the last count of `onWritable` or `write`. Nothing was taken. */
export class OverflowError extends MQTTError {
	override name = "OverflowError";

	constructor() {
		super("overflow");
	}
}
