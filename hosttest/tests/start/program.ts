import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A program that runs beside the test, with its lines as they come. */
export class Program {
	readonly child: ChildProcess;
	readonly output: string[] = [];
	readonly errors: string[] = [];
	readonly #watchers: { pattern: RegExp; found: (line: string) => void; lost: (error: Error) => void }[] = [];
	readonly #ended: Promise<number | NodeJS.Signals | null>;

	/** @param group whether it gets a process group of its own, as a terminal gives to what it runs */
	constructor(command: string, values: readonly string[], group = false) {
		this.child = spawn(command, values, { stdio: ["ignore", "pipe", "pipe"], detached: group });
		const { stdout, stderr } = this.child;
		if (stdout) createInterface(stdout).on("line", line => this.#line(this.output, line));
		if (stderr) createInterface(stderr).on("line", line => this.#line(this.errors, line));
		this.#ended = once(this.child, "close").then(
			([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null,
		);
		void this.#ended.then(() => {
			for (const { lost, pattern } of this.#watchers)
				lost(new Error(`${command} ended without a line like ${String(pattern)}:\n${this.all}`));
		});
	}
	/** All that it printed. */
	get all(): string {
		return [...this.output, ...this.errors].join("\n");
	}
	/** The next line that matches, of those printed from now on, or one printed already. */
	line(pattern: RegExp): Promise<string> {
		const known = [...this.output, ...this.errors].find(line => pattern.test(line));
		if (known !== undefined) return Promise.resolve(known);
		return new Promise((found, lost) => this.#watchers.push({ pattern, found, lost }));
	}
	/** Its exit code, or the signal that ended it. */
	get ended(): Promise<number | NodeJS.Signals | null> {
		return this.#ended;
	}
	kill(signal: NodeJS.Signals): void {
		this.child.kill(signal);
	}
	/** What a terminal does on Ctrl-C: SIGINT to the whole process group. */
	interrupt(): void {
		if (this.child.pid !== undefined) process.kill(-this.child.pid, "SIGINT");
	}

	#line(lines: string[], line: string): void {
		lines.push(line);
		for (const watcher of this.#watchers.slice()) {
			if (!watcher.pattern.test(line)) continue;
			this.#watchers.splice(this.#watchers.indexOf(watcher), 1);
			watcher.found(line);
		}
	}
}

/** `npm start -- …`, without npm around it and with a data folder of its own unless one is given. */
export function start(...values: string[]): Program {
	return new Program(process.execPath, ["build/start.js", ...values]);
}

/** The simulated BC20 on a tty. */
export function modem(...values: string[]): Program {
	return new Program(process.execPath, ["build/modem.js", ...values]);
}

/** An empty folder, and a function that removes it. */
export function folder(): { path: string; remove: () => void } {
	const path = mkdtempSync(join(tmpdir(), "bc20-"));
	return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A port of the loopback interface that is free now. */
export async function freePort(): Promise<number> {
	const server = createServer();
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, "close");
	return port;
}

/** Whether a program of Debian's is there. In CI it must be. */
export async function isInstalled(name: string): Promise<boolean> {
	const there = (await new Program("sh", ["-c", `command -v ${name}`]).ended) === 0;
	if (!there && process.env.CI) throw new Error(`${name} is not installed`);
	return there;
}

/** The JSON lines of a program, of one event. */
export function events<T>(program: Program, event: string): T[] {
	return program.output
		.map(line => JSON.parse(line) as T & { event: string })
		.filter(line => line.event === event);
}
