/** What a BC20 answers on its way to the network and to a broker; all else with `OK`. */
const ANSWERS: Readonly<Record<string, string>> = {
	"AT+CMEE?": "+CMEE: 1",
	ATI: "Quectel_Ltd\r\nQuectel_BC20\r\nRevision: BC20NBR01A01",
	"AT+CGSN=1": "+CGSN: 490154203237511",
	"AT+CFUN?": "+CFUN: 1",
	"AT+CPIN?": "+CPIN: READY",
	"AT+CEREG?": "+CEREG: 1,1",
	"AT+CGATT?": "+CGATT: 1",
	"AT+CGPADDR=1": "+CGPADDR: 1,10.170.235.216",
	"AT+CSQ": "+CSQ: 22,0",
	"AT+CBC": "+CBC: 0,0,3368",
};
const DATA_FORMAT = 'AT+QMTCFG="dataformat"';
/** Commands with a later result, which says that it went well. */
const LATER_RESULTS: Readonly<Record<string, string>> = {
	"AT+QMTOPEN=0": "+QMTOPEN: 0,0",
	"AT+QMTCONN=0": "+QMTCONN: 0,0,0",
};

/**
 * Answers commands as a module that is on the network.
 * @param later whether its firmware is of profile B
 */
export function answers(later: boolean): (command: string) => string {
	return command => {
		// Firmware V1.0 does not know the option.
		if (!later && command.startsWith(DATA_FORMAT)) return block("ERROR");
		const information = ANSWERS[command];
		const result = LATER_RESULTS[command.slice(0, "AT+QMTOPEN=0".length)];
		return `${block(information)}${block("OK")}${block(result)}`;
	};
}

function block(text: string | undefined): string {
	return text === undefined ? "" : `\r\n${text}\r\n`;
}
