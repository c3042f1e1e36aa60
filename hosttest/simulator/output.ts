import { bytesOf } from "./bytes.js";
import type { Variants } from "./options.js";
import { Timers } from "./timers.js";

/** How long a half typed line may hold back the URCs. */
const HOLD_LIMIT_MS = 1000;

interface OutputState {
	/** The host is typing a line that is echoed: a URC would tear it. */
	readonly typing: boolean;
	readonly inDataMode: boolean;
}

/** Lines and URCs of the module, in its framing, in an order that tears no line. */
export class Output {
	readonly #variants: Variants;
	readonly #state: () => OutputState;
	readonly #send: (bytes: Uint8Array) => void;
	readonly #timers = new Timers();
	#held: string[] = [];
	#limit: object | undefined;

	/** @param send takes whole pieces: a line with its CR LF on both sides, a prompt */
	constructor(variants: Variants, state: () => OutputState, send: (bytes: Uint8Array) => void) {
		this.#variants = variants;
		this.#state = state;
		this.#send = send;
	}

	/** Lines in one frame. */
	line(...texts: readonly string[]): void {
		const spaced = this.#variants.spaceAfterColon;
		const shown = spaced ? texts : texts.map(text => text.replace(/^(\+[A-Z]+:) /, "$1"));
		this.#send(bytesOf(`\r\n${shown.join("\r\n")}\r\n`));
	}

	/** A line at the next place between lines. */
	urc(text: string): void {
		this.#held.push(text);
		this.flush();
	}

	prompt(): void {
		this.#send(bytesOf(this.#variants.spaceAfterPrompt ? "\r\n> " : "\r\n>"));
	}

	/** Puts out the URCs that waited, if they can go now. */
	flush(): void {
		const { typing, inDataMode } = this.#state();
		if (inDataMode && this.#variants.urcInDataMode === "hold") return;
		if (typing) {
			if (this.#held.length > 0) this.#limit ??= this.#timers.set(() => this.#release(), HOLD_LIMIT_MS);
		} else this.#release();
	}

	reset(): void {
		this.#held = [];
		this.#limit = undefined;
		this.#timers.clearAll();
	}

	#release(): void {
		this.#timers.clear(this.#limit);
		this.#limit = undefined;
		for (const text of this.#held.splice(0)) this.line(text);
	}
}
