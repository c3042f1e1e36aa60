import { connect as connectTcp } from "node:net";
import { duplexPair, type Duplex } from "node:stream";

/** Why a connection ended or never came to be. */
export type CloseCause = "peer" | "dns" | "refused" | "unreachable" | "timeout" | "lost";

/** What a connection tells its owner; nothing more comes after onClose, close() or abort(). */
export interface ConnectionHandlers {
	onConnect(): void;
	onData(bytes: Uint8Array): void;
	onClose(cause: CloseCause): void;
}

/** One TCP connection of the module. */
export interface Connection {
	write(bytes: Uint8Array): void;
	/** Sends what is written, then FIN. */
	close(): void;
	/** Ends at once, as seen by the peer when the module resets (RST). */
	abort(): void;
}

/** Where the module's TCP connections lead. Handlers are never called from inside connect(). */
export interface Network {
	connect(host: string, port: number, handlers: ConnectionHandlers): Connection;
}

const causes: Readonly<Record<string, CloseCause>> = {
	ENOTFOUND: "dns",
	EAI_AGAIN: "dns",
	EAI_NODATA: "dns",
	EAI_FAIL: "dns",
	ECONNREFUSED: "refused",
	ECONNRESET: "peer",
	EPIPE: "peer",
	ETIMEDOUT: "timeout",
	EHOSTUNREACH: "unreachable",
	ENETUNREACH: "unreachable",
};

/** The machine's own network: real TCP by node:net. */
export function tcpNetwork(): Network {
	return {
		connect(host, port, handlers) {
			const socket = connectTcp({ host, port, noDelay: true });
			const connection = new StreamConnection(socket, handlers, () => socket.resetAndDestroy());
			socket.on("connect", () => connection.connected());
			return connection;
		},
	};
}

/**
 * A network of streams inside this process. `connect` returns the near end of a pair of streams, undefined for a
 * host that refuses, or the cause for which it cannot be reached.
 */
export function streamNetwork(
	connect: (host: string, port: number) => Duplex | CloseCause | undefined,
): Network {
	return {
		connect(host, port, handlers) {
			const stream = connect(host, port) ?? "refused";
			if (typeof stream === "string") return failed(stream, handlers);
			const connection = new StreamConnection(stream, handlers, () => stream.destroy());
			setImmediate(() => connection.connected());
			return connection;
		},
	};
}

/** All hosts and ports lead to one in-process broker: `brokerNetwork(stream => broker.handle(stream))`. */
export function brokerNetwork(handle: (stream: Duplex) => void): Network {
	return streamNetwork(() => {
		const [near, far] = duplexPair();
		// Unlike a socket's, one end of a pair does not learn that the other one is gone.
		near.once("close", () => setImmediate(() => far.destroy()));
		far.once("close", () => setImmediate(() => near.destroy()));
		handle(far);
		return near;
	});
}

class StreamConnection implements Connection {
	readonly #stream: Duplex;
	readonly #reset: () => void;
	#handlers: ConnectionHandlers | undefined;

	constructor(stream: Duplex, handlers: ConnectionHandlers, reset: () => void) {
		this.#stream = stream;
		this.#handlers = handlers;
		this.#reset = reset;
		stream.on("data", (bytes: Uint8Array) => this.#handlers?.onData(bytes));
		stream.on("end", () => this.#ended("peer"));
		stream.on("error", (error: NodeJS.ErrnoException) => this.#ended(causes[error.code ?? ""] ?? "lost"));
		stream.on("close", () => this.#ended("peer"));
	}

	connected(): void {
		this.#handlers?.onConnect();
	}

	write(bytes: Uint8Array): void {
		if (this.#stream.writable) this.#stream.write(bytes);
	}

	close(): void {
		this.#handlers = undefined;
		this.#stream.end(() => setImmediate(() => this.#stream.destroy()));
	}

	abort(): void {
		this.#handlers = undefined;
		this.#reset();
	}

	#ended(cause: CloseCause): void {
		const handlers = this.#handlers;
		if (!handlers) return;
		this.#handlers = undefined;
		this.#stream.end();
		handlers.onClose(cause);
	}
}

function failed(cause: CloseCause, handlers: ConnectionHandlers): Connection {
	let open = true;
	setImmediate(() => open && handlers.onClose(cause));
	const end = (): void => {
		open = false;
	};
	return { write: () => undefined, close: end, abort: end };
}
