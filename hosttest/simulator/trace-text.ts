import type { TranscriptEntry } from "./options.js";

/** What must not be printed: the password of QMTCONN and the device secret of aliauth. */
const secrets: readonly RegExp[] = [
	/^(AT\+QMTCONN=\d,[^,]*,[^,]*,).+$/i,
	/^(.*"?aliauth"?,(?:\d,)?[^,]*,[^,]*,).+$/i,
];

/** Turns the pieces of a transcript into lines of text: time, direction, line; secrets left out. */
export class TraceText {
	readonly #onLine: (line: string) => void;
	readonly #parts = { toModem: "", toHost: "" };

	constructor(onLine: (line: string) => void) {
		this.#onLine = onLine;
	}

	add({ timeMs, direction, bytes }: TranscriptEntry): void {
		const lines = (this.#parts[direction] + Buffer.from(bytes).toString("latin1")).split(/[\r\n\x1a\x1b]+/);
		this.#parts[direction] = lines.pop() ?? "";
		if (this.#parts[direction] === ">") lines.push(this.#takePrompt());
		const time = (timeMs / 1000).toFixed(3).padStart(9);
		for (const line of lines.filter(text => text !== ""))
			this.#onLine(`${time} ${direction === "toModem" ? ">" : "<"} ${printable(hide(line))}`);
	}

	#takePrompt(): string {
		this.#parts.toHost = "";
		return ">";
	}
}

const hide = (line: string): string => secrets.reduce((text, secret) => text.replace(secret, "$1***"), line);

const printable = (text: string): string =>
	text.replace(/[^\x20-\x7e]/g, byte => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
