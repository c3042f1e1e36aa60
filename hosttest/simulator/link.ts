import { clock } from "../shim/clock.js";
import type { Range, Random } from "./random.js";
import type { CloseCause, Connection, ConnectionHandlers, Network } from "./network.js";
import type { Timers } from "./timers.js";

/**
 * One TCP connection as the air carries it: what arrives is late by the network's delay, in order; without coverage
 * both directions wait, as TCP's own retransmission makes them.
 */
export class Link {
	readonly #connection: Connection;
	readonly #timers: Timers;
	readonly #random: Random;
	readonly #delay: Range;
	readonly #unsent: Uint8Array[] = [];
	readonly #unheard: (() => void)[] = [];
	/** What has come and is still late, in order: two timers of nearly the same time may run in any. */
	readonly #late: (() => void)[] = [];
	#carries = true;
	#open = true;
	#lastMs = 0;

	constructor(
		network: Network,
		host: string,
		port: number,
		air: { timers: Timers; random: Random; delay: Range },
		handlers: ConnectionHandlers,
	) {
		this.#timers = air.timers;
		this.#random = air.random;
		this.#delay = air.delay;
		this.#connection = network.connect(host, port, {
			onConnect: () => this.#later(() => handlers.onConnect()),
			onData: bytes => this.#later(() => handlers.onData(bytes)),
			onClose: cause => this.#later(() => this.#closed(cause, handlers)),
		});
	}

	/** Nothing written is still waiting for coverage. */
	get sent(): boolean {
		return this.#unsent.length === 0;
	}

	/** The air carries data again, or no more. */
	set carries(carries: boolean) {
		this.#carries = carries;
		if (!carries) return;
		for (const bytes of this.#unsent.splice(0)) this.#connection.write(bytes);
		for (const event of this.#unheard.splice(0)) this.#later(event);
	}

	write(bytes: Uint8Array): void {
		if (this.#carries) this.#connection.write(bytes);
		else this.#unsent.push(bytes);
	}

	/** Sends what is written, then FIN; nothing is heard of it any more. */
	close(): void {
		this.#open = false;
		this.#connection.close();
	}

	/** The module is gone: RST, or not a sign ever again. */
	vanish(how: "reset" | "silent"): void {
		this.#open = false;
		if (how === "reset") this.#connection.abort();
	}

	#closed(cause: CloseCause, handlers: ConnectionHandlers): void {
		this.#open = false;
		handlers.onClose(cause);
	}

	#later(event: () => void): void {
		if (!this.#open) return;
		const now = clock().now;
		this.#lastMs = Math.max(this.#lastMs, now + this.#random.between(this.#delay));
		this.#late.push(event);
		this.#timers.set(() => {
			const next = this.#late.shift();
			if (!this.#open || !next) return;
			if (this.#carries) next();
			else this.#unheard.push(next);
		}, this.#lastMs - now);
	}
}
