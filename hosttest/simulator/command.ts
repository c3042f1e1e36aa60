import type { Delays } from "./delays.js";
import type { Identity, Variants } from "./options.js";
import type { Parameters } from "./parameters.js";
import type { Profile } from "./profiles.js";
import type { Random } from "./random.js";
import type { Registration } from "./registration.js";
import type { Report, Session } from "./session.js";

/** What AT&W saves. */
export interface SavedSettings {
	/** Baud rate, 0 for auto-baud. */
	baud: number;
	echo: boolean;
	/** AT+CMEE: 0 `ERROR`, 1 code, 2 text. */
	errorMode: number;
}

/** The settings of one run of the module, from boot to reset. */
export interface Settings extends SavedSettings {
	sleepMode: number;
	/** Values that are only kept and shown: the parameters by command. */
	readonly kept: Map<string, string>;
}

/** What the commands work on. */
export interface Unit {
	readonly profile: Profile;
	readonly identity: Identity;
	readonly variants: Variants;
	readonly delays: Delays;
	readonly random: Random;
	readonly settings: Settings;
	/** In non-volatile memory, by command; read at boot. */
	readonly permanent: Map<string, string>;
	readonly registration: Registration;
	readonly sessions: readonly Session[];
	/** Milliseconds since boot. */
	readonly upMs: number;
	save(): void;
	/** The rate from now on, in both directions. */
	setBaud(baud: number): void;
	reset(): void;
	powerOff(afterMs: number): void;
}

/** One command as it runs. */
export interface Call {
	/** The command will report a result after `OK`: where to. */
	later(): Report;
	/** Does something after the final result. */
	after(action: () => void): void;
	/** Asks for data with ">"; the command goes on in `onData`, with one character for each byte. */
	prompt(echo: boolean, onData: (data: string, call: Call) => Lines): void;
	/** The command ends without a final result. */
	silent(): void;
}

/** Lines of information before `OK`. */
export type Lines = string | readonly string[] | undefined;

/** One AT command; a form that is missing answers `ERROR`, except for the test form of a command with a write form. */
export interface Command {
	/** AT+X=? */
	readonly test?: Lines | ((unit: Unit) => Lines);
	/** AT+X? */
	readonly read?: (unit: Unit) => Lines;
	/** AT+X=… */
	readonly write?: (unit: Unit, parameters: Parameters, call: Call) => Lines;
	/** AT+X, and basic commands with their number as parameter */
	readonly execute?: (unit: Unit, parameters: Parameters, call: Call) => Lines;
	/** How long it takes, "command" where not given. */
	readonly delay?: keyof Delays;
	/** Errors are those of the MQTT commands. */
	readonly mqtt?: boolean;
}

/** Commands by name, without AT: `+CSQ`, `E`, `&W`. */
export type CommandTable = Readonly<Record<string, Command>>;
