/** A parameter as the module reads it: digits, or what stands between quotes, one character a byte. */
export type WireParameter = number | string;

/** One command as the module reads it. */
export interface WireCommand {
	/** What stands behind `AT`. */
	readonly name: string;
	readonly form: "test" | "read" | "write" | "execute";
	readonly parameters: readonly WireParameter[];
}

/**
 * Reads bytes as a module does that is in command mode (application note 2, AT commands manual 1.2): commands that CR ends, parameters that
 * commas divide, strings in quotes that nothing escapes. Written from the note alone, so that it shares no mistake with what builds commands.
 * @param bytes one character a byte
 * @param last whether the last of so many parameters is a message: it goes on to the quote at the end of the line (module reference 3.6)
 * @throws Error that says what is no command
 */
export function commandsOf(bytes: string, last = Infinity): WireCommand[] {
	if (bytes !== "" && !bytes.endsWith("\r")) throw new Error("the line is not ended");
	return bytes
		.split("\r")
		.slice(0, -1)
		.map(line => commandOf(line, last));
}

function commandOf(line: string, last: number): WireCommand {
	const control = /[\x00-\x1f\x7f]/.exec(line);
	if (control) throw new Error(`control character ${control[0].charCodeAt(0)} in a command`);
	const found = /^AT([+&]?[A-Z0-9]*)(=\?|\?|=|)/.exec(line);
	if (!found) throw new Error("a line that begins with no command");
	const [head, name, mark] = found;
	const rest = line.slice(head.length);
	if (mark === "=") return { name, form: "write", parameters: parametersOf(rest, last) };
	if (rest) throw new Error("something behind a command that has no parameters");
	return { name, form: mark === "=?" ? "test" : mark === "?" ? "read" : "execute", parameters: [] };
}

function parametersOf(text: string, last: number): WireParameter[] {
	const parameters: WireParameter[] = [];
	for (let at = 0; ;) {
		const isMessage = parameters.length + 1 === last;
		let end: number;
		if (text.charAt(at) === '"') {
			const quote = isMessage ? text.length - 1 : text.indexOf('"', at + 1);
			if (quote <= at || text.charAt(quote) !== '"') throw new Error("a string is not ended");
			parameters.push(text.slice(at + 1, quote));
			end = quote + 1;
		} else {
			const digits = /^(?:0|[1-9][0-9]*)(?=,|$)/.exec(text.slice(at));
			if (!digits) throw new Error("a parameter that is neither a number nor a string");
			parameters.push(Number(digits[0]));
			end = at + digits[0].length;
		}
		if (end === text.length) return parameters;
		if (text.charAt(end) !== ",") throw new Error("something behind a parameter");
		at = end + 1;
	}
}
