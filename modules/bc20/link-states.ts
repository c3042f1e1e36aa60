/**
 * What is to be done about a `+QMTSTAT` (application note 5.1, table 3). The module has closed the connection in all cases.
 *
 * - `reopen`: open and connect again
 * - `cycle`: deactivate and activate the PDP context (the modem does so on its own), then open and connect again
 * - `check`: what the error names has to be checked; then open and connect again
 * - `normal`: nothing, it is how a DISCONNECT may end
 */
export type Reaction = "reopen" | "cycle" | "check" | "normal";

export interface LinkState {
	/** What has happened, and what to do. */
	readonly meaning: string;
	readonly reaction: Reaction;
}

/** `<err_code>` of `+QMTSTAT`: application note 5.1, table 3. */
export const LINK_STATES: Readonly<Record<number, LinkState>> = {
	1: { meaning: "connection closed or reset by peer; open and connect again", reaction: "reopen" },
	2: {
		meaning: "PINGREQ timed out or failed; the PDP context is activated anew, then open and connect again",
		reaction: "cycle",
	},
	3: {
		meaning:
			"CONNECT timed out or failed; check user name, password and a unique client ID, then connect again",
		reaction: "check",
	},
	4: {
		meaning:
			"CONNACK timed out or failed; check user name, password and a unique client ID, then connect again",
		reaction: "check",
	},
	5: {
		meaning: "the server closed the connection that the client was disconnecting: normal",
		reaction: "normal",
	},
	6: {
		meaning: "the client closed the connection because sending kept failing; check the data, then open again",
		reaction: "reopen",
	},
	7: { meaning: "the link is not alive or the server is unavailable; check them", reaction: "reopen" },
};

/** 8 to 255, "reserved for future use", and what is no number at all. */
const RESERVED: LinkState = { meaning: "reserved code; open and connect again", reaction: "reopen" };

/** The state that a code stands for. */
export function linkState(code: number): LinkState {
	return LINK_STATES[code] ?? RESERVED;
}
