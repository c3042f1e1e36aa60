import { Aedes } from "aedes";
import { VirtualClock, useClock } from "../shim/clock.js";
import { type UartBehaviour, type UartStatistics, resetSerial, statistics, wire } from "../shim/serial.js";
import { SimulatedBC20 } from "../simulator/modem.js";
import { type Network, brokerNetwork } from "../simulator/network.js";
import type { BC20Options, TranscriptEntry } from "../simulator/options.js";
import { bundle } from "../xs/bundle.js";
import { type Turn, Unit } from "../xs/unit.js";

const PORT = 1;
/** In-process streams and the broker settle within so many turns of Node's loop. */
const SETTLE_TURNS = 12;

/** Entry of the firmware itself: main.ts, unchanged. */
export const MAIN = new URL("../xs/shim/firmware.ts", import.meta.url);

/** Options of {@link Firmware}. */
export interface FirmwareOptions {
	/** Entry for XS; {@link MAIN} by default. */
	readonly entry?: URL;
	readonly modem?: BC20Options;
	/** Where the modem's connections lead; an aedes broker by default. */
	readonly network?: Network;
	readonly uart?: UartBehaviour;
	/** Over what the manifest has. */
	readonly serial?: Readonly<Record<string, unknown>>;
	readonly mqtt?: Readonly<Record<string, unknown>>;
	readonly telemetry?: Readonly<Record<string, unknown>>;
	/** Size of the outbox's partition, 1 MB by default. */
	readonly flashBytes?: number;
	/** What the program tells, by name. */
	readonly onEvent?: (name: string, value: unknown) => void;
}

const programs = new Map<string, Promise<string>>();

/** The program of an entry, bundled once. */
function programOf(entry: URL): Promise<string> {
	let program = programs.get(entry.href);
	if (!program) programs.set(entry.href, (program = bundle(entry)));
	return program;
}

/** A program on XS, a simulated BC20 and a broker on Node, on one virtual clock. One at a time. */
export class Firmware {
	readonly clock: VirtualClock;
	readonly modem: SimulatedBC20;
	readonly unit: Unit;
	/** Gets each turn; where it is set, none is kept for `take`. */
	onTurn: ((turn: Turn) => void) | undefined;
	#turns: Turn[] = [];
	#transcript: TranscriptEntry[] = [];
	/** Messages acknowledged: events "acknowledged". */
	acknowledged = 0;
	readonly #broker: Aedes | undefined;
	readonly #options: FirmwareOptions;

	private constructor(program: string, broker: Aedes | undefined, options: FirmwareOptions) {
		const { onEvent } = options;
		this.#options = options;
		this.#broker = broker;
		this.clock = new VirtualClock({ turns: broker ? SETTLE_TURNS : 1 });
		useClock(this.clock);
		resetSerial();
		this.modem = new SimulatedBC20({
			network: options.network ?? brokerNetwork(stream => void broker?.handle(stream)),
			transcript: entry => {
				if (!this.onTurn) this.#transcript.push(entry);
			},
			...options.modem,
		});
		wire(PORT, this.modem, options.uart);
		this.unit = new Unit(program, {
			onTurn: turn => {
				if (this.onTurn) this.onTurn(turn);
				else this.#turns.push(turn);
			},
			onEvent: (name, value) => {
				if (name === "acknowledged") this.acknowledged++;
				onEvent?.(name, value);
			},
		});
	}
	/** Loads a program; `start` runs it. */
	static async load(options: FirmwareOptions = {}): Promise<Firmware> {
		const program = await programOf(options.entry ?? MAIN);
		return new Firmware(program, options.network ? undefined : await Aedes.createBroker(), options);
	}
	/** A program that is started and connected, after so many acknowledged messages. */
	static async running(acknowledged: number, options: FirmwareOptions = {}): Promise<Firmware> {
		const firmware = await Firmware.load(options);
		firmware.start();
		await firmware.until(acknowledged);
		return firmware;
	}
	/** Calls the program's "start" with the configuration of the manifest. */
	start(): void {
		const { serial, mqtt, telemetry, flashBytes } = this.#options;
		if (flashBytes !== undefined) this.unit.call("flash", flashBytes);
		this.unit.call("start", {
			serial: { port: PORT, receive: 16, transmit: 17, baud: 115_200, ...serial },
			keys: { power: 4, reset: 5 },
			mqtt: { host: "broker.example.com", port: 1883, id: "bc20-0001", ...mqtt },
			telemetry: { topic: "telemetry/bc20-0001", QoS: 1, interval: 60, ...telemetry },
		});
	}
	/** Runs until so many messages are acknowledged. */
	async until(acknowledged: number, limitMs = 3_600_000): Promise<void> {
		await this.clock.run(() => this.acknowledged >= acknowledged, limitMs);
	}
	/** The turns, and the conversation, since the last call. */
	take(): { turns: Turn[]; transcript: TranscriptEntry[] } {
		const taken = { turns: this.#turns, transcript: this.#transcript };
		this.#turns = [];
		this.#transcript = [];
		return taken;
	}
	/** Collects the garbage. @returns slots in use */
	collect(): number {
		return this.unit.evaluate("gc()").slots;
	}
	/** Bytes on the wire since the start. */
	get line(): UartStatistics {
		return statistics(PORT);
	}
	async close(): Promise<void> {
		this.unit.close();
		this.modem.power(false);
		await this.clock.advance(1000);
		const broker = this.#broker;
		if (broker) await new Promise<void>(resolve => broker.close(resolve));
		resetSerial();
	}
}

/** Computrons of turns. */
export function computronsOf(turns: readonly Turn[]): number {
	return turns.reduce((sum, turn) => sum + turn.computrons, 0);
}

/** Bytecodes a second, in millions, that a chip may do. */
const SPEEDS = [1, 2, 5] as const;

/** What computrons take at these speeds. */
export function timesOf(computrons: number): string {
	const times = SPEEDS.map(speed => (computrons / speed / 1000).toFixed(1));
	return `${times.join(", ")} ms at ${SPEEDS.join(", ")} million bytecodes/s`;
}
