import "./shim/globals.js";
import type { Application, Events } from "../main.js";
import { REGISTRATION } from "../modules/bc20/codes.js";
import { type EmbeddedBroker, embeddedBroker } from "./cli/broker.js";
import { UsageError } from "./cli/command-line.js";
import { HELP, type StartOptions, startOptions } from "./cli/options.js";
import { Report, messageOf, printable, timeOf } from "./cli/report.js";
import { setConfig } from "./shim/config.js";
import { setDataFolder } from "./shim/flash.js";
import { wire } from "./shim/serial.js";
import { TtyEnd } from "./shim/tty.js";
import { SimulatedBC20 } from "./simulator/modem.js";

/** `npm start`: main.ts on this computer, with a simulated BC20 or a real one, and an embedded broker or a real one. */

const PORT = 1;
const print = (line: string) => void process.stdout.write(printable(line) + "\n");
const note = (line: string) => void process.stderr.write(printable(line) + "\n");

async function start(options: StartOptions): Promise<void> {
	const report = new Report({
		json: options.json,
		acknowledgement: options.broker !== undefined,
		print,
		note,
	});
	setDataFolder(options.data);
	const broker = options.broker ? undefined : await embeddedBroker();
	const deliveries = new Deliveries(report);
	await broker?.subscribe(options.topic, payload => deliveries.delivered(payload));
	wire(PORT, options.device === undefined ? new SimulatedBC20() : tty(options.device, report));
	setConfig(configuration(options, broker));
	const { default: main } = await import("../main.js");
	let stopping = false;
	const application = main(events());
	note(whatRuns(options, broker));
	process.on("SIGINT", stop);
	process.on("SIGTERM", stop);
	// Whoever read it has gone (`| head -1`).
	process.stdout.on("error", stop);
	process.stderr.on("error", stop);

	function events(): Events {
		return {
			onChanged(property) {
				if (property === "connection") report.note(connectionText(this));
			},
			onAcknowledged({ sequence, payload, latencyMs }) {
				if (broker) deliveries.acknowledged(sequence, latencyMs);
				else report.message(messageOf(payload), new Date(), latencyMs);
				if (options.count !== undefined && this.acknowledged >= options.count) stop();
			},
			onDisconnected: (error, { retryInMs }) => report.note(failure(error, retryInMs)),
			onError: (error, retryInMs) => report.note(failure(error, retryInMs)),
			...(options.trace && { onTrace: trace }),
		};
	}
	function stop(): void {
		if (stopping) return;
		stopping = true;
		// npm passes on the SIGINT that the terminal has sent here too; one that comes later is from somebody in a hurry.
		setTimeout(() => process.once("SIGINT", () => process.exit(130)), 1000).unref();
		application.stop(() => void end(application));
	}
	async function end({ telemetry }: Application): Promise<void> {
		const { sampled, acknowledged, waiting } = telemetry;
		deliveries.end();
		report.summary({ sampled, acknowledged, waiting });
		await broker?.close();
		setDataFolder(undefined);
		process.exit(0);
	}
}

/** Holds what the broker delivered until its acknowledgement is there too, which takes a moment longer; then shows both. */
class Deliveries {
	readonly #report: Report;
	readonly #waiting = new Map<number, { payload: Uint8Array; at: Date }>();
	/** Latencies of messages that were acknowledged before they were delivered. */
	readonly #acknowledged = new Map<number, number | undefined>();
	#shown = new Set<number>();

	constructor(report: Report) {
		this.#report = report;
	}
	delivered(payload: Uint8Array): void {
		const at = new Date();
		const { sequence } = messageOf(payload);
		if (sequence === undefined || this.#shown.has(sequence)) {
			this.#report.message(messageOf(payload), at, undefined, sequence !== undefined);
			return;
		}
		this.#waiting.set(sequence, { payload, at });
		if (this.#acknowledged.has(sequence)) this.acknowledged(sequence, this.#acknowledged.get(sequence));
	}
	acknowledged(sequence: number, latencyMs: number | undefined): void {
		const delivery = this.#waiting.get(sequence);
		if (!delivery) {
			this.#acknowledged.set(sequence, latencyMs);
			return;
		}
		this.#acknowledged.delete(sequence);
		this.#show(sequence, latencyMs);
	}
	/** Shows what was delivered and never acknowledged. */
	end(): void {
		for (const sequence of [...this.#waiting.keys()]) this.#show(sequence, undefined);
	}

	#show(sequence: number, latencyMs: number | undefined): void {
		const delivery = this.#waiting.get(sequence);
		if (!delivery) return;
		this.#waiting.delete(sequence);
		this.#shown.add(sequence);
		this.#report.message(messageOf(delivery.payload), delivery.at, latencyMs);
	}
}

function tty(device: string, report: Report): TtyEnd {
	return new TtyEnd(device, { onError: message => report.note(message) });
}

function configuration(options: StartOptions, broker: EmbeddedBroker | undefined): Record<string, unknown> {
	const { host, port, user, password } = options.broker ?? { host: "127.0.0.1", port: broker?.port };
	return {
		serial: { port: PORT, receive: 16, transmit: 17, baud: options.baud },
		mqtt: { host, port, user, password, id: options.id },
		// Somebody is watching, and one unit is no fleet.
		telemetry: {
			topic: options.topic,
			QoS: options.QoS,
			interval: options.interval,
			backoff: { firstMs: 1_000 },
		},
	};
}

function whatRuns({ device, topic, ...options }: StartOptions, broker: EmbeddedBroker | undefined): string {
	const modem = device === undefined ? "a simulated BC20" : `the modem on ${device}`;
	const { host, port } = options.broker ?? { host: "127.0.0.1", port: broker?.port };
	return `${topic} through ${modem} to ${broker ? "an embedded broker" : "the broker"} on ${host}:${port}; Ctrl-C ends`;
}

function connectionText(modem: Application["modem"]): string {
	const { connection, identification, registration, address } = modem;
	if (connection === 0) return "modem: not there";
	if (connection === 100) return "modem: looking for it";
	if (connection === 200)
		return `modem: ${identification?.model ?? "unknown"} ${identification?.revision ?? ""}`;
	if (connection === 300) return "modem: looking for the network";
	const text = `modem: ${REGISTRATION[registration] ?? "registration unknown"}`;
	return address === undefined ? text : `${text}, address ${address}`;
}

function failure(error: unknown, retryInMs?: number): string {
	const text = error instanceof Error ? error.message : String(error);
	return retryInMs === undefined ? text : `${text}; trying again in ${(retryInMs / 1000).toFixed(1)} s`;
}

function trace(direction: "send" | "receive", text: string): void {
	note(`${timeOf(new Date())} ${direction === "send" ? ">" : "<"} ${text}`);
}

try {
	const options = startOptions(process.argv.slice(2));
	if (options) await start(options);
	else HELP.split("\n").forEach(print);
} catch (error) {
	note((error as Error).message);
	process.exit(error instanceof UsageError ? 2 : 1);
}
