import { BC20 } from "../../modules/bc20/modem.js";
import MQTTClient from "../../modules/mqtt/client.js";
import ModemSensor from "../../modules/sensors/modem.js";
import { Telemetry } from "../../modules/telemetry/telemetry.js";
import type { Network } from "../simulator/network.js";
import { SimulatedBC20 } from "../simulator/modem.js";
import { Ledger } from "../soak/ledger.js";
import { UnitFlash } from "./flash.js";
import { UnitSerial } from "./serial.js";

/** Some 60 messages. */
const FLASH_BLOCKS = 6;

/** Options of {@link Unit}. */
export interface UnitOptions {
	/** 0, 1, …: makes its identifier, and its seed with `seed`. */
	readonly index: number;
	readonly seed: number;
	/** s */
	readonly interval: number;
	readonly network: Network;
	/** First bound of the pause before it connects again, s; the firmware's own where absent. */
	readonly firstPause?: number | undefined;
}

/** Identifier, SenML base name and topic of a unit. */
const idOf = (index: number): string => `unit-${index}`;

/** Topics of all units. */
export const TOPICS = "herd/+";

/** The unit that a topic belongs to. */
export const indexOf = (topic: string): number => Number(topic.slice("herd/unit-".length));

/** One unit of the fleet: what main.ts makes, on a serial line, a flash and a modem of its own, and the account of its messages. */
export class Unit {
	readonly ledger: Ledger;
	readonly #modem: BC20;
	readonly #simulated: SimulatedBC20;
	readonly #telemetry: Telemetry;

	constructor({ index, seed, interval, network, firstPause }: UnitOptions) {
		const id = idOf(index);
		this.ledger = new Ledger(`${id}/`);
		this.#simulated = new SimulatedBC20({ seed: seed * 100_003 + index, delays: "real", network });
		this.#modem = new BC20({ serial: { io: UnitSerial, baud: 115_200, farEnd: this.#simulated } });
		this.#telemetry = new Telemetry({
			host: "broker.example.com",
			id,
			mqtt: { io: MQTTClient, modem: this.#modem },
			topic: `herd/${id}`,
			QoS: 1,
			intervalMs: 1000 * interval,
			sensors: [{ io: ModemSensor, name: "modem", sensor: { modem: this.#modem } }],
			flash: new UnitFlash(FLASH_BLOCKS),
			...(firstPause !== undefined && { backoff: { firstMs: 1000 * firstPause } }),
			isQuiet: () => this.#modem.quiet,
			onSampled: ({ sequence, records }) => this.ledger.accept(sequence, records, Date.now()),
		});
	}
	get isConnected(): boolean {
		return this.#telemetry.isConnected;
	}
	/** Messages that a full outbox has dropped. */
	get dropped(): number {
		return this.#telemetry.dropped;
	}
	close(): void {
		this.#telemetry.close();
		this.#modem.close();
		this.#simulated.power(false);
	}
}
