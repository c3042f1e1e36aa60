import test, { type ExecutionContext } from "ava";
import { ClosedError } from "../../../modules/at/errors.js";
import type { Holder } from "../../../modules/bc20/identifiers.js";
import Serial from "../../shim/serial.js";
import { observe } from "../mqtt/observe.js";
import { Rig, SERIAL } from "./rig.js";

const nothing = () => undefined;
const thrower = () => {
	throw new Error("of a holder");
};
const holder = (more: Partial<Holder>): Holder => ({
	wish: 0,
	onAcquired: nothing,
	onStatus: nothing,
	onReceived: nothing,
	onLost: nothing,
	...more,
});
const isReported = (t: ExecutionContext, rig: Rig) =>
	t.true(rig.errors.some(({ name, message }) => name === "CallbackError" && message.includes("of a holder")));

for (const [method, cause] of [
	["onAcquired", nothing],
	["onLost", (rig: Rig) => rig.sim.reset()],
	["onStatus", (rig: Rig) => rig.modem.cycleContext()],
	["onStatus", (rig: Rig) => rig.line.say("+QMTSTAT: 0,1")],
	["onReceived", (rig: Rig) => rig.line.say('+QMTRECV: 0,0,"t","x"')],
] as const)
	test.serial(
		`a holder that throws in ${method} (${cause.toString()}): the others and the modem go on`,
		async t => {
			const rig = await Rig.ready(t);
			rig.modem.identifiers.acquire(holder({ [method]: thrower }));
			const other = observe(rig, { identifier: 1 });
			await other.connected();
			cause(rig);
			await rig.clock.advance(5000);
			await rig.up(300_000);
			isReported(t, rig);
			const next = observe(rig, { identifier: 2, id: "next" });
			await next.connected();
			// Who lost the connection has heard of it, though the first in line threw.
			const isLost = rig.sim.sessions[1].state !== "connected";
			t.is(other.errors.length, isLost ? 1 : 0);
			await rig.clock.advance(600_000);
			t.is(rig.modem.connection, 500);
		},
	);

test.serial("a port that throws when it is closed is given up, and another one opened", async t => {
	let closed = 0;
	class Stubborn extends Serial {
		override close(): void {
			super.close();
			closed++;
			throw new Error("close");
		}
	}
	const rig = await Rig.for(t);
	rig.start({ serial: { ...SERIAL, io: Stubborn } });
	await rig.up();
	rig.sim.reset();
	await rig.clock.advance(1000);
	await rig.up(300_000);
	t.is(closed, 1);
	t.deepEqual(rig.traced, []);
	t.notThrows(() => rig.modem.close());
	t.is(closed, 2);
});

test.serial(
	"closed: who holds, waits, or comes later hears of it, each once and from a turn of its own",
	async t => {
		const rig = await Rig.ready(t);
		const lost: string[] = [];
		const named = (name: string) =>
			holder({
				onLost: error => {
					t.true(error instanceof ClosedError);
					lost.push(name);
				},
			});
		const [holding, waiting, released] = ["holding", "waiting", "released"].map(named);
		for (const each of [holding, waiting, released]) rig.modem.identifiers.acquire(each);
		await rig.clock.advance(100);
		rig.modem.close();
		t.deepEqual(lost, []);
		rig.modem.identifiers.release(released);
		rig.modem.identifiers.acquire(named("late"));
		t.deepEqual(lost, []);
		await rig.clock.advance(100);
		t.deepEqual(lost.sort(), ["holding", "late", "waiting"]);
		rig.modem.identifiers.acquire(named("later"));
		await rig.clock.advance(100);
		t.is(lost.length, 4);
		t.true(await rig.isIdle());
	},
);

test.serial(
	"MQTT clients that wait when the modem is closed, or are made later, end with an error",
	async t => {
		const rig = await Rig.for(t);
		rig.start();
		const early = observe(rig);
		await rig.clock.advance(10);
		rig.modem.close();
		const late = observe(rig);
		t.deepEqual([early.events, late.events], [[], []]);
		await rig.clock.advance(100);
		t.deepEqual([early.events, late.events], [["error ClosedError"], ["error ClosedError"]]);
		t.true(await rig.isIdle());
	},
);
