// `npm run modem -- --device <tty>`: the simulated BC20 behind a tty or pty, its connections real TCP.
import { SerialPort } from "serialport";
import { UsageError, numberOf, valuesOf } from "./cli/command-line.js";
import { delays, type DelaysName } from "./simulator/delays.js";
import { SimulatedBC20 } from "./simulator/modem.js";
import type { BC20Options, TranscriptEntry } from "./simulator/options.js";
import { profiles, type ProfileName } from "./simulator/profiles.js";
import { TraceText } from "./simulator/trace-text.js";

const help = `The simulated Quectel BC20 on a tty or pty.

npm run modem -- --device <tty> [options]

  --device <tty>      where the firmware is at the other end: /dev/ttyUSB0, a pty of socat
  --baud <rate>       115200
  --profile A|B       firmware of the module: A the application note's, B later (B)
  --seed <n>          decides all that is random (1)
  --delays none|short|real
                      times of the module (short)
  --start boot|on     boots when the tty is open, or has been on for long (boot)
  --trace             print the conversation
  --help

A pair of ptys to try it: socat -d -d pty,raw,echo=0 pty,raw,echo=0`;

interface Choice {
	readonly device: string;
	readonly baud: number;
	readonly trace: boolean;
	readonly modem: BC20Options;
}

function choose(args: readonly string[]): Choice | undefined {
	const values = valuesOf(args, {
		device: { type: "string" },
		baud: { type: "string" },
		profile: { type: "string", default: "B" },
		seed: { type: "string" },
		delays: { type: "string", default: "short" },
		start: { type: "string", default: "boot" },
		trace: { type: "boolean", default: false },
		help: { type: "boolean", default: false },
	});
	if (values.help) return undefined;
	if (!values.device) throw new UsageError("--device <tty> is missing");
	return {
		device: values.device,
		baud: numberOf("--baud", values.baud, 115_200, { minimum: 300, maximum: 921_600 }),
		trace: values.trace,
		modem: {
			profile: oneOf("--profile", values.profile, Object.keys(profiles) as ProfileName[]),
			delays: oneOf("--delays", values.delays, Object.keys(delays) as DelaysName[]),
			start: oneOf("--start", values.start, ["boot", "on"]),
			seed: numberOf("--seed", values.seed, 1, { minimum: 0, maximum: 0xffffffff }),
		},
	};
}

function oneOf<const Name extends string>(option: string, text: string, names: readonly Name[]): Name {
	const name = names.find(known => known === text);
	if (name === undefined) throw new UsageError(`${option} takes ${names.join(", ")}, not "${text}"`);
	return name;
}

function fail(text: string, code: number): never {
	process.stderr.write(`modem: ${text}\n`);
	process.exit(code);
}

function run({ device, baud, trace, modem: options }: Choice): void {
	const text = new TraceText(line => process.stdout.write(`${line}\n`));
	const transcript = trace ? (entry: TranscriptEntry): void => text.add(entry) : undefined;
	const modem = new SimulatedBC20({ ...options, ...(transcript && { transcript }) });
	const port = new SerialPort({ path: device, baudRate: baud, autoOpen: false });
	port.on("data", (bytes: Buffer) => modem.write(bytes));
	port.on("error", (error: Error) => fail(`${device}: ${error.message}`, 1));
	port.on("close", () => fail(`${device} is gone`, 1));
	port.open(error => {
		if (error) fail(`cannot open ${device}: ${error.message}`, 1);
		process.stdout.write(
			`BC20, profile ${options.profile ?? ""}, on ${device} at ${baud} baud; Ctrl-C ends\n`,
		);
		modem.open(baud, bytes => port.write(Buffer.from(bytes)));
	});
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));
}

try {
	const choice = choose(process.argv.slice(2));
	if (choice) run(choice);
	else process.stdout.write(`${help}\n`);
} catch (error) {
	if (!(error instanceof UsageError)) throw error;
	fail(`${error.message} (--help lists the options)`, 2);
}
