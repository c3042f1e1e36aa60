import type { Figure, Measure } from "./figure.js";
import { messagesOf } from "./log.js";
import { ReceiveUnit, receiveProgram } from "./receive-unit.js";

const SHORT = 100;
const LONG = 1000;
const MESSAGES = 8;
const CASES = [
	{ name: "nobody listens", receiver: "firmware", goal: { atMost: 2 } },
	{ name: "MQTT client reads", receiver: "firmware and client", goal: { atMost: 2 } },
	{ name: "MQTT client reads hex digits", receiver: "firmware and client", later: true },
	{ name: "string parser", receiver: "strings and client" },
] as const;

/**
 * What each byte of a message's payload costs: the difference between a `+QMTRECV` of 1,000 bytes and one of 100, in pieces of 96 bytes.
 * Reading from the UART in pieces is part of it.
 */
export const bulk: Measure = async () => {
	const program = await receiveProgram();
	return CASES.map((measure): Figure => {
		const { name, receiver } = measure;
		const later = "later" in measure;
		const unit = new ReceiveUnit(program, receiver, later);
		try {
			const cost = (length: number) => unit.play(messagesOf(length, MESSAGES, later)).computrons / MESSAGES;
			// The first message makes what serves all.
			cost(SHORT);
			const value = (cost(LONG) - cost(SHORT)) / (LONG - SHORT);
			if (later && unit.found.payloadBytes !== MESSAGES * (2 * SHORT + LONG))
				throw new Error(`${name}: ${JSON.stringify(unit.found)}`);
			return {
				group: "bulk payload",
				name,
				value,
				unit: "computrons/byte",
				deterministic: true,
				...("goal" in measure && { goal: measure.goal }),
			};
		} finally {
			unit.close();
		}
	});
};
