import test from "ava";
import { VirtualClock, useClock } from "../../shim/clock.js";
import { ClosedError } from "../../../modules/at/errors.js";
import { Scheduler } from "../../../modules/at/scheduler.js";
import { type Holder, Identifiers } from "../../../modules/bc20/identifiers.js";
import { receivedEnds } from "../../../modules/bc20/received.js";
import { TestSerial } from "../bench.js";

class Client implements Holder {
	readonly wish: number | undefined;
	identifier: number | undefined;
	readonly status: number[] = [];
	readonly received: string[] = [];
	readonly lost: Error[] = [];
	readonly #then: ((client: Client) => void) | undefined;

	constructor(wish?: number, then?: (client: Client) => void) {
		this.wish = wish;
		this.#then = then;
	}
	onAcquired(identifier: number): void {
		this.identifier = identifier;
		this.#then?.(this);
	}
	onStatus(code: number): void {
		this.status.push(code);
	}
	onReceived(line: { text: string }): void {
		this.received.push(line.text);
	}
	onLost(error: Error): void {
		this.lost.push(error);
	}
}

function bench() {
	const clock = new VirtualClock();
	useClock(clock);
	const scheduler = new Scheduler({ serial: { io: TestSerial } });
	const identifiers = new Identifiers();
	scheduler.listen("+QMTSTAT", line => identifiers.onStatus(line));
	scheduler.listen("+QMTRECV", line => identifiers.onReceived(line), receivedEnds);
	const acquire = (count: number, wish?: number) =>
		Array.from({ length: count }, () => {
			const client = new Client(wish);
			identifiers.acquire(client);
			return client;
		});
	return { clock, scheduler, serial: TestSerial.last, identifiers, acquire };
}
const held = (clients: Client[]) => clients.map(({ identifier }) => identifier);

test.serial("nothing before the modem is on the network, nothing from inside acquire", async t => {
	const { clock, scheduler, identifiers, acquire } = bench();
	const clients = acquire(2);
	await clock.advance(1000);
	t.deepEqual(held(clients), [undefined, undefined]);
	identifiers.begin(scheduler);
	t.deepEqual(held(clients), [undefined, undefined]);
	await clock.advance(0);
	t.deepEqual(held(clients), [0, 1]);
	const [third] = acquire(1);
	t.is(third.identifier, undefined);
	await clock.advance(0);
	t.is(third.identifier, 2);
});

test.serial("six at once; the seventh and eighth wait in their order", async t => {
	const { clock, scheduler, identifiers, acquire } = bench();
	identifiers.begin(scheduler);
	const clients = acquire(8);
	await clock.advance(0);
	t.deepEqual(held(clients), [0, 1, 2, 3, 4, 5, undefined, undefined]);
	identifiers.release(clients[3]);
	identifiers.release(clients[3]);
	t.is(clients[6].identifier, undefined, "not from inside release");
	await clock.advance(0);
	t.deepEqual(held(clients).slice(6), [3, undefined]);
	identifiers.release(clients[0]);
	await clock.advance(0);
	t.is(clients[7].identifier, 0);
});

test.serial("a wish is kept, or waited for; others pass who waits", async t => {
	const { clock, scheduler, identifiers, acquire } = bench();
	identifiers.begin(scheduler);
	const [first, second] = acquire(2, 4);
	const [other] = acquire(1);
	await clock.advance(0);
	t.deepEqual(held([first, second, other]), [4, undefined, 0]);
	identifiers.release(first);
	await clock.advance(0);
	t.is(second.identifier, 4);
});

test.serial("who leaves the queue gets nothing", async t => {
	const { clock, scheduler, identifiers, acquire } = bench();
	identifiers.begin(scheduler);
	const clients = acquire(8);
	identifiers.release(clients[6]);
	await clock.advance(0);
	identifiers.release(clients[1]);
	await clock.advance(0);
	t.is(clients[6].identifier, undefined);
	t.is(clients[7].identifier, 1);
});

test.serial("release and acquire from inside onAcquired", async t => {
	const { clock, scheduler, identifiers } = bench();
	identifiers.begin(scheduler);
	const again = new Client();
	const once = new Client(2, client => {
		identifiers.release(client);
		identifiers.acquire(again);
	});
	identifiers.acquire(once);
	await clock.advance(0);
	t.is(once.identifier, 2);
	t.is(again.identifier, 0);
});

test.serial("who leaves while another is given its identifier gets nothing", async t => {
	const { clock, scheduler, identifiers } = bench();
	identifiers.begin(scheduler);
	const later = new Client();
	identifiers.acquire(new Client(undefined, () => identifiers.release(later)));
	identifiers.acquire(later);
	await clock.advance(0);
	t.is(later.identifier, undefined);
	const next = new Client();
	identifiers.acquire(next);
	await clock.advance(0);
	t.is(next.identifier, 1, "the identifier is not lost");
});

test.serial("lines go to who holds the identifier", async t => {
	const { clock, scheduler, serial, identifiers, acquire } = bench();
	identifiers.begin(scheduler);
	const clients = acquire(3);
	await clock.advance(0);
	serial.receive(
		'\r\n+QMTSTAT: 1,3\r\n\r\n+QMTRECV: 2,0,"t","x"\r\n\r\n+QMTSTAT: 5,1\r\n\r\n+QMTSTAT: 9,1\r\n\r\n+QMTSTAT: \r\n\r\n+QMTSTAT: 0\r\n',
	);
	await clock.advance(100);
	t.deepEqual(
		clients.map(({ status }) => status),
		[[0], [3], []],
	);
	t.deepEqual(clients[2].received, ['+QMTRECV: 2,0,"t","x"']);
});

test.serial("the modem is lost: holders hear of it, who waits goes on waiting", async t => {
	const { clock, scheduler, identifiers, acquire } = bench();
	identifiers.begin(scheduler);
	const clients = acquire(7);
	await clock.advance(0);
	const error = new Error("lost");
	identifiers.end(error);
	t.deepEqual(
		clients.map(({ lost }) => lost),
		[...Array.from({ length: 6 }, () => [error]), []],
	);
	await clock.advance(1000);
	t.is(clients[6].identifier, undefined);
	const [late] = acquire(1);
	identifiers.release(clients[2]);
	identifiers.begin(scheduler);
	await clock.advance(0);
	t.deepEqual(held([clients[6], late]), [0, 1]);
});

test.serial("the modem is lost between the asking and the giving", async t => {
	const { clock, scheduler, identifiers, acquire } = bench();
	identifiers.begin(scheduler);
	const [client] = acquire(1);
	identifiers.end(new Error("lost"));
	await clock.advance(0);
	t.is(client.identifier, undefined);
	t.deepEqual(client.lost, []);
	identifiers.begin(scheduler);
	await clock.advance(0);
	t.is(client.identifier, 0);
});

test.serial(
	"closed: nobody is served, who waits or comes later hears of it, and no timer is left",
	async t => {
		const { clock, scheduler, identifiers, acquire } = bench();
		identifiers.begin(scheduler);
		const [waiting] = acquire(1);
		identifiers.close();
		const [late] = acquire(1);
		scheduler.close();
		t.deepEqual([waiting.lost, late.lost], [[], []], "not from inside close or acquire");
		await clock.advance(0);
		t.deepEqual(
			[...waiting.lost, ...late.lost].map(({ name }) => name),
			["ClosedError", "ClosedError"],
		);
		await t.throwsAsync(
			clock.run(() => false, 0),
			{ message: /no event is left/ },
		);
		t.deepEqual(held([waiting, late]), [undefined, undefined]);
		t.throws(() => scheduler.submit({ spec: { name: "" } } as never), { instanceOf: ClosedError });
	},
);
