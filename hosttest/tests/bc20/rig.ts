import type { ExecutionContext } from "ava";
import { Aedes, type AedesOptions } from "aedes";
import { VirtualClock, useClock } from "../../shim/clock.js";
import Serial, { type FarEnd, resetSerial, wire } from "../../shim/serial.js";
import { setTraceSink } from "../../shim/globals.js";
import { seededRandom } from "../../shim/random.js";
import { SimulatedBC20 } from "../../simulator/modem.js";
import { type CloseCause, brokerNetwork, streamNetwork } from "../../simulator/network.js";
import type { BC20Options as SimulatorOptions } from "../../simulator/options.js";
import { BC20, type BC20Options } from "../../../modules/bc20/modem.js";

/** An answer to a command: text that the modem sends, or nothing at all. */
export type Answer = string | undefined;

/**
 * The simulated BC20 with some commands answered by the test: firmware that differs, results that a simulator cannot bring about.
 */
export class Line implements FarEnd {
	readonly paced = true;
	readonly #modem: SimulatedBC20;
	readonly #rules: { pattern: RegExp; answer: (match: RegExpExecArray) => Answer; times: number }[] = [];
	readonly #clock: VirtualClock;
	/** All commands that the host sent. */
	readonly commands: string[] = [];
	/** All that the host sent. */
	sent = "";
	#deliver: (bytes: Uint8Array) => void = () => undefined;
	#text = "";

	constructor(modem: SimulatedBC20, clock: VirtualClock) {
		this.#modem = modem;
		this.#clock = clock;
	}
	/** Answers commands that match instead of the simulator: with text, or not at all. */
	answer(
		pattern: RegExp,
		answer: Answer | ((match: RegExpExecArray) => Answer),
		{ times = Infinity } = {},
	): void {
		this.#rules.unshift({ pattern, answer: typeof answer === "function" ? answer : () => answer, times });
	}
	/** Text from the modem. */
	say(...lines: string[]): void {
		this.raw(lines.map(line => `\r\n${line}\r\n`).join(""));
	}
	raw(text: string): void {
		this.#deliver(Buffer.from(text, "latin1"));
	}
	open(baud: number, deliver: (bytes: Uint8Array) => void): void {
		this.#deliver = deliver;
		this.#text = "";
		this.#modem.open(baud, deliver);
	}
	write(bytes: Uint8Array): void {
		for (const byte of bytes) {
			const character = String.fromCharCode(byte);
			this.sent += character;
			this.#text += character;
			if (character === "\x1a" || character === "\x1b") this.#forward();
			else if (character === "\r") this.#command();
		}
	}
	close(): void {
		this.#modem.close();
	}

	#command(): void {
		const command = this.#text.slice(0, -1);
		this.commands.push(command);
		const rule = this.#rules.find(({ pattern, times }) => times > 0 && pattern.test(command));
		if (!rule) {
			this.#forward();
			return;
		}
		rule.times--;
		this.#text = "";
		const match = rule.pattern.exec(command);
		const text = match ? rule.answer(match) : undefined;
		if (text !== undefined) this.#clock.set(() => this.raw(text), 5);
	}
	#forward(): void {
		const bytes = Buffer.from(this.#text, "latin1");
		this.#text = "";
		this.#modem.write(bytes);
	}
}

export interface RigOptions {
	readonly simulator?: SimulatorOptions;
	readonly modem?: Partial<BC20Options>;
	readonly broker?: AedesOptions;
	/** Seed of Math.random, which the firmware's delays have their jitter of; 1 by default. */
	readonly random?: number;
	/** What a host name leads to other than the broker. */
	readonly unreachable?: Readonly<Record<string, CloseCause>>;
}

export const RECEIVE_PIN = 16;
export const TRANSMIT_PIN = 17;
export const SERIAL = { io: Serial, port: 1, receive: RECEIVE_PIN, transmit: TRANSMIT_PIN, baud: 115_200 };

/** A BC20 on the simulated UART, the simulated module, an MQTT broker in this process, all on one virtual clock. */
export class Rig {
	readonly clock = new VirtualClock({ turns: 12 });
	readonly sim: SimulatedBC20;
	readonly line: Line;
	readonly broker: Aedes;
	/** What `trace` was given, contained exceptions among it. */
	readonly traced: string[] = [];
	/** The AT conversation as the firmware shows it. */
	readonly conversation: string[] = [];
	/** `connection` at each change. */
	readonly connections: number[] = [];
	readonly errors: Error[] = [];
	/** Delays told with the errors. */
	readonly retries: (number | undefined)[] = [];
	readonly #modemOptions: Partial<BC20Options>;
	readonly #modems: BC20[] = [];
	readonly #random = Math.random;

	private constructor(broker: Aedes, options: RigOptions) {
		Math.random = seededRandom(options.random ?? 1);
		useClock(this.clock);
		resetSerial();
		setTraceSink(text => this.traced.push(text));
		this.broker = broker;
		this.#modemOptions = options.modem ?? {};
		const network = brokerNetwork(stream => broker.handle(stream));
		this.sim = new SimulatedBC20({
			network: {
				connect: (host, port, handlers) => {
					const cause = options.unreachable?.[host];
					return (cause ? streamNetwork(() => cause) : network).connect(host, port, handlers);
				},
			},
			...options.simulator,
		});
		this.line = new Line(this.sim, this.clock);
		wire(1, this.line);
	}
	/** Everything is closed when the test ends. */
	static async for(t: ExecutionContext, options: RigOptions = {}): Promise<Rig> {
		const rig = new Rig(await Aedes.createBroker(options.broker), options);
		t.teardown(() => rig.close());
		return rig;
	}
	/** A rig whose modem is on the network. */
	static async ready(t: ExecutionContext, options: RigOptions = {}): Promise<Rig> {
		const rig = await Rig.for(t, options);
		rig.start();
		await rig.up();
		return rig;
	}
	/** The last modem that was started. */
	get modem(): BC20 {
		return this.#modems[this.#modems.length - 1];
	}
	/** The errors' names. */
	get errorNames(): string[] {
		return this.errors.map(error => error.name);
	}
	/** Makes the BC20. */
	start(options: Partial<BC20Options> = {}): BC20 {
		const { connections, errors, retries, conversation } = this;
		const modem = new BC20({
			serial: SERIAL,
			onChanged(property) {
				if (property === "connection") connections.push(this.connection);
			},
			onError(error, retryInMs) {
				errors.push(error);
				retries.push(retryInMs);
			},
			onTrace: (direction, text) => conversation.push(`${direction === "send" ? ">" : "<"} ${text}`),
			...this.#modemOptions,
			...options,
		});
		this.#modems.push(modem);
		return modem;
	}
	/** Until the modem is on the network. */
	up(limitMs = 60_000): Promise<void> {
		return this.clock.run(() => this.modem.connection === 500, limitMs);
	}
	/** Until the firmware has nothing more to say. */
	quiet(limitMs = 60_000): Promise<void> {
		return this.clock.run(() => this.modem.quiet, limitMs);
	}
	/** Whether each delay told with an error is within its bound: full jitter, from nothing to the bound; undefined where none is told. */
	hasRetries(...bounds: (number | undefined)[]): boolean {
		return (
			this.retries.length === bounds.length &&
			this.retries.every((delay, index) => {
				const bound = bounds[index];
				return delay === undefined || bound === undefined ? delay === bound : delay >= 0 && delay <= bound;
			})
		);
	}
	/** How often a command was sent. */
	count(command: string): number {
		return this.line.commands.filter(sent => sent === command).length;
	}
	/** No event is left on the clock once the simulated module is without power. */
	async isIdle(): Promise<boolean> {
		this.sim.power(false);
		// What was written still leaves the UART.
		await this.clock.advance(20);
		try {
			await this.clock.run(() => false, 0);
		} catch (error) {
			return (error as Error).message.includes("no event is left");
		}
		return false;
	}
	async close(): Promise<void> {
		for (const modem of this.#modems) modem.close();
		this.sim.power(false);
		await this.clock.advance(1000);
		await new Promise<void>(resolve => this.broker.close(resolve));
		setTraceSink(undefined);
		Math.random = this.#random;
	}
}
