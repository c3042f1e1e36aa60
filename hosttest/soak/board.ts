import type { Application, Events } from "../../main.js";
import { clock } from "../shim/clock.js";
import { cutPowerAfter, PowerCut, restorePower } from "../shim/flash.js";
import { resetSerial, wire, type FarEnd } from "../shim/serial.js";
import type { FaultyHost } from "../simulator/faults/kind.js";
import type { Firmware } from "./firmware.js";
import { SERIAL_PORT } from "./firmware.js";

/** From power on, or a reset, to the first line of the application. */
const BOOT_MS = 400;
/** Without power, behind a cut in the middle of a write. */
const CUT_MS = 1000;

/** What a {@link Board} tells. */
export interface BoardEvents {
	/** What the firmware is started with. @param isAlive whether it is still this firmware that runs */
	readonly events: (isAlive: () => boolean) => Events;
	/** The firmware runs. */
	readonly onStarted: (application: Application) => void;
	/** The firmware is at its end: called while its counters can still be read. */
	readonly onEnded: (application: Application, why: "restart" | "power" | "flash") => void;
	/** An exception left a callback of the firmware: the chip restarts. */
	readonly onException: (error: unknown) => void;
}

/**
 * The ESP32 of one unit: main.ts with what the chip gives it. A reset or a cut takes effect at once: the line is dead, the flash refuses all,
 * nothing is told any more. What was in RAM goes in the next event; flash and modem stay as they are.
 */
export class Board implements FaultyHost {
	readonly #firmware: Firmware;
	readonly #modem: FarEnd;
	readonly #events: BoardEvents;
	#application: Application | undefined;
	/** Starts the firmware. */
	#starting: object | undefined;
	#life = 0;

	constructor(firmware: Firmware, modem: FarEnd, events: BoardEvents) {
		this.#firmware = firmware;
		this.#modem = modem;
		this.#events = events;
	}

	/** The firmware that runs; undefined while there is none. */
	get application(): Application | undefined {
		return this.#application;
	}

	/** Brings power. */
	start(afterMs = BOOT_MS): void {
		clock().clear(this.#starting);
		this.#starting = clock().set(() => this.#boot(), afterMs);
	}

	restart(): void {
		if (this.#end("restart")) this.start();
	}
	cutPower(offMs: number): void {
		if (this.#end("power")) this.start(offMs + BOOT_MS);
	}
	cutFlash(bytes: number): void {
		if (!this.#application) return;
		cutPowerAfter(bytes, () => {
			if (this.#end("flash")) this.start(CUT_MS + BOOT_MS);
		});
	}
	/** An exception has left a callback. */
	crash(error: unknown): void {
		// Behind the cut there is no firmware any more whose exceptions would count.
		if (error instanceof PowerCut) return;
		this.#events.onException(error);
		this.restart();
	}
	/** Ends it for good. */
	close(): void {
		this.#end("power");
		clock().clear(this.#starting);
	}

	#boot(): void {
		this.#starting = undefined;
		const life = ++this.#life;
		resetSerial();
		wire(SERIAL_PORT, this.#modem);
		restorePower();
		try {
			this.#application = this.#firmware(
				this.#events.events(() => life === this.#life && this.#application !== undefined),
			);
		} catch (error) {
			this.#events.onException(error);
			return;
		}
		this.#events.onStarted(this.#application);
	}
	/** @returns false where nothing runs */
	#end(why: "restart" | "power" | "flash"): boolean {
		const application = this.#application;
		if (!application) return false;
		this.#events.onEnded(application, why);
		this.#application = undefined;
		cutPowerAfter(-1);
		// Not from inside a callback of the firmware, which this may be.
		clock().set(() => {
			application.telemetry.close();
			application.modem.close();
			resetSerial();
		}, 0);
		return true;
	}
}
