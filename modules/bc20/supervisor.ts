import { ClosedError } from "../at/errors.js";
import type { SchedulerCallbacks } from "../at/callbacks.js";
import type { Line } from "../at/line.js";
import type { Scheduler } from "../at/scheduler.js";
import {
	type Identification,
	START_URCS,
	applyRemedy,
	attach,
	awaitSim,
	closeLeftovers,
	configure,
	confirm,
	listenForBanner,
	restart,
	setAccessPoint,
} from "./bringup.js";
import { PDPContext } from "./context.js";
import { ModemResetError, RecoveryError, type RegistrationError, UnresponsiveError } from "./errors.js";
import { failureOf } from "./failures.js";
import { type IdentifierEvents, Identifiers, LINK_DEAD } from "./identifiers.js";
import type { FailureName, RungName } from "./ladder.js";
import { Liveness, type LivenessEvents } from "./liveness.js";
import { NetworkState, type NetworkStateEvents } from "./network-state.js";
import { type Owned, OwnedLine } from "./open-line.js";
import type { BC20Options, SupervisorEvents } from "./options.js";
import { receivedEnds } from "./received.js";
import { type RemedyEvents, Remedies } from "./remedies.js";
import { type Send, sender } from "./send.js";
import { Sleep } from "./sleep.js";
import { StateReader, type StateReaderEvents } from "./state-reader.js";

/** What the parts of a supervisor tell it. They call its methods: a closure for each would take ten times the memory. */
type PartEvents = IdentifierEvents & LivenessEvents & NetworkStateEvents & RemedyEvents & StateReaderEvents;

/** Brings the module up, keeps watch over it, and begins anew, by what the ladder says, when it is lost. */
export class Supervisor<Owner> implements PartEvents {
	static readonly #callbacks: SchedulerCallbacks = Object.freeze({
		onSynchronised() {
			ownerOf(this).#synchronised();
		},
		onGap() {
			ownerOf(this).#gap();
		},
		onUnresponsive(probes) {
			ownerOf(this).#unresponsive(probes);
		},
		onException(exception) {
			ownerOf(this).onException(exception);
		},
	} satisfies SchedulerCallbacks);
	static readonly #onRegistration = function (this: Scheduler, line: Line): void {
		ownerOf(this).#setRegistration(line.integer(0) ?? 0);
	};
	static readonly #onReceived = function (this: Scheduler, line: Line): void {
		ownerOf(this).identifiers.onReceived(line);
	};
	static readonly #onStatus = function (this: Scheduler, line: Line): void {
		ownerOf(this).identifiers.onStatus(line);
	};
	static readonly #onBanner = function (this: Scheduler, line: Line): void {
		ownerOf(this).#lose(new ModemResetError(line.text.slice(0, line.prefixLength)));
	};
	static readonly #onStart = function (this: Scheduler): void {
		ownerOf(this).onDoubt();
	};

	readonly identifiers: Identifiers;
	readonly remedies: Remedies;
	readonly liveness: Liveness;
	readonly state: NetworkState;
	// As in BC20; for others to read.
	/** The line to the module; undefined while there is none. */
	scheduler: Scheduler | undefined;
	identification: Identification | undefined;
	address: string | undefined;
	restarts = 0;
	gaps = 0;
	readonly #owner: Owner;
	readonly #options: BC20Options;
	readonly #events: SupervisorEvents<Owner>;
	/** Pauses of bring-up, and between attempts at it. */
	readonly #sleep = new Sleep();
	readonly #retry = new Sleep();
	readonly #pdpContext = new PDPContext(this.#sleep);
	readonly #reader: StateReader;
	#apnSet = false;
	#isClosed = false;
	/** What bring-up does on its way: `radio` or `restart`. */
	#remedy: RungName | undefined;
	#onSynchronised: (() => void) | undefined;
	/** The module is lost; what follows from that is on its way. */
	#isLost = false;

	/** @param options checked; @param keys those of the module that are wired. @throws what the Digital constructor of a key throws; nothing is taken then */
	constructor(
		owner: Owner,
		options: BC20Options,
		keys: Pick<BC20Options, "power" | "reset">,
		events: SupervisorEvents<Owner>,
	) {
		this.#owner = owner;
		this.#options = options;
		this.#events = events;
		this.remedies = new Remedies(keys, this);
		this.identifiers = new Identifiers(this);
		this.#reader = new StateReader(this.identifiers, this);
		this.liveness = new Liveness(options.livenessMs ?? LIVENESS_MS, this);
		this.state = new NetworkState(this.#registrationTimeoutMs, this);
		void this.#begin(0);
	}
	/** As `BC20.cycleContext`. @returns whether it has begun */
	cycleContext(): boolean {
		const scheduler = this.scheduler;
		if (!scheduler || this.state.connection < 400 || this.#pdpContext.isCycling) return false;
		this.identifiers.pause();
		void this.#cycle(scheduler);
		return true;
	}
	/** Nothing is told any more. */
	close(): void {
		this.#isClosed = true;
		this.#retry.close();
		this.#sleep.close();
		this.#lose(new ClosedError());
		this.liveness.end();
		this.identifiers.close();
		this.scheduler?.close();
		this.remedies.close();
	}

	// What the parts tell

	isFailing(failure: FailureName): boolean {
		return failure !== "link" || (this.state.connection === 500 && !this.identifiers.isConnected);
	}
	/** All rungs but the context take the module down and up again. */
	onRemedy(rung: RungName, failure: FailureName): void {
		if (rung === "context") {
			this.cycleContext();
			return;
		}
		if (rung === "radio" || rung === "restart") this.#remedy = rung;
		if (this.scheduler) this.#lose(new RecoveryError(failure, rung));
		else this.#retry.wake();
	}
	onRecovery(): void {
		this.#events.onChanged(this.#owner, "recovery");
	}
	onCycle(): void {
		if (this.cycleContext()) this.remedies.recovery.use("context");
	}
	onFailure(isLocal: boolean): void {
		// Where the module does not answer, that is the failure.
		if (this.state.connection === 500 && this.scheduler?.synchronised) this.#fail("link", isLocal);
	}
	onProof(): void {
		this.remedies.recovered();
	}
	onRepeat(): void {
		this.remedies.recovery.use("repeat");
	}
	onContradiction(): void {
		this.liveness.doubt();
	}
	onException(exception: unknown): void {
		this.#events.onException(this.#owner, exception);
	}
	onConnection(connection: number): void {
		this.remedies.reached(connection);
		this.#events.onChanged(this.#owner, "connection");
	}
	onNoNetwork(error: RegistrationError): void {
		this.#fail("coverage");
		this.#events.onError(this.#owner, error);
	}
	/** While the module is up. */
	onTick(): void {
		const { identifiers, state } = this;
		// Who waits for the network hears of it by a report that may be lost.
		if (state.tick()) this.liveness.doubt();
		if (identifiers.isProven || (identifiers.isIdle && state.isHealthy)) this.remedies.recovered();
	}
	onDoubt(): void {
		if (this.scheduler && !this.#reader.read(this.scheduler)) this.liveness.doubt();
	}
	/** What only a restart undoes is the mark of one: reports of registration were switched on. */
	onState(line: Line): void {
		if (line.integer(0) === 0) this.#lose(new ModemResetError("its settings are gone"));
		else this.#setRegistration(line.integer(1) ?? 0);
	}

	// From one loss of the module to the next

	/** Waits, and brings the module up. Nothing is awaited while it is up: `#lose` goes on. */
	async #begin(delayMs: number): Promise<void> {
		let scheduler: Scheduler | undefined;
		try {
			// Not from inside the constructor.
			await this.#retry.wait(delayMs);
			this.#isLost = false;
			scheduler = this.#open();
			await this.#bringUp(scheduler);
		} catch (error) {
			// The wait is broken off by closing; and who was lost meanwhile, or is another by now, is told of already.
			const isLater = scheduler && this.scheduler !== scheduler;
			if (this.#isLost || isLater || (!scheduler && this.#isClosed)) return;
			this.#isLost = true;
			void this.#recover(error as Error);
		}
	}
	/** The module is lost, if there is a line to it. */
	#lose(error: Error): void {
		if (!this.scheduler || this.#isLost) return;
		this.#isLost = true;
		void this.#recover(error);
	}
	/** Ends what there is, in a microtask: never from inside a method; and begins anew. */
	async #recover(error: Error): Promise<void> {
		await Promise.resolve();
		let delayMs = UNEXPECTED_MS;
		try {
			this.#tearDown(error);
			const isRemedy = error instanceof RecoveryError;
			delayMs = isRemedy ? 0 : this.#fail(failureOf(error, this.identification !== undefined));
			this.#events.onError(this.#owner, error, delayMs);
			this.restarts++;
		} catch (exception) {
			// It must not be the end.
			this.onException(exception);
		}
		void this.#begin(delayMs);
	}
	#open(): Scheduler {
		const { onTrace } = this.#options;
		const scheduler = new OwnedLine<Supervisor<Owner>>(this, this.#options, {
			...Supervisor.#callbacks,
			...(onTrace && { onTrace: (direction, text) => this.#events.onTrace(this.#owner, direction, text) }),
		});
		this.scheduler = scheduler;
		// From the first byte on: payloads must be told from lines at all times.
		scheduler.listen("+QMTRECV", Supervisor.#onReceived, receivedEnds);
		scheduler.listen("+QMTSTAT", Supervisor.#onStatus);
		scheduler.listen("+CEREG", Supervisor.#onRegistration);
		this.state.connection = 100;
		return scheduler;
	}
	/** For commands of the line that there is. */
	#sender(scheduler: Scheduler): Send {
		return sender(scheduler, () => this.onRepeat());
	}
	get #registrationTimeoutMs(): number {
		return this.#options.registrationTimeoutMs ?? REGISTRATION_TIMEOUT_MS;
	}
	/** Bring-up repeats by itself what had no answer. */
	#synchronised(): void {
		if (this.#onSynchronised) this.#onSynchronised();
		else if (this.state.connection >= 400) this.onDoubt();
	}
	/** One that is up and does not answer is lost soon; one that may be starting, with auto-baud, gets its time. */
	#unresponsive(probes: number): void {
		if (this.state.connection > 100 || probes >= STARTING_PROBES) this.#lose(new UnresponsiveError());
	}
	/** What was lost may have told of anything. Bring-up asks, or fails, by itself. */
	#gap(): void {
		this.gaps++;
		if (this.state.connection >= 400) this.onDoubt();
	}

	async #bringUp(scheduler: Scheduler): Promise<void> {
		const { state } = this;
		const { apn } = this.#options;
		const send = this.#sender(scheduler);
		await new Promise<void>(resolve => (this.#onSynchronised = resolve));
		this.#onSynchronised = undefined;
		this.identification = await configure(send);
		const remedy = this.#remedy;
		this.#remedy = undefined;
		await applyRemedy(remedy, scheduler, send);
		await closeLeftovers(send);
		listenForBanner(scheduler, Supervisor.#onBanner);
		state.connection = 200;
		await awaitSim(send, this.#sleep);
		if (apn !== undefined && !this.#apnSet) {
			// Once, so that an APN that the module does not take makes no loop.
			this.#apnSet = true;
			if (await setAccessPoint(send, apn)) await restart(scheduler, "it takes the new APN");
		}
		state.connection = 300;
		const context = {
			sleep: this.#sleep,
			context: this.#pdpContext,
			registrationTimeoutMs: this.#registrationTimeoutMs,
			registration: () => state.registration,
			onState: (line: Line) => this.onState(line),
			onNoNetwork: (error: RegistrationError) => this.onNoNetwork(error),
		};
		const address = await attach(context, scheduler, send);
		await confirm(send);
		// Lost or closed in the same turn.
		if (this.scheduler !== scheduler || this.#isClosed) return;
		this.address = address;
		for (const sign of START_URCS) scheduler.listen(sign, Supervisor.#onStart);
		scheduler.trim();
		this.liveness.begin(scheduler);
		state.connection = state.isRegistered ? 500 : 400;
		this.identifiers.begin(scheduler);
		this.#events.onUp(this.#owner);
	}
	async #cycle(scheduler: Scheduler): Promise<void> {
		try {
			const address = await this.#pdpContext.cycle(scheduler, this.#sender(scheduler), () => {
				this.#setAttached();
				this.identifiers.disconnect(LINK_DEAD);
			});
			if (this.scheduler !== scheduler || this.#isClosed) return;
			this.address = address;
			this.#setAttached();
			this.identifiers.begin(scheduler);
		} catch (error) {
			// Lost or closed meanwhile: that is told already.
			if (this.scheduler === scheduler) this.#lose(error as Error);
		}
	}
	#fail(failure: FailureName, isLocal = false): number {
		this.state.failed();
		return this.remedies.fail(failure, isLocal);
	}
	#setRegistration(registration: number): void {
		const { state } = this;
		if (registration === state.registration) return;
		state.registration = registration;
		// Bring-up polls; a URC saves it the wait.
		if (state.connection === 300) this.#sleep.wake();
		else this.#setAttached();
	}
	/** Once the modem is up: whether there is a network with a context. */
	#setAttached(): void {
		const { state } = this;
		if (state.connection >= 400)
			state.connection = state.isRegistered && !this.#pdpContext.isCycling ? 500 : 400;
	}
	#tearDown(error: Error): void {
		this.#onSynchronised = undefined;
		this.#sleep.breakOff();
		this.liveness.end();
		this.scheduler?.close();
		this.scheduler = undefined;
		if (error instanceof ModemResetError) this.#pdpContext.restarted();
		this.state.registration = 0;
		this.address = undefined;
		this.#events.onDown(this.#owner);
		this.state.connection = 0;
		this.identifiers.end(error);
	}
}

/** Probes without an answer, half a second each, that a module may take to start. */
const STARTING_PROBES = 20;
/** Until the next attempt behind an exception that nobody expects. */
const UNEXPECTED_MS = 10_000;
const REGISTRATION_TIMEOUT_MS = 180_000;
const LIVENESS_MS = 30_000;

/** The supervisor that a line belongs to. */
function ownerOf(line: Scheduler): Supervisor<unknown> {
	return (line as Scheduler & Owned<Supervisor<unknown>>).owner;
}
