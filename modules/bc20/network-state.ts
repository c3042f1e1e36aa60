import Time from "time";
import { Deadline } from "../at/deadline.js";
import { isRegistered } from "./bringup.js";
import { RegistrationError } from "./errors.js";

/** So long on the network without a failure is health where nobody has a connection that shows it, ms. */
const HEALTH_MS = 15 * 60_000;

/** What the state of the network tells. */
export interface NetworkStateEvents {
	onConnection(connection: number): void;
	/** No network for so long, and again each such time. */
	onNoNetwork(error: RegistrationError): void;
}

/** How far the modem is on its way to the network (`BC20.connection`), its registration, and how long all that has been so. */
export class NetworkState {
	readonly #events: NetworkStateEvents;
	readonly #reportMs: number;
	/** Until it is reported that there is no network; there is one only once the network was lost. */
	#report: Deadline | undefined;
	readonly #health = new Deadline();
	#connection = 0;
	#registration = 0;
	#lost = 0;

	/** @param reportMs without a network after which it is reported, ms */
	constructor(reportMs: number, events: NetworkStateEvents) {
		this.#reportMs = reportMs;
		this.#events = events;
	}
	get connection(): number {
		return this.#connection;
	}
	set connection(connection: number) {
		if (connection === this.#connection) return;
		this.#connection = connection;
		if (connection === 400) this.#lose();
		this.#health.set(HEALTH_MS);
		this.#events.onConnection(connection);
	}
	/** `<stat>` of `+CEREG`. */
	get registration(): number {
		return this.#registration;
	}
	set registration(state: number) {
		this.#registration = state;
	}
	get isRegistered(): boolean {
		return isRegistered(this.#registration);
	}
	/** On the network for long, without a failure. */
	get isHealthy(): boolean {
		return this.#connection === 500 && this.#health.remaining === 0;
	}
	/** Something failed. */
	failed(): void {
		this.#health.set(HEALTH_MS);
	}
	/** Time has passed. @returns whether there is no network though the modem is up */
	tick(): boolean {
		if (this.#connection !== 400 || this.isRegistered) return false;
		if (this.#report?.remaining === 0) {
			this.#report.set(this.#reportMs);
			this.#events.onNoNetwork(new RegistrationError(this.#registration, Time.delta(this.#lost)));
		}
		return true;
	}

	#lose(): void {
		this.#lost = Time.ticks;
		this.#report ??= new Deadline();
		this.#report.set(this.#reportMs);
	}
}
