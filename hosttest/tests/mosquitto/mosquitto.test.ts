import test, { type ExecutionContext } from "ava";
import { createHash } from "node:crypto";
import { ConnectionRefusedError, LinkError } from "../../../modules/mqtt/errors.js";
import { seededRandom } from "../../shim/random.js";
import { mosquitto } from "../start/mosquitto.js";
import { isInstalled } from "../start/program.js";
import { Device } from "./device.js";

const installed = (await isInstalled("mosquitto")) && (await isInstalled("mosquitto_passwd"));

/** With Debian's mosquitto on a loopback port; one after the other, since they share a UART. */
function withMosquitto(title: string, run: (t: ExecutionContext) => Promise<void>): void {
	if (installed) test.serial(title, run);
	else test.skip(`${title} (mosquitto is not installed)`, run);
}

async function broker(t: ExecutionContext, users?: Readonly<Record<string, string>>) {
	const broker = await mosquitto("up/#", users);
	t.teardown(() => broker.close());
	return broker;
}
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

for (const [profile, version] of [
	["A", "p1"],
	["B", "p2"],
] as const) {
	const name = `profile ${profile}, MQTT ${profile === "A" ? "3.1" : "3.1.1"}`;

	withMosquitto(`${name}: QoS 0, 1 and 2 both ways`, async t => {
		const { port, client: other, messages, program, until } = await broker(t);
		const device = (await Device.for(t, profile)).client({ port, keepAlive: 77_000 });
		await device.connected();
		// mosquitto's log: p1 is MQTT 3.1, p2 MQTT 3.1.1.
		await program.line(new RegExp(`as device \\(${version}, c1, k77\\)`));
		for (const QoS of [0, 1, 2] as const) t.deepEqual(await device.subscribe(`down/${QoS}`, QoS), [QoS]);
		for (const QoS of [0, 1, 2] as const) await device.publish(`up/${QoS}`, bytes(`out ${QoS}`), QoS);
		await until(3);
		t.deepEqual(
			messages.map(({ topic, QoS, retain, payload }) => [topic, QoS, retain, payload.toString()]),
			[
				["up/0", 0, false, "out 0"],
				["up/1", 1, false, "out 1"],
				["up/2", 2, false, "out 2"],
			],
		);
		t.deepEqual(
			device.control.slice(4).map(({ operation, id }) => [operation, id]),
			[
				[4, 4],
				[5, 5],
				[7, 5],
			],
		);
		for (const QoS of [0, 1, 2] as const) {
			await other.publishAsync(`down/${QoS}`, `in ${QoS}`, { qos: QoS });
			await device.until(() => device.messages.length > QoS);
		}
		t.deepEqual(
			device.messages.map(({ topic, QoS, payload }) => [topic, QoS, payload.toString()]),
			[
				["down/0", 0, "in 0"],
				["down/1", 1, "in 1"],
				["down/2", 1, "in 2"],
			],
		);
		await device.disconnect();
		await program.line(/Client device disconnected\.$/);
	});

	withMosquitto(
		`${name}: retained messages are kept, delivered at SUBSCRIBE, cleared by an empty one`,
		async t => {
			const { port, client: other } = await broker(t);
			const device = (await Device.for(t, profile)).client({ port });
			await device.connected();
			await device.publish("state/1", bytes("kept"), 1, true);
			await device.publish("state/2", bytes("not kept"), 1);
			await device.subscribe("state/#");
			await device.until(() => device.messages.length > 0);
			await device.publish("state/1", bytes(""), 1, true);
			await device.until(() => device.messages.length > 1);
			// Behind the retained ones, had there been any.
			await device.subscribe("state/+");
			await other.publishAsync("state/end", "end");
			await device.until(() => device.messages.some(({ topic }) => topic === "state/end"));
			t.deepEqual(
				device.messages.slice(0, 3).map(({ topic, payload }) => [topic, payload.toString()]),
				[
					["state/1", "kept"],
					["state/1", ""],
					["state/end", "end"],
				],
			);
		},
	);

	withMosquitto(`${name}: the will is published when the module vanishes, not after DISCONNECT`, async t => {
		const { port, messages, until, program } = await broker(t);
		const all = await Device.for(t, profile);
		const will = { topic: "up/will", message: "gone", QoS: 1, retain: true };
		const first = all.client({ port, will });
		await first.connected();
		await first.disconnect();
		await program.line(/Client device disconnected\.$/);
		const second = all.client({ port, will: { ...will, message: "gone, really" } });
		await second.connected();
		await second.publish("up/alive", bytes("alive"));
		all.sim.reset();
		await until(2);
		t.deepEqual(
			messages.map(({ topic, payload, QoS }) => [topic, payload.toString(), QoS]),
			[
				["up/alive", "alive", 1],
				["up/will", "gone, really", 1],
			],
		);
	});

	withMosquitto(`${name}: a session that is kept: what came meanwhile arrives without SUBSCRIBE`, async t => {
		const { port, client: other, program } = await broker(t);
		const all = await Device.for(t, profile);
		const first = all.client({ port, clean: false });
		await first.connected();
		await program.line(/as device \(p[12], c0, /);
		await first.subscribe("down/#");
		await first.disconnect();
		await program.line(/Client device disconnected\.$/);
		for (let i = 0; i < 20; i++) await other.publishAsync("down/x", `${i}`, { qos: i % 2 ? 1 : 2 });
		const second = all.client({ port, clean: false });
		await second.until(() => second.messages.length >= 20);
		t.is(second.control[0].operation, 2, "CONNACK first");
		await other.publishAsync("down/end", "20");
		await second.until(() => second.messages.length >= 21);
		t.deepEqual(
			second.messages.map(({ payload }) => Number(payload.toString())).sort((a, b) => a - b),
			Array.from({ length: 21 }, (_, i) => i),
		);
		await second.disconnect();
		const clean = all.client({ port });
		await clean.connected();
		await clean.subscribe("mark");
		await other.publishAsync("down/x", "for nobody", { qos: 1 });
		await other.publishAsync("mark", "mark", { qos: 1 });
		await clean.until(() => clean.messages.length > 0);
		t.is(clean.messages[0].topic, "mark");
	});

	withMosquitto(`${name}: user and password`, async t => {
		const password = "§ecret, with ':' and ,";
		const { port, messages, until } = await broker(t, { owner: "of the test", device: password });
		const all = await Device.for(t, profile);
		const device = all.client({ port, user: "device", password });
		await device.connected();
		await device.publish("up/in", bytes("let in"));
		await until(1);
		t.is(messages[0].payload.toString(), "let in");
		await device.disconnect();
		for (const credentials of [
			{ user: "device", password: "wrong" },
			{ user: "stranger", password },
			{ user: "device" },
			{},
		]) {
			const refused = all.client({ port, ...credentials });
			const error = await t.throwsAsync(refused.connected(), { instanceOf: ConnectionRefusedError });
			t.true(error.code === 4 || error.code === 5, error.message);
			t.false(error.message.includes(password));
		}
	});

	withMosquitto(`${name}: two clients with one identifier: the older is thrown out`, async t => {
		const { port, messages, until } = await broker(t);
		const all = await Device.for(t, profile);
		const older = all.client({ port });
		await older.connected();
		const newer = all.client({ port });
		await newer.connected();
		const error = await t.throwsAsync(
			older.until(() => false),
			{ instanceOf: LinkError },
		);
		t.is(error.code, 1);
		await newer.publish("up/newer", bytes("in place"));
		await until(1);
		t.is(messages[0].topic, "up/newer");
		t.deepEqual(newer.errors, []);
	});

	withMosquitto(`${name}: 1,000 messages each way, the same SHA-256`, async t => {
		const { port, client: other, messages, until } = await broker(t);
		const device = (await Device.for(t, profile)).client({ port });
		await device.connected();
		await device.subscribe("down/#", 1);
		const random = seededRandom(profile === "A" ? 41 : 42);
		const below = (limit: number) => Math.floor(random() * limit);
		const any = (length: number) => Uint8Array.from({ length }, () => below(256));
		const printable = (length: number) => Uint8Array.from({ length }, () => 0x20 + below(0x5f));
		const COUNT = 1000;

		const up = Array.from({ length: COUNT }, () => {
			const payload = (profile === "A" ? printable : any)(below(120));
			// What the data mode cannot carry.
			return payload.map(byte => (profile === "B" && (byte === 0x1a || byte === 0x1b) ? 0 : byte));
		});
		for (const [index, payload] of up.entries()) await device.publish("up/x", payload, index % 3);
		await until(COUNT);
		t.is(messages.length, COUNT);
		// One QoS may overtake another, but no message one of its own.
		for (const QoS of [0, 1, 2])
			t.is(
				hash(messages.filter(message => message.QoS === QoS).map(({ payload }) => payload)),
				hash(up.filter((_, index) => index % 3 === QoS)),
				`up, QoS ${QoS}`,
			);

		// Without what is ambiguous in text: profile A has no hex.
		const down = Array.from({ length: COUNT }, () =>
			any(below(120)).map(byte => (profile === "A" && byte === 0x22 ? 0x27 : byte)),
		);
		for (const payload of down) other.publish("down/x", Buffer.from(payload), { qos: 1 });
		await device.until(() => device.messages.length >= COUNT);
		t.is(hash(device.messages.map(({ payload }) => payload)), hash(down), "down");
		t.is(device.client.dropped, 0);
	});
}

/** Of all messages, each with its length before it. */
function hash(messages: readonly Uint8Array[]): string {
	const hash = createHash("sha256");
	for (const message of messages) hash.update(`${message.length}:`).update(message);
	return hash.digest("hex");
}
