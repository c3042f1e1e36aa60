import { bundle } from "../xs/bundle.js";
import type { Figure, Measure } from "./figure.js";
import { linesOf, messagesOf } from "./log.js";
import { ProgramUnit } from "./program-unit.js";
import { ReceiveUnit, receiveProgram } from "./receive-unit.js";

const SIZES = [10, 100, 1000] as const;
const PAYLOADS = [16, 100, 1000] as const;
/** What comes while there are so many: spread over them. */
const SAMPLES = 10;
/** The queues' capacities as the firmware has them: BC20's and MQTTSession's. */
const COMMANDS = 12;
const PUBLISHES = 8;
const FLAT = 1.05;

/** A function of size, told as the cost at the largest over that at the smallest. */
interface Curve {
	readonly name: string;
	readonly sizes: readonly number[];
	/** Computrons of one operation. */
	readonly cost: (size: number) => number;
	readonly unit: string;
}

/** How costs grow with the number of subscriptions and handlers, with a message's length, and with a queue's. */
export const growth: Measure = async () => {
	const receive = await receiveProgram();
	const program = await bundle(new URL("./growth-xs.ts", import.meta.url));
	const curves: Curve[] = [
		{ name: "URC handlers", sizes: SIZES, cost: size => lineCost(receive, size), unit: "computrons/line" },
		{
			name: "subscriptions",
			sizes: SIZES,
			cost: size => dispatchCost(program, size),
			unit: "computrons/message",
		},
		{
			name: "payload bytes",
			sizes: PAYLOADS,
			cost: size => byteCost(receive, size),
			unit: "computrons/byte",
		},
		{
			name: "AT commands queued",
			sizes: [1, COMMANDS],
			cost: size => commandCost(program, size),
			unit: "computrons/command",
		},
		{
			name: "publishes queued",
			sizes: [1, PUBLISHES],
			cost: size => publishCost(program, size),
			unit: "computrons/message",
		},
	];
	return curves.flatMap(({ name, sizes, cost, unit }) => {
		const costs = sizes.map(cost);
		const figure = (title: string, value: number, rest: Partial<Figure>): Figure => ({
			group: "growth",
			name: title,
			value,
			unit,
			deterministic: true,
			...rest,
		});
		const ratio = costs[costs.length - 1] / costs[0];
		const span = `${sizes[sizes.length - 1]} over ${sizes[0]}`;
		return [
			...sizes.map((size, index) => figure(`${size} ${name}`, costs[index], {})),
			figure(`${name}, ${span}`, ratio, { unit: "", goal: { atMost: FLAT } }),
		];
	});
};

/** Evenly spread over `size`. */
function samples(size: number, textOf: (index: number) => string): string[] {
	return Array.from({ length: SAMPLES }, (_, sample) => textOf(Math.floor((sample * size) / SAMPLES)));
}

/** A line to one of so many handlers. */
function lineCost(program: string, size: number): number {
	const prefixOf = (index: number) => `+URC${String(index).padStart(4, "0")}`;
	return using(new ReceiveUnit(program, "firmware"), unit => {
		unit.listen(Array.from({ length: size }, (_, index) => prefixOf(index)));
		return unit.play(linesOf(samples(size, index => `${prefixOf(index)}: 1,2`))).computrons / SAMPLES;
	});
}

/** What a byte of a message's payload costs, the rest of the line included. */
function byteCost(program: string, size: number): number {
	return using(
		new ReceiveUnit(program, "firmware"),
		unit => unit.play(messagesOf(size, SAMPLES)).computrons / SAMPLES / size,
	);
}

/** A message to one of so many subscriptions of a session. */
function dispatchCost(program: string, size: number): number {
	const topicOf = (index: number) => `d/17/${String(index).padStart(4, "0")}/set`;
	return using(new ProgramUnit(program), unit => {
		unit.call("session", PUBLISHES);
		unit.call(
			"subscribe",
			Array.from({ length: size }, (_, index) => topicOf(index)),
		);
		settle(unit, size);
		const { result } = unit.call("deliver", samples(size, topicOf));
		const { delivered } = unit.call("state").result as State;
		if (delivered !== SAMPLES) throw new Error(`subscriptions: ${delivered} messages were delivered`);
		return Number(result) / SAMPLES;
	});
}

/** From `submit` to `onDone`, so many commands being queued at once. */
function commandCost(program: string, size: number): number {
	return using(new ProgramUnit(program), unit => {
		unit.call("scheduler", COMMANDS);
		unit.call("pass", 1000);
		// The first makes what serves all.
		unit.call("execute", 1);
		const computrons = Number(unit.call("execute", size).result);
		settle(unit, 1 + size);
		return computrons / size;
	});
}

/** From `publish` to its acknowledgement, so many messages being queued at once; the client class costs nothing to speak of. */
function publishCost(program: string, size: number): number {
	const run = (messages: number) =>
		using(new ProgramUnit(program), unit => {
			unit.call("session", PUBLISHES);
			settle(unit, 0);
			const computrons = unit.call("publish", messages).computrons + settle(unit, messages);
			return computrons;
		});
	return (run(size) - run(0)) / size;
}

interface State {
	readonly delivered: number;
	readonly settled: number;
	readonly failures: readonly string[];
}

/** Lets time pass until so many operations are done. @returns computrons */
function settle(unit: ProgramUnit, operations: number): number {
	let computrons = 0;
	for (let step = 0; step < STEPS; step++) computrons += unit.call("pass", 1).computrons;
	const { settled, failures } = unit.call("state").result as State;
	if (settled !== operations || failures.length)
		throw new Error(`${settled} of ${operations}; ${failures.join()}`);
	return computrons;
}

const STEPS = 300;

function using<Unit extends { close(): void }>(unit: Unit, measure: (unit: Unit) => number): number {
	try {
		return measure(unit);
	} finally {
		unit.close();
	}
}
