import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** When a process began, in ticks since boot (/proc on Linux); "" where that cannot be read. Process numbers are used again. */
function beginning(pid: number): string {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]; // field 22, counted behind the name, field 2
	} catch {
		return "";
	}
}

function isAlive(pid: number): boolean {
	if (!(pid > 0)) return false;
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

const NAME = "lock";

/** The number of another process, alive, that has the lock of a folder. */
export function lockHolder(folder: string): number | undefined {
	let content;
	try {
		content = readFileSync(join(folder, NAME), "latin1");
	} catch {
		return undefined; // nobody, or released meanwhile
	}
	const [text, began = ""] = content.trim().split(" ");
	const pid = Number(text);
	return pid !== process.pid && isAlive(pid) && beginning(pid) === began ? pid : undefined;
}

/**
 * A lock on a folder: a file `lock` with "pid beginning" of the process that has it. A lock whose process is gone, or whose
 * number another process has since got, is broken.
 */
export class FolderLock {
	readonly #file: string;
	readonly #content = `${process.pid} ${beginning(process.pid)}\n`;
	readonly #release = () => this.release();

	/** Takes the lock. Throws an Error that names the process and the folder when another live process has it. */
	constructor(folder: string) {
		this.#file = join(folder, NAME);
		while (!this.#take()) {
			const pid = lockHolder(folder);
			if (pid !== undefined) {
				throw new Error(`${folder}: in use by process ${pid}; stop it first, or use another data folder`);
			}
			rmSync(this.#file, { force: true });
		}
		process.on("exit", this.#release);
	}

	/** Gives the lock back. Done at the end of the process too. */
	release(): void {
		process.off("exit", this.#release);
		rmSync(this.#file, { force: true });
	}

	// A link appears with its content or not at all.
	#take(): boolean {
		const own = `${this.#file}.${process.pid}`;
		writeFileSync(own, this.#content);
		try {
			linkSync(own, this.#file);
			return true;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
			throw error;
		} finally {
			rmSync(own, { force: true });
		}
	}
}
