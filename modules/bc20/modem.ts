import type { Identification } from "./bringup.js";
import { CallbackError } from "./errors.js";
import type { Identifiers } from "./identifiers.js";
import { type BC20Options, type ChangedProperty, type SupervisorEvents, checked } from "./options.js";
import { Readings } from "./readings.js";
import type { RecoveryState } from "./recovery.js";
import { Supervisor } from "./supervisor.js";

export type { BC20Options, ChangedProperty } from "./options.js";
export type { RecoveryState } from "./recovery.js";

/**
 * A Quectel BC20 on a serial port. It finds the module, whatever its state; configures it; waits for the network; keeps watch, and climbs
 * a ladder of remedies (ladder.ts) when the module does not answer, finds no network, or lets nothing through to the broker. The MQTT
 * client works on its `identifiers`.
 *
 * As an ECMA-419 network interface it has `connection`: 0 no port, 100 looking for the module, 200 the module answers, 300 SIM ready and
 * looking for the network, 400 registered, 500 attached and ready; and `onChanged("connection")`.
 */
export class BC20 {
	static readonly #events: SupervisorEvents<BC20> = Object.freeze({
		onChanged: (modem, property) => modem.#changed(property),
		onError: (modem, error, retryInMs) => modem.#tell(error, retryInMs),
		onException: (modem, exception) => modem.report(exception),
		onTrace: (modem, direction, text) => modem.#options.onTrace?.call(modem, direction, text),
		onUp: modem => modem.refresh(),
		onDown: modem => modem.#readings.forget(),
	} satisfies SupervisorEvents<BC20>);

	readonly #options: BC20Options;
	readonly #readings = new Readings<BC20>(this, BC20.#events.onChanged);
	readonly #supervisor: Supervisor<BC20>;
	#isTelling = false;
	#isClosed = false;

	/** @throws TypeError or RangeError that names the option; what the Digital constructor of a key throws. Nothing is taken then. */
	constructor(options: BC20Options) {
		// The keys have their options; they are not needed any more.
		const { power, reset, ...kept } = checked(options);
		this.#options = kept;
		this.#supervisor = new Supervisor<BC20>(this, kept, { power, reset }, BC20.#events);
	}
	/** For MQTT clients. */
	get identifiers(): Identifiers {
		return this.#supervisor.identifiers;
	}
	/** 0, 100, 200, 300, 400 or 500, as above. */
	get connection(): number {
		return this.#supervisor.state.connection;
	}
	/** What the module says of itself, once it has answered. */
	get identification(): Identification | undefined {
		return this.#supervisor.identification;
	}
	/** Its IP address, if it has told one and is up. */
	get address(): string | undefined {
		return this.#supervisor.address;
	}
	/** `<stat>` of `+CEREG`: see `REGISTRATION` in codes.ts. */
	get registration(): number {
		return this.#supervisor.state.registration;
	}
	/** Received signal strength, dBm, from -113 to -51 in steps of 2; undefined while unknown. */
	get signal(): number | undefined {
		return this.#readings.signal;
	}
	/** Supply voltage, V; undefined while unknown. */
	get voltage(): number | undefined {
		return this.#readings.voltage;
	}
	/** Where the recovery stands, and how often each rung was used; `onChanged("recovery")` tells of changes. */
	get recovery(): RecoveryState {
		return this.#supervisor.remedies.recovery;
	}
	/** How often bringing up has begun anew, after a failure or a loss. */
	get restarts(): number {
		return this.#supervisor.restarts;
	}
	/**
	 * How often bytes or lines were lost on the line, restarts included: a line that broke off, or was longer than the receive buffer.
	 * After each, registration and connections are read again; a restart or an end of a connection that went unheard is found by that.
	 */
	get gaps(): number {
		return this.#supervisor.gaps;
	}
	/** Lines of the module since the start that were understood: as long as it grows, the module is there. */
	get heard(): number {
		return this.#supervisor.liveness.heard;
	}
	/** Whether nothing is going on on the line: the moment for slow work, such as erasing flash. */
	get quiet(): boolean {
		return this.#supervisor.scheduler?.quiet ?? true;
	}
	/** Counters of the AT engine, once there is one. */
	get statistics() {
		return this.#supervisor.scheduler?.statistics;
	}
	/** Asks the module for signal and voltage, at most every 10 s; `onChanged` tells what has changed. */
	refresh(): void {
		const { scheduler } = this.#supervisor;
		if (scheduler && this.connection >= 400) this.#readings.refresh(scheduler);
	}
	/**
	 * Deactivates and activates the PDP context, which is what the application note asks for when PINGREQ fails (5.1, `+QMTSTAT: <id>,2`;
	 * the modem does it then on its own). All MQTT connections end as with `+QMTSTAT: <id>,7`; none is opened meanwhile, and `connection`
	 * is 400. A failure is told by `onError`, and bringing up begins anew. Does nothing while it is at work, or before the modem is up.
	 */
	cycleContext(): void {
		this.#supervisor.cycleContext();
	}
	/** Tells `onError` of an exception that a callback of the application threw: for those who have no `onError` of their own for it. */
	report(exception: unknown): void {
		// What is thrown while it is being told of something is not told in turn.
		if (this.#options.onError && !this.#isTelling) this.#tell(new CallbackError(exception));
		else this.#trace(exception);
	}
	/** Lets go of the module and gives the pins back. May be called twice. */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#supervisor.close();
		this.#readings.forget();
	}

	#changed(property: ChangedProperty): void {
		if (this.#isClosed) return;
		try {
			this.#options.onChanged?.call(this, property);
		} catch (exception) {
			this.report(exception);
		}
	}
	#tell(error: Error, retryInMs?: number): void {
		if (this.#isClosed) return;
		const wasTelling = this.#isTelling;
		this.#isTelling = true;
		try {
			this.#options.onError?.call(this, error, retryInMs);
		} catch (exception) {
			this.#trace(exception);
		}
		this.#isTelling = wasTelling;
	}
	#trace(exception: unknown): void {
		if (!this.#isClosed) trace("BC20: a callback threw ", String(exception), "\n");
	}
}
