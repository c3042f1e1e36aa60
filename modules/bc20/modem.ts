import Timer from "timer";
import { ClosedError } from "../at/errors.js";
import type { Line } from "../at/line.js";
import { Request } from "../at/request.js";
import { Scheduler } from "../at/scheduler.js";
import {
	type BringUpContext,
	type Identification,
	type Profile,
	attach,
	awaitSim,
	closeLeftovers,
	configure,
	isRegistered,
	recognise,
	setAccessPoint,
} from "./bringup.js";
import { describeFinal } from "./codes.js";
import { Basic } from "./commands.js";
import { PDPContext } from "./context.js";
import { ModemResetError, UnresponsiveError } from "./errors.js";
import { Identifiers } from "./identifiers.js";
import { Key, POWER_PULSE_MS, RESET_PULSE_MS } from "./keys.js";
import { type BC20Options, checked } from "./options.js";
import { Sleep } from "./sleep.js";

export type { BC20Options, ChangedProperty } from "./options.js";

/** Waits between attempts to bring the module up, ms: the first, and the longest. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;
/** Signal and voltage are asked for at most so often, ms. */
const REFRESH_MS = 10_000;
/** Unanswered probes until the attempt is given up: three times what the keys are tried after. */
const PROBES_LIMIT = 30;
/** `<err_code>` of `+QMTSTAT`: the link is not alive. */
const LINK_DEAD = 7;

/**
 * A Quectel BC20 on a serial port. It finds the module, whatever its state; configures it; waits for the network; keeps watch, and
 * begins again when the module has restarted or does not answer. The MQTT client works on its `identifiers`.
 *
 * As an ECMA-419 network interface it has `connection`: 0 no port, 100 looking for the module, 200 the module answers, 300 SIM ready and
 * looking for the network, 400 registered, 500 attached and ready; and `onChanged("connection")`.
 */
export class BC20 {
	/** For MQTT clients. */
	readonly identifiers = new Identifiers(() => this.cycleContext());
	readonly #options: BC20Options;
	/** Pauses of bring-up, and between attempts at it. */
	readonly #sleep = new Sleep();
	readonly #retry = new Sleep();
	readonly #pdpContext = new PDPContext(this.#sleep);
	readonly #power: Key | undefined;
	readonly #reset: Key | undefined;
	readonly #signalRequest = new Request(Basic.signal, "execute");
	readonly #supplyRequest = new Request(Basic.supply, "execute");
	readonly #stateRequest = new Request(Basic.registration, "read");
	#scheduler: Scheduler | undefined;
	#connection = 0;
	#registration = 0;
	#identification: Identification | undefined;
	#profile: Profile = { later: false };
	#address: string | undefined;
	#signal: number | undefined;
	#voltage: number | undefined;
	#refreshed: Timer | undefined;
	#restarts = 0;
	#gaps = 0;
	#apnSet = false;
	#closed = false;
	/** Ends the watch over a module that is up. */
	#onLost: ((error: Error) => void) | undefined;

	/** @throws TypeError or RangeError that names the option; what the Digital constructor of a key throws. Nothing is taken then. */
	constructor(options: BC20Options) {
		this.#options = checked(options);
		this.#power = options.power && new Key(options.power, POWER_PULSE_MS);
		try {
			this.#reset = options.reset && new Key(options.reset, RESET_PULSE_MS);
		} catch (error) {
			this.#power?.close();
			throw error;
		}
		for (const request of [this.#signalRequest, this.#supplyRequest]) {
			request.priority = -1;
			request.deadline = REFRESH_MS;
		}
		this.#signalRequest.onInformation = line => this.#gotSignal(line);
		this.#supplyRequest.onInformation = line => this.#gotSupply(line);
		this.#stateRequest.onInformation = line => this.#gotState(line);
		void this.#run();
	}
	/** 0, 100, 200, 300, 400 or 500, as above. */
	get connection(): number {
		return this.#connection;
	}
	/** What the module says of itself, once it has answered. */
	get identification(): Identification | undefined {
		return this.#identification;
	}
	/** What its firmware can do. */
	get profile(): Profile {
		return this.#profile;
	}
	/** Its IP address, if it has told one and is up. */
	get address(): string | undefined {
		return this.#address;
	}
	/** `<stat>` of `+CEREG`: see `REGISTRATION` in codes.ts. */
	get registration(): number {
		return this.#registration;
	}
	/** Received signal strength, dBm, from -113 to -51 in steps of 2; undefined while unknown. */
	get signal(): number | undefined {
		return this.#signal;
	}
	/** Supply voltage, V; undefined while unknown. */
	get voltage(): number | undefined {
		return this.#voltage;
	}
	/** How often bringing up has begun anew, after a failure or a loss. */
	get restarts(): number {
		return this.#restarts;
	}
	/**
	 * How often bytes or lines were lost on the line, restarts included: a line that broke off, or was longer than the receive buffer.
	 * After each the registration is read again, and a restart that went unheard is found by that.
	 */
	get gaps(): number {
		return this.#gaps;
	}
	/** Whether nothing is going on on the line: the moment for slow work, such as erasing flash. */
	get quiet(): boolean {
		return this.#scheduler?.quiet ?? true;
	}
	/** Counters of the AT engine, once there is one. */
	get statistics() {
		return this.#scheduler?.statistics;
	}
	/** Asks the module for signal and voltage, at most every 10 s; `onChanged` tells what has changed. */
	refresh(): void {
		const scheduler = this.#scheduler;
		if (this.#refreshed || !scheduler || this.#connection < 400) return;
		this.#refreshed = Timer.set(() => (this.#refreshed = undefined), REFRESH_MS);
		ask(scheduler, this.#signalRequest);
		ask(scheduler, this.#supplyRequest);
	}
	/**
	 * Deactivates and activates the PDP context, which is what the application note asks for when PINGREQ fails (5.1, `+QMTSTAT: <id>,2`;
	 * the modem does it then on its own). All MQTT connections end as with `+QMTSTAT: <id>,7`; none is opened meanwhile, and `connection`
	 * is 400. A failure is told by `onError`, and bringing up begins anew. Does nothing while it is at work, or before the modem is up.
	 */
	cycleContext(): void {
		const scheduler = this.#scheduler;
		if (!scheduler || this.#connection < 400 || this.#pdpContext.isCycling) return;
		this.identifiers.pause();
		void this.#cycle(scheduler);
	}
	/** Lets go of the module and gives the pins back. May be called twice. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#retry.close();
		this.#sleep.close();
		this.#onLost?.(new ClosedError());
		this.identifiers.close();
		this.#scheduler?.close();
		this.#power?.close();
		this.#reset?.close();
	}

	async #run(): Promise<void> {
		let retryMs = FIRST_RETRY_MS;
		try {
			// Not from inside the constructor.
			await this.#retry.wait(0);
			for (;;) {
				const error = await this.#watch(() => (retryMs = FIRST_RETRY_MS));
				this.#tearDown(error);
				this.#notify(() => this.#options.onError?.call(this, error, retryMs));
				this.#restarts++;
				await this.#retry.wait(retryMs);
				retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
			}
		} catch {
			// A wait broken off: closed.
		}
	}
	/** Brings the module up and keeps it. @returns why it is lost */
	async #watch(onUp: () => void): Promise<Error> {
		try {
			const lost = this.#open();
			await Promise.race([lost, this.#bringUp()]);
			onUp();
			return await lost;
		} catch (error) {
			return error as Error;
		}
	}
	/** Opens the line. @returns rejects when the module is lost, and never resolves */
	#open(): Promise<never> {
		const { serial, receiveBuffer = RECEIVE_BUFFER, queue = 12, onTrace } = this.#options;
		const lost = new Promise<never>((_, reject) => (this.#onLost = reject));
		// Whoever awaits it hears of it; nobody may be awaiting it yet.
		lost.catch(() => undefined);
		const scheduler = new Scheduler({
			serial,
			queue,
			receiveBuffer,
			describe: describeFinal,
			onSynchronised: () => this.#synchronised(scheduler),
			onGap: () => this.#gap(scheduler),
			onUnresponsive: probes => this.#unresponsive(probes),
			onException: error => this.#exception(error),
			...(onTrace && { onTrace: (direction, text) => onTrace.call(this, direction, text) }),
		});
		this.#scheduler = scheduler;
		this.identifiers.listen(scheduler);
		scheduler.listen("+CEREG", line => this.#setRegistration(line.integer(0) ?? 0));
		this.#setConnection(100);
		return lost;
	}
	#onSynchronised: (() => void) | undefined;
	#synchronised(scheduler: Scheduler): void {
		if (this.#onSynchronised) this.#onSynchronised();
		else ask(scheduler, this.#stateRequest);
	}
	/** What was lost may have told of the registration, or of a restart. Bring-up asks, or fails, by itself. */
	#gap(scheduler: Scheduler): void {
		this.#gaps++;
		if (this.#connection >= 400) ask(scheduler, this.#stateRequest);
	}

	async #bringUp(): Promise<void> {
		const scheduler = this.#scheduler;
		if (!scheduler) return;
		await new Promise<void>(resolve => (this.#onSynchronised = resolve));
		this.#onSynchronised = undefined;
		this.#identification = await configure(scheduler);
		this.#profile = await recognise(scheduler);
		await closeLeftovers(scheduler);
		for (const sign of BANNER) scheduler.listen(sign, () => this.#onLost?.(new ModemResetError(sign)));
		this.#setConnection(200);
		const context = this.#context(scheduler);
		await awaitSim(context);
		if (context.apn !== undefined && !this.#apnSet) {
			this.#apnSet = true;
			if (await setAccessPoint(scheduler, context.apn)) {
				scheduler.submit(new Request(Basic.restart, "write", [1]));
				throw new ModemResetError("it takes the new APN");
			}
		}
		this.#setConnection(300);
		const address = await attach(context);
		// Lost or closed in the same turn.
		if (this.#scheduler !== scheduler || this.#closed) return;
		this.#address = address;
		for (const sign of START_URCS) scheduler.listen(sign, () => ask(scheduler, this.#stateRequest));
		this.#setConnection(isRegistered(this.#registration) ? 500 : 400);
		this.identifiers.begin(scheduler);
		this.refresh();
	}
	async #cycle(scheduler: Scheduler): Promise<void> {
		try {
			const address = await this.#pdpContext.cycle(scheduler, () => {
				this.#setAttached();
				this.identifiers.disconnect(LINK_DEAD);
			});
			if (this.#scheduler !== scheduler || this.#closed) return;
			this.#address = address;
			this.#setAttached();
			this.identifiers.begin(scheduler);
		} catch (error) {
			// Lost or closed meanwhile: that is told already.
			if (this.#scheduler === scheduler) this.#onLost?.(error as Error);
		}
	}
	#context(scheduler: Scheduler): BringUpContext {
		return {
			scheduler,
			sleep: this.#sleep,
			apn: this.#options.apn,
			registrationTimeoutMs: this.#options.registrationTimeoutMs ?? 180_000,
			registration: () => this.#registration,
			onRegistration: state => this.#setRegistration(state),
			context: this.#pdpContext,
			onNoNetwork: error => this.#notify(() => this.#options.onError?.call(this, error)),
		};
	}
	#setRegistration(state: number): void {
		if (state === this.#registration) return;
		this.#registration = state;
		// Bring-up polls; a URC saves it the wait.
		if (this.#connection === 300) this.#sleep.wake();
		else this.#setAttached();
	}
	/** Once the modem is up: whether there is a network with a context. */
	#setAttached(): void {
		if (this.#connection < 400) return;
		this.#setConnection(isRegistered(this.#registration) && !this.#pdpContext.isCycling ? 500 : 400);
	}
	#setConnection(connection: number): void {
		if (connection === this.#connection) return;
		this.#connection = connection;
		this.#notify(() => this.#options.onChanged?.call(this, "connection"));
	}
	#unresponsive(probes: number): void {
		const key = probes % 20 === 10 ? this.#power : this.#reset;
		key?.press();
		if (probes >= PROBES_LIMIT) this.#onLost?.(new UnresponsiveError());
	}
	#tearDown(error: Error): void {
		this.#onSynchronised = this.#onLost = undefined;
		this.#sleep.breakOff();
		this.#scheduler?.close();
		this.#scheduler = undefined;
		Timer.clear(this.#refreshed);
		this.#refreshed = undefined;
		if (error instanceof ModemResetError) this.#pdpContext.restarted();
		this.#registration = 0;
		this.#address = undefined;
		this.#setSignal(undefined);
		this.#setVoltage(undefined);
		this.#setConnection(0);
		this.identifiers.end(error);
	}
	/** What only a restart undoes is the mark of one: reports of registration were switched on. */
	#gotState(line: Line): void {
		if (line.integer(0) === 0) this.#onLost?.(new ModemResetError("its settings are gone"));
		else this.#setRegistration(line.integer(1) ?? 0);
	}
	#gotSignal(line: Line): void {
		const level = line.integer(0);
		// 99: not known (AT commands manual, AT+CSQ).
		this.#setSignal(level === undefined || level > 31 ? undefined : 2 * level - 113);
	}
	#setSignal(signal: number | undefined): void {
		if (signal === this.#signal) return;
		this.#signal = signal;
		this.#notify(() => this.#options.onChanged?.call(this, "signal"));
	}
	#gotSupply(line: Line): void {
		const millivolts = line.integer(2);
		this.#setVoltage(millivolts === undefined ? undefined : millivolts / 1000);
	}
	#setVoltage(voltage: number | undefined): void {
		if (voltage === this.#voltage) return;
		this.#voltage = voltage;
		this.#notify(() => this.#options.onChanged?.call(this, "voltage"));
	}
	#notify(callback: () => void): void {
		if (this.#closed) return;
		try {
			callback();
		} catch (error) {
			this.#exception(error);
		}
	}
	#exception(error: unknown): void {
		trace("BC20: a callback threw ", String(error), "\n");
	}
}

/** Room for a message of 1024 bytes in hex digits with its topic, and a FIFO's content. */
const RECEIVE_BUFFER = 2560;
/** First and last line of the boot banner (module reference, chapter 2). */
const BANNER: readonly string[] = ["F1", "Leaving the BROM"];
/** What the module says behind the banner. It may come late, so it is a reason to look and no proof. */
const START_URCS: readonly string[] = ["+CFUN", "+CPIN"];

/** Submits a request that can wait. */
function ask(scheduler: Scheduler, request: Request): void {
	if (request.busy) return;
	try {
		scheduler.submit(request);
	} catch {
		// The queue is full of better things; the next time will do.
	}
}
