import { runCommand } from "../cli/command-line.js";
import { plot } from "./attempts.js";
import { HELP, herdOptions } from "./options.js";
import { type HerdOptions, type HerdResult, herd } from "./run.js";

/** `npm run herd`: exit code 1 where the peak is too high or a message is missing. */

/** So many rows are plotted at most. */
const ROWS = 60;
/** The most attempts in a second: this part of the fleet. */
const SHARE = 20;

const print = (line: string) => void process.stdout.write(line + "\n");

/** @returns whether all is as it has to be */
function show({ units, away, interval, seed }: HerdOptions, result: HerdResult): boolean {
	const { attempts, goneAtMs, connectedInMs, arrivedInMs } = result;
	const limit = units / SHARE;
	const perSecond = attempts.perSecond(goneAtMs);
	const peak = Math.max(0, ...perSecond);
	print(`${units} units, a message each ${interval} s; the broker goes at 0 s, for ${away} s; seed ${seed}`);
	print(`attempts to connect, up to ${limit} a second (|):`);
	print(plot(attempts.rows(goneAtMs, Math.max(1, Math.ceil(perSecond.length / ROWS))), limit));
	print(`most attempts in a second: ${peak}; in any stretch of one second: ${attempts.peak(goneAtMs)}`);
	print(`attempts of all units, power on included: ${attempts.count}`);
	print(
		`all units connected ${seconds(connectedInMs)} after the broker's return, all messages there ${seconds(arrivedInMs)} later`,
	);
	print(
		`messages accepted ${result.accepted}, delivered ${result.delivered}, lost ${result.lost}, corrupted ${result.corrupted}, duplicates ${result.duplicates}`,
	);
	const isLow = peak < limit;
	const hasAll = arrivedInMs !== undefined && result.lost === 0 && result.corrupted === 0;
	if (!isLow) print(`FAILED: ${peak} attempts in a second are not below ${limit}, a twentieth of the fleet`);
	if (!hasAll) print("FAILED: not all messages have arrived");
	return isLow && hasAll;
}

const seconds = (ms: number | undefined): string =>
	ms === undefined ? "never" : `${(ms / 1000).toFixed(0)} s`;

await runCommand(async () => {
	const options = herdOptions(process.argv.slice(2));
	if (options) return show(options, await herd(options)) ? 0 : 1;
	print(HELP);
	return 0;
});
