import type { Session } from "../session.js";
import { catches, logarithmic, none, oneOf, strike, wedged, type Target } from "./kind.js";

/** What cures a hung module: that key, any key, or (`time`) `ms` too. */
export type Cure = "any" | "reset" | "power" | "time";

const cures = ({ modem: { keys } }: Target): readonly Cure[] => [
	"time",
	...(keys.reset ? (["reset"] as const) : []),
	...(keys.power ? (["power"] as const) : []),
	...(keys.reset || keys.power ? (["any"] as const) : []),
];

const runs = ({ modem }: Target): boolean => modem.powered && !modem.silent;

/** Results of +QMTOPEN but 0 (note 3.2), and +QMTSTAT codes (5.1). */
const OPEN_RESULTS = [-1, 1, 2, 3, 4, 5];
const STAT_CODES = [1, 2, 3, 4, 5, 6, 7];
const LINK_DEAD = 7;
const CONNECT_RESULTS = ["0,1", "0,2", "0,3", "0,4", "0,5", "2"];

/** Whether a command line is one that the stuck MQTT stack refuses. */
export const isRefusedByStack = (line: string): boolean => /AT\+QMT[A-Z]+=[^?]/i.test(line);

/** The MQTT identifiers of the module. */
export const mqttKinds = {
	"open.result": catches("open", {
		about: "AT+QMTOPEN ends with this result; the identifier stays closed",
		defaults: { result: -1 },
		perDay: 4,
		draw: random => ({ result: oneOf(random, OPEN_RESULTS) }),
		alter: (_, { result }) => result,
	}),
	"open.occupied": catches("command", {
		about: "AT+QMTOPEN finds a closed identifier occupied, until AT+QMTCLOSE",
		defaults: none,
		perDay: 4,
		alter({ name, line }, _, { modem }) {
			const match = name === "+QMTOPEN" ? /=\s*([0-5])\s*,/.exec(line) : null;
			const session = match ? modem.sessions[Number(match[1])] : undefined;
			if (session?.state !== "closed") return undefined;
			session.occupy();
			return "run";
		},
	}),
	"connect.result": catches("connect", {
		about:
			"AT+QMTCONN ends with this result and code: the connection stays open with 0,<code>, and ends with 2",
		defaults: { result: "0,3" },
		perDay: 4,
		draw: random => ({ result: oneOf(random, CONNECT_RESULTS) }),
		alter: (_, { result }) => result,
	}),
	"publish.failed": catches("publish", {
		about: "AT+QMTPUB fails without sending: result 2, and by variant +QMTSTAT 6",
		defaults: none,
		perDay: 4,
		alter: () => "failed",
	}),
	stat: strike<{ code: number; context: boolean }>({
		about:
			"+QMTSTAT with this code on each open identifier: the module has closed it. With code 2 and `context`, none can be opened until the PDP context is cycled",
		defaults: { code: 1, context: false },
		perDay: 8,
		draw: random => ({ code: oneOf(random, STAT_CODES), context: random.next() < 0.5 }),
		possible: ({ modem }) =>
			runs({ modem } as Target) && modem.sessions.some(({ state }) => state !== "closed"),
		strike({ code, context }, { modem }) {
			for (const session of modem.sessions) session.fail(code);
			return code === 2 && context ? wedged("context", modem) : undefined;
		},
	}),
	"identifier.stuck": strike({
		about: "each open identifier says it is, and does nothing any more, until AT+QMTCLOSE",
		defaults: none,
		perDay: 2,
		possible: ({ modem }) => modem.sessions.some(({ state }) => state === "connected"),
		strike(_, { modem }) {
			for (const session of modem.sessions) session.wedge();
			const stuck = (): readonly Session[] => modem.sessions.filter(({ wedged }) => wedged);
			return {
				ms: 0,
				end: () => stuck().forEach(session => session.fail(LINK_DEAD)),
				isOver: () => stuck().length === 0,
			};
		},
	}),
};

/** The module as a whole. */
export const moduleKinds = {
	"module.reset": strike<{ banner: boolean }>({
		about: "the module restarts, with or without its banner",
		defaults: { banner: true },
		perDay: 6,
		draw: random => ({ banner: random.next() < 0.5 }),
		possible: runs,
		strike({ banner }, { modem }) {
			modem.reset({ banner });
			return undefined;
		},
	}),
	"module.off": strike({
		about: "the module loses its power; it comes back after `ms`, or (0) when its power key is used",
		defaults: { ms: 5000 },
		perDay: 1,
		draw: (random, { modem }) => ({ ms: oneOf(random, modem.keys.power ? [0, 5000] : [1000, 60_000]) }),
		possible: ({ modem }) => modem.powered,
		strike({ ms }, { modem }) {
			modem.power(false);
			return { ms, end: () => modem.power(true), isOver: () => modem.powered };
		},
	}),
	"module.hung": strike<{ until: Cure; ms: number }>({
		about: "the module neither reads nor sends, until a pulse on its reset or power key, or for `ms`",
		defaults: { until: "any", ms: 0 },
		perDay: 2,
		draw(random, target) {
			const until = oneOf(random, cures(target));
			return { until, ms: until === "time" ? logarithmic(random, 1000, 300_000) : 0 };
		},
		possible: runs,
		strike({ until, ms }, { modem }) {
			modem.hang(until);
			return {
				ms: until === "time" ? ms : 0,
				end: () => (until === "time" ? (modem.silent = false) : modem.reset()),
				isOver: () => !modem.silent,
			};
		},
	}),
	"stack.stuck": strike({
		about: "all MQTT commands answer ERROR and no identifier works, until the module restarts",
		defaults: none,
		perDay: 1,
		possible: ({ modem }) => runs({ modem } as Target) && !modem.stackStuck,
		strike(_, { modem }) {
			for (const session of modem.sessions) session.wedge();
			modem.stackStuck = true;
			return { ms: 0, end: () => modem.reset(), isOver: () => !modem.stackStuck };
		},
	}),
};
