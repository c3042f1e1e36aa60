import { type Reply, XSWorker } from "../xs/worker.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A program of the benchmark on XS, one that calls `answerCalls`. */
export class ProgramUnit {
	readonly #worker = new XSWorker();

	/** @param program of `bundle` */
	constructor(program: string) {
		this.#worker.evaluate(program);
	}
	/** Calls a function of the program. @returns what it returned, and what it cost with its promise jobs */
	call(name: string, value?: unknown): Pick<Reply, "computrons" | "slots"> & { readonly result: unknown } {
		const { bytes, ...cost } = this.#worker.command(encoder.encode(JSON.stringify({ name, value })));
		return { ...cost, result: JSON.parse(decoder.decode(bytes)) as unknown };
	}
	close(): void {
		this.#worker.close();
	}
}
