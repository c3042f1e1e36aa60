import type { Range } from "./random.js";

/** How long the module takes, in milliseconds; a value of the range is drawn each time. */
export interface Delays {
	/** From the CR of a command to its final result. */
	readonly command: Range;
	/** AT+CFUN, which switches the radio. */
	readonly function: Range;
	/** From `OK` of AT+QMTOPEN to the TCP connection request. */
	readonly open: Range;
	/** From `OK` to CONNECT, SUBSCRIBE and UNSUBSCRIBE. */
	readonly request: Range;
	/** From `OK` to PUBLISH. */
	readonly publish: Range;
	/** From `OK` to the result of AT+QMTCLOSE and AT+QMTDISC. */
	readonly close: Range;
	/** From the network to the module. */
	readonly network: Range;
}
export type DelaysName = "none" | "short" | "real";

/** `real` follows section 8 of the reference; `short` keeps their order of size for quick use on a desk. */
export const delays: Readonly<Record<DelaysName, Delays>> = {
	none: {
		command: [0, 0],
		function: [0, 0],
		open: [0, 0],
		request: [0, 0],
		publish: [0, 0],
		close: [0, 0],
		network: [0, 0],
	},
	short: {
		command: [1, 10],
		function: [20, 100],
		open: [30, 150],
		request: [20, 100],
		publish: [5, 50],
		close: [5, 30],
		network: [2, 20],
	},
	real: {
		command: [5, 60],
		function: [500, 3000],
		open: [300, 2500],
		request: [250, 1700],
		publish: [50, 900],
		close: [20, 250],
		network: [20, 300],
	},
};
