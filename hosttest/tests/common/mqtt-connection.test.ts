import test from "ava";
import Timer from "timer";
import { type MQTTClientCallbacks, PacketIds } from "../../../modules/common/mqtt-client.js";
import { type ConnectionEvents, MQTTConnection } from "../../../modules/common/mqtt-connection.js";
import { VirtualClock, useClock } from "../../shim/clock.js";

interface Owner {
	readonly events: unknown[][];
}

const note =
	(name: string) =>
	({ events }: Owner, ...values: unknown[]) =>
		void events.push([name, ...values]);
const EVENTS: ConnectionEvents<Owner> = Object.freeze({
	onControl: note("control"),
	onReadable: note("readable"),
	onWritable: (owner: Owner, count: number) => {
		note("writable")(owner, count);
		if (count < 0) throw new RangeError("less than nothing");
	},
	onRefused: note("refused"),
	onEnd: note("end"),
	onThrown: note("thrown"),
});

/** A client class that does nothing but keep what it was given. */
class Client {
	readonly written: unknown[] = [];
	closed = 0;
	failure: Error | undefined;
	readonly options: MQTTClientCallbacks & Record<string, unknown>;

	constructor(options: MQTTClientCallbacks & Record<string, unknown>) {
		this.options = options;
		clients.push(this);
	}
	write(_data: unknown, options: unknown): number {
		if (this.failure) throw this.failure;
		return this.written.push(options);
	}
	close(): void {
		this.closed++;
		throw new Error("closed already");
	}
}
let clients: Client[] = [];

function bench(limits: { connectLimitMs?: number; disconnectLimitMs?: number } = {}) {
	const clock = new VirtualClock();
	useClock(clock);
	clients = [];
	const owner: Owner = { events: [] };
	const options = Object.freeze({ mqtt: Object.freeze({ io: Client, modem: 1 }), host: "h", ...limits });
	const connection = new MQTTConnection<Owner>(owner, options, EVENTS);
	const connect = () => {
		connection.connect(late => late.events.push(["late", connection.connectLimitMs]));
		return clients[clients.length - 1];
	};
	return { clock, connection, connect, events: owner.events };
}

test.serial("each event comes to the owner, with its values", t => {
	const { connect, events } = bench();
	const { options } = connect();
	t.like(options, { modem: 1, host: "h" });
	t.false("port" in options || "will" in options || "clean" in options);
	const error = new Error("refused");
	options.onControl({ operation: 2 });
	options.onWritable(5);
	options.onReadable(3, { topic: "t" });
	options.onReadable(3);
	options.onRefused(7, error);
	options.onError(error);
	options.onClose();
	t.deepEqual(events, [
		["control", { operation: 2 }, undefined],
		["writable", 5],
		["readable", 3, { topic: "t" }],
		["readable", 3, {}],
		["refused", 7, error],
		["end", error, undefined],
		["end", undefined, undefined],
	]);
});

test.serial(
	"what an event throws is contained and told; what a late callback of an earlier client tells is not",
	t => {
		const { connection, connect, events } = bench();
		const first = connect();
		first.options.onWritable(-1);
		t.deepEqual(
			events.splice(0).map(([name]) => name),
			["writable", "thrown"],
		);
		connection.drop();
		t.is(first.closed, 1, "although close throws");
		t.is(connection.client, undefined);
		const second = connect();
		first.options.onWritable(1);
		first.options.onError();
		t.deepEqual(events, []);
		second.options.onWritable(2);
		t.deepEqual(events.splice(0), [["writable", 2]]);
		connection.close();
		connection.close();
		t.is(second.closed, 1);
		second.options.onWritable(3);
		connection.contain(() => t.fail());
		t.deepEqual(events, []);
	},
);

test.serial("one timer: armed anew it forgets the callback before; closed, all", async t => {
	const { clock, connection, connect, events } = bench({ connectLimitMs: 500 });
	connect();
	await clock.advance(499);
	t.deepEqual(events, []);
	await clock.advance(1);
	t.deepEqual(events.splice(0), [["late", 500]]);
	connection.arm(10, () => t.fail());
	connection.arm(20, () => {
		throw new TypeError("bad");
	});
	await clock.advance(20);
	t.like(events.splice(0), [["thrown", { name: "TypeError" }]]);
	connection.arm(10, () => t.fail());
	connection.arm(0);
	connection.arm(10, () => t.fail());
	connection.close();
	Timer.set(() => events.push(["clock"]), 100);
	await clock.advance(100);
	t.deepEqual(events, [["clock"]]);
});

test.serial(
	"disconnect: the end is told within the limit; at once where DISCONNECT cannot be written",
	async t => {
		const { clock, connection, connect, events } = bench({ disconnectLimitMs: 700 });
		const client = connect();
		connection.disconnect();
		t.deepEqual(client.written, [{ operation: 14 }]);
		await clock.advance(699);
		t.deepEqual(events, []);
		await clock.advance(1);
		t.deepEqual(events.splice(0), [["end"]]);
		client.failure = new Error("gone");
		connection.disconnect();
		t.deepEqual(events.splice(0), [["end"]]);
	},
);

test("packet identifiers go from 1 to 65535 and round", t => {
	const ids = new PacketIds();
	t.is(ids.next(), 1);
	for (let i = 2; i < 65_535; i++) ids.next();
	t.deepEqual([ids.next(), ids.next()], [65_535, 1]);
});
