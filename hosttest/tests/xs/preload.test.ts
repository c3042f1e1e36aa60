import { Aedes } from "aedes";
import test, { type ExecutionContext } from "ava";
import { fileURLToPath } from "node:url";
import { preloadedProgram } from "../../xs/preload/instrument.js";
import { VirtualClock, useClock } from "../../shim/clock.js";
import { resetSerial, wire } from "../../shim/serial.js";
import { SimulatedBC20 } from "../../simulator/modem.js";
import { brokerNetwork } from "../../simulator/network.js";
import { Unit } from "../../xs/unit.js";
import { XSError, XSWorker, missingXS } from "../../xs/worker.js";
import { skip } from "./engine.js";

const MESSAGES = 3;
const missing = missingXS();
const decoder = new TextDecoder();

/** Registers a test that needs XS. */
function onXS(title: string, run: (t: ExecutionContext) => Promise<void>): void {
	if (missing === undefined) test.serial(title, run);
	else skip(title, missing);
}

onXS(
	`xs preload › all modules load as preload has it, and the firmware acknowledges ${MESSAGES} messages`,
	async t => {
		const clock = new VirtualClock({ turns: 12 });
		useClock(clock);
		resetSerial();
		const broker = await Aedes.createBroker();
		t.teardown(() => new Promise<void>(resolve => broker.close(resolve)));
		const modem = new SimulatedBC20({ network: brokerNetwork(stream => void broker.handle(stream)) });
		wire(1, modem);
		const events: [name: string, value: unknown][] = [];
		const unit = new Unit(await preloadedProgram(), { onEvent: (name, value) => events.push([name, value]) });
		t.teardown(async () => {
			unit.close();
			modem.power(false);
			await clock.advance(1000);
			resetSerial();
		});
		const count = (name: string) => events.filter(([event]) => event === name).length;
		const config = {
			serial: { port: 1, receive: 16, transmit: 17, baud: 115_200 },
			keys: { power: 4, reset: 5 },
			mqtt: { host: "broker.example.com", id: "unit", user: "user", password: "password" },
			telemetry: { topic: "telemetry/unit", QoS: 1, interval: 60 },
			analog: { pin: 34 },
		};
		unit.call("start", config);
		await clock.run(() => count("acknowledged") >= MESSAGES, 600_000);
		unit.call("stop");
		await clock.run(() => count("stopped") > 0, 60_000);
		t.deepEqual(
			events.filter(([name]) => ["error", "disconnected", "trace"].includes(name)),
			[],
		);
		t.deepEqual(JSON.parse(decoder.decode(unit.evaluate("preloadedWritten()").bytes)), []);
	},
);

/** What each fixture is caught at: loading or running. */
const caught: readonly [fixture: string, message: RegExp][] = [
	["map", /^TypeError: set: read-only instance/],
	["private-map", /^TypeError: set: read-only instance/],
	["weak-map", /^TypeError: set: read-only instance/],
	["set", /^TypeError: add: read-only instance/],
	["typed-array", /fixtures\/typed-array\.ts: a buffer that was preloaded is written$/],
	["static-counter", /^TypeError: .*not writable/],
	["prototype", /^TypeError: .*not extensible/],
	["error-name", /^TypeError: .*name.*not writable/],
	["built-in", /^TypeError: .*not extensible/],
	["regular-expression", /^TypeError: .*lastIndex.*not writable/],
	["stringified", /^TypeError: JSON\.stringify: read-only object/],
	["timer", /^Error: Timer\.set at load time$/],
	["date", /^Error: Date\.now at load time$/],
	["new-date", /^Error: new Date at load time$/],
	["random", /^Error: Math\.random at load time$/],
];

for (const [fixture, message] of caught)
	onXS(`xs preload › caught: ${fixture}`, async t => {
		await t.throwsAsync(() => runFixture(fixture), { instanceOf: XSError, message });
	});

test("xs preload › caught: private-static-counter", async t => {
	await t.throwsAsync(() => preloadedProgram(fixturePath("private-static-counter")), {
		message: /fixtures\/private-static-counter\.ts: static #count is written/,
	});
});

onXS("xs preload › what a module may do: variables, plain objects, what it makes when it runs", async t => {
	await t.notThrowsAsync(() => runFixture("allowed"));
});

function fixturePath(name: string): string {
	return fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url));
}

async function runFixture(name: string): Promise<void> {
	const program = await preloadedProgram(fixturePath(name));
	const worker = new XSWorker();
	try {
		worker.evaluate(program);
		worker.command(new Uint8Array(0));
	} finally {
		worker.close();
	}
}
