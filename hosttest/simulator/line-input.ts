const CR = 0x0d;
const LF = 0x0a;
const CTRL_Z = 0x1a;
const ESC = 0x1b;

/** More than any payload; what is beyond is not kept. */
const DATA_KEPT = 4096;

/** What the line input makes of the bytes; strings hold one character for each byte. */
export interface LineInputEvents {
	/** What can be echoed: of a command line (its LF left out), or of data whose echo was asked for. */
	onEcho(bytes: Uint8Array, isData: boolean): void;
	/** A command line, without CR and LF. */
	onLine(line: string): void;
	/** The end of data mode: sent with Ctrl-Z, or cancelled with Esc. */
	onData(data: string, cancelled: boolean): void;
}

/**
 * Cuts the host's bytes into command lines, which end with CR while LF is ignored, and data between the prompt and
 * Ctrl-Z or Esc. One command at a time: while one runs, bytes wait or are lost.
 */
export class LineInput {
	/** What happens to bytes while a command runs. */
	readonly #whileBusy: "queue" | "drop";
	readonly #events: LineInputEvents;
	#mode: "command" | "busy" | "data" = "command";
	#echoData = false;
	#waiting: Uint8Array[] = [];
	#text = "";
	#working = false;

	constructor(whileBusy: "queue" | "drop", events: LineInputEvents) {
		this.#whileBusy = whileBusy;
		this.#events = events;
	}

	/** A line has begun and not ended. */
	get partial(): boolean {
		return this.#mode === "command" && this.#text !== "";
	}
	/** What has come of a line, or of data, that has not ended. */
	get typed(): string {
		return this.#text;
	}
	get inDataMode(): boolean {
		return this.#mode === "data";
	}

	receive(bytes: Uint8Array): void {
		if (this.#drops) return;
		this.#waiting.push(bytes);
		this.#work();
	}

	/** The command got its final result: on with the next one. */
	next(): void {
		this.#mode = "command";
		this.#work();
	}

	/** What comes now is data. */
	expectData(echo: boolean): void {
		this.#mode = "data";
		this.#echoData = echo;
		this.#work();
	}

	reset(): void {
		this.#mode = "command";
		this.#waiting = [];
		this.#text = "";
	}

	get #drops(): boolean {
		return this.#mode === "busy" && this.#whileBusy === "drop";
	}

	#work(): void {
		if (this.#working) return;
		this.#working = true;
		while (this.#mode !== "busy") {
			const bytes = this.#waiting.shift();
			if (!bytes) break;
			const used = this.#mode === "data" ? this.#takeData(bytes) : this.#takeLine(bytes);
			if (used < bytes.length) this.#waiting.unshift(bytes.subarray(used));
			if (this.#drops) this.#waiting = [];
		}
		this.#working = false;
	}

	/** Takes bytes up to the end of the line; returns how many. */
	#takeLine(bytes: Uint8Array): number {
		const end = bytes.indexOf(CR);
		const used = end < 0 ? bytes.length : end + 1;
		const piece = bytes.subarray(0, used).filter(byte => byte !== LF);
		if (piece.length > 0) this.#events.onEcho(piece, false);
		this.#text += Buffer.from(end < 0 ? piece : piece.subarray(0, -1)).toString("latin1");
		if (end >= 0) this.#finish(line => this.#events.onLine(line));
		return used;
	}

	#takeData(bytes: Uint8Array): number {
		const end = bytes.findIndex(byte => byte === CTRL_Z || byte === ESC);
		const piece = end < 0 ? bytes : bytes.subarray(0, end);
		if (this.#echoData && piece.length > 0) this.#events.onEcho(piece, true);
		if (this.#text.length <= DATA_KEPT) this.#text += Buffer.from(piece).toString("latin1");
		if (end < 0) return bytes.length;
		const cancelled = bytes[end] === ESC;
		this.#finish(data => this.#events.onData(data, cancelled));
		return end + 1;
	}

	#finish(report: (text: string) => void): void {
		const text = this.#text;
		this.#text = "";
		this.#mode = "busy";
		report(text);
	}
}
