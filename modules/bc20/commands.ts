import type { CommandSpec } from "../at/command.js";
import { integer, string } from "./parameters.js";

// The commands of the application note.
export {
	DATA_LIMIT,
	HOST_LIMIT,
	IDENTIFIERS,
	INLINE_LIMIT,
	MQTT,
	PACKET_TIMEOUT,
	RETRIES,
	STRING_LIMIT,
	TOPIC_LIMIT,
	packetTime,
} from "./qmt-commands.js";

const QUICK_MS = 300;

/** Longest access point name, bytes: AT commands manual, AT+QCGDEFCONT. */
export const APN_LIMIT = 99;

/** Basic and network commands: AT commands manual; times are the manual's maximum response times. */
export const Basic = {
	/** `AT`: is it there? */
	attention: { name: "", timeout: QUICK_MS, prefix: null },
	echo: { name: "E0", timeout: QUICK_MS },
	information: { name: "I", timeout: QUICK_MS, prefix: null },
	errorReports: { name: "+CMEE", timeout: QUICK_MS, parameters: [integer("n", 0, 2)] },
	serialNumber: { name: "+CGSN", timeout: QUICK_MS, parameters: [integer("snt", 0, 3)] },
	functionality: { name: "+CFUN", timeout: 15_000, parameters: [integer("fun", 0, 7), integer("rst", 0, 2)] },
	pin: { name: "+CPIN", timeout: 5000 },
	sleep: { name: "+QSCLK", timeout: QUICK_MS, parameters: [integer("n", 0, 2)] },
	powerSaving: { name: "+CPSMS", timeout: QUICK_MS, parameters: [integer("mode", 0, 2)] },
	discontinuousReception: { name: "+CEDRXS", timeout: QUICK_MS, parameters: [integer("mode", 0, 3)] },
	registration: {
		name: "+CEREG",
		timeout: QUICK_MS,
		parameters: [integer("n", 0, 5)],
		// The URC is `+CEREG: <stat>[,"<tac>",…]`: its second field is no bare number.
		isResponse: line => line.integer(1) !== undefined && !line.isQuoted(1),
	},
	// 75 s in the manual, 85 s in that of later firmware.
	attachment: { name: "+CGATT", timeout: 85_000, parameters: [integer("state", 0, 1)] },
	address: { name: "+CGPADDR", timeout: QUICK_MS, parameters: [integer("cid", 1, 15)] },
	context: { name: "+CGDCONT", timeout: QUICK_MS },
	/** 0 deactivates the context, 1 activates it. */
	activation: {
		name: "+CGACT",
		timeout: 150_000,
		parameters: [integer("state", 0, 1), integer("cid", 1, 15)],
	},
	defaultContext: {
		name: "+QCGDEFCONT",
		timeout: QUICK_MS,
		parameters: [
			string("PDP_type", 6),
			string("APN", APN_LIMIT),
			{ ...string("username", 64), secret: true },
			{ ...string("password", 64), secret: true },
		],
	},
	restart: { name: "+QRST", timeout: QUICK_MS, parameters: [integer("mode", 1, 1)] },
	signal: { name: "+CSQ", timeout: QUICK_MS },
	supply: { name: "+CBC", timeout: QUICK_MS },
} as const satisfies Record<string, CommandSpec>;
