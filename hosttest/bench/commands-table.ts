/** Why a command is sent between power on and the first acknowledged message, or for each message. */
export interface Justification {
	/** Of the command as it goes out, parameters left out. */
	readonly command: string;
	/** "note": the application note's minimum for a publish; else why it is there. */
	readonly why: string;
}

/** The note's minimum. */
export const NOTE = "note";

/** Each command of bring-up, connection and publishing. One that is missing here fails the goal of its figure. */
export const JUSTIFICATIONS: readonly Justification[] = [
	{ command: "AT", why: "auto-baud: sent until the module answers (AT manual, chapter 1)" },
	{ command: "AT+CMEE?", why: "proves that an answer belongs to its command, whatever came before" },
	{ command: "ATE0", why: "echo is on after power on; without it 1 byte in 2 on the line is saved" },
	{ command: "AT+CMEE=1", why: "errors with their number (note, chapter 4)" },
	{ command: "ATI", why: "identifies the module: model and revision for diagnosis" },
	{ command: "AT+CGSN=1", why: "the IMEI, for diagnosis" },
	{ command: "AT+QSCLK?", why: "written only where it is not 0: the module keeps it in its flash" },
	{ command: "AT+CPSMS?", why: "as AT+QSCLK?" },
	{ command: "AT+CEDRXS?", why: "as AT+QSCLK?" },
	{ command: "AT+QSCLK=0", why: "light sleep swallows the first bytes of a command" },
	{ command: "AT+CPSMS=0", why: "deep sleep ends all connections (power saving is on by default)" },
	{ command: "AT+CEDRXS=0", why: "eDRX delays acknowledgements by minutes" },
	{ command: "AT+CFUN?", why: "a radio that an earlier run switched off never registers" },
	{
		command: "AT+QMTOPEN?",
		why: "connections that an earlier run left open (they outlive a reset of the host)",
	},
	{ command: "AT+CPIN?", why: "no SIM is told at once, not after minutes of searching" },
	{ command: "AT+CEREG=1", why: "reports of registration: loss of the network, and the mark of a restart" },
	{
		command: "AT+CEREG?",
		why: "QMTOPEN needs the network (note 3.2.2, result 3); again every 2 s while searching",
	},
	{ command: "AT+CGATT?", why: "a detached module is registered and has no context" },
	{ command: "AT+CGPADDR=1", why: "the address, for diagnosis; an empty one is no context" },
	{ command: 'AT+QMTCFG="version"', why: "MQTT 3.1.1: the default of the firmware is not documented" },
	{
		command: 'AT+QMTCFG="dataformat"',
		why: "messages in hex, the only form in which any byte may come; an error tells firmware V1.0",
	},
	{ command: 'AT+QMTCFG="keepalive"', why: "whether a value of an earlier run is kept is not documented" },
	{ command: 'AT+QMTCFG="session"', why: "the default is not documented" },
	{ command: 'AT+QMTCFG="echomode"', why: "whether a value of an earlier run is kept is not documented" },
	{ command: 'AT+QMTCFG="timeout"', why: "the time limits of the host follow from it" },
	{ command: 'AT+QMTCFG="will"', why: "a will of an earlier run would be published" },
	{ command: "AT+QMTOPEN", why: NOTE },
	{ command: "AT+QMTCONN", why: NOTE },
	{
		command: "AT+QMTCONN?",
		why: "supervision: whether the connection is still there, when a line may have told and was lost",
	},
	{ command: "AT+QMTPUB", why: NOTE },
	{ command: "AT+CSQ", why: "a reading: signal; at most every 10 s, where a sensor asks for it" },
	{ command: "AT+CBC", why: "a reading: supply voltage; likewise, at most every 10 min" },
];

/** The row of a command: its own with the first parameter, or of its write form with any. */
export function justificationOf(command: string): Justification | undefined {
	const [name, values = ""] = command.split(/=(.*)/s);
	const [first] = values.split(",");
	const own = JUSTIFICATIONS.find(row => row.command === command || row.command === `${name}=${first}`);
	return own ?? (values === "?" ? undefined : JUSTIFICATIONS.find(row => row.command === name));
}
