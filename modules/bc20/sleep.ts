import Timer from "timer";
import { ClosedError } from "../at/errors.js";

/** A wait that can be cut short or broken off: what sequences of commands pause with. */
export class Sleep {
	#timer: Timer | undefined;
	#resolve: (() => void) | undefined;
	#reject: ((error: Error) => void) | undefined;
	#closed = false;

	/** Waits so many ms. @throws (rejects) ClosedError when broken off, and at once when closed */
	wait(ms: number): Promise<void> {
		if (this.#closed) return Promise.reject(new ClosedError());
		return new Promise((resolve, reject) => {
			this.#resolve = resolve;
			this.#reject = reject;
			this.#timer = Timer.set(() => this.wake(), ms);
		});
	}
	/** Ends a wait now. */
	wake(): void {
		const resolve = this.#resolve;
		this.#stop();
		resolve?.();
	}
	/** Breaks a wait off; another may follow. */
	breakOff(): void {
		const reject = this.#reject;
		this.#stop();
		reject?.(new ClosedError());
	}
	/** Breaks a wait off, and each later one. */
	close(): void {
		this.#closed = true;
		this.breakOff();
	}

	#stop(): void {
		Timer.clear(this.#timer);
		this.#timer = this.#resolve = this.#reject = undefined;
	}
}
