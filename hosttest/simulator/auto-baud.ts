const CR = 0x0d;
const LONGEST = 16;

/** Waits for `AT` by which the module finds the host's baud rate; the first ones are swallowed. */
export class AutoBaud {
	#dropsLeft: number;
	#text = "";

	constructor(drops: number) {
		this.#dropsLeft = drops;
	}

	/** Returns what is left to read, the `AT` that was recognised included; undefined as long as there was none. */
	receive(bytes: Uint8Array): Uint8Array | undefined {
		for (let start = 0; start < bytes.length;) {
			const end = bytes.indexOf(CR, start);
			const piece = bytes.subarray(start, end < 0 ? undefined : end);
			const text = this.#text + Buffer.from(piece).toString("latin1");
			this.#text = end < 0 ? text.slice(-LONGEST) : "";
			if (end < 0) return undefined;
			start = end + 1;
			if (!/^\n*at$/i.test(text)) continue;
			if (this.#dropsLeft === 0) return Buffer.concat([Buffer.from("AT\r"), bytes.subarray(start)]);
			this.#dropsLeft -= 1;
		}
		return undefined;
	}
}
