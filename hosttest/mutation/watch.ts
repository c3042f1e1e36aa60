import { performance } from "node:perf_hooks";

const INTERVAL_MS = 100;
/** Share of the time that a process works which has something left to happen. */
const IDLE = 0.05;

/** What an action ends with; `undefined` of `onStuck` where it never ends, since nothing is left to happen. */
export async function ended<Outcome>(action: Promise<Outcome>, stuck: Outcome): Promise<Outcome> {
	let timer: NodeJS.Timeout | undefined;
	const idle = new Promise<Outcome>(resolve => {
		let last = performance.eventLoopUtilization();
		timer = setInterval(() => {
			const now = performance.eventLoopUtilization();
			if (performance.eventLoopUtilization(now, last).utilization < IDLE) resolve(stuck);
			last = now;
		}, INTERVAL_MS);
	});
	try {
		return await Promise.race([action, idle]);
	} finally {
		clearInterval(timer);
	}
}
