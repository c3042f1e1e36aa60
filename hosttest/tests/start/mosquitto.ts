import { writeFileSync } from "node:fs";
import { join } from "node:path";
import mqtt from "mqtt";
import { Program, folder, freePort } from "./program.js";

/** Debian's mosquitto on a loopback port, with a subscriber. */
export interface Mosquitto {
	readonly port: number;
	/** Payloads of all messages that came to the subscriber. */
	readonly received: string[];
	/** Resolves when so many have come. */
	until(count: number): Promise<void>;
	close(): Promise<void>;
}

/** @param passwords lines of a password file for `allow_anonymous false`; none: everybody may connect */
export async function mosquitto(topic = "#"): Promise<Mosquitto> {
	const port = await freePort();
	const { path, remove } = folder();
	const configuration = join(path, "mosquitto.conf");
	writeFileSync(
		configuration,
		`listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n`,
	);
	const broker = new Program("mosquitto", ["-c", configuration]);
	await broker.line(/running/);
	const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
	const received: string[] = [];
	const watchers: (() => void)[] = [];
	client.on("message", (_, payload) => {
		received.push(payload.toString());
		watchers.forEach(watch => watch());
	});
	await client.subscribeAsync(topic, { qos: 2 });
	return {
		port,
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
			broker.kill("SIGTERM");
			await broker.ended;
			remove();
		},
	};
}
