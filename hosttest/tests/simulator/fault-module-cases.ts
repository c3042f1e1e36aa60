import type { ExecutionContext } from "ava";
import type { BC20Options } from "../../simulator/options.js";
import type { FaultBench } from "./fault-bench.js";
import { works, type Case } from "./fault-case.js";

const quickBoot: BC20Options = { variants: { autoBaudDrops: [0, 0], sleepMode: 0 } };

/** No answer to AT, for a minute. */
const isDeaf = async ({ say }: FaultBench, t: ExecutionContext): Promise<unknown> =>
	t.deepEqual(await say("AT", 60_000), []);

const isBack = async ({ say, wait }: FaultBench, t: ExecutionContext): Promise<void> => {
	await wait(5000);
	t.deepEqual((await say("AT")).slice(0, 2), ["AT", "OK"]);
};

export const moduleCases: readonly Case[] = [
	{
		kind: "module.reset",
		title: "with its banner",
		modem: quickBoot,
		waitMs: 3000,
		lines: [
			"F1: 0000 0000",
			"V0: 0000 0000 [0001]",
			"00: 0006 000C",
			"01: 0000 0000",
			"U0: 0000 0001 [0000]",
			"T0: 0000 00B4",
			"Leaving the BROM",
		],
		then: isBack,
	},
	{
		kind: "module.reset",
		title: "without a word",
		parameters: { banner: false },
		modem: quickBoot,
		connected: true,
		waitMs: 3000,
		lines: [],
		then: async (bench, t) => {
			await isBack(bench, t);
			t.is(bench.terminal.modem.sessions[0].state, "closed");
		},
	},
	{
		kind: "module.off",
		title: "comes back by itself",
		parameters: { ms: 20_000 },
		modem: quickBoot,
		send: "AT",
		waitMs: 20_000,
		lines: [],
		then: async (bench, t) => {
			t.true((await bench.wait(3000)).includes("Leaving the BROM"));
			await isBack(bench, t);
		},
	},
	{
		kind: "module.hung",
		title: "for a time",
		parameters: { until: "time", ms: 5000 },
		send: "AT",
		waitMs: 5000,
		lines: [],
		then: works,
	},
	...(
		[
			["any", "resetKey", true],
			["any", "powerKey", true],
			["reset", "resetKey", true],
			["reset", "powerKey", false],
			["power", "resetKey", false],
			["power", "powerKey", true],
		] as const
	).map(([until, key, cures]): Case => ({
		kind: "module.hung",
		title: `until ${until}: ${key} ${cures ? "cures" : "does nothing"}`,
		parameters: { until },
		modem: quickBoot,
		send: "AT+QRST=1",
		waitMs: 86_400_000,
		lines: [],
		then: async (bench, t) => {
			await isDeaf(bench, t);
			bench.terminal.modem[key]();
			if (cures) await isBack(bench, t);
			else await isDeaf(bench, t);
		},
	})),
];

export const lineCases: readonly Case[] = [
	{
		kind: "line.sleep",
		title: "the packet is lost up to a pause",
		send: "AT+CGATT?",
		lines: [],
		then: works,
	},
	{
		kind: "line.noise",
		title: "bytes that nobody sent",
		parameters: { count: 50 },
		then: async ({ terminal, say }, t) => {
			const noise = terminal.transcript.at(-1);
			t.is(noise?.direction, "toHost");
			t.is(noise?.bytes.length, 50);
			t.deepEqual(await say("AT"), ["OK"]);
		},
	},
	{
		kind: "line.noise",
		title: "the module reads what it makes of them, and the next line",
		parameters: { direction: "toModem", count: 50 },
		then: async (bench, t) => {
			t.is(bench.terminal.transcript.at(-1)?.bytes.length, 50);
			await bench.say("");
			await works(bench, t);
		},
	},
];

export const hostileCases: readonly Case[] = [
	{
		kind: "hostile.unknown",
		title: "a given line",
		parameters: { line: "RDY", count: 2 },
		lines: ["RDY", "RDY"],
		then: works,
	},
	{
		kind: "hostile.malformed",
		title: "in the middle of a command",
		parameters: { line: "+QMTPUB: ,," },
		send: "AT+CGATT?",
		lines: ["+QMTPUB: ,,", "+CGATT: 1", "OK"],
	},
	{
		kind: "hostile.range",
		title: "a number out of range",
		parameters: { line: "+QMTPUB: 0,65536,0" },
		lines: ["+QMTPUB: 0,65536,0"],
		then: works,
	},
	{
		kind: "hostile.stranger",
		title: "one of a list, of another identifier",
		parameters: { count: 3 },
		then: async (bench, t) => {
			const { transcript } = bench.terminal;
			const said = transcript.slice(-3).map(({ bytes }) => Buffer.from(bytes).toString());
			for (const line of said) t.regex(line, /^\r\n\+QMT[A-Z]+: (?!0)[-\d]+,/);
			await works(bench, t);
		},
	},
	{ kind: "hostile.unasked", title: "OK", lines: ["OK"], then: works },
	{
		kind: "hostile.endless",
		title: "so many bytes without an end",
		parameters: { bytes: 3000, start: "+UNKNOWN: " },
		lines: ["+UNKNOWN: ".padEnd(3000, "x")],
		then: works,
	},
	{
		kind: "hostile.flood",
		title: "so many at once",
		parameters: { count: 3 },
		lines: ["+CSCON: 1", "+CSCON: 1", "+CSCON: 1"],
		then: works,
	},
];
