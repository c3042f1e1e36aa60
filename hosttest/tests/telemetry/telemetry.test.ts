import test from "ava";
import fc from "fast-check";
import Timer from "timer";
import { Telemetry, TelemetryError, type TelemetryOptions } from "../../../modules/telemetry/telemetry.js";
import { PublisherError } from "../../../modules/telemetry/publisher.js";
import { SenmlError } from "../../../modules/telemetry/senml.js";
import { VirtualClock, useClock } from "../../shim/clock.js";
import { setTraceSink } from "../../shim/globals.js";
import { type ConnectPlan, FakeBroker, type PublishPlan } from "./fake-mqtt.js";
import { MemoryFlash } from "./memory-flash.js";

// Each test has its own virtual clock, and the clock in use is one for the process.
const serial = test.serial;

class Thermometer {
	sample() {
		return { temperature: 21.5 };
	}
	close() {
		return undefined;
	}
}

interface Log {
	sampled: number[];
	acknowledged: { sequence: number; text: string; latencyMs: number | undefined }[];
	connected: number;
	errors: unknown[];
	disconnected: { error: unknown; retryInMs: number }[];
}

function start(broker: FakeBroker, flash: MemoryFlash, more: Partial<TelemetryOptions> = {}) {
	const log: Log = { sampled: [], acknowledged: [], connected: 0, errors: [], disconnected: [] };
	const telemetry = new Telemetry({
		mqtt: broker.provider,
		host: "broker.example",
		id: "unit-1",
		user: "user",
		password: "secret",
		topic: "site/unit-1",
		intervalMs: 60_000,
		sensors: [{ io: Thermometer, name: "air" }],
		flash,
		backoff: { firstMs: 1_000, random: () => 0.5 },
		onSampled: ({ sequence }) => log.sampled.push(sequence),
		onAcknowledged: ({ sequence, payload, latencyMs }) =>
			log.acknowledged.push({ sequence, text: String.fromArrayBuffer(payload.slice().buffer), latencyMs }),
		onConnected: () => log.connected++,
		onDisconnected: (error, { retryInMs }) => log.disconnected.push({ error, retryInMs }),
		onError: error => log.errors.push(error),
		...more,
	});
	return { telemetry, log };
}

function setup() {
	const clock = new VirtualClock({ turns: 1 });
	useClock(clock);
	return { clock, broker: new FakeBroker(), flash: new MemoryFlash(4, 1024) };
}

const codeOf = (error: unknown) => (error as Partial<TelemetryError>).code;
const sequenceOf = (payload: string) => (JSON.parse(payload) as { v: number }[])[0].v;
const sequences = (broker: FakeBroker) => broker.received.map(({ payload }) => sequenceOf(payload));
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

serial(
	"samples at once and then at each interval, publishes with QoS 1, and takes acknowledged messages out",
	async t => {
		const { clock, broker, flash } = setup();
		const { telemetry, log } = start(broker, flash, { keepAlive: 240_000, port: 8883, retain: true });
		t.is(broker.connects.length, 0);
		await clock.advance(180_000);
		t.deepEqual(log.sampled, [1, 2, 3, 4]);
		t.deepEqual(
			log.acknowledged.map(({ sequence }) => sequence),
			[1, 2, 3],
		);
		await clock.advance(1_000);
		t.is(telemetry.sampled, 4);
		t.is(telemetry.acknowledged, 4);
		t.is(telemetry.waiting, 0);
		t.is(telemetry.dropped, 0);
		t.true(telemetry.isConnected);
		t.is(log.connected, 1);
		t.deepEqual(log.errors, []);
		t.is(broker.connects.length, 1);
		const { options } = broker.connects[0];
		t.like(options, {
			host: "broker.example",
			port: 8883,
			id: "unit-1",
			user: "user",
			password: "secret",
			keepAlive: 240_000,
			modem: "an option of the client",
		});
		t.false("clean" in options);
		t.deepEqual(JSON.parse(broker.received[0].payload), [
			{ bn: "unit-1/", bt: Date.UTC(2026, 0, 1) / 1000, n: "seq", v: 1 },
			{ n: "air/temperature", u: "Cel", v: 21.5 },
		]);
		t.like(broker.received[0], { QoS: 1, retain: true, duplicate: false, topic: "site/unit-1", pieces: 1 });
		t.deepEqual(log.acknowledged[0].text, broker.received[0].payload);
		t.is(log.acknowledged[1].latencyMs, 50);
		telemetry.close();
		telemetry.close();
		await clock.advance(600_000);
		t.is(log.sampled.length, 4);
		t.is(broker.open, 0);
		t.true(flash.isClosed);
	},
);

for (const QoS of [0, 1, 2])
	serial(`QoS ${QoS}: every message once, none waiting`, async t => {
		const { clock, broker, flash } = setup();
		const { telemetry } = start(broker, flash, { QoS, intervalMs: 1_000 });
		await clock.advance(20_500);
		t.deepEqual(sequences(broker), range(1, 21));
		t.true(broker.received.every(message => message.QoS === QoS && !message.duplicate));
		t.is(telemetry.waiting, 0);
		telemetry.close();
	});

serial("packet identifiers count, and sampling does not drift with slow turns", async t => {
	const { clock, broker, flash } = setup();
	const times: number[] = [];
	const { telemetry } = start(broker, flash, { intervalMs: 1_000, onSampled: () => times.push(clock.now) });
	const busy = Timer.repeat(() => clock.block(130), 370);
	await clock.advance(59_500);
	Timer.clear(busy);
	t.is(times.length, 60);
	t.true(
		times.every((time, i) => time >= i * 1000 && time < i * 1000 + 400),
		times.join(),
	);
	t.deepEqual(broker.received.map(({ id }) => id).slice(0, 5), [1, 2, 3, 4, 5]);
	telemetry.close();
});

serial("a turn longer than intervals skips samples and reports how many", async t => {
	const { clock, broker, flash } = setup();
	const { telemetry, log } = start(broker, flash, { intervalMs: 1_000 });
	await clock.advance(1_500);
	clock.block(3_700);
	await clock.advance(1_000);
	t.deepEqual(
		log.errors.map(error => (error as TelemetryError).count),
		[3],
	);
	t.is((log.errors[0] as TelemetryError).code, "late");
	t.is(log.sampled.length, 4);
	telemetry.close();
});

serial("a message larger than the room goes out in pieces", async t => {
	const { clock, broker, flash } = setup();
	broker.room = 40;
	const { telemetry } = start(broker, flash, { intervalMs: 10_000 });
	await clock.advance(25_000);
	t.deepEqual(sequences(broker), [1, 2, 3]);
	t.true(broker.received[0].pieces >= 3);
	t.is(broker.overflows, 0);
	t.is(telemetry.waiting, 0);
	telemetry.close();
});

serial("a client with more overhead than usual overflows, and smaller pieces are tried", async t => {
	const { clock, broker, flash } = setup();
	broker.room = 20; // less than the overhead that is reserved: topic 11 + 9
	const { telemetry } = start(broker, flash, { intervalMs: 10_000 });
	await clock.advance(5_000);
	t.deepEqual(sequences(broker), [1]);
	t.is(telemetry.waiting, 0);
	telemetry.close();
});

serial("what the broker acknowledges twice, or never got, changes nothing", async t => {
	const { clock, broker, flash } = setup();
	broker.publishPlan = count => (count % 2 ? "acknowledge twice" : "acknowledge unknown first");
	const { telemetry, log } = start(broker, flash, { intervalMs: 1_000 });
	await clock.advance(9_500);
	t.deepEqual(sequences(broker), range(1, 10));
	t.deepEqual(
		log.acknowledged.map(({ sequence }) => sequence),
		range(1, 10),
	);
	t.is(telemetry.waiting, 0);
	telemetry.close();
});

serial("an acknowledgement of another identifier leaves the message in the outbox", async t => {
	for (const QoS of [1, 2]) {
		const { clock, broker, flash } = setup();
		broker.publishPlan = count => (count === 1 ? "acknowledge unknown" : "acknowledge");
		const { telemetry } = start(broker, flash, { QoS, intervalMs: 600_000 });
		await clock.advance(100_000);
		t.is(telemetry.waiting, 1);
		await clock.advance(100_000);
		t.is(telemetry.waiting, 0);
		t.deepEqual(
			broker.received.map(({ id, duplicate }) => [id, duplicate]),
			[
				[1, false],
				[1, true],
			],
		);
		telemetry.close();
	}
});

for (const plan of ["lose before", "lose after", "throw"] as const)
	serial(
		`link lost while publishing (${plan}): the message stays and is sent again as a duplicate`,
		async t => {
			const { clock, broker, flash } = setup();
			broker.publishPlan = count => (count === 1 ? plan : "acknowledge");
			const { telemetry, log } = start(broker, flash);
			await clock.advance(30_000);
			t.is(log.disconnected.length, 1);
			t.is(log.disconnected[0].retryInMs, 501);
			const last = broker.received.at(-1);
			t.like(last, { id: 1, duplicate: plan !== "throw" });
			t.deepEqual(sequences(broker), plan === "lose after" ? [1, 1] : [1]);
			t.deepEqual(
				log.acknowledged.map(({ sequence }) => sequence),
				[1],
			);
			t.is(telemetry.waiting, 0);
			telemetry.close();
		},
	);

serial("with QoS 0 a lost link sends again without the duplicate flag", async t => {
	const { clock, broker, flash } = setup();
	broker.room = 30;
	broker.drainMs = 200;
	const { telemetry } = start(broker, flash, { QoS: 0 });
	await clock.run(() => broker.writes.length > 1, 5_000);
	broker.lose(new Error("gone"));
	await clock.advance(10_000);
	t.deepEqual(sequences(broker), [1]);
	t.false(broker.received[0].duplicate);
	t.is(telemetry.waiting, 0);
	telemetry.close();
});

serial("without an acknowledgement the link is given up after the time limit", async t => {
	const { clock, broker, flash } = setup();
	broker.publishPlan = count => (count === 1 ? "silent" : "acknowledge");
	const { telemetry, log } = start(broker, flash, { intervalMs: 600_000 });
	await clock.advance(170_000);
	t.is(log.disconnected.length, 0);
	await clock.advance(20_000);
	t.is((log.disconnected[0].error as PublisherError).code, "timeout");
	t.deepEqual(sequences(broker), [1, 1]);
	t.true(broker.received[1].duplicate);
	t.is(telemetry.waiting, 0);
	t.is(log.acknowledged[0].latencyMs, 180_050 + 501 + 50 + 50);
	telemetry.close();
});

for (const [given, own, limitMs] of [
	[undefined, 1_322_000, 1_352_000],
	[undefined, 90_000, 180_000],
	[20_000, 1_322_000, 20_000],
] as const)
	serial(`acknowledgeLimitMs ${given}, the class's own ${own}: ${limitMs}`, async t => {
		const { clock, broker, flash } = setup();
		broker.publishPlan = () => "silent";
		broker.acknowledgeLimitMs = own;
		const { telemetry, log } = start(broker, flash, {
			intervalMs: 600_000_000,
			...(given && { acknowledgeLimitMs: given }),
		});
		await clock.run(() => broker.received.length === 1, 5_000);
		await clock.advance(limitMs - 1);
		t.deepEqual(log.disconnected, []);
		await clock.advance(1);
		t.regex(
			(log.disconnected[0].error as Error).message,
			new RegExp(`not acknowledged within ${limitMs} ms`),
		);
		telemetry.close();
	});

serial("connecting: refused, silent, failed or thrown is tried again, with a delay that grows", async t => {
	const { clock, broker, flash } = setup();
	const plans: ConnectPlan[] = ["throw", "error", "refuse", "silent", "throw", "accept"];
	broker.connectPlan = attempt => plans[attempt - 1] ?? "accept";
	const { telemetry, log } = start(broker, flash, { intervalMs: 3_600_000, connectLimitMs: 30_000 });
	await clock.advance(100_000);
	t.deepEqual(
		log.disconnected.map(({ retryInMs }) => retryInMs),
		[501, 1001, 2001, 4001, 8001],
	);
	t.like(log.disconnected[2].error, { code: "refused", returnCode: 5 });
	t.regex((log.disconnected[2].error as Error).message, /not authorized/);
	t.like(log.disconnected[3].error, { code: "timeout" });
	for (const { error } of log.disconnected) t.false(String(error).includes("secret"));
	t.deepEqual(sequences(broker), [1]);
	t.is(broker.open, 1);
	// An acknowledged message begins the backoff anew.
	broker.lose();
	t.is(log.disconnected.at(-1)?.retryInMs, 501);
	t.is((log.disconnected.at(-1)?.error as PublisherError).code, "link");
	telemetry.close();
});

serial("connections that do not bring a message to the broker do not reset the backoff", async t => {
	const { clock, broker, flash } = setup();
	broker.publishPlan = () => "lose before";
	const { telemetry, log } = start(broker, flash, { intervalMs: 3_600_000 });
	await clock.advance(40_000);
	t.deepEqual(log.disconnected.map(({ retryInMs }) => retryInMs).slice(0, 5), [501, 1001, 2001, 4001, 8001]);
	t.is(telemetry.waiting, 1);
	telemetry.close();
});

serial("what waited before a restart is sent first, in order, with no latency", async t => {
	const { clock, broker, flash } = setup();
	broker.connectPlan = () => "error";
	const { telemetry: first } = start(broker, flash);
	await clock.advance(150_000);
	t.is(first.waiting, 3);
	first.close();
	flash.isClosed = false;
	broker.connectPlan = () => "accept";
	const { telemetry, log } = start(broker, flash);
	await clock.advance(5_000);
	t.deepEqual(sequences(broker), [1, 2, 3, 4]);
	t.deepEqual(
		log.acknowledged.map(({ latencyMs }) => latencyMs !== undefined),
		[false, false, false, true],
	);
	telemetry.close();
});

serial("stop waits for the message in flight, disconnects and closes", async t => {
	const { clock, broker, flash } = setup();
	broker.delayMs = 2_000;
	let stopped = 0;
	const { telemetry, log } = start(broker, flash);
	await clock.run(() => broker.received.length === 1, 10_000);
	telemetry.stop(function (this: Telemetry) {
		t.is(this, telemetry);
		t.is(telemetry.acknowledged, 1);
		t.is(telemetry.waiting, 0);
		stopped++;
	});
	t.is(stopped, 0);
	await clock.advance(1_000);
	t.is(broker.disconnects, 0);
	await clock.advance(5_000);
	t.is(stopped, 1);
	t.is(broker.disconnects, 1);
	t.is(broker.open, 0);
	t.true(flash.isClosed);
	t.deepEqual(log.disconnected, []);
	await clock.advance(600_000);
	t.is(stopped, 1);
	t.is(log.sampled.length, 1);
});

serial("stop gives up the message in flight after its limit: it stays in the outbox", async t => {
	const { clock, broker, flash } = setup();
	broker.publishPlan = () => "silent";
	let stoppedAt = 0;
	const { telemetry } = start(broker, flash);
	await clock.advance(1_000);
	telemetry.stop(() => {
		t.is(telemetry.waiting, 1);
		stoppedAt = clock.now;
	});
	await clock.advance(60_000);
	t.is(stoppedAt, 1_000 + 10_000 + 50);
	t.is(broker.disconnects, 1);
});

serial("stop without a connection ends at once", async t => {
	const { clock, broker, flash } = setup();
	broker.connectPlan = () => "silent";
	let stopped = 0;
	const { telemetry } = start(broker, flash);
	await clock.advance(1_000);
	telemetry.stop(() => stopped++);
	await clock.advance(0);
	t.is(stopped, 1);
	t.is(broker.disconnects, 0);
	t.is(broker.open, 0);
});

serial("a link lost while stopping ends the stop", async t => {
	const { clock, broker, flash } = setup();
	broker.publishPlan = () => "silent";
	let stopped = 0;
	const { telemetry, log } = start(broker, flash);
	await clock.advance(1_000);
	telemetry.stop(() => stopped++);
	await clock.advance(100);
	broker.lose(new Error("gone"));
	t.is(stopped, 1);
	t.deepEqual(log.disconnected, []);
});

serial("flash is written only while it is quiet, within patience", async t => {
	const { clock, broker, flash } = setup();
	let isQuiet = true;
	let noisyWrites = 0;
	const write = flash.write.bind(flash);
	flash.write = (buffer, offset) => {
		if (!isQuiet) noisyWrites++;
		write(buffer, offset);
	};
	const eraseBlock = flash.eraseBlock.bind(flash);
	let noisyErases = 0;
	flash.eraseBlock = block => {
		if (!isQuiet) noisyErases++;
		eraseBlock(block);
	};
	const noise = Timer.repeat(() => (isQuiet = clock.now % 1_000 >= 700), 100);
	const { telemetry, log } = start(broker, flash, { intervalMs: 1_000, isQuiet: () => isQuiet });
	await clock.advance(100_000);
	t.is(noisyWrites, 0);
	t.true(log.acknowledged.length >= 98);
	Timer.clear(noise);
	isQuiet = false;
	await clock.advance(10_000);
	t.true(noisyWrites > 0);
	t.true(log.sampled.length >= 105);
	t.is(noisyErases, 0);
	telemetry.close();
});

serial("a pack that does not fit and a sensor that throws are reported, and the rest goes on", async t => {
	const { clock, broker, flash } = setup();
	let size = 0;
	class Text extends Thermometer {
		override sample() {
			if (size === 1) throw new Error("no answer on I2C");
			return { temperature: 1, label: "x".repeat(size) };
		}
	}
	const { telemetry, log } = start(broker, flash, { intervalMs: 1_000, sensors: [{ io: Text, name: "t" }] });
	await clock.advance(500);
	size = 900;
	await clock.advance(1_000);
	size = 1;
	await clock.advance(1_000);
	t.is(log.errors.length, 2);
	t.true(log.errors[0] instanceof SenmlError);
	t.regex((log.errors[0] as Error).message, /limit of 700/);
	t.regex((log.errors[1] as Error).message, /sensor t: no answer on I2C/);
	t.deepEqual(sequences(broker), [1, 2]);
	telemetry.close();
});

serial("a full outbox is reported with the number of messages dropped", async t => {
	for (const full of ["oldest", "newest"] as const) {
		const { clock, broker, flash } = setup();
		broker.connectPlan = () => "error";
		const { telemetry, log } = start(broker, flash, { full, intervalMs: 1_000, backoff: { firstMs: 1_000 } });
		await clock.advance(60_000);
		t.true(telemetry.dropped > 0);
		const reported = log.errors.map(error => (error as TelemetryError).count).reduce((a, b) => a + b, 0);
		t.is(reported, telemetry.dropped);
		t.is(telemetry.waiting + telemetry.dropped, 61);
		telemetry.close();
	}
});

for (const QoS of [0, 1, 2])
	for (const plan of ["refuse", "refuse later"] as const) {
		const name = `QoS ${QoS}, ${plan}`;

		serial(
			`${name}: refused on three connections, a message is given up and reported; the others go on`,
			async t => {
				const { clock, broker, flash } = setup();
				broker.publishPlan = count => (count <= 3 ? plan : "acknowledge");
				const { telemetry, log } = start(broker, flash, { QoS, intervalMs: 600_000 });
				await clock.advance(601_000);
				t.deepEqual(
					log.errors.map(error => [(error as TelemetryError).code, (error as TelemetryError).count]),
					[["refused", 1]],
				);
				t.regex((log.errors[0] as Error).message, /message 1 given up/);
				t.deepEqual(
					log.disconnected.map(({ retryInMs }) => retryInMs),
					[501, 1001, 2001],
					"each on a connection of its own, with a delay",
				);
				t.is(broker.connects.length, 4);
				t.deepEqual(sequences(broker), [2]);
				t.deepEqual(
					log.acknowledged.map(({ sequence }) => sequence),
					[2],
				);
				t.is(telemetry.waiting, 0);
				telemetry.close();
			},
		);

		serial(`${name}: refused twice, a message is not lost; the refusals of another count anew`, async t => {
			const { clock, broker, flash } = setup();
			const plans = [plan, plan, "acknowledge", plan, plan] as PublishPlan[];
			broker.publishPlan = count => plans[count - 1] ?? "acknowledge";
			const { telemetry, log } = start(broker, flash, { QoS, intervalMs: 600_000 });
			await clock.advance(650_000);
			t.deepEqual(log.errors, []);
			t.deepEqual(sequences(broker), [1, 2]);
			t.is(telemetry.waiting, 0);
			telemetry.close();
		});
	}

serial("refused for the third time while flash may not be written: given up when it may", async t => {
	const { clock, broker, flash } = setup();
	broker.publishPlan = count => (count <= 5 ? "refuse later" : "acknowledge");
	let isQuiet = true;
	const { telemetry, log } = start(broker, flash, {
		intervalMs: 600_000,
		isQuiet: () => isQuiet,
		backoff: { maximumMs: 1_000, random: () => 0.5 },
		onDisconnected: () => (isQuiet = broker.publishes < 3),
	});
	await clock.advance(10_000);
	t.is(telemetry.waiting, 0);
	t.deepEqual(
		log.errors.map(error => (error as TelemetryError).code),
		["refused"],
	);
	t.deepEqual(sequences(broker), [], "and not sent after all");
	telemetry.close();
});

serial("a refusal of another message changes nothing", async t => {
	const { clock, broker, flash } = setup();
	broker.delayMs = 500;
	const { telemetry, log } = start(broker, flash, { intervalMs: 600_000 });
	await clock.run(() => broker.received.length === 1, 10_000);
	const { onRefused } = broker.connects[0].options;
	for (const id of [0, 2]) onRefused(id, new Error("another"));
	await clock.advance(1_000);
	onRefused(1, new Error("late"));
	await clock.advance(1_000);
	t.is(telemetry.acknowledged, 1);
	t.deepEqual([log.errors, log.disconnected], [[], []]);
	telemetry.close();
});

serial("a client that throws for a while loses nothing", async t => {
	const { clock, broker, flash } = setup();
	broker.publishPlan = count => (count <= 6 ? "throw" : "acknowledge");
	const { telemetry, log } = start(broker, flash, { intervalMs: 600_000 });
	await clock.advance(601_000);
	t.deepEqual(log.errors, []);
	t.deepEqual(sequences(broker), [1, 2]);
	telemetry.close();
});

serial("a partition that held something else is reported", async t => {
	const { clock, broker, flash } = setup();
	flash.write(new Uint8Array(100).fill(0x5a), 0);
	const { telemetry, log } = start(broker, flash);
	await clock.advance(1_000);
	t.deepEqual(
		log.errors.map(error => (error as TelemetryError).code),
		["reformatted"],
	);
	t.deepEqual(sequences(broker), [1]);
	telemetry.close();
});

serial("exceptions in callbacks are contained", async t => {
	const { clock, broker, flash } = setup();
	const traced: string[] = [];
	setTraceSink(text => traced.push(text));
	const fail = () => {
		throw new Error("mine");
	};
	const errors: unknown[] = [];
	const { telemetry } = start(broker, flash, {
		onSampled: fail,
		onConnected: fail,
		onAcknowledged: fail,
		onDisconnected: fail,
		onError: error => {
			errors.push(error);
			if (errors.length === 4) fail();
		},
	});
	await clock.advance(1_000);
	broker.lose();
	await clock.advance(1_000);
	setTraceSink(undefined);
	t.deepEqual(
		errors.slice(0, 4).map(error => (error as TelemetryError).code),
		Array(4).fill("callback"),
	);
	t.deepEqual(traced, ["telemetry: onError threw: mine\n"]);
	t.is(telemetry.acknowledged, 1);
	telemetry.close();
});

serial("flash that fails is reported, and nothing is acknowledged twice at full speed", async t => {
	const { clock, broker, flash } = setup();
	const { telemetry, log } = start(broker, flash, { intervalMs: 3_600_000 });
	await clock.run(() => broker.received.length === 1, 5_000);
	flash.write = () => {
		throw new Error("flash failed");
	};
	await clock.advance(60_000);
	t.true(log.disconnected.length > 1);
	t.true(broker.received.length < 12, `${broker.received.length}`);
	t.is(log.acknowledged.length, 0);
	telemetry.close();
});

serial("isQuiet that throws is taken as not quiet", async t => {
	const { clock, broker, flash } = setup();
	const isQuiet = () => {
		throw new Error("closed");
	};
	const { telemetry, log } = start(broker, flash, { isQuiet });
	await clock.advance(10_000);
	t.deepEqual(sequences(broker), [1]);
	t.is(telemetry.waiting, 0);
	t.true(log.errors.length > 1 && log.errors.length < 500, `${log.errors.length}`);
	telemetry.close();
});

serial("callbacks may close", async t => {
	for (const name of ["onSampled", "onConnected", "onAcknowledged", "onDisconnected"] as const) {
		const { clock, broker, flash } = setup();
		let calls = 0;
		const { telemetry } = start(broker, flash, {
			[name]: function (this: Telemetry) {
				calls++;
				this.close();
			},
		});
		await clock.advance(10_000);
		broker.lose();
		await clock.advance(200_000);
		t.is(calls, 1, name);
		t.is(broker.open, 0);
		telemetry.close();
	}
});

serial("wrong options throw before anything is taken; frozen options are fine", t => {
	const { broker, flash } = setup();
	const wrong: [Partial<Record<keyof TelemetryOptions, unknown>>, RegExp][] = [
		[{ mqtt: {} }, /mqtt.io/],
		[{ host: "" }, /host/],
		[{ id: undefined }, /id/],
		[{ topic: "a/#" }, /topic/],
		[{ QoS: 3 }, /QoS 3/],
		[{ intervalMs: 0 }, /intervalMs 0/],
		[{ intervalMs: NaN }, /intervalMs/],
		[{ sensors: undefined }, /sensors/],
		[{ sensors: [{}] }, /sensor 0 has no class/],
		[{ packLimit: 0 }, /packLimit 0/],
		[{ baseName: "with space/" }, /with space/],
		[{ backoff: { firstMs: 0 } }, /firstMs 0/],
		[{ full: "both" }, /full/],
		[{ flash: undefined }, /flash/],
	];
	for (const [more, message] of wrong)
		t.throws(() => start(broker, flash, more as Partial<TelemetryOptions>), { message });
	t.is(flash.writes, 0);
	t.is(broker.connects.length, 0);
	const options = Object.freeze({
		mqtt: Object.freeze(broker.provider),
		host: "h",
		id: "i",
		topic: "t",
		sensors: Object.freeze([]),
		flash,
	});
	new Telemetry(options).close();
	t.pass();
});

serial(
	"property: whatever the link and restarts do, each accepted message arrives, and numbers show all holes",
	async t => {
		const plans: PublishPlan[] = [
			"acknowledge",
			"acknowledge",
			"acknowledge twice",
			"acknowledge unknown first",
			"refuse later",
			"lose before",
			"lose after",
			"silent",
			"throw",
		];
		const connects: ConnectPlan[] = ["accept", "accept", "accept", "refuse", "throw", "silent", "error"];
		const step = fc.record({
			kind: fc.constantFrom("run", "run", "run", "lose", "restart", "cut"),
			ms: fc.integer({ min: 1, max: 40_000 }),
		});
		await fc.assert(
			fc.asyncProperty(
				fc.array(step, { maxLength: 12 }),
				fc.array(fc.constantFrom(...plans), { minLength: 1, maxLength: 12 }),
				fc.array(fc.constantFrom(...connects), { minLength: 1, maxLength: 6 }),
				fc.constantFrom(0, 1, 2),
				fc.constantFrom("oldest" as const, "newest" as const),
				fc.constantFrom(1400, 60, 25),
				async (steps, publishPlans, connectPlans, QoS, full, room) => {
					const { clock, broker } = setup();
					let flash = new MemoryFlash(3, 512);
					broker.room = room;
					broker.publishPlan = count => {
						const plan = publishPlans[(count - 1) % publishPlans.length];
						// With QoS 0 nobody learns that a message was lost on its way.
						return QoS === 0 && plan === "lose before" ? "lose after" : plan;
					};
					broker.connectPlan = attempt => connectPlans[(attempt - 1) % connectPlans.length];
					const options = { QoS, full, intervalMs: 5_000, packLimit: 128, connectLimitMs: 20_000 };
					const accepted = new Set<number>();
					let dropped = 0;
					const run = () => {
						const started = start(broker, flash, { ...options, acknowledgeLimitMs: 30_000 });
						const { log, telemetry } = started;
						const dispose = () => {
							for (const sequence of log.sampled) accepted.add(sequence);
							// Given up after three refusals, and reported.
							return telemetry.dropped + log.errors.filter(error => codeOf(error) === "refused").length;
						};
						return { ...started, dispose };
					};
					let current = run();
					for (const { kind, ms } of steps) {
						if (kind === "lose") broker.lose(new Error("lost"));
						else if (kind !== "run") {
							dropped += current.dispose();
							if (kind === "restart") {
								let isStopped = false;
								current.telemetry.stop(() => (isStopped = true));
								await clock.run(() => isStopped, 60_000);
							} else {
								current.telemetry.close(); // like a power cut between two flash operations
							}
							flash = flash.reopened();
							current = run();
						}
						await clock.advance(ms);
					}
					broker.publishPlan = () => "acknowledge";
					broker.connectPlan = () => "accept";
					broker.room = 1400;
					await clock.run(() => current.telemetry.isConnected, 400_000);
					await clock.advance(40_000);
					dropped += current.dispose();
					const last = Math.max(...sequences(broker));
					current.telemetry.close();
					const got = new Set(sequences(broker));
					const holes = range(1, last).filter(sequence => !got.has(sequence));
					if (holes.length > dropped) throw new Error(`holes ${holes.join()}, but only ${dropped} dropped`);
					if (dropped === 0)
						for (const sequence of accepted)
							if (!got.has(sequence)) throw new Error(`${sequence} never arrived`);
					// One number, one message: duplicates are exactly what has the same number.
					const byNumber = new Map<number, string>();
					for (const { payload } of broker.received) {
						const sequence = sequenceOf(payload);
						if ((byNumber.get(sequence) ?? payload) !== payload)
							throw new Error(`two messages have number ${sequence}`);
						byNumber.set(sequence, payload);
					}
				},
			),
			{ numRuns: 150, seed: 42 },
		);
		t.pass();
	},
);
