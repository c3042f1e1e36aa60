import { clock } from "../shim/clock.js";
import type { FarEnd } from "../shim/serial.js";
import { AutoBaud } from "./auto-baud.js";
import { basicCommands } from "./basic-commands.js";
import { bytesOf, latin1Of, latin1OfText } from "./bytes.js";
import type { SavedSettings, Settings, Unit } from "./command.js";
import { delays } from "./delays.js";
import type { Faults } from "./faults/faults.js";
import { Gate } from "./faults/gate.js";
import { wireKeys, type KeyPins } from "./faults/keys.js";
import type { Point, Subject } from "./faults/kind.js";
import type { Cure } from "./faults/module-kinds.js";
import { Interpreter } from "./interpreter.js";
import { LightSleep } from "./light-sleep.js";
import { LineInput } from "./line-input.js";
import { mqttCommands } from "./mqtt-commands.js";
import { networkCommands } from "./network-commands.js";
import { tcpNetwork } from "./network.js";
import { defaultIdentity, defaultVariants, type BC20Options, type TranscriptEntry } from "./options.js";
import { Output } from "./output.js";
import { profiles } from "./profiles.js";
import { Random } from "./random.js";
import { defaultRadio, Registration, type RadioOptions } from "./registration.js";
import { Session } from "./session.js";
import { Timers } from "./timers.js";

/** What the module has seen since it was made. */
export interface Statistics {
	/** How often each command came, by its name without AT. */
	readonly commands: Readonly<Record<string, number>>;
	readonly bytesFromHost: number;
	readonly bytesToHost: number;
}

type PassPoint = Exclude<Point, "toHost" | "toModem" | "command">;

/** The ROM loader's baud rate, whatever the host's is. */
const LOADER_BAUD = 115_200;
const BANNER_MS = 100;
const BANNER =
	[
		"F1: 0000 0000",
		"V0: 0000 0000 [0001]",
		"00: 0006 000C",
		"01: 0000 0000",
		"U0: 0000 0001 [0000]",
		"T0: 0000 00B4",
		"Leaving the BROM",
	].join("\n\r") + "\n\r\n\r";

const commandTable = { ...basicCommands, ...networkCommands, ...mqttCommands };

/**
 * A Quectel BC20 at the far end of a UART, as `bc20-commands.md` describes it: power and boot, auto-baud, AT commands,
 * registration, and MQTT over real TCP or an in-process broker. It runs on the clock in use; the same seed and the
 * same input give the same conversation to the millisecond.
 *
 * Faults (option `faults`) reach in where all bytes, commands, results and URCs pass.
 */
export class SimulatedBC20 implements FarEnd {
	/** Whole pieces are handed over at once; the UART at the other end paces them. */
	readonly paced = true;
	readonly registration: Registration;
	/** The MQTT identifiers 0–5. */
	readonly sessions: readonly Session[];
	/** Hung: nothing is read and nothing sent, until reset() or power(false). */
	silent = false;
	/** MQTT commands answer ERROR, until a reset. */
	stackStuck = false;

	readonly #options: BC20Options;
	readonly #unit: Unit;
	readonly #timers = new Timers();
	readonly #bootRandom: Random;
	readonly #noise: Random;
	readonly #sleep: LightSleep;
	readonly #output: Output;
	readonly #input: LineInput;
	readonly #interpreter: Interpreter;
	readonly #commands: Record<string, number> = {};
	readonly #faults: Faults | undefined;
	readonly #gate: Gate;
	#hungUntil: Cure | undefined;
	#bytesFromHost = 0;
	#bytesToHost = 0;
	#deliver: ((bytes: Uint8Array) => void) | undefined;
	#hostBaud = 0;
	#powered = false;
	#started = false;
	#reads = false;
	/** The rate of the module's UART; undefined until auto-baud has found it. */
	#baud: number | undefined;
	#autoBaud = new AutoBaud(0);
	#saved: SavedSettings = { baud: 0, echo: true, errorMode: 0 };
	#settings: Settings;
	#bootedAtMs = 0;
	#swallow = 0;

	constructor(options: BC20Options = {}) {
		const { profile = "B", seed = 1, delays: delaysName = "short", network = tcpNetwork(), faults } = options;
		if (!Object.hasOwn(profiles, profile)) throw new RangeError(`no firmware profile "${profile}"`);
		if (!Object.hasOwn(delays, delaysName)) throw new RangeError(`no delays "${delaysName}"`);
		const variants = { ...defaultVariants, ...options.variants };
		const identity = { ...defaultIdentity, ...options.identity };
		this.#options = options;
		this.#faults = faults;
		this.#bootRandom = Random.for(seed, "boot");
		this.#noise = Random.for(seed, "noise");
		this.#sleep = new LightSleep(variants.lightSleepAfterMs);
		this.#settings = this.#freshSettings(variants.sleepMode);
		this.registration = new Registration({ ...defaultRadio, ...options.radio }, seed, {
			urc: text => this.#urc(text),
			onDetach: () => this.sessions.forEach(session => session.detach()),
			onCarrier: carries => this.sessions.forEach(session => session.carries(carries)),
		});
		const host = {
			network: faults?.network(network) ?? network,
			fate: <Name extends PassPoint>(point: Name, subject: Subject<Name>) => faults?.pass(point, subject),
			variants,
			delays: delays[delaysName],
			isOnline: () => this.registration.online,
			traffic: () => this.registration.traffic(),
			urc: (text: string) => this.#urc(text),
		};
		this.sessions = Array.from(
			{ length: 6 },
			(_, id) => new Session(id, { ...host, random: Random.for(seed, `session ${id}`) }),
		);
		this.#unit = this.#makeUnit({
			variants,
			identity,
			profile: profiles[profile],
			delays: delays[delaysName],
			random: Random.for(seed, "commands"),
		});
		this.#output = new Output(
			variants,
			() => ({ typing: this.#settings.echo && this.#input.partial, inDataMode: this.#input.inDataMode }),
			bytes => this.#send(bytes),
		);
		const line = { output: this.#output, input: () => this.#input, timers: this.#timers };
		this.#gate = new Gate(faults, line, this.#unit.delays.command[0]);
		this.#interpreter = new Interpreter(this.#unit, commandTable, this.#timers, {
			onLine: (...texts) => this.#output.line(...texts),
			onFinal: (text, done) => this.#gate.final(text, done),
			onResult: line => this.#gate.result(line),
			waitForResult: () => this.#gate.waitForResult(),
			onPrompt: echo => {
				this.#gate.prompt();
				this.#input.expectData(echo);
			},
			onEnd: () => {
				this.#input.next();
				this.#output.flush();
			},
			onCommand: name => (this.#commands[name] = (this.#commands[name] ?? 0) + 1),
		});
		this.#input = new LineInput(variants.whileBusy, {
			onEcho: (bytes, isData) => {
				if (isData || this.#settings.echo) this.#send(bytes);
			},
			onLine: line => this.#run(line),
			onData: (data, cancelled) => this.#runData(data, cancelled),
		});
		if (options.keys)
			wireKeys(options.keys, { onReset: () => this.resetKey(), onPower: () => this.powerKey() });
		faults?.attach(this);
	}

	/** The pins that work its keys. */
	get keys(): KeyPins {
		return this.#options.keys ?? {};
	}

	get statistics(): Statistics {
		return {
			commands: { ...this.#commands },
			bytesFromHost: this.#bytesFromHost,
			bytesToHost: this.#bytesToHost,
		};
	}

	/** Has power. */
	get powered(): boolean {
		return this.#powered;
	}

	/** The host opened its port; the first time also brings power (see the option `start`). */
	open(baud: number, deliver: (bytes: Uint8Array) => void): void {
		this.#hostBaud = baud;
		this.#deliver = deliver;
		if (this.#started) return;
		this.#started = true;
		if (this.#options.start === "on") this.#wasOn(baud);
		else if (this.#options.start !== "off") this.power(true);
	}

	/** Bytes from the host. */
	write(sent: Uint8Array): void {
		const bytes = this.#faults?.bytes("toModem", sent, () => this.#typesPublish(sent)) ?? sent;
		if (bytes.length === 0) return;
		this.#bytesFromHost += bytes.length;
		this.#record("toModem", bytes);
		if (!this.#reads || this.silent || this.#sleep.loses(this.#settings.sleepMode !== 0)) return;
		const heard = this.#baud === undefined ? this.#synchronise(bytes) : bytes;
		if (this.#baud === this.#hostBaud && heard.length > 0) this.#input.receive(heard);
		this.#output.flush();
		this.#gate.typed();
	}

	/** The host closed its port. The module goes on: its sessions live. */
	close(): void {
		this.#deliver = undefined;
	}

	/** A URC, put on the line between lines. */
	urc(text: string): void {
		this.#urc(latin1OfText(text));
	}

	/** RESET was low for 50 ms or more. */
	resetKey(): void {
		if (!this.silent || this.#hungUntil !== "power") this.reset();
	}

	/** PWRKEY was low for 500 ms or more: switches on what is off, and restarts what hangs; one that works takes no notice. */
	powerKey(): void {
		if (!this.#powered) this.power(true);
		else if (this.silent && this.#hungUntil !== "reset") {
			this.power(false);
			this.power(true);
		}
	}

	/** Hangs: nothing is read and nothing sent, until its key is used, or `silent` is set to false. */
	hang(until: Cure): void {
		this.silent = true;
		this.#hungUntil = until;
	}

	/** Falls into light sleep: the next packet on the UART is lost. */
	sleep(): void {
		this.#sleep.fall();
	}

	/** Bytes on the line to the host that come from nowhere, whatever the module does. */
	disturb(bytes: Uint8Array): void {
		if (!this.#deliver) return;
		this.#bytesToHost += bytes.length;
		this.#record("toHost", bytes);
		this.#deliver(bytes);
	}

	/** RESET or QRST: sessions are gone without a word, only the banner (unless false) tells. */
	reset({ banner = true }: { banner?: boolean } = {}): void {
		if (!this.#powered) return;
		this.#stop();
		this.#boot(banner);
	}

	/** Switches the module on (with its boot) or off, at once. */
	power(on: boolean): void {
		if (on === this.#powered) return;
		this.#started = true;
		this.#powered = on;
		if (on) this.#boot(true);
		else this.#stop();
	}

	/** The next commands are read, and echoed, but neither run nor answered. */
	swallow(count = 1): void {
		this.#swallow += count;
	}

	/** Changes SIM, coverage, signal and so on, at once. */
	radio(radio: Partial<RadioOptions>): void {
		this.registration.set(radio);
	}

	#makeUnit(fixed: Pick<Unit, "variants" | "identity" | "profile" | "delays" | "random">): Unit {
		const settings = (): Settings => this.#settings;
		const upMs = (): number => clock().now - this.#bootedAtMs;
		return {
			...fixed,
			permanent: new Map(),
			registration: this.registration,
			sessions: this.sessions,
			get settings() {
				return settings();
			},
			get upMs() {
				return upMs();
			},
			save: () => {
				const { baud, echo, errorMode } = this.#settings;
				this.#saved = { baud, echo, errorMode };
			},
			setBaud: baud => {
				this.#settings.baud = baud;
				if (baud !== 0) this.#baud = baud;
			},
			reset: () => this.reset(),
			powerOff: afterMs => this.#timers.set(() => this.power(false), afterMs),
		};
	}

	#freshSettings(sleepMode: number): Settings {
		return { ...this.#saved, sleepMode, kept: new Map<string, string>() };
	}

	#stop(): void {
		this.#reads = false;
		this.silent = false;
		this.stackStuck = false;
		this.#hungUntil = undefined;
		this.#swallow = 0;
		this.#timers.clearAll();
		this.registration.stop();
		for (const session of this.sessions) session.reset();
		this.#input.reset();
		this.#interpreter.reset();
		this.#output.reset();
	}

	#boot(banner: boolean): void {
		const { bootMs, sleepMode } = this.#unit.variants;
		this.#settings = this.#freshSettings(sleepMode);
		this.#baud = undefined;
		this.#bootedAtMs = clock().now;
		if (banner) this.#timers.set(() => this.#transmit(bytesOf(BANNER), LOADER_BAUD), BANNER_MS);
		this.#timers.set(() => this.#ready(), bootMs);
	}

	#ready(): void {
		this.#reads = true;
		this.#sleep.awake();
		this.#autoBaud = new AutoBaud(this.#bootRandom.integer(this.#unit.variants.autoBaudDrops));
		this.registration.boot();
		if (this.#settings.baud !== 0) this.#synchronised(this.#settings.baud);
		this.#faults?.moment("ready", "");
	}

	/** Switched on long before the host opened its port. */
	#wasOn(baud: number): void {
		this.#powered = this.#reads = true;
		this.#baud = baud;
		this.#bootedAtMs = clock().now;
		this.#sleep.awake();
		this.registration.boot(true);
	}

	/** Returns what there is to read once auto-baud knows the host's rate. */
	#synchronise(bytes: Uint8Array): Uint8Array {
		const heard = this.#autoBaud.receive(bytes);
		if (heard) this.#synchronised(this.#hostBaud);
		return heard ?? new Uint8Array();
	}

	#synchronised(baud: number): void {
		this.#baud = baud;
		this.#timers.set(() => this.#urc("+CFUN: 1"), this.#bootRandom.between([20, 60]));
		this.#timers.set(
			() => this.registration.radio.sim && this.#urc("+CPIN: READY"),
			this.#bootRandom.between([80, 200]),
		);
	}

	#run(line: string): void {
		if (this.#gate.refuses("line", line)) return;
		if (this.#swallow === 0) {
			if (line.length > this.#unit.variants.lineLimit && this.#unit.variants.longLine === "hang")
				this.silent = true;
			else this.#interpreter.run(line);
		} else {
			this.#swallow -= 1;
			this.#input.next();
		}
	}

	#runData(data: string, cancelled: boolean): void {
		if (this.#gate.refuses("data", data)) this.#interpreter.reset();
		else this.#interpreter.data(data, cancelled);
	}

	#urc(text: string): void {
		if (this.#baud !== undefined) this.#gate.urc(text);
	}

	/** Whether these bytes belong to AT+QMTPUB or its data. */
	#typesPublish(bytes: Uint8Array): boolean {
		return this.#input.inDataMode || /at\+qmtp/i.test(this.#input.typed + latin1Of(bytes));
	}

	#send(bytes: Uint8Array): void {
		if (this.#baud !== undefined) this.#transmit(bytes, this.#baud);
	}

	#transmit(bytes: Uint8Array, baud: number): void {
		if (!this.#powered || !this.#deliver || this.silent) return;
		const said = baud === this.#hostBaud ? bytes : this.#garble(bytes);
		const heard = this.#faults?.bytes("toHost", said, () => /\+QMTPUB:/.test(latin1Of(said))) ?? said;
		this.#sleep.awake();
		this.#bytesToHost += heard.length;
		this.#record("toHost", heard);
		this.#deliver(heard);
	}

	/** What a receiver at another rate makes of it. */
	#garble(bytes: Uint8Array): Uint8Array {
		return bytes.map(() => this.#noise.integer([0, 255]));
	}

	#record(direction: TranscriptEntry["direction"], bytes: Uint8Array): void {
		this.#options.transcript?.({ timeMs: clock().now, direction, bytes: bytes.slice() });
	}
}
