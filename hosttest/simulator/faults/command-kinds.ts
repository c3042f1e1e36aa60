import { catches, logarithmic, oneOf, type CommandStage } from "./kind.js";

/** `command` empty: any one. */
const isOf = (command: string, line: string): boolean => command === "" || line.startsWith(`${command}:`);

const isCommand = (command: string, stage: "line" | "data", seen: CommandStage): boolean =>
	seen.stage === stage && (command === "" || seen.name === command);

/** `+QMTPUB: 0,7` of `+QMTPUB: 0,7,0`, and the `<msgID>`; undefined for results without one. */
const messageOf = (line: string): { head: string; id: number } | undefined => {
	const match = /^(\+QMT(?:PUB|SUB|UNS): \d+,)(\d+),/.exec(line);
	return match ? { head: match[1], id: Number(match[2]) } : undefined;
};

/** What goes wrong between a command and its results. */
export const commandKinds = {
	"command.swallowed": catches<"command", { command: string; stage: "line" | "data" }>("command", {
		about: "a command line, or the data behind a prompt, is neither run nor answered",
		defaults: { command: "", stage: "line" },
		perDay: 6,
		draw: random => ({ stage: oneOf(random, ["line", "line", "line", "data"] as const) }),
		alter: (seen, { command, stage }) => (isCommand(command, stage, seen) ? "swallow" : undefined),
	}),
	"command.refused": catches("command", {
		about: "a command is not run, and answered with an error",
		defaults: { command: "", final: "ERROR" },
		perDay: 6,
		draw: random => ({
			final: oneOf(random, ["ERROR", "+CME ERROR: 3", "+CME ERROR: 100", "+CME ERROR: 30"]),
		}),
		alter: (seen, { command, final }) => (isCommand(command, "line", seen) ? { final } : undefined),
	}),
	"softReset.fails": catches("command", {
		about: "AT+QRST is not carried out: an error, or (`final` empty) no answer; the soft reset does not work",
		defaults: { final: "ERROR" },
		perDay: 1,
		draw: random => ({ final: oneOf(random, ["ERROR", ""]) }),
		alter: (seen, { final }) =>
			isCommand("+QRST", "line", seen) ? (final ? { final } : "swallow") : undefined,
	}),
	"final.lost": catches("final", {
		about: "a command is run, and its final result lost; a later result comes",
		defaults: { command: "" },
		perDay: 4,
		alter: (name, { command }) => (command === "" || command === name ? "lost" : undefined),
	}),
	"final.late": catches("final", {
		about:
			"a command is run, and its final result comes late: beyond the time-out. Later results wait for it",
		defaults: { command: "", ms: 20_000 },
		perDay: 4,
		draw: random => ({ ms: logarithmic(random, 400, 120_000) }),
		alter: (name, { command, ms }) => (command === "" || command === name ? { lateMs: ms } : undefined),
	}),
	"result.beforeFinal": catches("order", {
		about: "the later result comes before OK, if it comes within `waitMs`",
		defaults: { command: "", waitMs: 300 },
		perDay: 4,
		draw: random => ({ waitMs: logarithmic(random, 300, 3000) }),
		alter: (name, { command, waitMs }) => (command === "" || command === name ? { waitMs } : undefined),
	}),
	"result.lost": catches("result", {
		about: "a later result is lost",
		defaults: { command: "" },
		perDay: 4,
		alter: (line, { command }) => (isOf(command, line) ? [] : undefined),
	}),
	"result.late": catches("result", {
		about: "a later result comes late",
		defaults: { command: "", ms: 60_000 },
		perDay: 4,
		draw: random => ({ ms: logarithmic(random, 1000, 300_000) }),
		alter: (line, { command, ms }) => (isOf(command, line) ? [{ line, afterMs: ms }] : undefined),
	}),
	"result.doubled": catches("result", {
		about: "a later result comes again",
		defaults: { command: "", ms: 0 },
		perDay: 4,
		draw: random => ({ ms: oneOf(random, [0, logarithmic(random, 1, 60_000)]) }),
		alter: (line, { command, ms }) =>
			isOf(command, line)
				? [
						{ line, afterMs: 0 },
						{ line, afterMs: ms },
					]
				: undefined,
	}),
	"result.ofOther": catches<"result", { command: string; by: number; both: boolean }>("result", {
		about:
			"a later result names another message identifier, `by` higher; the true one follows only with `both`",
		defaults: { command: "", by: 1000, both: false },
		perDay: 4,
		draw: random => ({ by: random.integer([1000, 60_000]), both: random.next() < 0.5 }),
		alter(line, { command, by, both }) {
			const message = isOf(command, line) ? messageOf(line) : undefined;
			if (!message) return undefined;
			const { head, id } = message;
			const other = head + String(((id + by - 1) % 65_535) + 1) + line.slice(head.length + String(id).length);
			return [other, ...(both ? [line] : [])].map(text => ({ line: text, afterMs: 0 }));
		},
	}),
	"result.retransmission": catches("result", {
		about: "notices of so many retransmissions (result 1) before the later result, 1 s between them",
		defaults: { command: "", count: 2 },
		perDay: 4,
		draw: random => ({ count: random.integer([1, 3]) }),
		alter(line, { command, count }) {
			const message = isOf(command, line) ? messageOf(line) : undefined;
			if (!message) return undefined;
			const notices = Array.from({ length: count }, (_, n) => ({
				line: `${message.head}${message.id},1,${n + 1}`,
				afterMs: n * 1000,
			}));
			return [...notices, { line, afterMs: count * 1000 }];
		},
	}),
	"result.failed": catches("result", {
		about: "a packet that was acknowledged is reported as failed (result 2)",
		defaults: { command: "+QMTPUB" },
		perDay: 4,
		alter(line, { command }) {
			const message = isOf(command, line) ? messageOf(line) : undefined;
			return message ? [{ line: `${message.head}${message.id},2`, afterMs: 0 }] : undefined;
		},
	}),
	"urc.lost": catches("urc", {
		about: "a URC is lost; `name` as in +QMTSTAT, empty for any one",
		defaults: { name: "" },
		perDay: 6,
		draw: random => ({ name: oneOf(random, ["", "+QMTSTAT", "+CEREG"]) }),
		alter: (text, { name }) => (isOf(name, text) ? "lost" : undefined),
	}),
};
