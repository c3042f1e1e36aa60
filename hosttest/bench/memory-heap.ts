import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Unit } from "../xs/unit.js";

/** Kinds of slots, of those that are read here (XS 13, xsAll.h). */
const Kind = {
	string: 5,
	bigint: 8,
	reference: 10,
	closure: 11,
	instance: 13,
	sloppyArguments: 14,
	strictArguments: 15,
	array: 16,
	arrayBuffer: 17,
	callback: 18,
	code: 19,
	global: 25,
	host: 26,
	map: 27,
	promise: 30,
	proxy: 31,
	regexp: 32,
	set: 33,
	typedArray: 34,
	accessor: 38,
	entry: 40,
	home: 42,
	key: 43,
	list: 45,
	private: 46,
} as const;

const SLOT_BYTES = 32;
const CHUNK_HEAD_BYTES = 16;
/** The same on the chip, whose pointers have 4 bytes. */
const CHIP_SLOT_BYTES = 16;
const CHIP_CHUNK_HEAD_BYTES = 8;

const INSTANCE_ARRAYS = new Set<number>([Kind.sloppyArguments, Kind.strictArguments, Kind.array]);
const TABLES = new Set<number>([Kind.global, Kind.map, Kind.set]);
const BUILT_IN = new Set(
	"Object Function Array ArrayBuffer DataView Map Set Promise Error RegExp Uint8Array Uint16Array Uint32Array Float64Array".split(
		" ",
	),
);
const decoder = new TextDecoder();

interface Reached {
	readonly slot: number;
	/** Properties that lead to it from its owner. */
	readonly field: string;
}

/** What lives on the heap on behalf of one class, or all that lives: as on the chip. */
export interface Live {
	slots: number;
	/** Of strings, buffers, items of arrays and tables, each once and with its head. */
	chunkBytes: number;
}

/** A buffer that lives, and who holds it: `ReceiveBuffer.bytes`. */
export interface LiveBuffer {
	readonly name: string;
	readonly bytes: number;
}

/**
 * The live heap of XS, from a snapshot (`xsSnapshot.c`; 64 bits, little-endian). The slots are those of the chip; the sizes of chunks are
 * converted to its 32 bits.
 */
export class Heap {
	readonly total: Live = { slots: 0, chunkBytes: 0 };
	/** By the class whose instance holds it most closely; "" where none does. */
	readonly byClass = new Map<string, Live>();
	readonly buffers: LiveBuffer[] = [];
	readonly #slots: DataView;
	readonly #chunks: DataView;
	readonly #keys: DataView;
	/** Chunks that have been counted: several slots may point to one, as those of a string that was passed on. */
	readonly #counted = new Set<number>();
	readonly #owner: Int32Array;
	readonly #owners: string[] = [""];

	constructor(snapshot: Uint8Array) {
		const atoms = atomsOf(snapshot);
		this.#slots = atomOf(atoms, "HEAP");
		this.#chunks = atomOf(atoms, "BLOC");
		this.#keys = atomOf(atoms, "KEYS");
		const count = this.#slots.byteLength / SLOT_BYTES;
		this.#owner = new Int32Array(count + 1).fill(-1);
		this.#walk(atomOf(atoms, "STAC"));
		// The program's first: what an instance shares with it, a string of the code, is no memory of the instance's.
		for (const isProgram of [true, false])
			for (let slot = 1; slot <= count; slot++) if (this.#owner[slot] <= 0 === isProgram) this.#add(slot);
	}

	/** The class of an instance, undefined for one of a built-in class and for a plain object. */
	#classOf(instance: number): string | undefined {
		const prototype = this.#pointer(instance, 8);
		if (!prototype) return undefined;
		for (let slot = this.#next(prototype); slot; slot = this.#next(slot)) {
			if (this.#name(slot) !== "constructor" || this.#kind(slot) !== Kind.reference) continue;
			const name = this.#functionName(this.#pointer(slot, 0));
			return name === undefined || BUILT_IN.has(name) ? undefined : name;
		}
		return undefined;
	}
	#functionName(instance: number): string | undefined {
		for (let slot = this.#next(instance); slot; slot = this.#next(slot))
			if (this.#name(slot) === "name" && this.#kind(slot) === Kind.string)
				return this.#text(this.#pointer(slot, 0));
		return undefined;
	}
	/**
	 * From the roots outwards, first without entering any instance of a class: that is the program. What is then reached first by an
	 * instance is its own.
	 */
	#walk(stack: DataView): void {
		let queue: Reached[] = [];
		let instances: Reached[] = [];
		const reach = (slot: number, owner: number, field: string): void => {
			if (!slot || this.#owner[slot] >= 0) return;
			const name = this.#kind(slot) === Kind.instance ? this.#classOf(slot) : undefined;
			this.#owner[slot] = name === undefined ? owner : this.#ownerOf(name);
			if (name === undefined) queue.push({ slot, field });
			else instances.push({ slot, field: "" });
		};
		for (let offset = 0; offset < stack.byteLength; offset += SLOT_BYTES)
			for (const target of this.#targets(stack, offset)) reach(target, 0, "");
		for (let key = 0; key < this.#keys.byteLength; key += 8)
			reach(Number(this.#keys.getBigUint64(key, true)), 0, "");
		for (;;) {
			if (!queue.length) {
				if (!instances.length) return;
				queue = instances;
				instances = [];
			}
			const now = queue;
			queue = [];
			for (const { slot, field } of now) {
				const owner = this.#owner[slot];
				const kind = this.#kind(slot);
				const name = kind === Kind.instance ? undefined : this.#name(slot);
				if (kind === Kind.arrayBuffer) this.#buffer(slot, `${this.#owners[owner]}${field}`);
				reach(this.#next(slot), owner, field);
				const inner = name ? `${field}.${name}` : field;
				for (const target of this.#targets(this.#slots, (slot - 1) * SLOT_BYTES)) reach(target, owner, inner);
			}
		}
	}
	/** Slots that a slot leads to, its next one left out. */
	*#targets(view: DataView, offset: number): Generator<number> {
		const kind = view.getInt8(offset + 8);
		const first = (): number => Number(view.getBigUint64(offset + 16, true));
		const second = (): number => Number(view.getBigUint64(offset + 24, true));
		switch (kind) {
			case Kind.reference:
			case Kind.closure:
			case Kind.entry:
				yield first();
				break;
			case Kind.instance:
			case Kind.code:
			case Kind.callback:
				yield second();
				break;
			case Kind.accessor:
			case Kind.home:
			case Kind.list:
			case Kind.proxy:
			case Kind.private:
				yield first();
				yield second();
				break;
			default:
				if (INSTANCE_ARRAYS.has(kind) && first()) yield* this.#items(first());
				else if (TABLES.has(kind) && first()) yield* this.#table(first());
		}
	}
	*#items(chunk: number): Generator<number> {
		const end = chunk - CHUNK_HEAD_BYTES + this.#chunkSize(chunk);
		for (let offset = chunk; offset + SLOT_BYTES <= end; offset += SLOT_BYTES)
			yield* this.#targets(this.#chunks, offset);
	}
	*#table(chunk: number): Generator<number> {
		const end = chunk - CHUNK_HEAD_BYTES + this.#chunkSize(chunk);
		for (let offset = chunk; offset + 8 <= end; offset += 8)
			yield Number(this.#chunks.getBigUint64(offset, true));
	}
	#ownerOf(name: string): number {
		const known = this.#owners.indexOf(name);
		return known >= 0 ? known : this.#owners.push(name) - 1;
	}
	#buffer(slot: number, name: string): void {
		// The length is in the slot behind it.
		const bytes = this.#slots.getInt32((this.#next(slot) - 1) * SLOT_BYTES + 16, true);
		this.buffers.push({ name, bytes });
	}
	#add(slot: number): void {
		const owner = this.#owners[Math.max(0, this.#owner[slot])];
		let live = this.byClass.get(owner);
		if (!live) this.byClass.set(owner, (live = { slots: 0, chunkBytes: 0 }));
		const chunkBytes = this.#chipBytes(this.#slots, (slot - 1) * SLOT_BYTES);
		for (const sum of [live, this.total]) {
			sum.slots++;
			sum.chunkBytes += chunkBytes;
		}
	}
	/** What a slot's chunk, and those of the items in it, take on the chip. */
	#chipBytes(view: DataView, offset: number): number {
		const kind = view.getInt8(offset + 8);
		const first = Number(view.getBigUint64(offset + 16, true));
		switch (kind) {
			case Kind.string:
			case Kind.bigint:
			case Kind.arrayBuffer:
			case Kind.key:
			case Kind.host:
				return this.#chip(first, 1);
			case Kind.sloppyArguments:
			case Kind.strictArguments:
			case Kind.array:
				return this.#chip(first, CHIP_SLOT_BYTES / SLOT_BYTES) + this.#itemBytes(first);
			case Kind.map:
			case Kind.set:
				return this.#chip(first, 0.5);
			case Kind.regexp:
				return this.#chip(first, 1) + this.#chip(Number(view.getBigUint64(offset + 24, true)), 1);
			default:
				return 0;
		}
	}
	/** Chunks of what the items of an array hold themselves: strings. */
	#itemBytes(chunk: number): number {
		if (!chunk) return 0;
		let bytes = 0;
		const end = chunk - CHUNK_HEAD_BYTES + this.#chunkSize(chunk);
		for (let offset = chunk; offset + SLOT_BYTES <= end; offset += SLOT_BYTES)
			bytes += this.#chipBytes(this.#chunks, offset);
		return bytes;
	}
	/** 0 for a chunk that has been counted. */
	#chip(chunk: number, factor: number): number {
		if (!chunk || this.#counted.has(chunk)) return 0;
		this.#counted.add(chunk);
		return CHIP_CHUNK_HEAD_BYTES + (this.#chunkSize(chunk) - CHUNK_HEAD_BYTES) * factor;
	}
	#chunkSize(chunk: number): number {
		return this.#chunks.getInt32(chunk - CHUNK_HEAD_BYTES, true);
	}
	#next(slot: number): number {
		return Number(this.#slots.getBigUint64((slot - 1) * SLOT_BYTES, true));
	}
	#kind(slot: number): number {
		return this.#slots.getInt8((slot - 1) * SLOT_BYTES + 8);
	}
	/** One of the two values of a slot, as a slot or a chunk. */
	#pointer(slot: number, at: 0 | 8): number {
		return Number(this.#slots.getBigUint64((slot - 1) * SLOT_BYTES + 16 + at, true));
	}
	/** Name of the property that a slot is. */
	#name(slot: number): string | undefined {
		const id = this.#slots.getInt32((slot - 1) * SLOT_BYTES + 12, true);
		if (id <= 0 || 8 * id >= this.#keys.byteLength) return undefined;
		const key = Number(this.#keys.getBigUint64(8 * id, true));
		return key && this.#kind(key) === Kind.key ? this.#text(this.#pointer(key, 0)) : undefined;
	}
	#text(chunk: number): string {
		const { buffer, byteOffset } = this.#chunks;
		const bytes = new Uint8Array(buffer, byteOffset + chunk, this.#chunkSize(chunk) - CHUNK_HEAD_BYTES);
		const end = bytes.indexOf(0);
		return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
	}
}

/** Bytes of a heap on the chip. */
export function bytesOf({ slots, chunkBytes }: Live): number {
	return slots * CHIP_SLOT_BYTES + chunkBytes;
}

/** The live heap of a unit, now. */
export function heapOf(unit: Unit): Heap {
	const folder = mkdtempSync(join(tmpdir(), "heap-"));
	try {
		const path = join(folder, "snapshot");
		unit.snapshot(path);
		return new Heap(readFileSync(path));
	} finally {
		rmSync(folder, { recursive: true });
	}
}

function atomsOf(snapshot: Uint8Array): Map<string, DataView> {
	const { buffer, byteOffset, length } = snapshot;
	const view = new DataView(buffer, byteOffset, length);
	const atoms = new Map<string, DataView>();
	for (let at = 8; at < length;) {
		const size = view.getUint32(at);
		const name = decoder.decode(snapshot.subarray(at + 4, at + 8));
		atoms.set(name, new DataView(buffer, byteOffset + at + 8, size - 8));
		at += size;
	}
	return atoms;
}

function atomOf(atoms: ReadonlyMap<string, DataView>, name: string): DataView {
	const atom = atoms.get(name);
	if (!atom) throw new Error(`snapshot of XS: no ${name}`);
	return atom;
}
