import { Aedes } from "aedes";
import test from "ava";
import { connectAsync } from "mqtt";
import { readFileSync, readdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { Program, folder, freePort } from "../start/program.js";
import { UsageError } from "../../cli/command-line.js";
import { startOptions } from "../../cli/options.js";
import { SECRETS, printed, shownIn } from "./markers.js";

const { user, password } = SECRETS;

/** `npm start -- …`, from the sources. */
function start(...values: string[]): Program {
	return new Program(process.execPath, [
		"--import=./hosttest/loader/register.js",
		"hosttest/start.ts",
		...values,
	]);
}

/** Port of a broker that accepts clients, or refuses them with a return code. */
async function broker(returnCode: number): Promise<{ port: number; close: () => void; users: string[] }> {
	const users: string[] = [];
	const aedes = await Aedes.createBroker({
		authenticate: (_client, name, secret, done) => {
			users.push(`${name ?? ""}:${secret?.toString() ?? ""}`);
			if (returnCode) done(Object.assign(new Error("refused"), { returnCode }), null);
			else done(null, true);
		},
	});
	const server = createServer(aedes.handle);
	await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
	const close = () => {
		aedes.close();
		server.close();
	};
	return { port: (server.address() as AddressInfo).port, close, users };
}

for (const [title, returnCode, line, ...form] of [
	["accepts", 0, / {2}2 .* ms /],
	["accepts", 0, /"sequence":2,/, "--json"],
	["refuses", 5, /trying again/],
] as const)
	test(`npm start --trace ${form.join("")} to a broker that ${title}: user and password are in no output and no file`, async t => {
		const data = folder();
		t.teardown(data.remove);
		const peer = await broker(returnCode);
		t.teardown(peer.close);
		const url = `mqtt://${user}:${password}@127.0.0.1:${peer.port}`;
		const program = start("--broker", url, "--trace", "--interval", "0.2", "--data", data.path, ...form);
		await program.line(line);
		program.kill("SIGINT");
		t.is(await program.ended, 0, program.all);
		t.is(peer.users[0], `${user}:${password}`, "they did go out");
		t.true(program.errors.some(text => text.includes("AT+QMTCONN=")));
		t.is(shownIn(program.all), undefined);
		const files = readdirSync(data.path);
		t.true(files.length > 0);
		for (const file of files) t.is(shownIn(readFileSync(join(data.path, file), "latin1")), undefined, file);
	});

test("npm start, a wrong command line: one line, without the password that is in it", async t => {
	const port = await freePort();
	const url = `mqtt://${user}:${password}@127.0.0.1:${port}`;
	for (const values of [
		[url],
		[`-${url}`],
		[`--${url}`],
		[`--brokr=${url}`],
		[`--json=${url}`],
		["--brokr", url],
		["--trace", url],
		["--broker", `${url}/path`],
		["--broker", `${url}9999999`],
		["--broker", url.replace("mqtt:", "mqtts:")],
		["--broker", url.replace("mqtt:", "http:")],
		["--broker", url.replace(password, `${password}%22`)],
		["--broker", url.replace(password, `${password}%zz`)],
		["--broker", `mqtt://${user}:${password}@`],
		["--baud", url],
		["--topic", `#${url}`],
		["--id", url],
		["--qos", url],
		["--password", password],
		[`--password=${password}`],
		[`-p${password}`],
	]) {
		const error = t.throws(() => startOptions(values), { instanceOf: UsageError });
		t.is(shownIn(printed(error)), undefined, error.message);
	}
	const program = start(url);
	t.is(await program.ended, 2, program.all);
	t.deepEqual(program.output, []);
	t.is(program.errors.length, 1, program.all);
	t.is(shownIn(program.all), undefined, program.all);
});

test("npm start: what others send is printed, and cannot steer the terminal or pass for lines of the program", async t => {
	for (const form of [[], ["--json"]]) {
		const data = folder();
		t.teardown(data.remove);
		const program = start("--topic", "t", "--trace", "--interval", "0.2", "--data", data.path, ...form);
		const port = /:(\d+);/.exec(await program.line(/embedded broker/))?.[1] ?? "";
		const client = await connectAsync(`mqtt://127.0.0.1:${port}`);
		const hostile = "x\x1b]0;owned\x07\x1b[2J\r\n1 sampled, 1 acknowledged, 0 waiting\x9b31m";
		const pack = [
			{ bn: hostile, n: "seq", v: 99 },
			{ n: hostile, vs: hostile, u: hostile },
		];
		await client.publishAsync("t", JSON.stringify(pack));
		await program.line(/sequence":1,| {2}1 .* ms/);
		await client.endAsync();
		program.kill("SIGINT");
		t.is(await program.ended, 0, program.all);
		t.regex(program.all, /owned/);
		t.notRegex(program.all, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
		t.is(
			[...program.output, ...program.errors].filter(line => line.startsWith("1 sampled, 1 ack")).length,
			0,
		);
	}
});
