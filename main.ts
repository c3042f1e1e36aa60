import Digital from "embedded:io/digital";
import Serial from "embedded:io/serial";
import FlashStorage from "embedded:storage/flash";
import values from "mc/config";
import createSensors from "sensors";
import { BC20, type BC20Options } from "bc20/modem";
import { ProgressWatch } from "common/progress";
import MQTTClient from "mqtt/client";
import { Telemetry, type TelemetryOptions } from "telemetry/telemetry";

/** The configuration: `config` of manifest.json on the chip, the options of `npm start` on a desktop. */
interface Configuration {
	/** The modem's UART: pins and port of the ESP32 (port 0 is the debugger's), baud rate. */
	readonly serial: {
		readonly port: number;
		readonly receive: number;
		readonly transmit: number;
		readonly baud: number;
	};
	/** Pins that press PWRKEY and RESET; leave out what is not wired. */
	readonly keys?: { readonly power?: number; readonly reset?: number };
	/** Sizes and times of the modem's driver. */
	readonly modem?: Pick<BC20Options, "receiveBuffer" | "queue" | "registrationTimeoutMs" | "livenessMs">;
	/** Access point name; leave out for the one that the module has. */
	readonly apn?: string;
	/** Options of the MQTT client class. */
	readonly mqtt: {
		readonly host: string;
		readonly port?: number;
		readonly id: string;
		readonly user?: string;
		readonly password?: string;
		/** ms */
		readonly keepAlive?: number;
		readonly clean?: boolean;
		/** s to a packet's acknowledgement, and how often the module sends it again. */
		readonly packetTimeout?: number;
		readonly retries?: number;
		/** How messages go to the module: `hex` carries bytes that `text` cannot. */
		readonly dataFormat?: "text" | "hex";
	};
	readonly telemetry: {
		readonly topic: string;
		readonly QoS?: 0 | 1 | 2;
		/** s between two samples, fractions allowed. */
		readonly interval: number;
		/** Delays of connecting again; leave out for those that a fleet needs. */
		readonly backoff?: TelemetryOptions["backoff"];
	};
	/** The analog input that is measured; leave out where there is none. */
	readonly analog?: { readonly pin: number; readonly name?: string };
}

/** What an application may want to hear of. Without it the chip writes a line to the debugger. */
export type Events = Pick<BC20Options, "onChanged" | "onTrace"> &
	Pick<TelemetryOptions, "onSampled" | "onAcknowledged" | "onConnected" | "onDisconnected"> & {
		/** Something failed and, where `retryInMs` is given, is tried again. */
		readonly onError?: (error: unknown, retryInMs?: number) => void;
		/** Restarts the chip: called when the modem has not answered for 6 hours, whatever was tried. */
		readonly restart?: () => void;
	};

/** The application, for those who started it. */
export interface Application {
	readonly modem: BC20;
	readonly telemetry: Telemetry;
	/** Disconnects gracefully; calls back when all is closed. */
	stop(onStopped: () => void): void;
}

const onChip: Events = {
	onChanged(property) {
		if (property === "recovery") trace(`recovery: ${this.recovery.rung ?? "none"}\n`);
	},
	onAcknowledged: message => trace(`message ${message.sequence} acknowledged\n`),
	onConnected: () => trace("connected\n"),
	onDisconnected: (error, retry) => trace(`${String(error)}; again in ${retry.retryInMs} ms\n`),
	onError: error => trace(`${String(error)}\n`),
	restart: () => {
		// XS restarts the chip for an exception that leaves a callback.
		throw new Error("no progress: restart");
	},
};

/** Sensor to broker: what `mcconfig` builds for the chip and `npm start` runs on a desktop. Configured by `mc/config`. */
export default function main(events: Events = onChip): Application {
	const config = values as unknown as Configuration;
	const { serial, keys, apn, telemetry: settings } = config;
	// What only the BC20's client knows goes to it with the modem; the rest is any client's.
	const { packetTimeout, retries, dataFormat, ...connection } = config.mqtt;
	const { onError, onChanged, onTrace, restart, ...telemetryEvents } = events;
	const key = (pin: number | undefined) => (pin === undefined ? undefined : { io: Digital, pin });
	const modem = new BC20({
		...config.modem,
		serial: { io: Serial, ...serial },
		power: key(keys?.power),
		reset: key(keys?.reset),
		apn,
		...(onChanged && { onChanged }),
		...(onTrace && { onTrace }),
		...(onError && { onError }),
	});
	const telemetry = new Telemetry({
		...telemetryEvents,
		...connection,
		mqtt: { io: MQTTClient, modem, packetTimeout, retries, dataFormat },
		topic: settings.topic,
		QoS: settings.QoS,
		intervalMs: 1000 * settings.interval,
		backoff: settings.backoff,
		sensors: createSensors({ modem, config }),
		flash: FlashStorage.open({ path: "outbox", mode: "r+" }),
		isQuiet: () => modem.quiet,
		...(onError && { onError: (error: unknown) => onError(error) }),
	});
	const watch =
		restart &&
		new ProgressWatch({
			progress: () => telemetry.acknowledged + modem.heard,
			isDue: () => modem.recovery.rung !== undefined,
			restart,
		});
	return {
		modem,
		telemetry,
		stop: onStopped =>
			telemetry.stop(() => {
				watch?.close();
				modem.close();
				onStopped();
			}),
	};
}
