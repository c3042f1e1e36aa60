import "../shim/globals.js";
import { VirtualClock, WallClock, useClock } from "../shim/clock.js";
import { brokerNetwork, streamNetwork, type Network } from "../simulator/network.js";
import { Random } from "../simulator/random.js";
import { type Broker, makeBroker } from "../soak/broker.js";
import { useVirtualTimers } from "../soak/virtual-timers.js";
import { Attempts } from "./attempts.js";
import { TOPICS, Unit, indexOf } from "./unit.js";

const MINUTE_MS = 60_000;
/** Until all units are connected, at most. */
const START_LIMIT_MS = 15 * MINUTE_MS;
/** With all of them connected. */
const CALM_MS = 2 * MINUTE_MS;
/** From the broker's return until all units are connected and all messages there, at most. */
const RETURN_LIMIT_MS = 60 * MINUTE_MS;
const STEP_MS = 5000;
const TURNS = 2;

/** What is run. */
export interface HerdOptions {
	readonly units: number;
	readonly seed: number;
	/** s between two messages of a unit. */
	readonly interval: number;
	/** s without the broker. */
	readonly away: number;
	/** First bound of a unit's pause before it connects again, s; the firmware's own where absent. */
	readonly firstPause?: number | undefined;
}

/** What came of it. */
export interface HerdResult {
	/** Connection attempts of all units, from power on. */
	readonly attempts: Attempts;
	/** When the broker went, ms: what counts begins here. */
	readonly goneAtMs: number;
	/** From when the broker was back until all units were connected, ms; undefined: not within an hour. */
	readonly connectedInMs: number | undefined;
	/** From then until all messages accepted by then had arrived, ms. */
	readonly arrivedInMs: number | undefined;
	readonly accepted: number;
	readonly delivered: number;
	readonly lost: number;
	readonly corrupted: number;
	readonly duplicates: number;
	readonly simulatedMs: number;
}

/** A fleet connects, one unit after the other, to a broker that then ends all connections and comes back. */
export async function herd(options: HerdOptions): Promise<HerdResult> {
	const clock = new VirtualClock({ turns: TURNS });
	useClock(clock);
	const restoreTimers = useVirtualTimers();
	const { random } = Math;
	const chance = Random.for(options.seed, "Math.random");
	Math.random = () => chance.next();
	const fleet = new Fleet(options, clock);
	try {
		return await fleet.run();
	} finally {
		await fleet.close();
		restoreTimers();
		Math.random = random;
		useClock(new WallClock());
	}
}

class Fleet {
	readonly #options: HerdOptions;
	readonly #clock: VirtualClock;
	readonly #units = new Map<number, Unit>();
	readonly #attempts = new Attempts();
	readonly #network: Network;
	#broker: Broker | undefined;

	constructor(options: HerdOptions, clock: VirtualClock) {
		this.#options = options;
		this.#clock = clock;
		const there = brokerNetwork(stream => this.#broker?.handle(stream));
		const away = streamNetwork(() => "refused");
		this.#network = {
			connect: (host, port, handlers) => {
				this.#attempts.add(clock.now);
				return (this.#broker ? there : away).connect(host, port, handlers);
			},
		};
	}
	async run(): Promise<HerdResult> {
		await this.#bringBroker();
		this.#start();
		const all = await this.#until(() => this.#areConnected, START_LIMIT_MS);
		if (all === undefined) throw new Error("the fleet did not connect");
		await this.#clock.advance(CALM_MS);
		const goneAtMs = this.#clock.now;
		await this.#takeBroker();
		await this.#clock.advance(1000 * this.#options.away);
		await this.#bringBroker();
		const connectedInMs = await this.#until(() => this.#areConnected, RETURN_LIMIT_MS);
		const last = new Map([...this.#units].map(([index, { ledger }]) => [index, ledger.last]));
		const haveArrived = (): boolean =>
			[...this.#units].every(([index, { ledger }]) => ledger.hasAll(last.get(index)));
		const arrivedInMs = await this.#until(haveArrived, RETURN_LIMIT_MS);
		return { attempts: this.#attempts, goneAtMs, connectedInMs, arrivedInMs, ...this.#account(last) };
	}
	/** What still lives of connections ends here, and not on another clock. */
	async close(): Promise<void> {
		for (const unit of this.#units.values()) unit.close();
		await this.#broker?.close();
		await this.#clock.advance(RETURN_LIMIT_MS);
	}

	get #areConnected(): boolean {
		const units = [...this.#units.values()];
		return units.length === this.#options.units && units.every(({ isConnected }) => isConnected);
	}
	/** Power comes to the units at times spread over an interval. */
	#start(): void {
		const { units, seed, interval, firstPause } = this.#options;
		const random = Random.for(seed, "power");
		for (let index = 0; index < units; index++)
			this.#clock.set(
				() => this.#units.set(index, new Unit({ index, seed, interval, firstPause, network: this.#network })),
				random.between([0, Math.max(1000 * interval, MINUTE_MS)]),
			);
	}
	#delivered(topic: string, payload: Uint8Array): void {
		this.#units.get(indexOf(topic))?.ledger.deliver(payload);
	}
	async #bringBroker(): Promise<void> {
		this.#broker = await makeBroker(TOPICS, (topic, payload) => this.#delivered(topic, payload));
	}
	/** All connections end. */
	async #takeBroker(): Promise<void> {
		const broker = this.#broker;
		this.#broker = undefined;
		await broker?.close();
	}
	/** @returns how long it took, ms; undefined when it did not come about */
	async #until(isReached: () => boolean, limitMs: number): Promise<number | undefined> {
		const startMs = this.#clock.now;
		while (!isReached()) {
			if (this.#clock.now - startMs >= limitMs) return undefined;
			await this.#clock.advance(STEP_MS);
		}
		return this.#clock.now - startMs;
	}
	/** @param last of each unit, the last message that counts: later ones may be under way */
	#account(last: ReadonlyMap<number, number>) {
		const verdicts = [...this.#units].map(([index, { ledger }]) => ledger.verdict(last.get(index)));
		const sum = (of: (verdict: (typeof verdicts)[number]) => number): number =>
			verdicts.reduce((total, verdict) => total + of(verdict), 0);
		return {
			accepted: sum(({ accepted }) => accepted),
			delivered: sum(({ delivered }) => delivered),
			lost: sum(({ lost }) => lost.length),
			corrupted: sum(({ corrupted }) => corrupted.length),
			duplicates: sum(({ duplicates }) => duplicates),
			simulatedMs: this.#clock.now,
		};
	}
}
