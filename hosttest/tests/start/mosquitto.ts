import { writeFileSync } from "node:fs";
import { join } from "node:path";
import mqtt, { type IPublishPacket, type MqttClient } from "mqtt";
import { Program, folder, freePort } from "./program.js";

/** A message that came to the subscriber. */
export interface Delivered {
	readonly topic: string;
	readonly payload: Buffer;
	readonly QoS: number;
	/** It was kept by the broker before the subscriber came. */
	readonly retain: boolean;
}

/** Debian's mosquitto on a loopback port, with a subscriber. */
export interface Mosquitto {
	readonly port: number;
	/** Its log. */
	readonly program: Program;
	/** The subscriber, which may publish as well. */
	readonly client: MqttClient;
	readonly messages: readonly Delivered[];
	/** Payloads of all messages that came to the subscriber. */
	readonly received: string[];
	/** Resolves when so many have come. */
	readonly until: (count: number) => Promise<void>;
	close(): Promise<void>;
}

/**
 * @param topic what the subscriber subscribes to
 * @param users names and passwords, the first one the subscriber's; none: everybody may connect
 */
export async function mosquitto(
	topic = "#",
	users: Readonly<Record<string, string>> = {},
): Promise<Mosquitto> {
	const port = await freePort();
	const { path, remove } = folder();
	const configuration = join(path, "mosquitto.conf");
	const [owner] = Object.entries(users);
	writeFileSync(
		configuration,
		[
			`listener ${port} 127.0.0.1`,
			"persistence false",
			"user root",
			...(await accessLines(join(path, "passwords"), users)),
			"",
		].join("\n"),
	);
	const program = new Program("mosquitto", ["-c", configuration]);
	await program.line(/running/);
	const credentials = (owner as typeof owner | undefined) && { username: owner[0], password: owner[1] };
	const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { ...credentials });
	const messages: Delivered[] = [];
	const received: string[] = [];
	const watchers: (() => void)[] = [];
	client.on("message", (topic, payload, { qos, retain }: IPublishPacket) => {
		messages.push({ topic, payload, QoS: qos, retain });
		received.push(payload.toString());
		watchers.forEach(watch => watch());
	});
	await client.subscribeAsync(topic, { qos: 2 });
	return {
		port,
		program,
		client,
		messages,
		received,
		until: count =>
			new Promise(resolve => {
				const watch = () => {
					if (received.length >= count) resolve();
				};
				watchers.push(watch);
				watch();
			}),
		close: async () => {
			await client.endAsync(true);
			program.kill("SIGTERM");
			await program.ended;
			remove();
		},
	};
}

/** Who may connect; the password file is made by Debian's `mosquitto_passwd`. */
async function accessLines(file: string, users: Readonly<Record<string, string>>): Promise<string[]> {
	const entries = Object.entries(users);
	if (!entries.length) return ["allow_anonymous true"];
	writeFileSync(file, "");
	for (const [name, password] of entries) {
		const program = new Program("mosquitto_passwd", ["-b", file, name, password]);
		if ((await program.ended) !== 0) throw new Error(program.all);
	}
	return ["allow_anonymous false", `password_file ${file}`];
}
