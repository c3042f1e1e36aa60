import type { Line } from "./line.js";

/** One parameter of a command's write form, as data. Checked before anything is sent. */
export interface Parameter {
	/** Name as the manual has it, without `<>`. */
	readonly name: string;
	/**
	 * - `integer`: a whole number from `minimum` to `maximum`
	 * - `string`: in quotes; at most `maximum` bytes of UTF-8; no quote and no control character, for there is no escape
	 * - `message`: in quotes and last; as `string`, but quotes inside are allowed, since it ends where the line ends
	 * - `hex`: in quotes, two hexadecimal digits a byte; `maximum` counts bytes before that
	 * - `keyword`: text of the command itself, such as the name of an option; as `string`
	 */
	readonly kind: "integer" | "string" | "message" | "hex" | "keyword";
	readonly minimum?: number;
	readonly maximum?: number;
	/** Never shown in a trace or an error. */
	readonly secret?: boolean;
}

/** A later result, `+X: <id>[,<msgID>],<result>…`, that comes after the final result code `OK`. */
export interface LaterResult {
	/** How many leading fields tell whose result it is: 1 for the identifier, 2 with the msgID. */
	readonly keys: 1 | 2;
	/** Longest time from the final result code to the result, ms. A request may override it. */
	readonly timeout: number;
	/** A value of the field behind the keys that is progress and not the end: 1, retransmission. */
	readonly progress?: number;
}

/** A command as data. */
export interface CommandSpec {
	/** What stands behind `AT`, such as `+QMTOPEN`; empty for `AT` itself. */
	readonly name: string;
	/** Longest time to the final result code, ms. */
	readonly timeout: number;
	/** Prefix of its information response; the name where absent, `null` where the response has none (`AT+CIMI`). */
	readonly prefix?: string | null;
	readonly parameters?: readonly Parameter[];
	/** How many of the last parameters may come again and again: 2 for `"<topic>",<qos>` of QMTSUB. */
	readonly repeated?: number;
	readonly result?: LaterResult;
	/** Whether a line with the prefix answers the read form, where a URC may have the same prefix. All lines where absent. */
	readonly isResponse?: (line: Line) => boolean;
}

/** The four forms of a command (application note, table 1). */
export type Form = "test" | "read" | "write" | "execute";
