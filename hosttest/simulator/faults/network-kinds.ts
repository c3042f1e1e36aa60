import { generate } from "mqtt-packet";
import { logarithmic, none, oneOf, strike, wedged, type Target } from "./kind.js";
import type { Treatment } from "./network.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** New connections are treated so for `ms`. */
function treated(ms: number, target: Target, treatment: Treatment) {
	return { ms, end: target.network.treat(treatment) };
}

const hostilePayloads = [
	'say "OK"\r\nOK\r\n',
	"\r\n+QMTSTAT: 0,1\r\n",
	"\r\n+QMTPUB: 0,65535,2\r\n",
	"\r\nERROR\r\n> \r\n",
	'","\r\n+QMTRECV: 0,0,"',
	"\0\x1a\x1b\xff",
	"F1: 0000 0000\n\rV0: 0000 0000 [0001]\n\r",
	"x".repeat(1000),
];

/** Radio, registration and PDP context. */
export const airKinds = {
	"coverage.lost": strike({
		about: "no cell",
		defaults: { ms: 10 * MINUTE },
		perDay: 0.5,
		draw: random => ({ ms: logarithmic(random, MINUTE, 2 * DAY) }),
		strike({ ms }, { modem }) {
			modem.radio({ coverage: false });
			return { ms, end: () => modem.radio({ coverage: true }) };
		},
	}),
	"registration.denied": strike({
		about: "the network refuses the module",
		defaults: { ms: 10 * MINUTE },
		perDay: 0.5,
		draw: random => ({ ms: logarithmic(random, MINUTE, HOUR) }),
		strike({ ms }, { modem }) {
			modem.radio({ denied: true });
			return { ms, end: () => modem.radio({ denied: false }) };
		},
	}),
	"sim.lost": strike({
		about: "no SIM",
		defaults: { ms: MINUTE },
		perDay: 0.2,
		draw: random => ({ ms: logarithmic(random, 1000, HOUR) }),
		strike({ ms }, { modem }) {
			modem.radio({ sim: false });
			return { ms, end: () => modem.radio({ sim: true }) };
		},
	}),
	"context.lost": strike({
		about:
			"the PDP context is gone, connections with it; it comes back after `ms`, or (0) when the host activates it",
		defaults: { ms: 0 },
		perDay: 2,
		draw: random => ({ ms: oneOf(random, [0, logarithmic(random, 1000, HOUR)]) }),
		possible: ({ modem }) => modem.registration.address !== undefined,
		strike({ ms }, { modem: { registration } }) {
			registration.activate(false);
			return { ms, end: () => registration.activate(true), isOver: () => registration.address !== undefined };
		},
	}),
	"context.stuck": strike({
		about: "nothing passes on the PDP context though it is said to be active, until it is deactivated",
		defaults: none,
		perDay: 1,
		possible: ({ modem }) => modem.registration.online,
		strike: (_, { modem }) => wedged("context", modem),
	}),
	"radio.stuck": strike({
		about: "nothing passes though the module is said to be registered, until its radio goes off and on",
		defaults: none,
		perDay: 1,
		possible: ({ modem }) => modem.registration.online,
		strike: (_, { modem }) => wedged("radio", modem),
	}),
};

/** DNS, the way to the broker, and the broker. */
export const brokerKinds = {
	"dns.fails": strike({
		about: "names are not found",
		defaults: { ms: MINUTE },
		perDay: 1,
		draw: random => ({ ms: logarithmic(random, 1000, HOUR) }),
		strike: ({ ms }, target) => treated(ms, target, { cause: "dns" }),
	}),
	"broker.unreachable": strike({
		about: "nobody listens",
		defaults: { ms: MINUTE },
		perDay: 1,
		draw: random => ({ ms: logarithmic(random, 1000, HOUR) }),
		strike: ({ ms }, target) => treated(ms, target, { cause: "refused" }),
	}),
	"broker.refuses": strike({
		about: "the broker answers CONNECT with this code and closes",
		defaults: { ms: MINUTE, returnCode: 3 },
		perDay: 1,
		draw: random => ({ ms: logarithmic(random, 1000, HOUR), returnCode: random.integer([1, 5]) }),
		strike: ({ ms, returnCode }, target) => treated(ms, target, { returnCode }),
	}),
	"broker.halfOpen": strike({
		about: "connections stay, and nothing passes on them any more; new ones hang too for `ms`",
		defaults: { ms: MINUTE },
		perDay: 2,
		draw: random => ({ ms: oneOf(random, [1, logarithmic(random, 1000, HOUR)]) }),
		strike({ ms }, target) {
			target.network.hang();
			return treated(ms, target, "hang");
		},
	}),
	"broker.restarts": strike({
		about: "the broker ends all connections and is away for `ms`",
		defaults: { ms: 5000 },
		perDay: 2,
		draw: random => ({ ms: logarithmic(random, 100, 10 * MINUTE) }),
		strike({ ms }, target) {
			target.network.drop();
			return treated(ms, target, { cause: "refused" });
		},
	}),
	"broker.takeover": strike({
		about: "another client takes the session over by the same client identifier, and leaves",
		defaults: none,
		perDay: 2,
		possible: ({ network }) => network.live > 0,
		strike(_, { network }) {
			network.takeOver();
			return undefined;
		},
	}),
	"broker.garbage": strike({
		about: "the broker sends so many random bytes",
		defaults: { count: 40 },
		perDay: 1,
		draw: random => ({ count: logarithmic(random, 2, 2000) }),
		possible: ({ network }) => network.live > 0,
		strike({ count }, { network, random }) {
			network.send(Uint8Array.from({ length: count }, () => random.integer([0, 255])));
			return undefined;
		},
	}),
	"broker.messages": strike({
		about:
			"the broker sends so many messages that nobody subscribed to, with payloads that look like lines of the module",
		defaults: { count: 10, topic: "t/hostile", payload: "" },
		perDay: 2,
		draw: random => ({
			count: logarithmic(random, 1, 50),
			topic: oneOf(random, ["t/hostile", "OK", '","', "+QMTSTAT: 0,1", "x".repeat(255)]),
		}),
		possible: ({ network }) => network.live > 0,
		strike({ count, topic, payload }, { network, random }) {
			for (let left = count; left > 0; left -= 1) {
				const bytes = Buffer.from(payload || oneOf(random, hostilePayloads), "latin1");
				const packet = { cmd: "publish", qos: 0, dup: false, retain: false, topic, payload: bytes } as const;
				network.send(generate(packet));
			}
			return undefined;
		},
	}),
};
