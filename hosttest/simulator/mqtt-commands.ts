import type { QoS } from "mqtt-packet";
import { bytesOf, bytesOfHex, utf8Of } from "./bytes.js";
import type { Call, Command, CommandTable, Lines, Unit } from "./command.js";
import { configurationKeys } from "./configuration.js";
import { MqttError } from "./errors.js";
import type { Parameters } from "./parameters.js";
import type { Report, Session, SessionState } from "./session.js";

/** Largest sizes in bytes (reference 3.2). */
const HOST = 100;
const TOPIC = 255;
const INLINE_PAYLOAD = 700;
const DATA_MODE_PAYLOAD = 1024;

/** `<state>` of AT+QMTCONN?; identifiers that are not open are not listed. */
const states: Readonly<Partial<Record<SessionState, number>>> = {
	open: 1,
	connecting: 2,
	connected: 3,
	disconnecting: 4,
};

const sessionOf = ({ sessions }: Unit, parameters: Parameters): Session => sessions[parameters.integer(0, 5)];

function topicOf(parameters: Parameters): string {
	const topic = parameters.string(TOPIC);
	if (topic === "") parameters.fail();
	utf8Of(topic);
	return topic;
}

const qosOf = (parameters: Parameters): QoS => parameters.integer(0, 2) as QoS;

function configure({ profile, sessions, variants }: Unit, parameters: Parameters): Lines {
	const name = parameters.string().toLowerCase();
	if (!(name in profile.configuration)) parameters.fail();
	const key = configurationKeys[name];
	const { configuration } = sessions[parameters.integer(0, 5)];
	if (!parameters.more) {
		const values = key.query(configuration, variants);
		return values && `+QMTCFG: "${name}",${values.join(",")}`;
	}
	key.write(configuration, parameters, variants);
	return undefined;
}

function open(unit: Unit, parameters: Parameters, call: Call): Lines {
	const { openInUse, openWrongParameter } = unit.variants;
	const session = sessionOf(unit, parameters);
	const host = parameters.string();
	const port = parameters.integer(-99_999, 99_999);
	parameters.end();
	const result = (code: number): Lines => {
		const report = call.later();
		call.after(() => report(`+QMTOPEN: ${session.id},${code}`));
		return undefined;
	};
	if (host === "" || host.length > HOST || port < 1 || port > 65_535)
		return openWrongParameter === "result" ? result(1) : parameters.fail();
	if (session.state !== "closed") {
		if (openInUse === "result") return result(2);
		throw new MqttError("not allowed");
	}
	utf8Of(host);
	session.open(host, port, call.later());
	return undefined;
}

/** QMTCLOSE or QMTDISC: an error, or result -1, where there is nothing to close. */
function end(name: "+QMTCLOSE" | "+QMTDISC", action: (session: Session, report: Report) => void): Command {
	return {
		mqtt: true,
		test: `${name}: (0-5)`,
		write(unit, parameters, call) {
			const session = sessionOf(unit, parameters);
			parameters.end();
			const possible = name === "+QMTDISC" ? session.state === "connected" : session.state !== "closed";
			if (!possible && unit.variants.closeUnopened === "error") throw new MqttError("not allowed");
			const report = call.later();
			if (possible) action(session, report);
			else call.after(() => report(`${name}: ${session.id},-1`));
			return undefined;
		},
	};
}

function connect(unit: Unit, parameters: Parameters, call: Call): Lines {
	const session = sessionOf(unit, parameters);
	const clientId = parameters.string();
	const username = parameters.stringOr(undefined);
	const password = parameters.stringOr(undefined);
	parameters.end();
	session.connect(clientId, username, password, call.later());
	return undefined;
}

function subscribe(unit: Unit, parameters: Parameters, call: Call): Lines {
	const session = sessionOf(unit, parameters);
	const messageId = parameters.integer(1, 65_535);
	const topics: [string, QoS][] = [];
	do topics.push([topicOf(parameters), qosOf(parameters)]);
	while (parameters.more);
	session.subscribe(messageId, topics, call.later());
	return undefined;
}

function unsubscribe(unit: Unit, parameters: Parameters, call: Call): Lines {
	const session = sessionOf(unit, parameters);
	const messageId = parameters.integer(1, 65_535);
	const topics: string[] = [];
	do topics.push(topicOf(parameters));
	while (parameters.more);
	session.unsubscribe(messageId, topics, call.later());
	return undefined;
}

/** The bytes to publish: as they are, or from hex digits (dataformat). */
function payloadOf(text: string, session: Session, limit: number, { hexLimit }: Unit["variants"]): Buffer {
	const hex = session.configuration.sendHex;
	const length = hex && hexLimit === "bytes" ? text.length / 2 : text.length;
	if (length > limit) throw new MqttError("too long");
	const payload = hex ? bytesOfHex(text) : bytesOf(text);
	if (!payload) throw new MqttError("parameter");
	return payload;
}

function publish(unit: Unit, parameters: Parameters, call: Call): Lines {
	const session = sessionOf(unit, parameters);
	const messageId = parameters.integer(0, 65_535);
	const qos = qosOf(parameters);
	const retain = parameters.integer(0, 1) === 1;
	const topic = topicOf(parameters);
	if (messageId === 0 && qos > 0) parameters.fail();
	const start = (text: string, limit: number, running: Call): Lines => {
		const payload = payloadOf(text, session, limit, unit.variants);
		session.publish({ messageId, qos, retain, topic, payload }, running.later());
		return undefined;
	};
	if (parameters.more) return start(parameters.rest(), INLINE_PAYLOAD, call);
	if (!unit.profile.dataMode) parameters.fail();
	session.checkPublish();
	call.prompt(session.configuration.echoData, (data, running) => start(data, DATA_MODE_PAYLOAD, running));
	return undefined;
}

/** The MQTT commands (chapter 3 of the note). */
export const mqttCommands: CommandTable = {
	"+QMTCFG": {
		mqtt: true,
		test: ({ profile }) => Object.values(profile.configuration).map(line => `+QMTCFG: ${line}`),
		write: configure,
	},
	"+QMTOPEN": {
		mqtt: true,
		test: '+QMTOPEN: (0-5),"<host_name>",<port>',
		read: ({ sessions }) =>
			sessions.filter(({ state }) => state in states).map(({ id, address }) => `+QMTOPEN: ${id},${address}`),
		write: open,
	},
	"+QMTCLOSE": end("+QMTCLOSE", (session, report) => session.close(report)),
	"+QMTCONN": {
		mqtt: true,
		test: '+QMTCONN: (0-5),"<clientID>"[,"<username>"[,"<password>"]]',
		read: ({ sessions }) =>
			sessions
				.filter(({ state }) => state in states)
				.map(({ id, state }) => `+QMTCONN: ${id},${states[state]}`),
		write: connect,
	},
	"+QMTDISC": end("+QMTDISC", (session, report) => session.disconnect(report)),
	"+QMTSUB": {
		mqtt: true,
		test: '+QMTSUB: (0-5),<msgID>,"<topic>",<qos>[,"<topic>",<qos>...]',
		write: subscribe,
	},
	"+QMTUNS": { mqtt: true, test: '+QMTUNS: (0-5),<msgID>,"<topic>"[,"<topic>"...]', write: unsubscribe },
	"+QMTPUB": {
		mqtt: true,
		test: '+QMTPUB: (0-5),<msgID>,<qos>,<retain>,"<topic>","<msg>"',
		write: publish,
	},
};
