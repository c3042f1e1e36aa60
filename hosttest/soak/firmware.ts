import { register } from "node:module";
import "../shim/globals.js";
import type { Application, Events } from "../../main.js";
import { setConfig } from "../shim/config.js";

/** `main` of main.ts. */
export type Firmware = (events: Events) => Application;

export const SERIAL_PORT = 1;
/** Pins of the module's keys. */
export const keys = { power: 4, reset: 5 } as const;
/** Client identifier, of which the SenML base name is made. */
export const ID = "soak";
export const TOPIC = "telemetry/soak";

let loaded: { readonly interval: number; readonly firmware: Firmware } | undefined;

/**
 * main.ts as it is, with its configuration: the modem on a UART with both keys wired, a broker that has a name, and QoS 1.
 * @param interval s between two samples: one for all units of a process, as mc/config is set once
 */
export async function loadFirmware(interval: number): Promise<Firmware> {
	if (!loaded) {
		register("./hooks.js", import.meta.url);
		setConfig({
			serial: { port: SERIAL_PORT, receive: 16, transmit: 17, baud: 115_200 },
			keys,
			mqtt: { host: "broker.example.com", id: ID },
			telemetry: { topic: TOPIC, QoS: 1, interval },
		});
		loaded = { interval, firmware: (await import("../../main.js")).default };
	}
	if (loaded.interval !== interval) throw new Error("the interval is one for all of a process");
	return loaded.firmware;
}
