import type { ExecutionContext } from "ava";
import type { Aedes } from "aedes";
import { Faults, type FaultsOptions } from "../../simulator/faults/faults.js";
import type { BC20Options } from "../../simulator/options.js";
import { makeBroker, Terminal } from "./terminal.js";

/** A terminal without echo and sleep on a module with faults, and a broker. */
export interface FaultBench {
	readonly terminal: Terminal;
	readonly faults: Faults;
	readonly broker: Aedes;
	/** Payloads of what came to the broker. */
	readonly published: string[];
	/** Types a line and returns all lines that come within so many milliseconds. */
	readonly say: (line: string, ms?: number) => Promise<string[]>;
	/** The lines that come within so many milliseconds. */
	readonly wait: (ms: number) => Promise<string[]>;
}

export interface FaultBenchOptions {
	readonly faults?: FaultsOptions;
	readonly modem?: BC20Options;
	/** Identifier 0 is connected at the start. */
	readonly connected?: boolean;
}

export async function faultBench(
	t: ExecutionContext,
	{ faults: faultsOptions = {}, modem = {}, connected = false }: FaultBenchOptions = {},
): Promise<FaultBench> {
	const { broker, network } = await makeBroker();
	t.teardown(() => new Promise<void>(resolve => broker.close(resolve)));
	const published: string[] = [];
	broker.on("publish", ({ topic, payload }) => {
		if (!topic.startsWith("$SYS")) published.push(payload.toString("latin1"));
	});
	const faults = new Faults(faultsOptions);
	const terminal = await Terminal.quiet({ network, faults, ...modem });
	if (connected) await terminal.connect();
	terminal.take();
	const wait = async (ms: number): Promise<string[]> => {
		await terminal.clock.advance(ms);
		return terminal.lines();
	};
	const say = (line: string, ms = 1000): Promise<string[]> => {
		terminal.type(`${line}\r`);
		return wait(ms);
	};
	return { terminal, faults, broker, published, say, wait };
}

/** AT+QMTPUB with QoS 1 and the payload in the line. */
export const publish = (messageId: number, payload = `m${messageId}`): string =>
	`AT+QMTPUB=0,${messageId},1,0,"t","${payload}"`;
