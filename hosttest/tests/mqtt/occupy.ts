import type { CommandSpec } from "../../../modules/at/command.js";
import { Request } from "../../../modules/at/request.js";
import type { Scheduler } from "../../../modules/at/scheduler.js";
import type { Rig } from "../bc20/rig.js";

const SLOW: CommandSpec = { name: "+COPS", timeout: 600_000 };
const QUICK: CommandSpec = { name: "+CSQ", timeout: 300 };

/** An application with commands of its own on the modem's line. */
export class Application {
	readonly scheduler: Scheduler;
	readonly #rig: Rig;
	/** Commands that have ended. */
	ended = 0;

	private constructor(rig: Rig, scheduler: Scheduler) {
		this.#rig = rig;
		this.scheduler = scheduler;
		rig.line.answer(/^AT\+COPS=\?$/, undefined);
	}
	/** It gets the line as an MQTT client does, with identifier 5. */
	static async on(rig: Rig): Promise<Application> {
		let line: Scheduler | undefined;
		rig.modem.identifiers.acquire({
			wish: 5,
			onAcquired: (_, scheduler) => (line = scheduler),
			onStatus: () => undefined,
			onReceived: () => undefined,
			onLost: () => undefined,
		});
		await rig.clock.run(() => line !== undefined, 1000);
		await rig.quiet();
		return new Application(rig, line as Scheduler);
	}
	/** Holds the line, and fills the queue behind it. */
	async occupy(): Promise<void> {
		this.#submit(SLOW, "test");
		await this.#rig.clock.run(() => this.#rig.count("AT+COPS=?") > 0, 1000);
		while (!this.scheduler.full) this.#submit(QUICK, "execute");
	}
	/** The line goes on. */
	release(): void {
		this.#rig.line.say("OK");
	}

	#submit(spec: CommandSpec, form: "test" | "execute"): void {
		const request = new Request(spec, form);
		request.onDone = () => this.ended++;
		this.scheduler.submit(request);
	}
}
