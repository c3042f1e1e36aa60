import test from "ava";
import FlashStorage from "embedded:storage/flash";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Outbox } from "../../../modules/telemetry/outbox.js";
import { PowerCut, cutPowerAfter, restorePower, setDataFolder } from "../../shim/flash.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const data = mkdtempSync(join(tmpdir(), "outbox-command-"));
const file = join(data, "outbox.flash");
test.after.always(() => {
	setDataFolder(undefined);
	rmSync(data, { recursive: true });
});

/** `npm run outbox`, without npm. */
function run(...values: string[]): { code: number | null; output: string; errors: string } {
	const command = ["--import", "./hosttest/loader/register.js", "hosttest/outbox/main.ts", ...values];
	const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" });
	return { code: status, output: stdout, errors: stderr };
}

const open = () => new Outbox({ flash: FlashStorage.open({ path: "outbox" }) });
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A file of its own with these bytes. */
function written(name: string, bytes: Uint8Array): string {
	const path = join(data, name);
	writeFileSync(path, bytes);
	return path;
}

test.serial(
	"what the application keeps on the desktop, after it has ended: printed, and left as it is",
	t => {
		setDataFolder(data);
		const outbox = open();
		for (let number = 1; number <= 30; number++)
			outbox.append(bytesOf(`message ${number} ${"x".repeat(200)}`));
		for (let number = 1; number <= 20; number++) outbox.acknowledge(number);
		outbox.close();
		setDataFolder(undefined);
		utimesSync(file, 1, 1);
		const before = readFileSync(file);
		for (const path of [data, file]) {
			const { code, output, errors } = run(path, "--waiting");
			t.is(code, 0);
			t.is(errors, "");
			t.regex(output, /block 0 {2}OBX1, order 1, numbers from 1, 3,944 of 4,016 bytes used, records: 17/);
			t.regex(output, /block 1 {2}OBX1, order 2, written to, numbers from 18/);
			t.regex(output, /\n +21 {2}waiting +211 +0x2c8 {2}message 21 xxx/);
			t.notRegex(output, /message 20/);
			t.regex(output, /blocks 2–255 {2}erased/);
			t.regex(output, /capacity +1,024,080 bytes at least, in 256 blocks; free: 1,0/);
			t.regex(output, /waiting +10\nacknowledged +20, .*\nholes +none\nnext number +31\ndamage +none\n/);
		}
		t.deepEqual(readFileSync(file), before);
		t.is(statSync(file).mtimeMs, 1000);
		t.deepEqual(readdirSync(data), ["outbox.flash"], "no lock");
	},
);

test.serial("one that another process has open is shown too, and who that is", t => {
	setDataFolder(data);
	const outbox = open();
	outbox.append(bytesOf("more"));
	const { code, output, errors } = run(file, "--json");
	t.is(code, 0);
	t.regex(errors, new RegExp(`in use by process ${process.pid}:`));
	const objects = output
		.trim()
		.split("\n")
		.map(line => JSON.parse(line) as { kind: string });
	t.like(objects.at(-1), { kind: "summary", nextSequence: 32 });
	t.true(readdirSync(data).includes("lock"));
	t.true(outbox.append(bytesOf("goes on")));
	outbox.close();
	setDataFolder(undefined);
});

test.serial(
	"after a power cut in the middle of a write: torn, and exit code 1; after the next start and its records as well",
	t => {
		setDataFolder(data);
		const outbox = open();
		cutPowerAfter(16 + 100);
		t.throws(() => outbox.append(bytesOf("y".repeat(200))), { instanceOf: PowerCut });
		restorePower();
		setDataFolder(undefined);
		const { code, output } = run(file, "--waiting");
		t.is(code, 1);
		t.regex(output, /\n +33 {2}torn +200 +0x[0-9a-f]+ {2}y{100}(\\xff){100}\n/);
		t.regex(output, /damage +records torn: 1, damaged: 0; blocks damaged: 0/);
		t.regex(output, /waiting +12\n/);
		t.regex(output, /next number +33\n/);
	},
);

test.serial("a file that is empty, short, odd, garbage or erased: it says so", t => {
	const empty = run(written("empty", new Uint8Array(0)));
	t.is(empty.code, 1);
	t.regex(empty.errors, /empty: no outbox, which takes two blocks of 4096 bytes or more/);
	const short = run(written("short", new Uint8Array(100)));
	t.is(short.code, 1);
	t.regex(short.errors, /100 bytes are no multiple of 4096/);
	t.regex(short.errors, /4096 bytes are no outbox|100 bytes are no outbox/);
	const odd = run(written("odd", readFileSync(file).subarray(0, 10_000)));
	t.is(odd.code, 1);
	t.regex(odd.errors, /10000 bytes are no multiple of 4096: what is missing is taken as erased/);
	t.regex(odd.output, /message 1 xxx/);
	const half = run(written("half", new Uint8Array(0x80000).fill(0xff)));
	t.is(half.code, 0);
	t.regex(half.errors, /524288 bytes, not the 1048576 of partitions.csv/);
	t.regex(half.output, /blocks 0–127 {2}erased/);
	const garbage = run(
		written(
			"garbage",
			Uint8Array.from({ length: 0x100000 }, (_, at) => (at * 151) >> 3),
		),
	);
	t.is(garbage.code, 1);
	t.regex(garbage.output, /block 0 {2}damaged: neither a header nor erased/);
	t.regex(garbage.output, /there is no outbox here/);
});

test.serial("wrong options, no file and two files: exit code 2 and one line; --help tells all options", t => {
	for (const [values, message] of [
		[["--colour", file], /Unknown option '--colour'/],
		[[], /one file is needed/],
		[[file, file], /one file is needed/],
		[[join(data, "none")], /ENOENT/],
		[[file, "--block", "x"], /--block must be a whole number from 128 to 65536/],
		[[file, "--block", "130"], /--block must be a multiple of 4/],
	] as const) {
		const { code, errors, output } = run(...values);
		t.is(code, 2, values.join(" "));
		t.regex(errors, message);
		t.is(errors.trim().split("\n").length, 1);
		t.is(output, "");
	}
	const { code, output } = run("--help");
	t.is(code, 0);
	for (const option of ["--waiting", "--hex", "--json", "--block"]) t.true(output.includes(option));
});
