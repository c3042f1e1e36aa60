import type { Line } from "./line.js";
import { CR, ESC, bytesOf } from "./text.js";

/** What a line meant to the synchroniser. */
export const IGNORED = 0;
/** It belongs to a probe. */
const TAKEN = 1;
/** Send the next probe at once. */
export const AGAIN = 2;
/** The modem answers cleanly. */
export const DONE = 3;

const ESCAPE = 0;
const ATTENTION = 1;
const VERIFY = 2;

/**
 * Gets back in step with a modem of which nothing is known: just switched on, at another baud rate, in the middle of a
 * command or of data mode. Pure: says what to send and judges the lines that come.
 *
 * 1. Esc and CR end a data mode and a half-typed command. Again every fifth time without an answer: the prompt may have come
 *    late, and a modem in data mode takes all probes for data.
 * 2. `AT` until `OK`: auto-baud, wake-up. This `OK` may be a late one, of the command that timed out.
 * 3. `AT+CMEE?` until its own information response and then `OK`: a late line cannot look like that. A modem that does not know
 *    the command answers with an error three times, each time behind an `OK` to `AT`, and is believed.
 */
export class Synchroniser {
	/** Prefix of the response that proves that the answer is to the probe. */
	readonly prefix = "+CMEE";
	readonly #bytes: readonly Uint8Array[] = [Uint8Array.of(ESC, CR), bytesOf("AT\r"), bytesOf("AT+CMEE?\r")];
	#step = ESCAPE;
	#probes = 0;
	#informed = false;
	#errors = 0;

	begin(): void {
		this.#step = ESCAPE;
		this.#probes = this.#errors = 0;
	}
	/** Probes sent since the last answer. */
	get probes(): number {
		return this.#probes;
	}
	/** ms to wait for an answer to what `next` returned. */
	get period(): number {
		return PERIODS[this.#step];
	}
	/** What `next` returned, for a trace. */
	get text(): string {
		return TEXTS[this.#step];
	}
	/** The bytes to send now. */
	next(): Uint8Array {
		const count = this.#probes++;
		// The first after an `OK` is VERIFY; it has one try.
		if (this.#step !== VERIFY || count > 0) this.#step = count % ESCAPE_EVERY ? ATTENTION : ESCAPE;
		this.#informed = false;
		return this.#bytes[this.#step];
	}
	/** Whether a line is the echo of a probe. */
	isEcho(line: Line): boolean {
		return line.at(0) === LETTER_A && line.length <= LONGEST_ECHO && TEXTS.includes(line.text);
	}
	/**
	 * @param prefix of the line, if known
	 * @param final as in `Prefix`
	 * @returns IGNORED, TAKEN, AGAIN or DONE
	 */
	line(prefix: string | undefined, final: boolean | undefined): number {
		if (this.#step === ESCAPE) return final === undefined ? IGNORED : TAKEN;
		if (this.#step === ATTENTION) {
			if (final !== true) return final === false || prefix === this.prefix ? TAKEN : IGNORED;
			this.#step = VERIFY;
			this.#informed = false;
			this.#probes = 0;
			return AGAIN;
		}
		if (prefix === this.prefix && final === undefined) {
			this.#informed = true;
			return TAKEN;
		}
		if (final === true) return this.#informed ? DONE : TAKEN;
		if (final === undefined) return IGNORED;
		if (++this.#errors === ERRORS) return DONE;
		this.#step = ATTENTION;
		return AGAIN;
	}
}

/** By step. */
const PERIODS: readonly number[] = [300, 500, 1000];
const TEXTS: readonly string[] = ["(Esc)", "AT", "AT+CMEE?"];
const LETTER_A = 0x41;
const LONGEST_ECHO = 8;
const ESCAPE_EVERY = 5;
const ERRORS = 3;
