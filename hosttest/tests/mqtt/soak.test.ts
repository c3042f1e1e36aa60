import test from "ava";
import MQTTClient from "../../../modules/mqtt/client.js";
import { Random } from "../../simulator/random.js";
import { Rig } from "../bc20/rig.js";
import { bytes, listen } from "./observe.js";

const MESSAGES = 40;

/** An application that publishes messages in their order and makes a new client one second after each failure. */
class Application {
	readonly acknowledged: number[] = [];
	readonly failures: string[] = [];
	client: MQTTClient | undefined;
	readonly #rig: Rig;
	readonly #random: Random;
	#next = 0;

	constructor(rig: Rig, random: Random) {
		this.#rig = rig;
		this.#random = random;
		this.#connect();
	}
	get isDone(): boolean {
		return this.#next === MESSAGES;
	}
	#connect(): void {
		let over = false;
		const alive = () => {
			if (over) throw new Error("called behind its end");
		};
		this.client = new MQTTClient({
			modem: this.#rig.modem,
			host: "broker.test",
			id: "device",
			packetTimeout: 3,
			retries: 2,
			onControl: ({ operation, id }) => {
				alive();
				if (operation !== MQTTClient.PUBACK && operation !== MQTTClient.PUBCOMP) return;
				if (id === this.#next + 1) this.acknowledged.push(this.#next++);
				else throw new Error(`acknowledgement of ${String(id)}`);
			},
			onWritable: () => {
				alive();
				if (this.isDone) return;
				const publish = () => over || this.#publish();
				this.#rig.clock.set(publish, this.#random.between([0, 5000]));
			},
			onError: error => {
				alive();
				over = true;
				this.failures.push(error.name);
				this.#rig.clock.set(() => this.#connect(), 1000);
			},
		});
	}
	#publish(): void {
		const text = `${this.#next}${"x".repeat(this.#random.integer([0, 600]))}`;
		const options = { topic: "t", QoS: this.#random.integer([1, 2]), id: this.#next + 1 };
		this.client?.write(bytes(text), options);
	}
}

for (let seed = 1; seed <= 20; seed++)
	test.serial(
		`seed ${seed}: resets, hangs, lost coverage, URCs and lost links; every message arrives`,
		async t => {
			const random = Random.for(seed, "soak");
			const rig = await Rig.for(t, {
				simulator: { seed, profile: seed % 3 ? "B" : "A", delays: seed % 2 ? "short" : "real" },
			});
			rig.start();
			const published = listen(rig);
			const application = new Application(rig, random);
			const trouble: readonly (() => void)[] = [
				() => rig.sim.reset(),
				() => rig.sim.reset({ banner: false }),
				() => {
					rig.sim.silent = true;
					rig.clock.set(() => (rig.sim.silent = false), random.between([100, 40_000]));
				},
				() => {
					rig.sim.radio({ coverage: false });
					rig.clock.set(() => rig.sim.radio({ coverage: true }), random.between([100, 40_000]));
				},
				() => {
					rig.sim.sessions[0].reset();
					rig.line.say("+QMTSTAT: 0,1");
				},
				() => rig.line.say('+QMTRECV: 0,0,"t","say "OK"\r\nOK"'),
				() => rig.sim.swallow(),
				() => rig.line.raw("\xff\x00\r\n+QMTPUB: 0,1"),
				() => rig.modem.refresh(),
			];
			for (let events = 0; events < 25; events++) {
				await rig.clock.advance(random.between([0, 8000]));
				trouble[random.integer([0, trouble.length - 1])]();
			}
			await rig.clock.run(() => application.isDone, 600_000);
			t.deepEqual(
				application.acknowledged,
				Array.from({ length: MESSAGES }, (_, index) => index),
			);
			const arrived = new Set(published.map(({ payload }) => parseInt(payload)));
			t.is(arrived.size, MESSAGES);
			t.deepEqual(rig.traced, []);
			// All troubles over, and a client that failed in the last one made again.
			await rig.clock.advance(120_000);
			application.client?.close();
			await rig.clock.advance(10_000);
			t.deepEqual(
				rig.sim.sessions.map(({ state }) => state),
				Array.from({ length: 6 }, () => "closed"),
			);
			rig.modem.close();
			t.true(await rig.isIdle());
		},
	);
