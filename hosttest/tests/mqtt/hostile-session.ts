import type { ExecutionContext } from "ava";
import fc from "fast-check";
import MQTTClient from "../../../modules/mqtt/client.js";
import type { BC20Options as SimulatorOptions } from "../../simulator/options.js";
import { Rig } from "../bc20/rig.js";
import { inbox, send } from "./inbox.js";
import { type Options, bytes, listen, observe } from "./observe.js";

/** How a module carries messages: its firmware, what no document says of it, and the format that the connection was configured with. */
export interface Mode {
	readonly title: string;
	readonly simulator: SimulatorOptions;
	readonly options: Options;
	/** Longest message that can be sent. */
	readonly limit: number;
	/** Bytes that cannot be sent. */
	readonly forbidden: RegExp | undefined;
	/** What the module gives of an incoming message. */
	readonly given: (payload: string) => string;
	/** Where nobody can tell what is message and what is not, in what the module gives. */
	readonly ambiguous: RegExp | undefined;
	/** Longest message that comes in. */
	readonly longest: number;
}

const whole = (payload: string) => payload;
/** A module that takes a NUL for the end. */
const upToNul = (payload: string) => payload.split("\0", 1)[0];

export const A: Mode = {
	title: "profile A",
	simulator: { profile: "A" },
	options: {},
	limit: 700,
	forbidden: /[\x00-\x1f\x7f]/,
	given: whole,
	// A quote before a line end, and an empty line: how a message ends and another line of the module begins.
	ambiguous: /"\r\n\r\n/,
	longest: 2048,
};
export const A_NUL: Mode = {
	...A,
	title: "profile A, NUL ends a message",
	simulator: { profile: "A", variants: { receiveNul: "cut" } },
	given: upToNul,
};
export const A_BARE: Mode = {
	...A,
	title: "profile A, no quotes",
	simulator: { profile: "A", variants: { receiveQuotes: false } },
	ambiguous: /\n/,
};
const A_BARE_NUL: Mode = {
	...A_BARE,
	title: "profile A, no quotes, NUL ends a message",
	simulator: { profile: "A", variants: { receiveQuotes: false, receiveNul: "cut" } },
	given: upToNul,
};
export const B: Mode = {
	title: "profile B",
	simulator: { profile: "B" },
	options: {},
	limit: 1024,
	forbidden: /[\x1a\x1b]/,
	given: whole,
	ambiguous: undefined,
	longest: 1190,
};
const B_HEX: Mode = {
	...B,
	title: "profile B, hex",
	options: { dataFormat: "hex" },
	limit: 350,
	forbidden: undefined,
};
export const B_BARE: Mode = {
	...B,
	title: "profile B, no quotes",
	simulator: { profile: "B", variants: { receiveQuotes: false, receiveNul: "cut" } },
};

/** The modes that differ in what goes out, and in what comes in. */
export const OUT: readonly Mode[] = [A, B, B_HEX];
export const IN: readonly Mode[] = [A, A_NUL, A_BARE, A_BARE_NUL, B, B_HEX, B_BARE];

/** A client in the middle of its life, and the means to see that it goes on. */
export async function session(t: ExecutionContext, mode: Mode, variants: SimulatorOptions["variants"] = {}) {
	const rig = await Rig.ready(t, {
		simulator: { ...mode.simulator, variants: { ...mode.simulator.variants, ...variants } },
	});
	const published = listen(rig, "out/#");
	const { messages, onReadable } = inbox();
	const observed = observe(rig, { onReadable, ...mode.options });
	await observed.connected();
	const { client, events } = observed;
	client.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: "in/#", QoS: 1 }] });
	await observed.until("control 9");
	const until = (condition: () => boolean) =>
		rig.clock.run(() => condition() || observed.errors.length > 0, 100_000);
	/** Publishes and waits for the room for the next. */
	const publish = async (payload: string, QoS = 0, topic = "out/t") => {
		const from = events.length;
		client.write(bytes(payload), { topic, QoS });
		await until(() => events.slice(from).some(event => event.startsWith("writable")));
		return events.slice(from);
	};
	/** A message out with its acknowledgement, one in, and not a word besides. */
	const goesOn = async () => {
		const got = messages.length;
		const sent = published.length;
		const heard = await publish("next", 1);
		await send(rig, "in/next", "next", { QoS: 1 });
		await until(() => messages.length > got);
		return (
			heard.join() === "control 4,writable 1288" &&
			published
				.slice(sent)
				.map(({ payload }) => payload)
				.join() === "next" &&
			messages
				.splice(got)
				.map(({ payload }) => payload.toString())
				.join() === "next"
		);
	};
	/** Lets a message come in; what the client makes of it. */
	const receive = async (payload: string, topic = "in/t") => {
		messages.length = 0;
		await send(rig, topic, payload);
		await until(() => messages.length > 0);
		return messages.map(({ topic, payload }) => [topic, payload.toString("latin1")]);
	};
	return { ...observed, rig, published, messages, publish, receive, goesOn, until };
}

/** Runs a property on one rig: after a failure it is not to be used again. */
export async function property<One, Two>(
	t: ExecutionContext,
	seed: number,
	one: fc.Arbitrary<One>,
	two: fc.Arbitrary<Two>,
	holds: (one: One, two: Two) => Promise<void>,
): Promise<void> {
	t.log(`seed ${seed}`);
	await fc.assert(fc.asyncProperty(one, two, holds), { seed, numRuns: 300, endOnFailure: true });
	t.pass();
}

export function equal(actual: unknown, expected: unknown): void {
	if (JSON.stringify(actual) !== JSON.stringify(expected))
		throw new Error(`${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}
