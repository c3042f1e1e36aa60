import { createHash } from "node:crypto";
import type { Application, Events } from "../../main.js";
import { TelemetryError } from "../../modules/telemetry/telemetry.js";
import { VirtualClock, WallClock, useClock } from "../shim/clock.js";
import { restorePower, setDataFolder } from "../shim/flash.js";
import { setTraceSink } from "../shim/globals.js";
import { resetSerial } from "../shim/serial.js";
import { Faults, type KindName, type LogEntry } from "../simulator/faults/faults.js";
import { SimulatedBC20 } from "../simulator/modem.js";
import { brokerNetwork } from "../simulator/network.js";
import { Random } from "../simulator/random.js";
import { Board } from "./board.js";
import { type Broker, makeBroker } from "./broker.js";
import { ID, TOPIC, keys, loadFirmware } from "./firmware.js";
import { useFlash } from "./flash.js";
import { Ledger } from "./ledger.js";
import { ratesOf, scheduleOf } from "./rates.js";
import { DAY_MS, type RunResult, type UnitKind, failuresOf, timeText, unitOf } from "./result.js";
import { useVirtualTimers } from "./virtual-timers.js";

const HOUR_MS = 3_600_000;
/** After the faults are healed, for what waits to be sent: the longest pause of the recovery's, and the way through a full outbox. */
const DRAIN_MS = 12 * HOUR_MS;
/** Turns of Node's event loop that the broker's streams need between two events. */
const TURNS = 2;

/** What is run. */
export interface RunOptions {
	readonly seed: number;
	readonly days: number;
	/** s between two messages. */
	readonly interval: number;
	/** What the rates of all faults are multiplied with. */
	readonly rates: number;
	/** Kinds of fault; all where absent. */
	readonly only?: readonly KindName[] | undefined;
	/** Each event, as one line. */
	readonly onEvent?: (line: string) => void;
	/** For tests: stands between the module and the broker. */
	readonly tamper?: (payload: Uint8Array, deliver: (payload: Uint8Array) => void) => void;
}

/** Runs one unit through its faults, heals them, waits for what is still to come, and says what came of it. */
export async function run(options: RunOptions): Promise<RunResult> {
	const firmware = await loadFirmware(options.interval);
	const clock = new VirtualClock({ turns: TURNS });
	useClock(clock);
	setDataFolder(undefined);
	const restoreTimers = useVirtualTimers();
	const { random } = Math;
	const chance = Random.for(options.seed, "Math.random");
	Math.random = () => chance.next();
	const soak = new Soak(options, clock);
	const onRejection = (reason: unknown): void => soak.exception("unhandled rejection", reason);
	process.on("unhandledRejection", onRejection);
	setTraceSink(text => soak.traced(text));
	try {
		return await soak.run(firmware);
	} finally {
		process.off("unhandledRejection", onRejection);
		setTraceSink(undefined);
		resetSerial();
		restorePower();
		restoreTimers();
		Math.random = random;
		useClock(new WallClock());
	}
}

class Soak {
	readonly #options: RunOptions;
	readonly #clock: VirtualClock;
	readonly #unit: UnitKind;
	readonly #hash = createHash("sha256");
	readonly #ledger = new Ledger(`${ID}/`);
	readonly #failures: string[] = [];
	readonly #deliveredAtMs: number[] = [];
	readonly #off: (readonly [number, number])[] = [];
	readonly #rungs: Record<string, number> = {};
	readonly #errors: Record<string, number> = {};
	#starts = 0;
	#endedAtMs: number | undefined;
	#reportedDropped = 0;
	#actuallyDropped = 0;
	/** Dropped and not yet reported by the present firmware. */
	#unreported = 0;
	/** Of these: dropped when the power was cut. The next firmware finds and reports them. */
	#cutOff = 0;

	constructor(options: RunOptions, clock: VirtualClock) {
		this.#options = options;
		this.#clock = clock;
		this.#unit = unitOf(options.seed);
	}

	async run(firmware: Awaited<ReturnType<typeof loadFirmware>>): Promise<RunResult> {
		const { seed, days, rates, only, tamper } = this.#options;
		const { profile, delays, flash } = this.#unit;
		const broker: Broker = await makeBroker(TOPIC, (_, payload) => {
			if (tamper) tamper(payload, bytes => this.#delivered(bytes));
			else this.#delivered(payload);
		});
		const host = {
			restart: () => board.restart(),
			cutPower: (ms: number) => board.cutPower(ms),
			cutFlash: (bytes: number) => board.cutFlash(bytes),
		};
		const faults = new Faults({
			seed,
			rates: ratesOf(rates, only),
			schedule: scheduleOf(seed, days, rates, only),
			host,
			onFault: ({ kind, parameters }) => this.#event(`fault ${kind} ${JSON.stringify(parameters)}`),
		});
		const modem = new SimulatedBC20({
			seed,
			profile,
			delays,
			keys,
			faults,
			network: brokerNetwork(stream => broker.handle(stream)),
		});
		const board = new Board(firmware, modem, {
			events: isAlive => this.#eventsOf(isAlive),
			onStarted: ({ telemetry }) => {
				this.#starts++;
				if (this.#endedAtMs !== undefined) this.#off.push([this.#endedAtMs, this.#clock.now]);
				this.#endedAtMs = undefined;
				this.#event(`started, ${telemetry.waiting} waiting`);
			},
			onEnded: (application, why) => this.#ended(application, why),
			onException: error => this.exception("exception", error),
		});
		useFlash(flash, sequences => {
			this.#actuallyDropped += sequences.length;
			this.#unreported += sequences.length;
			this.#ledger.drop(sequences);
			this.#event(`dropped ${sequences.join(",")}`);
		});
		board.start();
		await this.#advance(board, days * DAY_MS);
		faults.enabled = false;
		faults.heal();
		this.#event("healed");
		const healedAtMs = this.#clock.now;
		const drainedMs = await this.#drain(board);
		await this.#stop(board);
		const simulatedMs = this.#clock.now;
		this.#event(JSON.stringify(modem.statistics));
		modem.power(false);
		await broker.close();
		// What still lives of connections ends here, and not on another clock.
		await this.#clock.advance(DAY_MS);
		return this.#result({ log: faults.log, simulatedMs, drainedMs, healedAtMs });
	}
	/** An exception that restarts the chip, or that nobody has handled. */
	exception(what: string, error: unknown): void {
		const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
		this.#event(`${what}: ${text.split("\n", 1)[0]}`);
		this.#failures.push(`${what} at ${timeText(this.#clock.now)}: ${text}`);
	}
	/** The firmware has written to the debugger: among others, of what a callback has thrown. */
	traced(text: string): void {
		if (text.includes("threw")) this.exception("contained", text.trim());
		else this.#event(`trace ${text.trim()}`);
	}

	#eventsOf(isAlive: () => boolean): Events {
		const name = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
		const note = (what: string, error: unknown): void => {
			this.#errors[name(error)] = (this.#errors[name(error)] ?? 0) + 1;
			this.#event(`${what} ${error instanceof Error ? error.message : String(error)}`);
		};
		return {
			onSampled: ({ sequence, records }) => {
				if (!isAlive()) return;
				this.#ledger.accept(sequence, records, Date.now());
				this.#event(`accepted ${sequence}`);
			},
			onAcknowledged: ({ sequence }) => {
				if (isAlive()) this.#event(`acknowledged ${sequence}`);
			},
			onConnected: () => {
				if (isAlive()) this.#event("connected");
			},
			onDisconnected: error => {
				if (isAlive()) note("disconnected", error);
			},
			onChanged() {
				// The state of the modem is in the errors.
			},
			onError: error => {
				if (!isAlive()) return;
				note("error", error);
				if (error instanceof TelemetryError) this.#telemetryError(error);
			},
		};
	}
	#telemetryError({ code, count, message }: TelemetryError): void {
		if (code === "full") {
			this.#reportedDropped += count;
			this.#unreported -= count;
			this.#cutOff = 0;
		} else if (code !== "late") this.#failures.push(`${timeText(this.#clock.now)}: ${message}`);
	}
	#delivered(payload: Uint8Array): void {
		const sequence = this.#ledger.deliver(payload);
		this.#deliveredAtMs.push(this.#clock.now);
		this.#event(
			sequence === undefined
				? `corrupted ${Buffer.from(payload).toString("latin1")}`
				: `delivered ${sequence}`,
		);
	}
	#ended({ modem, telemetry }: Application, why: string): void {
		this.#endedAtMs = this.#clock.now;
		this.#event(`ended by ${why}, ${telemetry.waiting} waiting`);
		if (why === "flash") this.#ledger.cut();
		const { corrupt } = telemetry.outbox;
		if (corrupt > 0) this.#failures.push(`${corrupt} messages were not read back from flash as written`);
		if (why === "flash" && this.#unreported > 0) this.#cutOff = this.#unreported;
		if (this.#unreported !== this.#cutOff)
			this.#failures.push(
				`${timeText(this.#clock.now)}: dropped and not reported: ${this.#unreported} messages`,
			);
		this.#unreported = this.#cutOff;
		// What the firmware tells of its recovery, where it has one.
		const { recovery } = modem as { recovery?: { counts?: Readonly<Record<string, number>> } };
		for (const [rung, count] of Object.entries(recovery?.counts ?? {}))
			this.#rungs[rung] = (this.#rungs[rung] ?? 0) + count;
	}
	async #drain(board: Board): Promise<number | undefined> {
		const startMs = this.#clock.now;
		const end = startMs + DRAIN_MS;
		// Two new messages at least, so that each fault is followed by a delivery.
		await this.#advance(board, this.#options.interval * 2000);
		while (this.#clock.now < end) {
			await this.#advance(board, this.#options.interval * 250);
			if (this.#ledger.hasAll() && (board.application?.telemetry.waiting ?? 1) === 0)
				return this.#clock.now - startMs;
		}
		return undefined;
	}
	async #stop(board: Board): Promise<void> {
		let stops = 0;
		const { application } = board;
		if (!application) {
			this.#failures.push("the firmware does not run at the end");
			return;
		}
		this.#ended(application, "stop");
		application.stop(() => stops++);
		await this.#advance(board, HOUR_MS / 60);
		if (stops !== 1)
			this.#failures.push(`within a minute the firmware told ${stops} times that it has stopped`);
		board.close();
	}
	/** Lets time pass; an exception that leaves a callback restarts the chip. */
	async #advance(board: Board, ms: number): Promise<void> {
		const end = this.#clock.now + ms;
		while (this.#clock.now < end) {
			try {
				await this.#clock.advance(Math.min(HOUR_MS, end - this.#clock.now));
			} catch (error) {
				board.crash(error);
			}
		}
	}
	#event(text: string): void {
		const line = `${this.#clock.now.toFixed(3)} ${text}`;
		this.#hash.update(line).update("\n");
		this.#options.onEvent?.(line);
	}
	#result(end: {
		log: readonly LogEntry[];
		simulatedMs: number;
		drainedMs: number | undefined;
		healedAtMs: number;
	}): RunResult {
		const verdict = this.#ledger.verdict();
		return {
			seed: this.#options.seed,
			unit: this.#unit,
			verdict,
			reportedDropped: this.#reportedDropped,
			actuallyDropped: this.#actuallyDropped,
			cutBeforeReport: this.#unreported,
			failures: [...failuresOf(verdict), ...this.#failures],
			log: end.log,
			deliveredAtMs: this.#deliveredAtMs,
			off: this.#off,
			starts: this.#starts,
			rungs: this.#rungs,
			errors: this.#errors,
			simulatedMs: end.simulatedMs,
			drainedMs: end.drainedMs,
			digest: this.#hash.digest("hex").slice(0, 16),
		};
	}
}
