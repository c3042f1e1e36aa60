import type { CommandSpec } from "./command.js";
import type { Line } from "./line.js";
import type { Prefix } from "./prefixes.js";
import { type Request, WAITING } from "./request.js";

/** Requests past their final result code that wait for a later result, told apart by prefix, identifier and msgID. */
export class LaterResults {
	/** How many there are. */
	length = 0;
	readonly #requests: Request[] = [];

	/** ms until the first of them is overdue; Infinity if there is none. */
	get remaining(): number {
		let due = Infinity;
		for (let index = 0; index < this.#requests.length; index++)
			due = Math.min(due, this.#requests[index].due.remaining);
		return due;
	}
	/** One that has waited too long, the oldest first. */
	get overdue(): Request | undefined {
		for (let index = 0; index < this.#requests.length; index++)
			if (this.#requests[index].due.remaining === 0) return this.#requests[index];
		return undefined;
	}
	/** @param span ms that the result may take */
	add(request: Request, span: number): void {
		request.state = WAITING;
		request.due.set(span);
		this.#requests.push(request);
		this.length++;
	}
	/** @returns whether it was there */
	remove(request: Request): boolean {
		const at = this.#requests.indexOf(request);
		if (at < 0) return false;
		this.#requests.splice(at, 1);
		this.length--;
		return true;
	}
	/** Takes all of them out. */
	removeAll(): Request[] {
		this.length = 0;
		return this.#requests.splice(0);
	}
	/** Whose result, or progress, a line is. */
	find(line: Line, prefix: Prefix): Request | undefined {
		for (let index = 0; index < this.#requests.length; index++) {
			const request = this.#requests[index];
			if (request.prefix === prefix && isResultOf(request, line)) return request;
		}
		return undefined;
	}
	/** Whether an answer to this request could be taken for a result that is awaited, or the other way round. */
	isAmbiguous(request: Request): boolean {
		const { form, prefix } = request;
		if (!prefix || (form !== "read" && form !== "write")) return false;
		if (form === "read" && request.spec.isResponse) return false;
		for (let index = 0; index < this.#requests.length; index++) {
			const other = this.#requests[index];
			if (other.prefix === prefix && (form === "read" || haveSameKeys(other, request))) return true;
		}
		return false;
	}
}

/** Whether a line, its prefix aside, is the later result, or progress, of a request. */
export function isResultOf(request: Request, line: Line): boolean {
	const { result } = request.spec;
	if (!result) return false;
	const { values } = request;
	const id = line.integer(0);
	return id !== undefined && id === values[0] && (result.keys === 1 || line.integer(1) === values[1]);
}

/** Whether a later result is progress and not the end. */
export function isProgress(spec: CommandSpec, line: Line): boolean {
	const { result } = spec;
	return result?.progress !== undefined && line.integer(result.keys) === result.progress;
}

function haveSameKeys(one: Request, other: Request): boolean {
	if (one.values[0] !== other.values[0]) return false;
	return one.spec.result?.keys === 1 || one.values[1] === other.values[1];
}
