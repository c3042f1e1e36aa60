import Timer from "timer";
import test from "ava";
import { ClosedError, QueueFullError } from "../../../modules/at/errors.js";
import { execute } from "../../../modules/at/execute.js";
import { Request } from "../../../modules/at/request.js";
import { setTraceSink } from "../../shim/globals.js";
import { synchronisedBench } from "../bench.js";
import { Command } from "./commands.js";

/** A scheduler with a queue of two places: one command on the line, the queue full behind it. */
async function full() {
	const bench = await synchronisedBench({ queue: 2 });
	const { clock, scheduler, serial } = bench;
	const requests = Array.from({ length: 3 }, () => new Request(Command.signal, "execute"));
	for (const request of requests) scheduler.submit(request);
	const sent: string[] = [];
	/** The command on the line is answered, the next goes out. */
	const turn = async () => {
		serial.receive("\r\nOK\r\n");
		await clock.advance(60);
		sent.push(serial.take());
		serial.writable();
		await clock.advance(1);
	};
	await clock.advance(1);
	serial.take();
	serial.writable();
	await clock.advance(1);
	return { ...bench, requests, turn, sent };
}

test.serial("those who wait are told in order, each once, as places become free", async t => {
	const { scheduler, turn } = await full();
	const told: string[] = [];
	const waiter = (name: string) => () => {
		told.push(name);
		scheduler.submit(new Request(Command.signal, "execute"));
	};
	const one = waiter("one");
	t.true(scheduler.full);
	for (const onRoom of [one, waiter("two"), one]) scheduler.whenRoom(onRoom);
	t.deepEqual(told, []);
	await turn();
	t.deepEqual(told, ["one"]);
	t.true(scheduler.full);
	await turn();
	t.deepEqual(told, ["one", "two"]);
	await turn();
	t.deepEqual(told, ["one", "two"]);
	scheduler.close();
});

test.serial("one who does not use his place leaves it to the next; who forgets is not told", async t => {
	const { clock, scheduler, turn } = await full();
	const traced: string[] = [];
	setTraceSink(text => traced.push(text));
	t.teardown(() => setTraceSink(undefined));
	const told: string[] = [];
	const three = () => told.push("three");
	scheduler.whenRoom(() => {
		told.push("one");
		throw new Error("contained");
	});
	scheduler.whenRoom(() => told.push("two"));
	scheduler.whenRoom(three);
	scheduler.forget(three);
	await turn();
	t.deepEqual(told, ["one", "two"]);
	t.true(traced.join("").includes("contained"));
	scheduler.whenRoom(() => told.push("at once"));
	t.deepEqual(told, ["one", "two"], "not from inside a method");
	await clock.advance(1);
	t.deepEqual(told, ["one", "two", "at once"]);
	scheduler.close();
});

test.serial("a command taken back makes room, told by a timer", async t => {
	const { clock, scheduler, requests } = await full();
	let told = 0;
	scheduler.whenRoom(() => told++);
	scheduler.cancel(requests[1]);
	t.is(told, 0);
	await clock.advance(1);
	t.is(told, 1);
	scheduler.close();
});

test.serial("who finds the place gone waits again, behind the others", async t => {
	const { clock, scheduler, requests, turn } = await full();
	const told: string[] = [];
	const one = () => {
		told.push("one");
		if (scheduler.full) scheduler.whenRoom(one);
		else scheduler.submit(new Request(Command.signal, "execute"));
	};
	scheduler.whenRoom(one);
	scheduler.cancel(requests[1]);
	scheduler.submit(requests[1]);
	await clock.advance(1);
	t.deepEqual(told, [], "there is no room to tell of");
	await turn();
	t.deepEqual(told, ["one"]);
	scheduler.close();
});

test.serial(
	"execute waits for room, in order; more than 32 are refused, who waits by himself is not",
	async t => {
		const { clock, scheduler, serial, sent, turn } = await full();
		const done: number[] = [];
		const waiting = Array.from({ length: 32 }, async (_, index) => {
			await execute(scheduler, Command.signal, "execute");
			done.push(index);
		});
		await t.throwsAsync(execute(scheduler, Command.signal, "execute"), { instanceOf: QueueFullError });
		let told = 0;
		scheduler.whenRoom(() => told++);
		for (let i = 0; i < 36; i++) await turn();
		await Promise.all(waiting);
		t.is(told, 1);
		t.deepEqual(
			done,
			Array.from({ length: 32 }, (_, index) => index),
		);
		t.is(sent.filter(text => text === "AT+CSQ\r").length, 34);
		await clock.advance(1);
		t.is(serial.take(), "");
		scheduler.close();
	},
);

test.serial(
	"the scheduler is closed: who waits is told, and what execute waits with ends with a ClosedError",
	async t => {
		const { clock, scheduler } = await full();
		let told = 0;
		scheduler.whenRoom(() => told++);
		const failed = t.throwsAsync(execute(scheduler, Command.signal, "execute"), { instanceOf: ClosedError });
		scheduler.close();
		t.is(told, 0);
		await clock.advance(1);
		await failed;
		t.is(told, 1);
	},
);

test.serial("a parameter that is wrong is told, though there was no room at first", async t => {
	const { scheduler, turn } = await full();
	const failed = t.throwsAsync(
		execute(scheduler, { name: "+X", timeout: 300, parameters: [] }, "write", [1]),
		{
			message: /AT\+X/,
		},
	);
	await turn();
	await failed;
	scheduler.close();
});

test.serial("only who forgets loses his place", async t => {
	const { scheduler, turn } = await full();
	const told: string[] = [];
	const [first, second, third] = ["first", "second", "third"].map(name => () => told.push(name));
	for (const onRoom of [first, second, third]) scheduler.whenRoom(onRoom);
	scheduler.forget(() => told.push("stranger"));
	scheduler.forget(first);
	scheduler.forget(first);
	await turn();
	t.deepEqual(told, ["second", "third"]);
	scheduler.close();
});

test.serial("one who is told may have another forgotten; what he throws is traced as a line", async t => {
	const { scheduler, turn } = await full();
	const traced: string[] = [];
	setTraceSink(text => traced.push(text));
	t.teardown(() => setTraceSink(undefined));
	const told: string[] = [];
	const second = () => told.push("second");
	scheduler.whenRoom(() => {
		told.push("first");
		scheduler.forget(second);
	});
	scheduler.whenRoom(second);
	await turn();
	t.deepEqual(told, ["first"]);
	t.deepEqual(traced, []);
	scheduler.whenRoom(() => {
		throw new RangeError("no use");
	});
	await turn();
	t.deepEqual(traced, ["AT: who waited for room threw RangeError: no use\n"]);
	scheduler.close();
});

test.serial("who waits again while there is room is told by the next timer, not by the same", async t => {
	const { clock, scheduler, requests } = await full();
	const told: string[] = [];
	const again = () => {
		told.push("told");
		if (told.length > 1) return;
		Timer.set(() => told.push("another timer"));
		scheduler.whenRoom(again);
	};
	scheduler.whenRoom(again);
	scheduler.cancel(requests[1]);
	await clock.advance(1);
	t.deepEqual(told, ["told", "another timer", "told"]);
	scheduler.close();
});
