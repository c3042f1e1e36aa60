import { closeSync, constants, mkdirSync, openSync, readSync, fstatSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { bytesOf } from "./buffer.js";
import { FolderLock } from "./flash-lock.js";

/** Bytes of a block, the unit of erasing. */
const BLOCK_LENGTH = 4096;
/** Bytes of a partition, and of the outbox's, as in partitions.csv. */
const SIZE = 0x10000;
const SIZES: Readonly<Record<string, number>> = { outbox: 0x100000 };
const ERASED = 0xff;
/** Letters of a partition's name, at most, in an ESP32's partition table. */
const LABEL = /^[\w-]{1,15}$/;

/** Options of `open`. */
export interface FlashOptions {
	/** Name of the partition, 1 to 15 letters, digits, "_" and "-". */
	path: string;
	/** "r+" by default; "r" refuses `write` and `eraseBlock`. */
	mode?: "r" | "r+";
	/** Only "buffer". */
	format?: "buffer";
}

/** The bytes of a partition: in memory, and in a file if it has one. The file is written at once, so a killed process loses none. */
class Partition {
	readonly bytes: Uint8Array;
	readonly #file: number | undefined;
	#isClosed = false;

	constructor(size: number, path?: string) {
		this.bytes = new Uint8Array(size).fill(ERASED);
		if (path === undefined) return;
		this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT);
		const { size: found } = fstatSync(this.#file);
		if (found > size) {
			closeSync(this.#file);
			throw new Error(`${path}: ${found} bytes, not the ${size} of this flash partition`);
		}
		readSync(this.#file, this.bytes, 0, found, 0);
		// A new file, or one whose process was killed while it was made: the rest is erased.
		if (found < size) this.save(found, size);
	}

	save(start: number, end: number): void {
		if (this.#isClosed) throw new Error("the data folder of this flash was left: open it again");
		if (this.#file === undefined) return;
		while (start < end) start += writeSync(this.#file, this.bytes, start, end - start, start);
	}

	close(): void {
		if (this.#file !== undefined) closeSync(this.#file);
		this.#isClosed = true;
	}
}

let folder: string | undefined;
let lock: FolderLock | undefined;
let partitions = new Map<string, Partition>();

/**
 * Where partitions are kept: `<folder>/<path>.flash`. The folder is made if need be, and locked until another is set or the
 * process ends: throws an Error with the number of the process that has it already. Undefined (as at the start): in memory,
 * erased by each call, and kept over close and open. Handles that were open refuse to write from then on.
 */
export function setDataFolder(newFolder: string | undefined): void {
	if (newFolder !== undefined) mkdirSync(newFolder, { recursive: true });
	const path = newFolder === undefined ? undefined : resolve(newFolder);
	const isSame = path !== undefined && path === folder;
	const newLock = path === undefined || isSame ? undefined : new FolderLock(path);
	for (const partition of partitions.values()) partition.close();
	partitions = new Map();
	if (isSame) return;
	lock?.release();
	lock = newLock;
	folder = path;
}

function partitionOf(name: string): Partition {
	let partition = partitions.get(name);
	if (!partition) {
		if (!LABEL.test(name)) throw new Error("can't find partition");
		partition = new Partition(
			name in SIZES ? SIZES[name] : SIZE,
			folder === undefined ? undefined : join(folder, `${name}.flash`),
		);
		partitions.set(name, partition);
	}
	return partition;
}

/** Thrown when the power is cut in a write or an erase, and by each use of flash from then on, until {@link restorePower}. */
export class PowerCut extends Error {
	override name = "PowerCut";

	constructor() {
		super("the power was cut");
	}
}

let bytesLeft = Infinity;
let onCut: (() => void) | undefined;

/**
 * For tests: the power is cut once `byteLength` more bytes (0 or more) have been written or erased, before the next one, wherever in a write
 * or an erase that is; the bytes before it are changed, those behind are not. `callback` is called then, before PowerCut is thrown.
 */
export function cutPowerAfter(byteLength: number, callback?: () => void): void {
	bytesLeft = byteLength;
	onCut = callback;
}

/** For tests: the power is there, and no cut is due. */
export function restorePower(): void {
	bytesLeft = Infinity;
	onCut = undefined;
}

function requirePower(): void {
	if (bytesLeft < 0) throw new PowerCut();
}

/** Changes bytes from `start` to before `end` by `change`, as far as the power lasts. */
function changeBytes(partition: Partition, start: number, end: number, change: (end: number) => void): void {
	const last = Math.min(end, start + bytesLeft);
	change(last);
	partition.save(start, last);
	if (last === end) {
		bytesLeft -= end - start;
		return;
	}
	bytesLeft = -1;
	onCut?.();
	throw new PowerCut();
}

const create = Symbol("create");

/**
 * A partition of NOR flash: `write` clears bits and sets none, `eraseBlock` sets all of a block of 4096 bytes. Writes
 * and erases that leave the partition throw an Error and do nothing.
 */
export class Flash {
	#partition: Partition | undefined;
	readonly #isReadOnly: boolean;

	/** Not for use: see `open`. */
	constructor(key: symbol, partition: Partition, isReadOnly: boolean) {
		if (key !== create) throw new TypeError("Flash: use open");
		this.#partition = partition;
		this.#isReadOnly = isReadOnly;
	}

	/** Ends the use. May be called twice; anything else throws a SyntaxError from then on. */
	close(): void {
		this.#partition = undefined;
	}

	/** Erases the blocks from `start` to before `end` (one block if not given): all bytes become 0xFF. */
	eraseBlock(start: number, end = start + 1): void {
		const partition = this.#writable();
		const { length } = partition.bytes;
		const range = rangeOf(length, start * BLOCK_LENGTH, (end - start) * BLOCK_LENGTH, "erase failed");
		changeBytes(partition, ...range, last => partition.bytes.fill(ERASED, range[0], last));
	}

	/** A copy of `byteLength` bytes from `byteOffset`; or fills a buffer, and returns its length. */
	read(byteLength: number, byteOffset: number): ArrayBuffer;
	read(buffer: ArrayBufferLike | ArrayBufferView, byteOffset: number): number;
	read(target: number | ArrayBufferLike | ArrayBufferView, byteOffset: number): ArrayBuffer | number {
		const { bytes } = this.#opened();
		if (typeof target === "number") {
			return bytes.slice(...rangeOf(bytes.length, byteOffset, target, "read failed")).buffer;
		}
		const view = bytesOf(target);
		view.set(bytes.subarray(...rangeOf(bytes.length, byteOffset, view.length, "read failed")));
		return view.length;
	}

	/** Clears the bits at `byteOffset` that are 0 in `buffer`. */
	write(buffer: ArrayBufferLike | ArrayBufferView, byteOffset: number): void {
		const partition = this.#writable();
		const data = bytesOf(buffer);
		const [start, end] = rangeOf(partition.bytes.length, byteOffset, data.length, "write failed");
		changeBytes(partition, start, end, last => {
			for (let at = start; at < last; at++) partition.bytes[at] &= data[at - start];
		});
	}

	/** Sizes in bytes, and the number of blocks. */
	status(): { size: number; blockLength: number; blocks: number } {
		const { length: size } = this.#opened().bytes;
		return { size, blockLength: BLOCK_LENGTH, blocks: size / BLOCK_LENGTH };
	}

	/** Always "buffer". Setting throws a RangeError for any other. */
	get format(): "buffer" {
		return "buffer";
	}

	set format(format: string) {
		if (format !== "buffer") throw new RangeError("invalid");
	}

	#opened(): Partition {
		if (!this.#partition) throw new SyntaxError("Flash: closed");
		requirePower();
		return this.#partition;
	}

	#writable(): Partition {
		const partition = this.#opened();
		if (this.#isReadOnly) throw new Error("read-only");
		return partition;
	}
}

function rangeOf(
	size: number,
	byteOffset: number,
	byteLength: number,
	failure: string,
): [start: number, end: number] {
	const start = byteOffset | 0;
	const end = start + (byteLength | 0);
	if (start < 0 || end < start || end > size) throw new Error(failure);
	return [start, end];
}

/**
 * Module "embedded:storage/flash" as the ESP32 has it (SDK 8.2, modules/io/flash/esp32). There a partition has to be in the
 * partition table (Error "can't find partition"); here any name that could be there is made at its first use.
 */
const storage = Object.freeze({
	/** Throws Error "no path", "invalid mode" or "can't find partition", RangeError "unsupported" (format). */
	open(options: FlashOptions): Flash {
		requirePower();
		if (!("path" in options)) throw new Error("no path");
		const partition = partitionOf(options.path);
		const mode: string = options.mode ?? "r+";
		if (mode !== "r" && mode !== "r+") throw new Error("invalid mode");
		const format: string = options.format ?? "buffer";
		if (format !== "buffer") throw new RangeError("unsupported");
		return new Flash(create, partition, mode === "r");
	},
});

export default storage;
