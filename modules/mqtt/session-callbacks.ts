import { CallbackError } from "./session-errors.js";

type Callback<Target, Values extends unknown[]> = (this: Target, ...values: Values) => unknown;

/** Calls the application's callbacks. What they throw, or their promises are rejected with, must not restart the chip: it is reported. */
export class SessionCallbacks<Target> {
	readonly #target: Target;
	readonly #onError: Callback<Target, [error: Error, retryInMs?: number]> | undefined;
	#isClosed = false;

	/** @param target `this` of all callbacks. */
	constructor(target: Target, onError: Callback<Target, [error: Error, retryInMs?: number]> | undefined) {
		this.#target = target;
		this.#onError = onError;
	}

	call<Values extends unknown[]>(
		name: string,
		callback: Callback<Target, Values> | undefined,
		...values: Values
	): void {
		if (!callback || this.#isClosed) return;
		try {
			const result = callback.call(this.#target, ...values);
			if (result instanceof Promise) result.catch((cause: unknown) => this.#failed(name, callback, cause));
		} catch (cause) {
			this.#failed(name, callback, cause);
		}
	}

	/** Calls `onError`. */
	report(cause: unknown, retryInMs?: number): void {
		const error = cause instanceof Error ? cause : new Error(String(cause));
		this.call("onError", this.#onError, error, retryInMs);
	}

	/** No call follows. */
	close(): void {
		this.#isClosed = true;
	}

	#failed(name: string, callback: unknown, cause: unknown): void {
		const error = new CallbackError(name, cause);
		if (callback === this.#onError) trace(`MQTTSession: ${error.message}\n`);
		else this.report(error);
	}
}
