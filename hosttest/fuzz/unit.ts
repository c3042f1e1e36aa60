import { Aedes } from "aedes";
import { BC20 } from "../../modules/bc20/modem.js";
import { setTraceSink } from "../shim/globals.js";
import { useClock } from "../shim/clock.js";
import { seededRandom } from "../shim/random.js";
import Serial, { type FarEnd, resetSerial, wire } from "../shim/serial.js";
import { SimulatedBC20 } from "../simulator/modem.js";
import { brokerNetwork } from "../simulator/network.js";
import { Application } from "./application.js";
import { CountingClock } from "./counting-clock.js";

/** What differs from unit to unit. */
export interface UnitOptions {
	readonly seed: number;
	/** The module's firmware, and the format of messages: profile A has no hex. */
	readonly mode: readonly [profile: "A" | "B", dataFormat: "text" | "hex"];
	readonly receiveBuffer: number;
	/** Characters that the host may be late: beyond 32 the FIFO overruns. */
	readonly latencyCharacters: number;
	/** How often a piece is shorter than the FIFO's threshold, 0 to 1. */
	readonly early: number;
}

const PORT = 1;
const BAUD = 115_200;
const BITS_PER_CHARACTER = 10;
const QUEUE = 12;
const LINES_PER_TURN = 16;

/** The line to the simulated module, with what somebody else says on it. */
class NoisyLine implements FarEnd {
	readonly paced = true;
	/** All that the module itself has said. */
	readonly blocks: string[] = [];
	#isRecording = false;
	#deliver: (bytes: Uint8Array) => void = () => undefined;
	readonly #modem: SimulatedBC20;

	constructor(modem: SimulatedBC20, isRecording: boolean) {
		this.#modem = modem;
		this.#isRecording = isRecording;
	}
	say(bytes: Uint8Array): void {
		this.#deliver(bytes);
	}
	open(baud: number, deliver: (bytes: Uint8Array) => void): void {
		this.#deliver = deliver;
		this.#modem.open(baud, bytes => {
			if (this.#isRecording) this.blocks.push(Buffer.from(bytes).toString("latin1"));
			deliver(bytes);
		});
	}
	write(bytes: Uint8Array): void {
		this.#modem.write(bytes);
	}
	close(): void {
		this.#deliver = () => undefined;
		this.#modem.close();
	}
}

/**
 * The firmware from its serial port on, as main.ts puts it together: UART, AT engine, BC20, MQTT client and an application that publishes,
 * against a simulated module and a broker in this process, on a virtual clock. Garbage goes on the line between the module's own blocks.
 */
export class Unit {
	readonly clock: CountingClock;
	readonly application: Application;
	/** What must not be: exceptions that were contained, errors that are none of the firmware's own. */
	readonly faults: string[] = [];
	readonly #line: NoisyLine;
	readonly #module: SimulatedBC20;
	readonly #modem: BC20;
	readonly #broker: Aedes;
	readonly #options: UnitOptions;
	#lastError: Error | undefined;
	#lineEnd = 0;
	#markers = 0;

	private constructor(options: UnitOptions, broker: Aedes, clock: CountingClock, isRecording: boolean) {
		const { seed, mode, receiveBuffer, latencyCharacters, early } = options;
		const [profile, dataFormat] = mode;
		this.#options = options;
		this.clock = clock;
		this.#broker = broker;
		useClock(clock);
		resetSerial();
		// The jitter of the firmware's waits.
		Math.random = seededRandom(seed);
		setTraceSink(text => {
			if (text !== DROPPED) this.faults.push(text.trim());
		});
		const network = brokerNetwork(stream => broker.handle(stream));
		this.#module = new SimulatedBC20({ profile, seed, network });
		this.#line = new NoisyLine(this.#module, isRecording);
		wire(PORT, this.#line, { seed, latencyCharacters, early });
		this.#modem = new BC20({
			serial: { io: Serial, port: PORT, receive: 16, transmit: 17, baud: BAUD },
			receiveBuffer,
			queue: QUEUE,
			onError: error => this.#told(error),
			onTrace: direction => {
				if (direction === "receive") clock.work();
			},
		});
		this.application = new Application({
			modem: this.#modem,
			dataFormat,
			clock,
			seed,
			onError: error => this.#told(error),
		});
	}
	static async start(options: UnitOptions, isRecording = false): Promise<Unit> {
		return new Unit(options, await Aedes.createBroker(), new CountingClock(), isRecording);
	}
	/** What the module has said so far, block by block. */
	get recorded(): readonly string[] {
		return this.#line.blocks;
	}
	/** How often bringing the module up has begun anew. */
	get restarts(): number {
		return this.#modem.restarts;
	}
	get gaps(): number {
		return this.#modem.gaps;
	}
	/** Puts bytes on the line behind what is on it, then lets time pass. */
	async say(bytes: Uint8Array, pauseMs: number): Promise<void> {
		const { clock } = this;
		this.#line.say(bytes);
		this.#lineEnd = Math.max(this.#lineEnd, clock.now) + (bytes.length * BITS_PER_CHARACTER * 1000) / BAUD;
		// A line that lies behind by more is silent at last.
		const behindMs = this.#lineEnd - clock.now;
		if (pauseMs > 0 || behindMs > MOST_BEHIND_MS) await clock.advance(behindMs + pauseMs);
	}
	/**
	 * Once the line carries nothing but what the module says: a message must go out and be acknowledged, and one come in.
	 * @returns ms until it had
	 */
	async exchange(limitMs: number): Promise<number> {
		const { clock, application } = this;
		await clock.advance(Math.max(0, this.#lineEnd - clock.now) + SILENCE_MS);
		const begun = clock.now;
		const marker = `marker ${++this.#markers}`;
		let isAtBroker = false;
		const onPublished = (packet: { payload: Buffer | string }, done: () => void) => {
			if (packet.payload.toString() === marker) isAtBroker = true;
			done();
		};
		await new Promise<void>(resolve => this.#broker.subscribe("out/marker", onPublished, () => resolve()));
		const outcome = application.exchange(marker, () =>
			this.#broker.publish(
				{
					cmd: "publish",
					topic: "in/marker",
					payload: Buffer.from(marker),
					qos: 1,
					retain: false,
					dup: false,
				},
				() => undefined,
			),
		);
		try {
			await clock.run(() => (isAtBroker && outcome.isDone) || this.faults.length > 0, limitMs);
		} catch (error) {
			const { isAcknowledged, isReceived } = outcome;
			const where = `connection ${this.#modem.connection}, at the broker ${isAtBroker}, acknowledged ${isAcknowledged}, message in ${isReceived}, last error: ${String(this.#lastError)}`;
			throw new Error(`no correct exchange (${where}): ${(error as Error).message}`, { cause: error });
		} finally {
			outcome.end();
			await new Promise<void>(resolve =>
				this.#broker.unsubscribe("out/marker", onPublished, () => resolve()),
			);
		}
		return clock.now - begun;
	}
	/** What is wrong; undefined where nothing is. */
	problem(): string | undefined {
		const { receiveBuffer } = this.#options;
		const { waiting, mostWork } = this.clock;
		const statistics = this.#modem.statistics;
		if (this.faults.length) return this.faults.join("\n");
		if (waiting > MOST_WAITING) return `${waiting} events wait on the clock`;
		// A full buffer is handled whole, lest it overrun: a line has two bytes at least.
		if (mostWork > Math.max(LINES_PER_TURN, receiveBuffer / 2)) return `${mostWork} lines in one turn`;
		if (statistics && statistics.receiveHighWater > receiveBuffer)
			return `${statistics.receiveHighWater} bytes in a buffer of ${receiveBuffer}`;
		if (statistics && statistics.queueHighWater > QUEUE)
			return `${statistics.queueHighWater} commands in a queue of ${QUEUE}`;
		return undefined;
	}
	/** Ends all, and looks for what is left. @returns what is; undefined where nothing is */
	async close(): Promise<string | undefined> {
		const { clock } = this;
		this.application.close();
		await clock.advance(CLOSING_MS);
		const wasQuiet = this.#modem.quiet;
		this.#modem.close();
		this.#module.power(false);
		await clock.advance(CLOSING_MS);
		await new Promise<void>(resolve => this.#broker.close(resolve));
		setTraceSink(undefined);
		Math.random = random;
		if (this.faults.length) return this.faults.join("\n");
		if (!wasQuiet) return "the line is not quiet when all is done";
		return clock.waiting ? `${clock.waiting} events wait on the clock at the end` : undefined;
	}

	#told(error: Error): void {
		this.#lastError = error;
		// The firmware's own errors say what to do; these say that somebody has not thought of something.
		if (FOREIGN.has(error.name)) this.faults.push(error.stack ?? String(error));
	}
}

const { random } = Math;
/** The client tells of what the broker, or noise, has sent too much of. */
const DROPPED = "MQTTClient: a message was dropped\n";
const FOREIGN = new Set([
	"Error",
	"TypeError",
	"RangeError",
	"ReferenceError",
	"SyntaxError",
	"CallbackError",
]);
const MOST_BEHIND_MS = 1000;
/** Longer than an open line, or a held one, is waited for. */
const SILENCE_MS = 1000;
const CLOSING_MS = 120_000;
/** Timers of the firmware, the simulated module and the UART, all together. */
const MOST_WAITING = 60;
