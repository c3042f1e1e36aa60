/** A command that ends with an error. Without a code it is plain `ERROR` whatever CMEE says (syntax, parameters). */
export class CommandError extends Error {
	override name = "CommandError";
	readonly code: number | undefined;

	constructor(code?: number) {
		super(code === undefined ? "ERROR" : (texts.get(code) ?? `error ${code}`));
		this.code = code;
	}
}

/** An MQTT command that cannot be run now; how it is answered depends on the profile. */
export class MqttError extends Error {
	override name = "MqttError";
	readonly fault: MqttFault;

	constructor(fault: MqttFault) {
		super(fault);
		this.fault = fault;
	}
}
export type MqttFault = "not allowed" | "parameter" | "too long" | "characters";

/** The words of `+CME ERROR: <text>` (AT+CMEE=2), sections 4 of the note and 7 of the reference. */
const texts: ReadonlyMap<number, string> = new Map([
	[3, "operation not allowed"],
	[4, "operation not supported"],
	[10, "SIM not inserted"],
	[13, "SIM failure"],
	[14, "SIM busy"],
	[20, "SIM memory full"],
	[23, "memory failure"],
	[24, "text string too long"],
	[25, "invalid characters in text string"],
	[30, "no network service"],
	[31, "network timeout"],
	[32, "network not allowed - emergency calls only"],
	[50, "incorrect parameters"],
	[100, "unknown"],
	[107, "PSD services not allowed"],
	[111, "PLMN not allowed"],
	[112, "location area not allowed"],
	[113, "roaming not allowed in this location area"],
	[132, "service option not supported"],
	[133, "requested service option not subscribed"],
	[149, "PDP authentication failure"],
	[592, "insufficient resources"],
	[596, "invalid cid"],
	[598, "mode value not in range"],
	[607, "missing or unknown failure"],
	[615, "network failure"],
	[630, "cid not defined"],
	[698, "no suitable cells in tracking area"],
	[703, "congestion"],
	[709, "no EPS bearer context activated"],
	[765, "invalid input value"],
	[766, "unsupported value or mode"],
	[767, "operation failed"],
	[772, "SIM powered down"],
	[840, "no service"],
	[841, "in cell search"],
	[846, "in PSM"],
	[847, "no data transfer in idle"],
]);

/** What AT+CEER and AT+CMEE=2 call the code. */
export const textOf = (code: number): string => texts.get(code) ?? "unknown";
