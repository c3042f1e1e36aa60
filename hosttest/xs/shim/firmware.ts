// The firmware on XS: main.ts, unchanged, and what drives it. An entry for bundle.ts.
import { machine } from "./machine.js";
import { listen } from "./messages.js";
import config from "./config.js";
import { setTraceSink } from "./globals.js";
import main, { type Application } from "../../../main.js";

let application: Application | undefined;

function text(error: unknown): string {
	return String(error);
}

setTraceSink(line => machine.events.push(["trace", line]));
listen(({ name, value }) => {
	switch (name) {
		case "flash":
			machine.flash.size = value as number;
			return undefined;
		case "start":
			Object.freeze(Object.assign(config, value));
			application = main({
				onConnected: () => machine.events.push(["connected", undefined]),
				onDisconnected: error => machine.events.push(["disconnected", text(error)]),
				onSampled: () => machine.events.push(["sampled", undefined]),
				onAcknowledged: message => machine.events.push(["acknowledged", message.sequence]),
				onError: error => machine.events.push(["error", text(error)]),
			});
			return undefined;
		case "stop":
			application?.stop(() => machine.events.push(["stopped", undefined]));
			return undefined;
		default:
			return undefined;
	}
});
