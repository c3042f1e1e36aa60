import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { Aedes } from "aedes";

/** The broker that `npm start` brings along. */
export interface EmbeddedBroker {
	readonly port: number;
	/** Calls back for each message on the topic, as a subscriber of the broker gets it. */
	subscribe(topic: string, onMessage: (payload: Uint8Array) => void): Promise<void>;
	close(): Promise<void>;
}

/** Starts a broker on a free port of the loopback interface. */
export async function embeddedBroker(): Promise<EmbeddedBroker> {
	const broker = await Aedes.createBroker();
	const sockets = new Set<Socket>();
	const server = createServer(socket => {
		sockets.add(socket);
		socket.on("close", () => sockets.delete(socket));
		broker.handle(socket);
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(0, "127.0.0.1", resolve);
	});
	return {
		port: (server.address() as AddressInfo).port,
		subscribe: (topic, onMessage) =>
			new Promise(resolve =>
				broker.subscribe(
					topic,
					(packet, done) => {
						onMessage(Buffer.from(packet.payload));
						done();
					},
					resolve,
				),
			),
		close: async () => {
			await new Promise<void>(resolve => broker.close(resolve));
			// One that is half connected would be waited for.
			for (const socket of sockets) socket.destroy();
			await new Promise<void>(resolve => server.close(() => resolve()));
		},
	};
}
