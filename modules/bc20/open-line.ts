import type { SchedulerCallbacks } from "../at/callbacks.js";
import { Scheduler } from "../at/scheduler.js";
import { describeFinal } from "./codes.js";
import type { BC20Options } from "./options.js";

/** Room for a message of 1024 bytes in hex digits with its topic, and a FIFO's content. */
const RECEIVE_BUFFER = 2560;
const QUEUE = 12;

/** What belongs to somebody. */
export interface Owned<Owner> {
	readonly owner: Owner;
}

/** A line that knows its owner: its callbacks get it as `this`, so that one frozen table in flash serves them all. */
export class OwnedLine<Owner> extends Scheduler implements Owned<Owner> {
	readonly owner: Owner;

	/** @throws what the serial constructor throws */
	constructor(
		owner: Owner,
		{ serial, receiveBuffer = RECEIVE_BUFFER, queue = QUEUE }: BC20Options,
		callbacks: SchedulerCallbacks,
	) {
		super({ ...callbacks, serial, queue, receiveBuffer, describe: describeFinal });
		this.owner = owner;
	}
}
