import { CommandError } from "../at/errors.js";
import { execute } from "../at/execute.js";
import type { Scheduler } from "../at/scheduler.js";
import { Basic } from "./commands.js";
import { ContextError } from "./errors.js";
import { type Send, tolerate } from "./send.js";
import type { Sleep } from "./sleep.js";

/** The default context is always number 1 (AT commands manual, AT+CGDCONT). */
const CONTEXT = 1;
/** Between deactivating the context and activating it, ms: an `OK` behind `NO CARRIER` is no answer to what follows. */
const DEACTIVATED_MS = 1000;
/** However many commands of others wait. */
const WAITS = { waits: true } as const;

/** The PDP context that all connections are on. What is known of it outlives the line to the module. */
export class PDPContext {
	readonly #sleep: Sleep;
	#isCycling = false;
	#isDown = false;

	/** @param sleep what to pause with */
	constructor(sleep: Sleep) {
		this.#sleep = sleep;
	}
	/** It is being deactivated and activated. */
	get isCycling(): boolean {
		return this.#isCycling;
	}
	/** It was, or may have been, deactivated and not activated since. */
	get isDown(): boolean {
		return this.#isDown;
	}
	/**
	 * Deactivates the context, and with it all connections, and activates it: AT+CGACT=0,1 and =1,1, up to 150 s each.
	 * @param onBegin called before the first command, never from inside the method
	 * @returns the new address, undefined if the module does not tell
	 * @throws (rejects) ContextError, ClosedError
	 */
	async cycle(scheduler: Scheduler, send: Send, onBegin: () => void): Promise<string | undefined> {
		this.#isCycling = true;
		try {
			await this.#sleep.wait(0);
			onBegin();
			await this.#deactivate(scheduler);
			await this.#sleep.wait(DEACTIVATED_MS);
			await this.activate(scheduler);
			return await addressOf(send);
		} finally {
			this.#isCycling = false;
		}
	}
	/** AT+CGACT=1,1. @throws (rejects) ContextError */
	async activate(scheduler: Scheduler): Promise<void> {
		try {
			await execute(scheduler, Basic.activation, "write", [1, CONTEXT], WAITS);
		} catch (error) {
			throw new ContextError("activate", error as Error);
		}
		this.#isDown = false;
	}
	/** The module has restarted: it activates the context itself. */
	restarted(): void {
		this.#isDown = false;
	}

	/** AT+CGACT=0,1. The manual says that `NO CARRIER` answers it, its example shows `OK`: both are success. */
	async #deactivate(scheduler: Scheduler): Promise<void> {
		this.#isDown = true;
		try {
			await execute(scheduler, Basic.activation, "write", [0, CONTEXT], WAITS);
		} catch (error) {
			const isRefused = error instanceof CommandError;
			if (isRefused && error.final === "NO CARRIER") return;
			if (isRefused) this.#isDown = false;
			throw new ContextError("deactivate", error as Error);
		}
	}
}

/** The module's address; undefined if it does not tell. */
export async function addressOf(send: Send): Promise<string | undefined> {
	let address: string | undefined;
	await tolerate(send(Basic.address, "write", [1], { onInformation: line => (address = line.string(1)) }));
	return address;
}
