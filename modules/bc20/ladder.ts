/** The rungs of the ladder, from the one that costs least. */
export type RungName = "repeat" | "probe" | "reopen" | "context" | "radio" | "restart" | "reset" | "power";

/** One way to get a connection back. Delays have full jitter: from nothing to a bound that doubles from `firstMs` to `capMs`. */
export interface Rung {
	readonly name: RungName;
	/** Attempts until the next rung. */
	readonly limit: number;
	/** Bound of the delay before it at first, and at most; ms. 0: at once, or by the backoff of who does it. */
	readonly firstMs: number;
	readonly capMs: number;
	/** The key that has to be wired. */
	readonly key?: "reset" | "power";
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The ladder. What is above `reopen` interrupts all connections, and may make the module write to its flash: the bounds go up to
 * hours.
 */
export const RUNGS: readonly Rung[] = [
	// A command that may be repeated is sent again.
	{ name: "repeat", limit: 1, firstMs: 0, capMs: 0 },
	// The port is opened anew, `AT` sent until it answers (10 times), the module brought up.
	{ name: "probe", limit: 1, firstMs: 1000, capMs: MINUTE_MS },
	// An MQTT identifier is closed and opened again: by its client's owner, with a backoff of its own.
	{ name: "reopen", limit: 3, firstMs: 0, capMs: 0 },
	// AT+CGACT=0,1 and =1,1
	{ name: "context", limit: 1, firstMs: 5000, capMs: 10 * MINUTE_MS },
	// AT+CFUN=0 and =1
	{ name: "radio", limit: 1, firstMs: 30_000, capMs: 2 * HOUR_MS },
	// AT+QRST=1
	{ name: "restart", limit: 1, firstMs: MINUTE_MS, capMs: 4 * HOUR_MS },
	// RESET
	{ name: "reset", limit: 2, firstMs: 1000, capMs: HOUR_MS, key: "reset" },
	// PWRKEY
	{ name: "power", limit: 2, firstMs: 1000, capMs: HOUR_MS, key: "power" },
];

/** What can go wrong with the module and with the way to the broker. */
export type FailureName =
	"silent" | "absent" | "restarted" | "port" | "sim" | "bringUp" | "coverage" | "link";

/** Where a failure enters the ladder. */
export interface Failure {
	/** What goes on all the time, whatever is done besides; where it has failed as often as its limit says, it is time to climb. */
	readonly again?: RungName;
	/** The first rung to climb to; none where nothing on the ladder helps. */
	readonly first?: RungName;
	/** Where it begins again behind the last rung. */
	readonly lowest?: RungName;
	/** Time between two rungs besides their delays, ms. */
	readonly restMs: number;
	/** `connection` of the modem from which it is over. */
	readonly overAt: number;
}

export const FAILURES: Readonly<Record<FailureName, Failure>> = {
	/** The module answered once, and does not any more. */
	silent: { again: "probe", first: "reset", lowest: "reset", restMs: 0, overAt: 200 },
	/** It has not answered since the start: it may be switched off. */
	absent: { again: "probe", first: "power", lowest: "reset", restMs: 0, overAt: 200 },
	/** It restarted by itself. */
	restarted: { again: "probe", restMs: 0, overAt: 200 },
	/** The serial port cannot be opened. */
	port: { again: "probe", restMs: 0, overAt: 100 },
	/** The SIM is not ready. */
	sim: { again: "probe", first: "radio", lowest: "radio", restMs: 5 * MINUTE_MS, overAt: 300 },
	/** A command of bringing up failed, or the PDP context could not be cycled. */
	bringUp: { again: "probe", first: "radio", lowest: "radio", restMs: MINUTE_MS, overAt: 400 },
	/** No network for longer than it should be: most often there is none, and the module goes on looking for one. */
	coverage: { first: "radio", lowest: "radio", restMs: 30 * MINUTE_MS, overAt: 500 },
	/**
	 * An MQTT connection could not be made, or broke, in a way that the broker has not asked for. Where the broker has no part in it at all
	 * (`isLocal` of the error) fewer are enough.
	 */
	link: { again: "reopen", first: "context", lowest: "context", restMs: 0, overAt: Infinity },
};

/** Index of a rung. */
export function indexOfRung(name: RungName): number {
	return RUNGS.findIndex(rung => rung.name === name);
}
