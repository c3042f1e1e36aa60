import type { Command } from "./log.js";

/** A receive path that a log is played to, on a `ReceivePort`. */
export interface Receiver {
	/** Whether the log may begin. */
	readonly isReady: boolean;
	/** Messages that the application has read. */
	readonly messages: number;
	readonly payloadBytes: number;
	/** Information responses that went to who asked. */
	readonly responses: number;
	/** Publishes that were acknowledged. */
	readonly acknowledged: number;
	/** What went wrong. */
	readonly errors: readonly string[];
	/** Has a command outstanding, where anybody listens. */
	issue(command: Command): void;
}
