// An application that publishes by MQTTSession whatever it is told to. An entry for bundle.ts.
import Serial from "embedded:io/serial";
import { BC20 } from "bc20/modem";
import MQTTClient from "mqtt/client";
import MQTTSession from "mqtt/session";
import { machine } from "../xs/shim/machine.js";
import { listen } from "../xs/shim/messages.js";

/** What "publish" is called with. */
export interface Publication {
	readonly QoS: 0 | 1 | 2;
	/** How many in a row, each when the one before has been acknowledged. */
	readonly count: number;
}

const TOPIC = "telemetry/bc20-0001";
const payload = new Uint8Array(100).fill(0x61);
const tell = (name: string) => machine.events.push([name, undefined]);
let session: MQTTSession | undefined;

listen(({ name, value }) => {
	if (name === "start") start(value as { serial: object; mqtt: { host: string; id: string } });
	else if (name === "publish") publish(value as Publication);
});

function start({ serial, mqtt }: { serial: object; mqtt: { host: string; id: string } }): void {
	const modem = new BC20({ serial: { io: Serial, ...serial } });
	session = new MQTTSession({
		...mqtt,
		mqtt: { io: MQTTClient, modem },
		onConnect: () => tell("connected"),
	});
}

/** Without a promise of its own per message: what is measured is the session's. */
function publish({ QoS, count }: Publication): void {
	const done = () => {
		tell("acknowledged");
		if (--count > 0) void session?.publish(TOPIC, payload, { QoS }).then(done);
	};
	void session?.publish(TOPIC, payload, { QoS }).then(done);
}
