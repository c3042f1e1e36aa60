import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
	closeSync,
	constants,
	existsSync,
	mkdtempSync,
	openSync,
	readSync,
	rmSync,
	writeSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** What a message to the worker came to. */
export interface Reply {
	readonly bytes: Uint8Array;
	/** XS's meter: one for each bytecode, promise jobs included, and some natives by their work. The same from run to run. */
	readonly computrons: number;
	/** Slots in use when the message was done, garbage included. */
	readonly slots: number;
}

/** An exception that left the code on XS. */
export class XSError extends Error {
	override name = "XSError";
}

const PLATFORMS: Readonly<Record<string, string>> = { linux: "lin", darwin: "mac" };
const MESSAGES_FD = 3;
const REPLIES_FD = 4;
/** Computrons between two looks at the limit. */
const METER_INTERVAL = "100000";
const CHUNK_BYTES = 1 << 16;
/** A netstring's length has at most so many digits here. */
const LENGTH_DIGITS = 9;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function binary(): string {
	const xsnap = dirname(createRequire(import.meta.url).resolve("@agoric/xsnap/package.json"));
	return join(xsnap, `xsnap-native/xsnap/build/bin/${PLATFORMS[process.platform]}/release/xsnap-worker`);
}

/** Why there is no XS on this machine; undefined where there is. */
export function missingXS(): string | undefined {
	if (!(process.platform in PLATFORMS)) return `xsnap does not run on ${process.platform}`;
	try {
		if (existsSync(binary())) return undefined;
	} catch {
		return "@agoric/xsnap is not installed: it needs Node 20 or 22, gcc and make when `npm ci` runs";
	}
	return "@agoric/xsnap was not built: it needs gcc and make, then `npm rebuild @agoric/xsnap`";
}

/**
 * A machine of XS, Moddable's engine, in a process of its own: the worker of `@agoric/xsnap`, spoken to by its netstrings.
 *
 * The package's own client is asynchronous and has Node's built-ins frozen; here a message is a plain call that returns with
 * its reply, so that a virtual clock waits for it and a run is the same each time.
 */
export class XSWorker {
	readonly #process: ChildProcess;
	readonly #messages: number;
	readonly #replies: number;
	readonly #limit: number;
	readonly #onQuery: (query: Uint8Array) => Uint8Array;
	readonly #chunk = new Uint8Array(CHUNK_BYTES);
	#from = 0;
	#to = 0;
	#closed = false;

	/**
	 * @param options `onQuery` answers `issueCommand(ArrayBuffer)` of the code on XS; `limit` is the most computrons that a message
	 * may take, up to 2 ** 31 - 1, by default without bound
	 * @throws Error where {@link missingXS} says why
	 */
	constructor({ onQuery = (query: Uint8Array) => query, limit = 0 } = {}) {
		const missing = missingXS();
		if (missing) throw new Error(missing);
		this.#limit = limit;
		this.#onQuery = onQuery;
		const folder = mkdtempSync(join(tmpdir(), "xs-"));
		try {
			const messages = pipe(join(folder, "messages"));
			const replies = pipe(join(folder, "replies"));
			const stdio: (string | number)[] = ["ignore", "inherit", "inherit"];
			stdio[MESSAGES_FD] = messages.read;
			stdio[REPLIES_FD] = replies.write;
			this.#process = spawn(binary(), ["xs", ...(limit ? ["-i", METER_INTERVAL, "-l", String(limit)] : [])], {
				stdio: stdio as never,
			});
			this.#process.unref();
			closeSync(messages.read);
			closeSync(replies.write);
			this.#messages = messages.write;
			this.#replies = replies.read;
		} finally {
			rmSync(folder, { recursive: true });
		}
	}
	/** Evaluates a program. @throws XSError with what it threw */
	evaluate(program: string): Reply {
		return this.#exchange(encoder.encode(`e${program}`));
	}
	/** Calls the global function `handleCommand(ArrayBuffer)`, which returns an ArrayBuffer. @throws XSError with what it threw */
	command(bytes: Uint8Array): Reply {
		const message = new Uint8Array(bytes.length + 1);
		message[0] = 0x3f; // ?
		message.set(bytes, 1);
		return this.#exchange(message);
	}
	/** Writes an image of the heap, collected, to a file, in the format of xsSnapshot.c. */
	snapshot(path: string): void {
		this.#exchange(encoder.encode(`w${path}`));
	}
	/** Ends the process. May be called twice. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		closeSync(this.#messages);
		closeSync(this.#replies);
		this.#process.kill();
	}

	#exchange(message: Uint8Array): Reply {
		this.#write(message);
		for (;;) {
			const answer = this.#read();
			const body = answer.subarray(1);
			switch (String.fromCharCode(answer[0])) {
				case ".": {
					const end = body.indexOf(1);
					const { compute, currentHeapCount } = JSON.parse(decoder.decode(body.subarray(0, end))) as {
						compute: number;
						currentHeapCount: number;
					};
					return { bytes: body.subarray(end + 1), computrons: compute, slots: currentHeapCount };
				}
				case "!":
					throw new XSError(decoder.decode(body));
				case "?": {
					const reply = this.#onQuery(body);
					const message = new Uint8Array(reply.length + 1);
					message[0] = 0x2f; // /
					message.set(reply, 1);
					this.#write(message);
					break;
				}
				default:
					throw new Error("XS: unexpected answer");
			}
		}
	}
	#write(message: Uint8Array): void {
		if (this.#closed) throw new Error("XS: closed");
		const head = encoder.encode(`${message.length}:`);
		const bytes = new Uint8Array(head.length + message.length + 1);
		bytes.set(head);
		bytes.set(message, head.length);
		bytes[bytes.length - 1] = 0x2c; // ,
		for (let from = 0; from < bytes.length;) from += writeSync(this.#messages, bytes, from);
	}
	#read(): Uint8Array {
		let length = 0;
		for (let digits = 0; ; digits++) {
			const byte = this.#byte();
			if (byte === 0x3a) break; // :
			if (digits === LENGTH_DIGITS) throw new Error("XS: not a netstring");
			length = length * 10 + byte - 0x30;
		}
		const bytes = new Uint8Array(length);
		for (let count = 0; count < length;) {
			this.#fill();
			const piece = this.#chunk.subarray(this.#from, Math.min(this.#to, this.#from + length - count));
			bytes.set(piece, count);
			this.#from += piece.length;
			count += piece.length;
		}
		this.#byte();
		return bytes;
	}
	#byte(): number {
		this.#fill();
		return this.#chunk[this.#from++];
	}
	#fill(): void {
		if (this.#from < this.#to) return;
		this.#from = 0;
		this.#to = readSync(this.#replies, this.#chunk);
		if (this.#to > 0) return;
		this.close();
		const limit = this.#limit ? `, more than ${this.#limit} computrons` : "";
		throw new Error(
			`XS: the worker ended (stack overflow, memory full${limit}, or an assertion: see its standard error)`,
		);
	}
}

/** A named pipe: Node's own are sockets that cannot be read from without waiting for the event loop. */
function pipe(path: string): { read: number; write: number } {
	execFileSync("mkfifo", [path]);
	const both = openSync(path, "r+");
	// Neither blocks, since there is a reader and a writer already.
	const read = openSync(path, constants.O_RDONLY);
	const write = openSync(path, constants.O_WRONLY);
	closeSync(both);
	return { read, write };
}
