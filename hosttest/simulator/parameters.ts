import { CommandError, MqttError, type MqttFault } from "./errors.js";

interface Parameter {
	readonly text: string;
	readonly quoted: boolean;
}

/**
 * The parameters of one command, read from left to right. The text holds one character for each byte of the line
 * (latin1), and so do the strings that come out. Strings may be unquoted as long as they hold no comma (reference 3.6).
 * Wrong ones throw CommandError, or MqttError after `mqtt()`.
 */
export class Parameters {
	readonly #text: string;
	#position = 0;
	#mqtt = false;

	constructor(text: string) {
		this.#text = text;
	}

	/** From here on a wrong parameter is an MqttError. */
	mqtt(): this {
		this.#mqtt = true;
		return this;
	}

	/** True while a parameter (perhaps an empty one) is left. */
	get more(): boolean {
		return this.#position <= this.#text.length && !(this.#text === "" && this.#position === 0);
	}

	/** The next parameter as an integer of the range. */
	integer(minimum: number, maximum: number): number {
		const value = this.#integer(this.#next(), minimum, maximum);
		return value ?? this.fail();
	}

	/** The same, and `otherwise` where the parameter is empty or missing. */
	integerOr<Default>(otherwise: Default, minimum: number, maximum: number): number | Default {
		return this.#integer(this.#next(), minimum, maximum) ?? otherwise;
	}

	/** The next parameter as a string of up to so many bytes; an empty pair of quotes is an empty string. */
	string(maximumBytes = Infinity): string {
		return this.stringOr(undefined, maximumBytes) ?? this.fail();
	}

	/** The same, and `otherwise` where the parameter is empty or missing. */
	stringOr<Default>(otherwise: Default, maximumBytes = Infinity): string | Default {
		const parameter = this.#next();
		if (!parameter || (!parameter.quoted && parameter.text === "")) return otherwise;
		if (parameter.text.length > maximumBytes) this.fail("too long");
		return parameter.text;
	}

	/**
	 * All that is left of the line as one string, its outer pair of quotes removed: the payload of QMTPUB, whose inner
	 * quotes and commas are not escaped (reference 3.6).
	 */
	rest(): string {
		if (!this.more) this.fail();
		const text = this.#text.slice(this.#position);
		this.#position = this.#text.length + 1;
		if (!text.startsWith('"')) return text;
		if (text.length < 2 || !text.endsWith('"')) this.fail();
		return text.slice(1, -1);
	}

	/** Refuses what is left over. */
	end(): void {
		if (this.more) this.fail();
	}

	fail(fault: MqttFault = "parameter"): never {
		throw this.#mqtt ? new MqttError(fault) : new CommandError();
	}

	#integer(parameter: Parameter | undefined, minimum: number, maximum: number): number | undefined {
		if (!parameter || (!parameter.quoted && parameter.text === "")) return undefined;
		if (parameter.quoted || !/^[+-]?\d{1,10}$/.test(parameter.text)) this.fail();
		const value = Number(parameter.text);
		if (value < minimum || value > maximum) this.fail();
		return value;
	}

	#next(): Parameter | undefined {
		if (!this.more) return undefined;
		const text = this.#text;
		let start = this.#position;
		while (text[start] === " ") start += 1;
		if (text[start] !== '"') {
			const comma = text.indexOf(",", start);
			const end = comma < 0 ? text.length : comma;
			this.#position = end + 1;
			return { text: text.slice(start, end).trimEnd(), quoted: false };
		}
		const quote = text.indexOf('"', start + 1);
		if (quote < 0) this.fail();
		let end = quote + 1;
		while (text[end] === " ") end += 1;
		if (end < text.length && text[end] !== ",") this.fail();
		this.#position = end + 1;
		return { text: text.slice(start + 1, quote), quoted: true };
	}
}
