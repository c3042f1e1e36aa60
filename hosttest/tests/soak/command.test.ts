import { execFile } from "node:child_process";
import test from "ava";

interface Ended {
	readonly code: number;
	readonly output: string;
	readonly errors: string;
}

/** Runs one of the commands as npm does. */
const command = (program: "soak" | "herd", ...args: string[]): Promise<Ended> =>
	new Promise(resolve =>
		execFile(
			process.execPath,
			["--import", "./hosttest/loader/register.js", `hosttest/${program}/main.ts`, ...args],
			(error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
		),
	);

test("npm run soak: a table, exit code 0", async t => {
	const { code, output, errors } = await command("soak", "--seeds", "2", "--days", "0.05", "--rates", "3");
	t.is(code, 0, output + errors);
	t.regex(errors, /^seed 1 passed: 0.05 days in /m);
	t.regex(errors, /^seed 2 passed: /m);
	t.regex(output, /^ +lost +0$/m);
	t.regex(output, /^fault +times +median +95 % +worst$/m);
});

test("npm run herd: a plot; too high a peak is exit code 1", async t => {
	// A twentieth of 20 units is less than the one attempt of a second that there has to be.
	const { code, output } = await command("herd", "--units", "20", "--interval", "30");
	t.is(code, 1);
	t.regex(output, /^second +attempts +peak\/s$/m);
	t.regex(output, /^ +\d+ +[1-9]\d* +\d+ +#/m);
	t.regex(output, /, lost 0, corrupted 0, duplicates /);
	t.regex(output, /^FAILED: \d+ attempts in a second are not below 1, /m);
});

for (const program of ["soak", "herd"] as const)
	test(`npm run ${program}: help, and a wrong option`, async t => {
		const { code, output } = await command(program, "--help");
		t.is(code, 0);
		t.true(output.includes(`npm run ${program} -- [options]`));
		const wrong = await command(program, "--wrong");
		t.is(wrong.code, 2);
		t.regex(wrong.errors, /--wrong/);
	});
