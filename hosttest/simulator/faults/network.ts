import { isIP } from "node:net";
import { generate } from "mqtt-packet";
import type { CloseCause, Connection, ConnectionHandlers, Network } from "../network.js";

/** What the network does with a new connection: lets it pass, ends it for a cause, lets it hang, or has CONNECT refused by that code. */
export type Treatment = "pass" | "hang" | { readonly cause: CloseCause } | { readonly returnCode: number };

/** A network with the faults of DNS, of the way to the broker, and of the broker. */
export class FaultyNetwork implements Network {
	readonly #inner: Network;
	readonly #connections = new Set<FaultyConnection>();
	/** The last one counts. */
	readonly #treatments: { readonly treatment: Treatment }[] = [];

	constructor(inner: Network) {
		this.#inner = inner;
	}

	/** Connections that are open and pass data. */
	get live(): number {
		return [...this.#connections].filter(({ isLive }) => isLive).length;
	}

	connect(host: string, port: number, handlers: ConnectionHandlers): Connection {
		const connection = new FaultyConnection(handlers, () => this.#connections.delete(connection));
		this.#connections.add(connection);
		const treatment = this.#treatmentOf(host);
		if (treatment === "pass")
			connection.pass(events => this.#inner.connect(host, port, events), { host, port });
		else if (treatment === "hang") connection.hang();
		else if ("cause" in treatment) setImmediate(() => connection.end(treatment.cause));
		else connection.refuse(treatment.returnCode);
		return connection;
	}

	/** The last treatment that concerns the host: an address needs no DNS. */
	#treatmentOf(host: string): Treatment {
		const concerns = ({ treatment }: { treatment: Treatment }): boolean =>
			typeof treatment === "string" ||
			!("cause" in treatment) ||
			treatment.cause !== "dns" ||
			isIP(host) === 0;
		return this.#treatments.findLast(concerns)?.treatment ?? "pass";
	}

	/** Treats new connections so, until what it returns is called. */
	treat(treatment: Treatment): () => void {
		const entry = { treatment };
		this.#treatments.push(entry);
		return () => {
			const index = this.#treatments.indexOf(entry);
			if (index >= 0) this.#treatments.splice(index, 1);
		};
	}

	/** Nothing passes on the connections there are, for good, and nobody is told. */
	hang(): void {
		for (const connection of this.#connections) connection.hang();
	}

	/** Ends the connections there are, on both sides. */
	drop(): void {
		for (const connection of [...this.#connections]) connection.drop();
	}

	/** For each connection another client sends the same CONNECT, and leaves once it is answered. */
	takeOver(): void {
		for (const { address, first, isLive } of this.#connections) {
			if (!isLive || !address || !first) continue;
			const rival = this.#inner.connect(address.host, address.port, {
				onConnect: () => rival.write(first),
				onData: () => rival.close(),
				onClose: () => undefined,
			});
		}
	}

	/** Bytes as if the broker had sent them, on all connections. */
	send(bytes: Uint8Array): void {
		for (const connection of this.#connections) connection.deliver(bytes);
	}
}

class FaultyConnection implements Connection {
	/** Where it leads. */
	address: { readonly host: string; readonly port: number } | undefined;
	/** The first bytes written: CONNECT. */
	first: Uint8Array | undefined;
	readonly #handlers: ConnectionHandlers;
	readonly #onGone: () => void;
	#inner: Connection | undefined;
	#isOpen = true;
	#hangs = false;
	#onFirst: (() => void) | undefined;

	constructor(handlers: ConnectionHandlers, onGone: () => void) {
		this.#handlers = handlers;
		this.#onGone = onGone;
	}

	get isLive(): boolean {
		return this.#isOpen && !this.#hangs && this.#inner !== undefined;
	}

	pass(connect: (handlers: ConnectionHandlers) => Connection, address: { host: string; port: number }): void {
		this.address = address;
		this.#inner = connect({
			onConnect: () => this.#passes && this.#handlers.onConnect(),
			onData: bytes => this.deliver(bytes),
			onClose: cause => !this.#hangs && this.end(cause),
		});
	}

	/** TCP is there, or comes to be, and that is all. */
	hang(): void {
		this.#hangs = true;
		if (!this.#inner) setImmediate(() => this.#isOpen && this.#handlers.onConnect());
	}

	/** The broker answers CONNECT with that code and goes. */
	refuse(returnCode: number): void {
		setImmediate(() => this.#isOpen && this.#handlers.onConnect());
		this.#onFirst = () =>
			setImmediate(() => {
				this.deliver(generate({ cmd: "connack", returnCode, sessionPresent: false }));
				this.end("peer");
			});
	}

	deliver(bytes: Uint8Array): void {
		if (this.#passes) this.#handlers.onData(bytes);
	}

	drop(): void {
		this.#inner?.abort();
		this.end("peer");
	}

	end(cause: CloseCause): void {
		if (!this.#isOpen) return;
		this.#gone();
		this.#handlers.onClose(cause);
	}

	write(bytes: Uint8Array): void {
		if (!this.first) {
			this.first = bytes.slice();
			this.#onFirst?.();
		}
		if (!this.#hangs) this.#inner?.write(bytes);
	}

	close(): void {
		this.#gone();
		this.#inner?.close();
	}

	abort(): void {
		this.#gone();
		this.#inner?.abort();
	}

	get #passes(): boolean {
		return this.#isOpen && !this.#hangs;
	}

	#gone(): void {
		this.#isOpen = false;
		this.#onGone();
	}
}
