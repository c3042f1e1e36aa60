import { accessSync, constants, existsSync, statSync } from "node:fs";
import type { SerialPort } from "serialport";
import type { FarEnd } from "./uart.js";

/** Options of {@link TtyEnd}. */
export interface TtyOptions {
	/** Something failed after `open`: one line, with the path. The tty is closed then; opening it again tries again. */
	onError?: (message: string) => void;
}

const MEANINGS: Readonly<Record<string, string>> = {
	ENOENT: "no such device; is the adapter plugged in?",
	EACCES: "not permitted; is the user in the group that owns it (dialout)?",
	EPERM: "not permitted; is the user in the group that owns it (dialout)?",
	EBUSY: "in use by another program",
};

const GONE = "gone; unplugged, or its other end has closed";

const message = (path: string, reason: string) => `${path}: ${reason}`;

function reasonOf(error: unknown): string {
	const { code, message: text } = error as NodeJS.ErrnoException;
	if (code !== undefined && code in MEANINGS) return MEANINGS[code];
	if (/no such file/i.test(text)) return MEANINGS.ENOENT;
	if (/permission denied/i.test(text)) return MEANINGS.EACCES;
	if (/lock/i.test(text)) return MEANINGS.EBUSY;
	return text.split("\n", 1)[0];
}

/** How often it is looked whether an open tty is still there. */
const WATCH_MS = 1000;

/** Throws an Error with a line that says what is wrong with the tty, as far as it can be seen without opening it. */
function check(path: string): void {
	if (process.platform === "win32") return; // COM3 is no file
	try {
		accessSync(path, constants.R_OK | constants.W_OK);
	} catch (error) {
		throw new Error(message(path, reasonOf(error)), { cause: error });
	}
	if (!statSync(path).isCharacterDevice()) throw new Error(message(path, "not a tty"));
}

/** One opening of a tty: the package opens and closes later, so what is written before waits, and a new one waits for the old. */
class Session {
	readonly #path: string;
	readonly #onError: (message: string) => void;
	readonly #opening: Promise<SerialPort | undefined>;
	#isEnded = false;
	#watch: NodeJS.Timeout | undefined;
	/** Resolved when the tty is closed. Never rejects. */
	ended: Promise<void> | undefined;

	constructor(
		path: string,
		baud: number,
		deliver: (bytes: Uint8Array) => void,
		onError: (message: string) => void,
		previous: Promise<void> | undefined,
	) {
		this.#path = path;
		this.#onError = onError;
		this.#opening = this.#open(baud, deliver, previous).catch((error: unknown) =>
			this.#fail(reasonOf(error)),
		);
	}

	write(bytes: Uint8Array): void {
		void this.#opening.then(port => {
			if (port?.isOpen) port.write(bytes);
		});
	}

	end(): Promise<void> {
		this.#isEnded = true;
		clearInterval(this.#watch);
		return (this.ended ??= this.#opening.then(port => port && closed(port)));
	}

	async #open(
		baud: number,
		deliver: (bytes: Uint8Array) => void,
		previous: Promise<void> | undefined,
	): Promise<SerialPort | undefined> {
		await previous;
		const { SerialPort } = await import("serialport");
		const port = new SerialPort({ path: this.#path, baudRate: baud, autoOpen: false });
		await new Promise<void>((resolve, reject) => port.open(error => (error ? reject(error) : resolve())));
		port.on("data", (bytes: Uint8Array) => {
			if (!this.#isEnded) deliver(bytes);
		});
		port.on("error", (error: Error) => this.#fail(reasonOf(error)));
		port.on("close", () => this.#fail(GONE));
		// Of a tty that hangs up the package may read nothing, at full speed and for ever.
		if (!this.#isEnded) this.#watch = setInterval(() => this.#look(), WATCH_MS).unref();
		return port;
	}

	#look(): void {
		if (!existsSync(this.#path)) this.#fail(GONE);
	}

	#fail(reason: string): undefined {
		if (this.#isEnded) return;
		void this.end();
		this.#onError(message(this.#path, reason));
	}
}

function closed(port: SerialPort): Promise<void> {
	return new Promise(resolve => {
		if (!port.isOpen) resolve();
		else port.drain(() => (port.isOpen ? port.close(() => resolve()) : resolve()));
	});
}

/**
 * A real tty (or pty) as the far end of a UART, by the `serialport` package, which is loaded when the tty is opened. 8N1, no
 * flow control. What is wrong before it is opened (no such device, not permitted, not a tty) is thrown by `open`, and so by
 * the constructor of the Serial; what goes wrong later comes by `onError`. Close the Serial and open a new one to try again.
 */
export class TtyEnd implements FarEnd {
	readonly paced = false;
	readonly #path: string;
	readonly #onError: (message: string) => void;
	#session: Session | undefined;
	#previous: Promise<void> | undefined;

	constructor(path: string, options: TtyOptions = {}) {
		this.#path = path;
		this.#onError = options.onError ?? (() => undefined);
	}

	open(baud: number, deliver: (bytes: Uint8Array) => void): void {
		check(this.#path);
		this.#session = new Session(this.#path, baud, deliver, this.#onError, this.#previous);
	}

	write(bytes: Uint8Array): void {
		this.#session?.write(bytes);
	}

	close(): void {
		this.#previous = this.#session?.end();
		this.#session = undefined;
	}
}
