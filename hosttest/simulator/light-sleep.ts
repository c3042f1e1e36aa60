import { clock } from "../shim/clock.js";

/** A pause on the line that ends the packet which light sleep loses. */
const PACKET_GAP_MS = 5;

/** Light sleep (AT+QSCLK 1 and 2): after a while without traffic the packet that wakes the module is lost. */
export class LightSleep {
	readonly #afterMs: number;
	#lastMs = 0;
	#asleep = false;
	#falls = false;

	constructor(afterMs: number) {
		this.#afterMs = afterMs;
		this.awake();
	}

	/** Bytes arrive: are they lost? */
	loses(enabled: boolean): boolean {
		const pauseMs = clock().now - this.#lastMs;
		if (this.#falls || (enabled && pauseMs >= this.#afterMs)) this.#asleep = true;
		else if (pauseMs >= PACKET_GAP_MS) this.#asleep = false;
		this.#falls = false;
		this.#lastMs = clock().now;
		return this.#asleep;
	}

	/** Sleeps already when the next bytes arrive. */
	fall(): void {
		this.#falls = true;
	}

	/** The module itself sends, or boots. */
	awake(): void {
		this.#lastMs = clock().now;
	}
}
