import type { IConnectPacket, IPublishPacket } from "mqtt-packet";
import { aliCloudCredentials } from "./ali-cloud.js";
import { bytesOf, latin1Of, latin1OfText, utf8Of } from "./bytes.js";
import type { Configuration } from "./configuration.js";
import type { Variants } from "./options.js";

/** CONNECT as AT+QMTCFG and AT+QMTCONN ask for it; without a user name that of "aliauth" is computed. */
export function connectPacket(
	{ aliCloud, clean, keepAliveSeconds, version, will }: Configuration,
	id: string,
	user: string | undefined,
	password: string | undefined,
): IConnectPacket {
	const given = { clientId: utf8Of(id), username: user === undefined ? user : utf8Of(user), password };
	const credentials = aliCloud && user === undefined ? aliCloudCredentials(aliCloud, given.clientId) : given;
	return {
		cmd: "connect",
		protocolId: version === 3 ? "MQIsdp" : "MQTT",
		protocolVersion: version,
		clientId: credentials.clientId,
		clean,
		keepalive: keepAliveSeconds,
		...(credentials.username !== undefined && { username: credentials.username }),
		...(credentials.password !== undefined && { password: bytesOf(credentials.password) }),
		...(will && { will: { ...will, topic: utf8Of(will.topic), payload: bytesOf(will.message) } }),
	};
}

/** The line +QMTRECV of a message (note 5.2); inner quotes and line ends are not escaped. */
export function receivedLine(
	id: number,
	{ messageId = 0, topic, payload }: IPublishPacket,
	{ receiveHex }: Configuration,
	{ receiveNul, receiveQuotes }: Variants,
): string {
	const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
	const text = latin1Of(bytes);
	const cut = receiveNul === "cut" ? text.split("\0", 1)[0] : text;
	const shown = receiveHex ? bytes.toString("hex").toUpperCase() : cut;
	const quote = receiveQuotes ? '"' : "";
	const strings = [latin1OfText(topic), shown].map(string => quote + string + quote);
	return `+QMTRECV: ${id},${messageId},${strings.join(",")}`;
}
