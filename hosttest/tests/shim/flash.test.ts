import { spawn, spawnSync } from "node:child_process";
import {
	mkdtempSync,
	readFileSync,
	readdirSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import fc from "fast-check";
import storage, { setDataFolder } from "../../shim/flash.js";
import type { FlashOptions } from "../../shim/flash.js";

const SIZE = 65536;
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const FLASH = new URL("../../shim/flash.ts", import.meta.url).href;

let folder: string;

test.beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "flash-"));
	setDataFolder(undefined);
});

test.afterEach.always(() => {
	setDataFolder(undefined);
	rmSync(folder, { recursive: true, force: true });
});

const bytes = (buffer: ArrayBuffer) => [...new Uint8Array(buffer)];
const nodeArguments = (script: string) => [
	"--import=./hosttest/loader/register.js",
	"--input-type=module",
	"--eval",
	`const { default: storage, setDataFolder } = await import(${JSON.stringify(FLASH)});
	const folder = ${JSON.stringify(folder)};
	${script}`,
];

for (const where of ["memory", "a folder"]) {
	const place = () => setDataFolder(where === "memory" ? undefined : folder);

	test.serial(`in ${where}: new flash is erased; writes clear bits and set none; erasing sets a block`, t => {
		place();
		const flash = storage.open({ path: "storage" });
		t.deepEqual(flash.status(), { size: SIZE, blockLength: 4096, blocks: 16 });
		t.true(new Uint8Array(flash.read(SIZE, 0)).every(byte => byte === 0xff));
		flash.write(Uint8Array.of(0b1100, 0xf0), 4095);
		flash.write(Uint8Array.of(0b1010, 0x0f).buffer, 4095);
		t.deepEqual(bytes(flash.read(4, 4094)), [0xff, 0b1000, 0, 0xff]);
		flash.eraseBlock(0);
		t.deepEqual(bytes(flash.read(3, 4094)), [0xff, 0xff, 0]);
		flash.write(new Uint8Array(SIZE), 0);
		flash.eraseBlock(1, 3);
		const all = new Uint8Array(SIZE).fill(1);
		t.is(flash.read(all.subarray(4096), 4096), SIZE - 4096);
		t.deepEqual([all[4095], all[4096], all[12287], all[12288]], [1, 0xff, 0xff, 0]);
		t.is(all.lastIndexOf(0xff), 12287);
		flash.close();
		flash.close();
		t.is(
			new Uint8Array(storage.open({ path: "storage", mode: "r" }).read(1, 12288))[0],
			0,
			"kept over close",
		);
		t.is(new Uint8Array(storage.open({ path: "other" }).read(1, 12288))[0], 0xff, "of its own");
	});
}

test.serial("property: any writes and erases give what NOR flash gives, in memory and in the file", t => {
	setDataFolder(folder);
	const flash = storage.open({ path: "model" });
	flash.eraseBlock(0, 16);
	const model = new Uint8Array(SIZE).fill(0xff);
	const write = fc.record({
		data: fc.uint8Array({ maxLength: 600 }),
		offset: fc.integer({ min: 0, max: SIZE - 600 }),
	});
	const erase = fc.record({ block: fc.nat(15) });
	fc.assert(
		fc.property(fc.array(fc.oneof(write, erase), { maxLength: 20 }), operations => {
			for (const operation of operations) {
				if ("block" in operation) {
					flash.eraseBlock(operation.block);
					model.fill(0xff, operation.block * 4096, (operation.block + 1) * 4096);
				} else {
					flash.write(operation.data, operation.offset);
					operation.data.forEach((byte, i) => (model[operation.offset + i] &= byte));
				}
			}
			t.true(Buffer.from(flash.read(SIZE, 0)).equals(model));
			t.true(readFileSync(join(folder, "model.flash")).equals(model));
		}),
		{ seed: 4, numRuns: 50 },
	);
});

const OUTSIDE: [what: string, use: (flash: ReturnType<typeof storage.open>) => unknown, message: string][] = [
	["read beyond the end", flash => flash.read(2, SIZE - 1), "read failed"],
	["read before the start", flash => flash.read(new Uint8Array(2), -1), "read failed"],
	["read of a negative length", flash => flash.read(-1, 5), "read failed"],
	["write beyond the end", flash => flash.write(new Uint8Array(2), SIZE - 1), "write failed"],
	["write before the start", flash => flash.write(new Uint8Array(2), -1), "write failed"],
	["erase beyond the last block", flash => flash.eraseBlock(16), "erase failed"],
	["erase over the last block", flash => flash.eraseBlock(15, 17), "erase failed"],
	["erase before the first block", flash => flash.eraseBlock(-1), "erase failed"],
	["erase backwards", flash => flash.eraseBlock(2, 1), "erase failed"],
];

for (const [what, use, message] of OUTSIDE) {
	test.serial(`${what} throws and changes nothing`, t => {
		const flash = storage.open({ path: "edge" });
		flash.write(new Uint8Array(SIZE).fill(0x55), 0);
		t.throws(() => use(flash), { instanceOf: Error, message });
		t.true(new Uint8Array(flash.read(SIZE, 0)).every(byte => byte === 0x55));
	});
}

const REFUSED: [options: unknown, error: { instanceOf: ErrorConstructor; message?: string }][] = [
	[undefined, { instanceOf: TypeError }],
	[{}, { instanceOf: Error, message: "no path" }],
	[
		{ path: "a", mode: "w" },
		{ instanceOf: Error, message: "invalid mode" },
	],
	[
		{ path: "a", format: "number" },
		{ instanceOf: RangeError, message: "unsupported" },
	],
	[{ path: "" }, { instanceOf: Error, message: "can't find partition" }],
	[{ path: "../a" }, { instanceOf: Error, message: "can't find partition" }],
	[{ path: "sixteen-letters-" }, { instanceOf: Error, message: "can't find partition" }],
];

for (const [options, error] of REFUSED) {
	test.serial(`open refuses ${JSON.stringify(options)}`, t => {
		t.throws(() => storage.open(options as FlashOptions), error);
	});
}

test.serial("mode r refuses to change; a closed one refuses all; formats and buffers are checked", t => {
	const flash = storage.open({ path: "a", mode: "r", format: "buffer" });
	t.throws(() => flash.write(new Uint8Array(1), 0), { message: "read-only" });
	t.throws(() => flash.eraseBlock(0), { message: "read-only" });
	t.is(flash.read(1, 0).byteLength, 1);
	flash.format = "buffer";
	t.throws(() => (flash.format = "number"), { instanceOf: RangeError });
	t.is(flash.format, "buffer");
	const writer = storage.open({ path: "a" });
	t.throws(() => writer.write("AT" as unknown as ArrayBuffer, 0), { instanceOf: TypeError });
	flash.close();
	for (const use of [
		() => flash.read(1, 0),
		() => flash.write(new Uint8Array(1), 0),
		() => flash.eraseBlock(0),
		() => flash.status(),
	]) {
		t.throws(use, { instanceOf: SyntaxError });
	}
});

test.serial("the folder is made; a file that is short is erased to its size, a long one is refused", t => {
	const deep = join(folder, "a", "b");
	setDataFolder(deep);
	storage.open({ path: "x" }).write(Uint8Array.of(1, 2, 3), 0);
	setDataFolder(undefined);
	truncateSync(join(deep, "x.flash"), 2);
	writeFileSync(join(deep, "long.flash"), new Uint8Array(SIZE + 1));
	setDataFolder(deep);
	t.deepEqual(bytes(storage.open({ path: "x" }).read(4, 0)), [1, 2, 0xff, 0xff]);
	t.is(statSync(join(deep, "x.flash")).size, SIZE);
	t.throws(() => storage.open({ path: "long" }), { message: /long\.flash: 65537 bytes, not the 65536/ });
});

test.serial("a handle of a folder that was left refuses to write; the memory is new each time", t => {
	setDataFolder(folder);
	const left = storage.open({ path: "x" });
	setDataFolder(undefined);
	t.throws(() => left.write(new Uint8Array(1), 0), { message: /data folder of this flash was left/ });
	storage.open({ path: "x" }).write(new Uint8Array(1), 0);
	setDataFolder(undefined);
	t.deepEqual(bytes(storage.open({ path: "x" }).read(1, 0)), [0xff]);
});

test.serial(
	"one process has the folder: another is told which; a lock of a dead process is broken",
	async t => {
		const other = spawn(
			process.execPath,
			nodeArguments(`setDataFolder(folder); console.log("locked"); setInterval(() => {}, 1000);`),
			{
				cwd: ROOT,
				stdio: ["ignore", "pipe", "inherit"],
			},
		);
		try {
			await new Promise(resolve => other.stdout.once("data", resolve));
			t.throws(() => setDataFolder(folder), {
				message: `${folder}: in use by process ${other.pid ?? 0}; stop it first, or use another data folder`,
			});
			t.notThrows(() => storage.open({ path: "x" }), "the refused change of folder changed nothing");
		} finally {
			const ended = new Promise(resolve => other.once("exit", resolve));
			other.kill("SIGKILL");
			await ended;
		}
		t.true(readdirSync(folder).includes("lock"));
		setDataFolder(folder);
		setDataFolder(folder);
		t.true(readFileSync(join(folder, "lock"), "latin1").startsWith(`${process.pid} `));
		setDataFolder(undefined);
		t.deepEqual(readdirSync(folder), []);
	},
);

test.serial("a lock whose number another process has since got is broken, and so is a damaged one", t => {
	for (const content of [`${process.ppid} 1\n`, "", "x\n", `${process.pid} 1\n`]) {
		writeFileSync(join(folder, "lock"), content);
		t.notThrows(() => setDataFolder(folder), JSON.stringify(content));
		setDataFolder(undefined);
	}
});

test.serial("a lock is given back when its process ends by itself", t => {
	const { status } = spawnSync(
		process.execPath,
		nodeArguments("setDataFolder(folder); storage.open({ path: 'x' });"),
		{ cwd: ROOT },
	);
	t.is(status, 0);
	t.deepEqual(readdirSync(folder), ["x.flash"]);
});

test.serial("kill -9 loses nothing that was written", async t => {
	const script = `setDataFolder(folder);
	const flash = storage.open({ path: "storage" });
	for (let i = 0; i < 65536; i++) {
		flash.write(Uint8Array.of(i % 251), i);
		if (i % 8 === 0) process.stdout.write(i + "\\n");
		if (i % 64 === 0) await new Promise(resolve => setImmediate(resolve));
	}`;
	const child = spawn(process.execPath, nodeArguments(script), {
		cwd: ROOT,
		stdio: ["ignore", "pipe", "inherit"],
	});
	let output = "";
	child.stdout.on("data", (data: Buffer) => {
		output += data.toString();
		if (output.length > 2000) child.kill("SIGKILL");
	});
	const signal = await new Promise(resolve => child.once("close", (_, signal) => resolve(signal)));
	t.is(signal, "SIGKILL");
	const last = Number(output.split("\n").at(-2));
	t.true(last > 64, output);
	setDataFolder(folder);
	const content = new Uint8Array(storage.open({ path: "storage" }).read(SIZE, 0));
	for (let i = 0; i <= last; i++) if (content[i] !== i % 251) t.fail(`byte ${i} of ${last} is lost`);
	t.is(content.at(-1), 0xff, "and was killed in the middle");
});
