import test from "ava";
import { existsSync } from "node:fs";
import { mosquitto } from "./mosquitto.js";
import { Program, events, folder, freePort, isInstalled, modem, start } from "./program.js";

interface Delivered {
	sequence: number;
	latencyMs?: number;
	again: boolean;
	records: { n: string; u?: string; v: number }[];
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

for (const QoS of ["0", "1", "2"])
	test(`--count 20 --qos ${QoS}: twenty messages from the embedded broker, exit code 0`, async t => {
		const data = folder();
		t.teardown(data.remove);
		const program = start("--count", "20", "--interval", "0.2", "--qos", QoS, "--data", data.path, "--json");
		t.is(await program.ended, 0, program.all);
		const delivered = events<Delivered>(program, "delivered");
		t.deepEqual(
			delivered.map(({ sequence }) => sequence),
			range(1, 20),
		);
		for (const { records, latencyMs } of delivered) {
			t.true(records.some(({ n, u, v }) => n.endsWith("load") && u !== undefined && v >= 0));
			t.true(latencyMs !== undefined && latencyMs >= 0);
		}
		const [summary] = events<{ sampled: number; acknowledged: number; waiting: number }>(program, "summary");
		t.is(summary.acknowledged, 20);
		t.is(summary.sampled, summary.acknowledged + summary.waiting);
	});

// Serial, so before the others: it builds what they run.
test.serial("npm start ends with 0 on Ctrl-C, and on SIGTERM to npm alone", async t => {
	for (const end of ["interrupt", "terminate"]) {
		const data = folder();
		t.teardown(data.remove);
		const program = new Program("npm", ["start", "--silent", "--", "--data", data.path, "--json"], true);
		await program.line(/"sequence":1,/);
		if (end === "interrupt") program.interrupt();
		else program.kill("SIGTERM");
		t.is(await program.ended, 0, program.all);
		t.is(events(program, "summary").length, 1, program.all);
	}
});

test("stdout that nobody reads any more ends the program, without a stack trace", async t => {
	const data = folder();
	t.teardown(data.remove);
	const command = `${process.execPath} build/start.js --interval 0.1 --data ${data.path} | head -1`;
	const program = new Program("bash", ["-o", "pipefail", "-c", command]);
	t.is(await program.ended, 0, program.all);
	t.is(program.output.length, 1);
	t.notRegex(program.all, /^ {4}at /m);
});

test("a data folder that cannot be had: one line, exit code 1", async t => {
	const program = start("--data", "/dev/null/x");
	t.is(await program.ended, 1);
	t.is(program.errors.length, 1, program.all);
});

test("the table: a header, a line a message, the summary", async t => {
	const data = folder();
	t.teardown(data.remove);
	const program = start("--count", "3", "--interval", "0.1", "--data", data.path);
	t.is(await program.ended, 0, program.all);
	t.regex(program.output[0], /^time +seq +sample to ack +readings$/);
	for (const [index, line] of program.output.slice(1, 4).entries())
		t.regex(line, new RegExp(`^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} +${index + 1} +\\d+ ms +.*load`));
	t.regex(program.output[4], /^\d+ sampled, 3 acknowledged, \d+ waiting$/);
});

test("Ctrl-C disconnects, prints the summary and exits with 0", async t => {
	const data = folder();
	t.teardown(data.remove);
	const program = start("--interval", "0.1", "--data", data.path, "--trace");
	await program.line(/^\d\d:\d\d.* {2}2 .* ms /);
	program.kill("SIGINT");
	t.is(await program.ended, 0, program.all);
	t.regex(program.output.at(-1) ?? "", /^\d+ sampled, \d+ acknowledged, \d+ waiting$/);
	t.true(program.errors.some(line => line.endsWith("> AT+QMTDISC=0")));
	t.true(program.errors.some(line => line.endsWith("< +QMTDISC: 0,0")));
});

const wrong: readonly (readonly [string[], RegExp])[] = [
	[["--qos", "3"], /^--qos must be a whole number from 0 to 2$/],
	[["--interval", "0"], /^--interval must be a number from 0\.001 to 604800$/],
	[["--interval", "often"], /^--interval must/],
	[["--count", "1.5"], /^--count must be a whole number/],
	[["--baud", "-1"], /--baud/],
	[["--broker", "http://x"], /^--broker must be mqtt:/],
	[["--broker", "mqtts://x"], /TLS/],
	[["--broker", "mqtt://h:99999"], /^--broker must be mqtt:/],
	[["--broker", "mqtt://u:a%22b@h"], /^--broker: user and password/],
	[["--broker", "mqtt://u:a%zz@h"], /^--broker: a % in user/],
	[["--broker", "mqtt://h:0"], /^--broker: the port/],
	[["--broker", "mqtt://h#x"], /^--broker must be mqtt:/],
	[["--broker", `mqtt://${"h".repeat(101)}`], /^--broker: .* 100 bytes/],
	[["--device", ""], /^--device needs/],
	[["--data", ""], /^--data needs/],
	[["--topic", "a/#"], /^--topic must not hold/],
	[["--topic", 'a"b'], /^--topic must not hold/],
	[["--topic", ""], /^--topic must be 1 to 255 bytes$/],
	[["--id", 'x"'], /^--id must/],
	[["--no-such"], /--no-such/],
	[["stray"], /stray/],
];
for (const [values, line] of wrong)
	test(`wrong option ${values.join(" ")}: one clear line, exit code 2`, async t => {
		const program = start(...values);
		t.is(await program.ended, 2);
		t.deepEqual(program.output, []);
		t.is(program.errors.length, 1, program.all);
		t.regex(program.errors[0], line);
	});

test("--help lists the options", async t => {
	const program = start("--help");
	t.is(await program.ended, 0);
	for (const name of [
		"device",
		"baud",
		"broker",
		"topic",
		"id",
		"qos",
		"interval",
		"count",
		"data",
		"trace",
		"json",
	])
		t.true(
			program.output.some(line => line.trim().startsWith(`--${name}`)),
			name,
		);
});

test("--broker: mosquitto gets the messages; what is printed was acknowledged", async t => {
	if (!(await isInstalled("mosquitto"))) return void t.pass("skipped: mosquitto is not installed");
	const data = folder();
	const broker = await mosquitto();
	t.teardown(() => broker.close());
	t.teardown(data.remove);
	const url = `mqtt://user:pass-word@127.0.0.1:${broker.port}`;
	const program = start(
		"--count",
		"20",
		"--interval",
		"0.1",
		"--broker",
		url,
		"--data",
		data.path,
		"--json",
		"--trace",
	);
	t.is(await program.ended, 0, program.all);
	await broker.until(20);
	t.deepEqual(
		events<Delivered>(program, "acknowledged").map(({ sequence }) => sequence),
		range(1, 20),
	);
	t.deepEqual(sequences(broker.received).slice(0, 20), range(1, 20));
	t.false(program.all.includes("pass-word"), "the password is not in the trace");
});

test("--broker that refuses: said in words, tried again with backoff, no stack trace", async t => {
	const data = folder();
	t.teardown(data.remove);
	const program = start("--broker", `mqtt://127.0.0.1:${await freePort()}`, "--data", data.path);
	const line = await program.line(/trying again/);
	t.regex(line, /failed to open network.*\(-1\); trying again in \d+\.\d s$/);
	program.kill("SIGINT");
	t.is(await program.ended, 0, program.all);
	t.notRegex(program.all, /^ {4}at /m);
});

test("--broker with a name that does not resolve: said in words", async t => {
	const data = folder();
	t.teardown(data.remove);
	const program = start("--broker", "mqtt://no-such-host.invalid", "--data", data.path);
	t.regex(await program.line(/trying again/), /failed to parse domain name.*\(4\)/);
	program.kill("SIGTERM");
	t.is(await program.ended, 0, program.all);
});

test("--device that is missing: said in words, tried again", async t => {
	const data = folder();
	t.teardown(data.remove);
	const program = start("--device", "/dev/no-such-tty", "--data", data.path);
	t.regex(
		await program.line(/trying again/),
		/\/dev\/no-such-tty: no such device.*; trying again in [01]\.\d s/,
	);
	program.kill("SIGINT");
	t.is(await program.ended, 0, program.all);
	t.notRegex(program.all, /^ {4}at /m);
});

test("--device: the simulated modem at the far end of a pty pair", async t => {
	if (!(await isInstalled("socat"))) return void t.pass("skipped: socat is not installed");
	const data = folder();
	t.teardown(data.remove);
	const [near, far] = [`${data.path}/near`, `${data.path}/far`];
	const socat = new Program("socat", [
		"-d",
		"-d",
		`pty,raw,echo=0,link=${near}`,
		`pty,raw,echo=0,link=${far}`,
	]);
	t.teardown(() => socat.kill("SIGTERM"));
	await socat.line(/starting data transfer loop/);
	t.true(existsSync(far));
	const unit = modem("--device", far);
	t.teardown(() => unit.kill("SIGTERM"));
	const program = start(
		"--device",
		near,
		"--count",
		"20",
		"--interval",
		"0.2",
		"--data",
		data.path,
		"--json",
	);
	t.is(await program.ended, 0, program.all);
	t.deepEqual(
		events<Delivered>(program, "delivered").map(({ sequence }) => sequence),
		range(1, 20),
	);
});

test("kill -9 in the middle and a new start with the same data: no sequence number is missing", async t => {
	if (!(await isInstalled("mosquitto"))) return void t.pass("skipped: mosquitto is not installed");
	const data = folder();
	const broker = await mosquitto();
	t.teardown(() => broker.close());
	t.teardown(data.remove);
	const values = [
		"--interval",
		"0.02",
		"--broker",
		`mqtt://127.0.0.1:${broker.port}`,
		"--data",
		data.path,
		"--json",
	];
	for (let acknowledged = 5; acknowledged <= 15; acknowledged += 5) {
		const killed = start(...values);
		await killed.line(new RegExp(`"sequence":${acknowledged},`));
		killed.kill("SIGKILL");
		t.is(await killed.ended, "SIGKILL");
	}
	const last = start(...values, "--count", "40");
	t.is(await last.ended, 0, last.all);
	const final = Math.max(...events<Delivered>(last, "acknowledged").map(({ sequence }) => sequence));
	await broker.until(final);
	const arrived = new Set(sequences(broker.received));
	t.deepEqual(
		range(1, final).filter(sequence => !arrived.has(sequence)),
		[],
	);
});

test("a second start with the same data folder is refused in one line", async t => {
	const data = folder();
	t.teardown(data.remove);
	const first = start("--interval", "0.1", "--data", data.path);
	await first.line(/ ms /);
	const second = start("--data", data.path);
	t.is(await second.ended, 1);
	t.is(second.errors.length, 1, second.all);
	t.regex(second.errors[0], new RegExp(String(first.child.pid)));
	first.kill("SIGINT");
	t.is(await first.ended, 0);
});

function sequences(payloads: readonly string[]): number[] {
	return payloads.map(
		payload => (JSON.parse(payload) as { n: string; v: number }[]).find(({ n }) => n === "seq")?.v ?? -1,
	);
}
