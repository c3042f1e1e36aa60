/** Codes of the module and what they mean. Numbers not listed are reported by number alone. */
export type Meanings = Readonly<Record<number, string>>;

/** `<err>` of `+CME ERROR: <err>`: application note, chapter 4; AT commands manual, chapter 10. */
export const CME_ERRORS: Meanings = {
	3: "operation not allowed",
	4: "operation not supported",
	10: "USIM not inserted",
	13: "USIM failure",
	14: "USIM busy",
	20: "USIM memory full",
	23: "memory failure",
	24: "text string too long",
	25: "invalid characters in text string",
	30: "no network service",
	31: "network timeout",
	32: "network not allowed, emergency calls only",
	50: "incorrect parameters",
	100: "unknown",
	107: "PSD services not allowed",
	111: "PLMN not allowed",
	112: "location area not allowed",
	113: "roaming not allowed in this location area",
	132: "service option not supported",
	133: "service option not subscribed",
	149: "PDP authentication failure",
	584: "combined service not allowed",
	588: "feature not supported",
	591: "implicitly detached",
	592: "insufficient resources",
	596: "invalid context identifier",
	598: "mode value not in range",
	606: "low layer failure",
	607: "missing or unknown failure",
	615: "network failure",
	630: "context identifier not defined",
	631: "unspecified protocol error",
	639: "service type not yet available",
	675: "PDP type IPv4 only",
	676: "PDP type IPv6 only",
	692: "EPS service not allowed",
	695: "EPS tracking area not allowed",
	696: "roaming not allowed in this tracking area",
	697: "roaming not allowed in this PLMN",
	698: "no suitable cells in this tracking area",
	700: "ESM failure",
	703: "congestion",
	704: "UE security capability mismatch",
	705: "security mode rejected",
	709: "no EPS bearer active",
	765: "invalid input value",
	766: "unsupported value or mode",
	767: "operation failed",
	769: "cannot control the required module",
	770: "USIM invalid (rejected by the network)",
	772: "USIM powered down",
	840: "no service",
	841: "in cell search",
	842: "ERRC deactivated",
	843: "in reselection",
	845: "in re-establishment",
	846: "in PSM",
	847: "no data transfer in idle",
	7103: "GNSS operation failed",
};

/** `<stat>` of `+CEREG`: AT commands manual, AT+CEREG. */
export const REGISTRATION: Meanings = {
	0: "not registered, not searching",
	1: "registered, home network",
	2: "searching",
	3: "registration denied",
	4: "unknown",
	5: "registered, roaming",
};

/** `<result>` of `+QMTOPEN`: application note 3.2.2. */
export const OPEN_RESULTS: Meanings = {
	[-1]: "failed to open network; is the broker there and does the network route to it?",
	0: "opened network",
	1: "wrong parameter; check host and port",
	2: "MQTT identifier is occupied; close it first",
	3: "failed to activate PDP; check APN and subscription",
	4: "failed to parse domain name; check the host name and the network's DNS",
	5: "network disconnection error",
};

/** `<result>` of `+QMTCONN`, `+QMTSUB`, `+QMTUNS`, `+QMTPUB`: application note 3.2.4 to 3.2.8. */
export const PACKET_RESULTS: Meanings = {
	0: "sent and acknowledged",
	1: "packet retransmission",
	2: "failed to send packet",
};

/** `<ret_code>` of `+QMTCONN`: application note 3.2.4. */
export const CONNECT_RETURN_CODES: Meanings = {
	0: "connection accepted",
	1: "connection refused: unacceptable protocol version",
	2: "connection refused: identifier rejected",
	3: "connection refused: server unavailable",
	4: "connection refused: bad user name or password",
	5: "connection refused: not authorized",
};

/** `<state>` of `+QMTCONN`: application note 3.2.4. */
export const CLIENT_STATES: Meanings = {
	1: "initial",
	2: "connecting",
	3: "connected",
	4: "disconnecting",
};

/** `<value>` of `+QMTSUB` for a topic: application note 3.2.6. */
export const GRANTED: Meanings = {
	0: "at most once",
	1: "at least once",
	2: "exactly once",
	128: "refused by the server",
};

/** `<result>` of `+QMTCLOSE`: application note 3.2.3. */
export const CLOSE_RESULTS: Meanings = {
	[-1]: "failed to close network",
	0: "network closed",
};

/** `<result>` of `+QMTDISC`: application note 3.2.5. */
export const DISCONNECT_RESULTS: Meanings = {
	[-1]: "failed to close connection",
	0: "connection closed",
};

/** Text of a final result code's number. */
export function describeFinal(final: string, code: number): string | undefined {
	return final === "+CME ERROR" ? CME_ERRORS[code] : undefined;
}
