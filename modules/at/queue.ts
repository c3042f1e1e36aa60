import { QueueFullError, commandName } from "./errors.js";
import type { Request } from "./request.js";

/** A bounded queue of requests: higher priority first, in order of arrival within one priority. */
export class RequestQueue {
	readonly capacity: number;
	/** A place has become free. */
	onRemoved: (() => void) | undefined;
	readonly #items: Request[] = [];
	#highWater = 0;

	/** @param capacity requests, at least 1 */
	constructor(capacity: number) {
		this.capacity = capacity;
	}
	get length(): number {
		return this.#items.length;
	}
	/** Whether another one would be too many. */
	get full(): boolean {
		return this.#items.length >= this.capacity;
	}
	/** ms until the deadline of one of them passes; Infinity if none has one. */
	get remaining(): number {
		let due = Infinity;
		for (let index = 0; index < this.#items.length; index++)
			due = Math.min(due, this.#items[index].due.remaining);
		return due;
	}
	/** The most requests that ever waited. */
	get highWater(): number {
		return this.#highWater;
	}
	/** @throws QueueFullError; nothing is taken then */
	add(request: Request): void {
		const items = this.#items;
		if (this.full) throw new QueueFullError(commandName(request), this.capacity);
		let at = items.length;
		while (at > 0 && items[at - 1].priority < request.priority) at--;
		items.splice(at, 0, request);
		if (items.length > this.#highWater) this.#highWater = items.length;
	}
	at(index: number): Request | undefined {
		return this.#items[index];
	}
	/** Takes a request out, wherever it stands. */
	remove(request: Request): boolean {
		const at = this.#items.indexOf(request);
		if (at < 0) return false;
		this.#items.splice(at, 1);
		this.onRemoved?.();
		return true;
	}
}
