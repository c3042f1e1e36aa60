import type { Figure, Measure } from "./figure.js";
import { type Log, messagesOnly, workingDay } from "./log.js";
import { type Cost, type Found, playTo, receiveProgram } from "./receive-unit.js";

const GROUP = "receive cost";
const LOG_BYTES = 100_000;
/** Each case: the firmware, the string parser that has the same to do, what a reader of the table should know. */
const CASES = [
	{
		name: "nobody listens",
		firmware: "firmware",
		strings: "strings",
		note: "modem on the network, no MQTT client, no command under way",
	},
	{
		name: "MQTT client reads",
		firmware: "firmware and client",
		strings: "strings and client",
		note: "each response answers a command; what sending it costs is left out",
	},
] as const;
const MOST_OF_STRINGS = 0.5;
const MOST_GARBAGE = 0.05;

/**
 * What it costs to receive a working day's log on XS, against the usual string parser. Pieces are of 96 bytes, the FIFO's threshold, every
 * second one of 1 to 96, as where the modem pauses within a line; a pause ends a piece too. The time-out that ends a held message is
 * counted. Left out are the harness and, for both, what the serial class does in C.
 */
export const receive: Measure = async () => {
	const program = await receiveProgram();
	const log = workingDay(LOG_BYTES);
	const figures: Figure[] = [];
	const add = (name: string, value: number, unit: string, rest: Partial<Figure> = {}) =>
		figures.push({ group: GROUP, name, value, unit, deterministic: true, ...rest });
	const costs = CASES.map(({ name, firmware, strings, note }) => {
		const own = measured(program, firmware, log);
		const usual = measured(program, strings, log);
		add(name, own.computrons / log.bytes, "computrons/byte", { note });
		add(`${name}, string parser`, usual.computrons / log.bytes, "computrons/byte");
		const ratio = own.computrons / usual.computrons;
		add(`${name}, of the string parser's`, ratio, "", { goal: { atMost: MOST_OF_STRINGS } });
		add(`${name}, a line`, own.computrons / log.lines, "computrons/line");
		return { own, usual };
	});
	// Only there: what sends the commands of the second case makes garbage of its own.
	const [{ own, usual }] = costs;
	add("garbage, nobody listens", own.garbage / log.bytes, "slots/byte", { goal: { atMost: MOST_GARBAGE } });
	add("garbage, string parser", usual.garbage / log.bytes, "slots/byte");
	const messages = messagesOnly(log);
	const read = measured(program, "firmware and client", messages);
	add("garbage, MQTT client reads", read.garbage / messages.messages.length, "slots/message");
	return figures;
};

/** @throws Error where a receiver has not found all that the log holds: its figure would mean nothing */
function measured(program: string, name: string, log: Log): Cost {
	const { found, ...cost } = playTo(program, name, log);
	const expected = name.includes("client") ? expectedOf(log) : NOTHING;
	for (const key of Object.keys(expected) as (keyof Counts)[])
		if (found[key] !== expected[key])
			throw new Error(
				`${name}: ${key} ${String(found[key])}, not ${String(expected[key])}; ${found.errors.join()}`,
			);
	return cost;
}

type Counts = Omit<Found, "errors">;

const NOTHING: Counts = { messages: 0, payloadBytes: 0, responses: 0, acknowledged: 0 };

function expectedOf({ blocks, messages }: Log): Counts {
	let payloadBytes = 0;
	for (const { payload } of messages) payloadBytes += payload.length;
	const commands = blocks.filter(({ command }) => command);
	const acknowledged = commands.filter(({ command }) => command === "publish").length;
	return { messages: messages.length, payloadBytes, responses: commands.length - acknowledged, acknowledged };
}
