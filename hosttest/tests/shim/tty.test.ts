import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { SerialPort } from "serialport";
import Serial, { resetSerial, statistics, wire } from "../../shim/serial.js";
import { TtyEnd } from "../../shim/tty.js";
import { counting } from "./recording-end.js";

const hasSocat = spawnSync("socat", ["-V"]).status === 0;
const withSocat = hasSocat ? test.serial : test.serial.skip;
if (!hasSocat)
	process.stderr.write("tty.test.ts: socat is missing, tests on a pty are skipped (apt install socat)\n");

let folder: string;
let socat: ChildProcess | undefined;

test.beforeEach(() => {
	resetSerial();
	folder = mkdtempSync(join(tmpdir(), "tty-"));
});

test.afterEach.always(async () => {
	resetSerial();
	await stopSocat();
	rmSync(folder, { recursive: true, force: true });
});

const path = (name: string) => join(folder, name);

/** A pair of connected ptys, links A and B. */
async function startSocat(): Promise<void> {
	const pty = (name: string) => `pty,raw,echo=0,link=${path(name)}`;
	const child = (socat = spawn("socat", ["-d", "-d", pty("A"), pty("B")], {
		stdio: ["ignore", "ignore", "pipe"],
	}));
	await new Promise<void>(resolve => {
		let log = "";
		child.stderr.on("data", (data: Buffer) => {
			log += data.toString();
			if (log.includes("starting data transfer loop")) resolve();
		});
	});
}

async function stopSocat(): Promise<void> {
	const child = socat;
	socat = undefined;
	if (!child) return;
	const ended = new Promise(resolve => child.once("close", resolve));
	child.kill();
	await ended;
}

async function openPort(name: string): Promise<SerialPort> {
	const port = new SerialPort({ path: path(name), baudRate: 115200, autoOpen: false });
	await new Promise<void>((resolve, reject) => port.open(error => (error ? reject(error) : resolve())));
	return port;
}

const closePort = (port: SerialPort) => new Promise<void>(resolve => port.close(() => resolve()));

/** Resolves with the first `count` bytes the port receives. */
const received = (port: SerialPort, count: number) =>
	new Promise<Buffer>(resolve => {
		let all = Buffer.alloc(0);
		port.on("data", (data: Buffer) => {
			all = Buffer.concat([all, data]);
			if (all.length >= count) resolve(all);
		});
	});

const OPTIONS = { receive: 16, transmit: 17, port: 1, baud: 115200 };

withSocat("bytes go both ways over a tty, unchanged, in order and without loss", async t => {
	await startSocat();
	const far = await openPort("B");
	wire(1, new TtyEnd(path("A"), { onError: message => t.fail(message) }));
	const toSend = Uint8Array.from({ length: 700 }, (_, i) => i * 3);
	const toReceive = Buffer.from(Uint8Array.from({ length: 3000 }, (_, i) => i * 5));
	const atFar = received(far, toSend.length);
	// What is sent to a tty before it is open is lost: the far end answers to the first byte.
	void received(far, 1).then(() => far.write(toReceive));
	const got: Buffer[] = [];
	await new Promise<void>(resolve => {
		let sent = 0;
		new Serial({
			...OPTIONS,
			onReadable() {
				got.push(Buffer.from(this.read() as ArrayBuffer));
				if (Buffer.concat(got).length >= toReceive.length) resolve();
			},
			onWritable(count) {
				const piece = toSend.subarray(sent, sent + count);
				if (piece.length > 0) this.write(piece);
				sent += piece.length;
			},
		});
	});
	t.deepEqual(Buffer.concat(got), toReceive);
	t.deepEqual(new Uint8Array(await atFar), toSend);
	t.is(statistics(1).dropped, 0);
	t.true(statistics(1).pieces >= 24);
	await closePort(far);
});

withSocat("what is written just before close arrives, and the tty can be opened again at once", async t => {
	await startSocat();
	const far = await openPort("B");
	wire(1, new TtyEnd(path("A"), { onError: message => t.fail(message) }));
	const all = received(far, 20);
	const first = new Serial({ ...OPTIONS, onReadable: () => undefined });
	first.write(counting(10));
	const firstArrived = received(far, 10);
	first.close();
	await firstArrived;
	const second = new Serial({ ...OPTIONS, onReadable: () => undefined });
	second.write(counting(10, 10));
	t.deepEqual(new Uint8Array(await all), counting(20));
	await closePort(far);
});

withSocat(
	"a tty that vanishes is reported in one line with its path, and opens again when it is back",
	async t => {
		await startSocat();
		const messages: string[] = [];
		let failed: (value?: unknown) => void = () => undefined;
		wire(
			1,
			new TtyEnd(path("A"), {
				onError: message => {
					messages.push(message);
					failed();
				},
			}),
		);
		const far = await openPort("B");
		const got = new Promise<void>(resolve => {
			void received(far, 1).then(() => far.write("AT"));
			const serial = new Serial({
				...OPTIONS,
				onReadable() {
					this.read();
					resolve();
				},
			});
			serial.write(counting(1));
			failed = () => serial.close();
		});
		await got;
		const reported = new Promise(resolve => {
			const close = failed;
			failed = () => {
				close();
				resolve(undefined);
			};
		});
		await closePort(far);
		await stopSocat();
		await reported;
		t.is(messages.length, 1);
		t.regex(messages[0], /^.*\/A: gone; unplugged, or its other end has closed$/);

		t.throws(() => new Serial({ ...OPTIONS, onReadable: () => undefined }), {
			message: /\/A: no such device/,
		});
		await startSocat();
		const again = await openPort("B");
		const arrived = received(again, 3);
		const serial = new Serial({ ...OPTIONS, onReadable: () => undefined });
		serial.write(counting(3));
		t.deepEqual(new Uint8Array(await arrived), counting(3));
		t.is(messages.length, 1);
		await closePort(again);
	},
);

withSocat("a tty whose device is gone is reported though no error comes from it", async t => {
	await startSocat();
	const far = await openPort("B");
	const atFar = received(far, 1);
	const reported = new Promise<string>(resolve => {
		wire(1, new TtyEnd(path("A"), { onError: resolve }));
	});
	new Serial({ ...OPTIONS, onReadable: () => undefined }).write(counting(1));
	await atFar;
	rmSync(path("A"));
	t.regex(await reported, /\/A: gone; unplugged, or its other end has closed$/);
	await closePort(far);
});

test.serial(
	"a tty that is not there fails the constructor, with one line; the same wiring works later",
	t => {
		wire(1, new TtyEnd(path("none")));
		const open = () => new Serial({ ...OPTIONS, onReadable: () => undefined });
		t.throws(open, {
			instanceOf: Error,
			message: `${path("none")}: no such device; is the adapter plugged in?`,
		});
		t.throws(open, { message: /no such device/ }, "pins and port are free again");
	},
);

test.serial("a file is not a tty", t => {
	writeFileSync(path("file"), "");
	t.throws(() => new TtyEnd(path("file")).open(9600, () => undefined), {
		message: `${path("file")}: not a tty`,
	});
});

test.serial("a device that is no tty is reported when the package opens it", async t => {
	const message = await new Promise<string>(resolve => {
		new TtyEnd("/dev/null", { onError: resolve }).open(9600, () => undefined);
	});
	t.regex(message, /^\/dev\/null: [^\n]+$/);
});

if (process.getuid?.() !== 0) {
	test.serial("a tty without permission fails the constructor", t => {
		writeFileSync(path("file"), "", { mode: 0 });
		t.throws(() => new TtyEnd(path("file")).open(9600, () => undefined), { message: /not permitted/ });
	});
}
