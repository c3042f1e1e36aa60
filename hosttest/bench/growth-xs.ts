// Sessions, and a queue of commands, of growing size on XS. An entry for bundle.ts.
import "./natives-xs.js";
import { Request } from "../../modules/at/request.js";
import { Scheduler } from "../../modules/at/scheduler.js";
import MQTTSession from "../../modules/mqtt/session.js";
import { machine } from "../xs/shim/machine.js";
import { answerCalls, passTo } from "./calls-xs.js";
import { GrowthClient } from "./growth-client.js";
import { answers } from "./receive-answers.js";
import { ReceivePort, pause, resumeAt } from "./receive-port.js";

const SIGNAL = { name: "+CSQ", timeout: 300 };
const PAYLOAD = new ArrayBuffer(16);

let session: MQTTSession;
let scheduler: Scheduler;
let delivered = 0;
let settled = 0;
const failures: string[] = [];

function count(promise: Promise<unknown>): void {
	promise.then(
		() => settled++,
		(error: unknown) => failures.push(String(error)),
	);
}

answerCalls({
	session: (queue: number) => {
		session = new MQTTSession({ mqtt: { io: GrowthClient }, host: "broker", queue });
	},
	subscribe: (filters: readonly string[]) => {
		for (const filter of filters) count(session.subscribe(filter, () => (delivered += 1)));
	},
	publish: (messages: number) => {
		for (let index = 0; index < messages; index++) count(session.publish("d/17/up", PAYLOAD, { QoS: 1 }));
	},
	/** A message for each of the topics. @returns computrons */
	deliver: (topics: readonly string[]) => {
		let computrons = 0;
		for (const topic of topics) {
			resumeAt(0);
			GrowthClient.last.deliver(topic, PAYLOAD);
			computrons += pause();
		}
		return computrons;
	},
	scheduler: (queue: number) => {
		ReceivePort.answer = answers(false);
		scheduler = new Scheduler({ serial: { io: ReceivePort }, queue });
	},
	/** Queues so many commands, which the modem answers then one by one. @returns computrons */
	execute: (commands: number) => {
		ReceivePort.answer = undefined;
		const answer = new Uint8Array(ArrayBuffer.fromString("\r\n+CSQ: 22,0\r\n\r\nOK\r\n"));
		const requests: Request[] = [];
		for (let index = 0; index < commands; index++) requests.push(new Request(SIGNAL, "execute"));
		for (const request of requests)
			request.onDone = error => (error ? failures.push(error.message) : settled++);
		let computrons = 0;
		for (const request of requests) {
			resumeAt(0);
			scheduler.submit(request);
			computrons += pause();
		}
		for (let index = 0; index < commands; index++) {
			passTo(machine.now + 1);
			resumeAt(0);
			ReceivePort.last.receive(answer);
			computrons += pause();
		}
		return computrons;
	},
	/** Lets so many ms pass. What looks for due timers is the harness: the message costs what the timers did, and the jobs behind it. */
	pass: (ms: number) => {
		resumeAt(passTo(machine.now + ms));
	},
	state: () => ({ delivered, settled, failures }),
});
