// A program that does nothing, driven as the firmware is: what the harness itself takes. An entry for bundle.ts.
import Serial from "embedded:io/serial";
import Timer from "timer";
import config from "mc/config";
import { machine } from "../xs/shim/machine.js";
import { listen } from "../xs/shim/messages.js";

const buffer = new Uint8Array(128);
const byte = Uint8Array.of(0x20);

listen(({ name, value }) => {
	if (name !== "start") return;
	Object.freeze(Object.assign(config, value));
	const { serial } = value as { serial: object };
	const port = new Serial({
		...serial,
		onReadable: () => void port.read(buffer),
		onWritable: () => undefined,
	} as never);
	Timer.repeat(() => port.write(byte), 1000);
	Timer.repeat(() => machine.events.push(["acknowledged", 1]), 1300);
});
