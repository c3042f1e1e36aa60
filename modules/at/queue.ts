import { QueueFullError, commandName } from "./errors.js";
import type { Request } from "./request.js";

/**
 * A bounded queue of requests: higher priority first, in order of arrival within one priority. A chain through the requests themselves:
 * putting one behind the others and taking the first cost the same, however many wait.
 */
export class RequestQueue {
	readonly capacity: number;
	/** Requests that wait. */
	length = 0;
	/** A place has become free. */
	onRemoved: (() => void) | undefined;
	#first: Request | undefined;
	#last: Request | undefined;
	/** Requests with a deadline. */
	#timed = 0;
	#highWater = 0;

	/** @param capacity requests, at least 1 */
	constructor(capacity: number) {
		this.capacity = capacity;
	}
	/** Whether another one would be too many. */
	get full(): boolean {
		return this.length >= this.capacity;
	}
	/** ms until the deadline of one of them passes; Infinity if none has one. */
	get remaining(): number {
		if (!this.#timed) return Infinity;
		let due = Infinity;
		for (let request = this.#first; request; request = request.next)
			due = Math.min(due, request.due.remaining);
		return due;
	}
	/** The most requests that ever waited. */
	get highWater(): number {
		return this.#highWater;
	}
	/** @throws QueueFullError; nothing is taken then */
	add(request: Request): void {
		if (this.length >= this.capacity) throw new QueueFullError(commandName(request), this.capacity);
		const { priority } = request;
		let before = this.#last;
		if (before && before.priority < priority) {
			before = undefined;
			for (let next = this.#first; next && next.priority >= priority; next = next.next) before = next;
		}
		request.next = before ? before.next : this.#first;
		if (before) before.next = request;
		else this.#first = request;
		if (!request.next) this.#last = request;
		if (request.deadline !== undefined) this.#timed++;
		if (++this.length > this.#highWater) this.#highWater = this.length;
	}
	/** The one at an index, counted from 0. */
	at(index: number): Request | undefined {
		let request = this.#first;
		for (; request && index > 0; index--) request = request.next;
		return request;
	}
	/** Takes a request out, wherever it stands. */
	remove(request: Request): boolean {
		let before: Request | undefined;
		let at = this.#first;
		for (; at && at !== request; at = at.next) before = at;
		if (!at) return false;
		if (before) before.next = request.next;
		else this.#first = request.next;
		if (!request.next) this.#last = before;
		request.next = undefined;
		if (request.due.isSet) this.#timed--;
		this.length--;
		this.onRemoved?.();
		return true;
	}
}
