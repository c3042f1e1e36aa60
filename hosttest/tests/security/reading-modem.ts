import type { BC20 } from "../../../modules/bc20/modem.js";
import type { Holder } from "../../../modules/bc20/identifiers.js";
import { type Bench, synchronisedBench } from "../bench.js";
import { type WireCommand, commandsOf } from "./wire.js";

/** Parameters of QMTPUB where the last one is the message. */
const INLINE_PARAMETERS = 6;
const FIFO_BYTES = 0xffff;

/** What the reading modem has understood. */
export interface Understood {
	/** The commands, in their order. */
	readonly commands: WireCommand[];
	/** What came in data mode, up to the Ctrl-Z, one character a byte. */
	readonly data: string[];
	/** What was no command, or came where nothing may. */
	readonly faults: string[];
}

/**
 * A scheduler whose far end reads what is sent by the grammar of the note (wire.ts), does as it is told, and keeps what it has understood.
 * @param later whether it has the later firmware: the data mode, and `dataformat`
 */
export async function readingModem(later: boolean) {
	const bench = await synchronisedBench();
	const understood: Understood = { commands: [], data: [], faults: [] };
	let isData = false;
	let text = "";
	const say = (answer: string) => void bench.clock.set(() => bench.serial.receive(answer), 1);
	const obey = (line: string) => {
		let command: WireCommand;
		try {
			[command] = commandsOf(line, line.startsWith("AT+QMTPUB=") && !later ? INLINE_PARAMETERS : undefined);
		} catch (error) {
			understood.faults.push(`${JSON.stringify(line)}: ${String(error)}`);
			say("\r\nERROR\r\n");
			return;
		}
		understood.commands.push(command);
		isData = command.name === "+QMTPUB" && command.parameters.length < INLINE_PARAMETERS;
		say(isData ? "\r\n> " : answerTo(command, later));
	};
	bench.serial.onSent = piece => {
		for (const character of piece) {
			text += character;
			if (isData && character === "\x1a") {
				understood.data.push(text.slice(0, -1));
				isData = false;
				const { parameters } = understood.commands[understood.commands.length - 1];
				say(`\r\nOK\r\n\r\n+QMTPUB: ${String(parameters[0])},${String(parameters[1])},0\r\n`);
				text = "";
			} else if (!isData && character === "\r") {
				obey(text);
				text = "";
			}
		}
		bench.clock.set(() => bench.serial.writable(FIFO_BYTES), 1);
	};
	bench.serial.writable(FIFO_BYTES);
	return { ...bench, understood, modem: modemOf(bench, later) };
}

function answerTo({ name, form, parameters }: WireCommand, later: boolean): string {
	const [first, second] = parameters;
	if (name === "+QMTCFG" && first === "dataformat" && !later) return "\r\nERROR\r\n";
	const id = String(first);
	const results: Readonly<Record<string, string>> = {
		"+QMTOPEN": `${id},0`,
		"+QMTCLOSE": `${id},0`,
		"+QMTDISC": `${id},0`,
		"+QMTCONN": `${id},0,0`,
		"+QMTSUB": `${id},${String(second)},0,0`,
		"+QMTUNS": `${id},${String(second)},0`,
		"+QMTPUB": `${id},${String(second)},0`,
	};
	const result = form === "write" ? results[name] : undefined;
	return `\r\nOK\r\n${result === undefined ? "" : `\r\n${name}: ${result}\r\n`}`;
}

/** What an MQTT client needs of a BC20 that is on the network, with identifier 0 free. */
function modemOf({ clock, scheduler }: Bench, later: boolean): BC20 {
	const nothing = () => undefined;
	const waiting = new Set<Holder>();
	const identifiers = {
		acquire: (holder: Holder) => {
			waiting.add(holder);
			clock.set(() => {
				if (waiting.delete(holder)) holder.onAcquired(holder.wish ?? 0, scheduler);
			}, 0);
		},
		release: (holder: Holder) => waiting.delete(holder),
		...Object.fromEntries(["proved", "failed", "repeated", "doubted"].map(name => [name, nothing])),
	};
	return { identifiers, profile: { later }, report: nothing } as unknown as BC20;
}
