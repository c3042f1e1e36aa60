import { type Packet, generate, parser } from "mqtt-packet";
import { clock } from "../shim/clock.js";
import type { Network } from "../simulator/network.js";

/** A broker that answers at once and forgets: for very many messages. */
export function instantNetwork(): Network {
	return {
		connect(_host, _port, handlers) {
			let open = true;
			const packets = parser();
			packets.on("packet", packet => {
				const answer = answerTo(packet);
				if (answer && open) handlers.onData(generate(answer));
			});
			clock().set(() => open && handlers.onConnect(), 0);
			const end = (): void => {
				open = false;
			};
			return { write: bytes => void packets.parse(Buffer.from(bytes)), close: end, abort: end };
		},
	};
}

function answerTo(packet: Packet): Packet | undefined {
	switch (packet.cmd) {
		case "connect":
			return { cmd: "connack", returnCode: 0, sessionPresent: false };
		case "publish":
			return packet.qos === 1 ? { cmd: "puback", messageId: packet.messageId } : undefined;
		case "pingreq":
			return { cmd: "pingresp" };
		default:
			return undefined;
	}
}
