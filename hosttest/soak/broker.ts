import type { Duplex } from "node:stream";
import { Aedes } from "aedes";

/** A broker inside this process; MQTT packets come and go as bytes on streams. */
export interface Broker {
	/** Takes a connection. */
	handle(stream: Duplex): void;
	close(): Promise<void>;
}

/** Makes a broker on the timers of the process. @param onMessage is called with what a subscriber of all topics under `filter` gets */
export async function makeBroker(
	filter: string,
	onMessage: (topic: string, payload: Uint8Array) => void,
): Promise<Broker> {
	const broker = await Aedes.createBroker();
	// A connection that ends in the middle of a packet is nothing to stop for.
	broker.on("connectionError", () => undefined);
	await new Promise<void>(resolve =>
		broker.subscribe(
			filter,
			({ topic, payload }, done) => {
				onMessage(topic, Buffer.from(payload));
				done();
			},
			resolve,
		),
	);
	return {
		handle: stream => void broker.handle(stream),
		close: () => new Promise(resolve => broker.close(resolve)),
	};
}
