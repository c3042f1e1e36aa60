import { bytesOf } from "./buffer.js";
import { Uart } from "./uart.js";
import type { FarEnd, UartBehaviour, UartStatistics } from "./uart.js";

export type { FarEnd, UartBehaviour, UartStatistics } from "./uart.js";

/** Options of {@link Serial}: those that the ESP32 class honours. Unknown ones are ignored, as there. */
export interface SerialOptions {
	/** Pin number. */
	receive?: number;
	/** Pin number; 34 to 39 cannot transmit. */
	transmit?: number;
	/** Bits per second, 1 to 20,000,000. */
	baud: number;
	/** 1 or 2; 0 (the default of the class) is the debugger's. */
	port?: number;
	/** "buffer" by default. */
	format?: "buffer" | "number";
	/** Becomes the property `target`. */
	target?: unknown;
	/** `count` bytes can be read. Drain them all: what is left raises no interrupt until more comes. */
	onReadable?: ((this: Serial, count: number) => void) | null;
	/** `count` bytes can be written: at the start, and whenever 10 or fewer of what was written are left. */
	onWritable?: ((this: Serial, count: number) => void) | null;
}

interface Port {
	readonly farEnd: FarEnd | undefined;
	readonly behaviour: UartBehaviour;
	readonly statistics: UartStatistics;
	uart?: Uart; // the last one that was opened
	owner?: Serial | undefined;
}

const UART_COUNT = 3;
const DEBUGGER_PORT = 0;
const MAXIMUM_BAUD = 20_000_000;
const PIN_COUNT = 40;
const MISSING_PINS = new Set([24, 28, 29, 30, 31]);
const FIRST_INPUT_ONLY_PIN = 34;
const FORMATS = new Set(
	"number buffer string socket/tcp uint8 int8 uint16 int16 uint32 int32 uint64 int64 buffer/disposable".split(
		" ",
	),
);
/** What `read(n)` finds beyond the end of the FIFO. */
const GARBAGE = 0xff;

const ports = new Map<number, Port>();
const usedPins = new Set<number>();

const isPort = (port: number) => port >= 0 && port < UART_COUNT;

function portOf(number: number): Port {
	if (!isPort(number)) throw new RangeError("invalid port");
	let port = ports.get(number);
	if (!port) ports.set(number, (port = { farEnd: undefined, behaviour: {}, statistics: noStatistics() }));
	return port;
}

const noStatistics = (): UartStatistics => ({ received: 0, dropped: 0, pieces: 0, sent: 0 });

/**
 * Connects `farEnd` to a UART port (undefined: nothing; bytes vanish, none arrive), and clears the port's statistics. Before
 * the Serial is constructed: throws an Error while one has the port.
 */
export function wire(port: number, farEnd: FarEnd | undefined, behaviour: UartBehaviour = {}): void {
	const { owner, uart } = portOf(port);
	if (owner) throw new Error(`port ${port} is open: close its Serial before it is wired anew`);
	uart?.reset();
	ports.set(port, { farEnd, behaviour, statistics: noStatistics() });
}

/** What has happened on a port since it was wired. */
export function statistics(port: number): UartStatistics {
	return { ...portOf(port).statistics };
}

/** For tests: closes what is open, at once, and unwires all ports. */
export function resetSerial(): void {
	for (const { owner, uart } of ports.values()) {
		owner?.close();
		uart?.reset();
	}
	ports.clear();
	usedPins.clear();
}

/** ToInteger of XS, without undefined. */
function integer(value: unknown): number {
	if (value === undefined) throw new Error("invalid");
	return Number(value) | 0;
}

function freePin(options: SerialOptions, name: "receive" | "transmit"): number | undefined {
	if (!(name in options)) return undefined;
	const pin = integer(options[name]);
	if (pin < 0) throw new RangeError("negative");
	if (pin >= PIN_COUNT || MISSING_PINS.has(pin) || usedPins.has(pin)) throw new Error("in use");
	return pin;
}

function callback<Callback>(value: Callback | null | undefined): Callback | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value !== "function") throw new Error("not a function");
	return value;
}

/**
 * Module "embedded:io/serial" as the ESP32 has it (SDK 8.2, modules/io/serial/esp32): 8N1, FIFOs of 128 bytes and no other
 * buffer, no flow control, no `flush`, no `set`, no `onError`. Messages and kinds of errors are those of the class, with two
 * additions where the chip goes wrong without a word: a port that another Serial has, and no callback at all, are refused.
 *
 * An exception that leaves a callback restarts the chip; here it leaves the clock's `advance` or `run`, or ends the process.
 */
export default class Serial {
	declare target?: unknown;
	readonly #port: Port;
	readonly #pins: readonly number[];
	#uart: Uart | undefined;
	#format: "buffer" | "number";

	/**
	 * Throws Error "in use" (pin or port), Error "invalid" (no pin), RangeError "invalid port", "invalid baud", "invalid format",
	 * "port in use" (the debugger's), Error "not a function", Error "uart failed" (pin cannot transmit), or what the far end
	 * throws. Nothing is taken then.
	 */
	constructor(options: SerialOptions) {
		const transmit = freePin(options, "transmit");
		const receive = freePin(options, "receive");
		if (transmit === undefined && receive === undefined) throw new Error("invalid");
		const number = "port" in options ? integer(options.port) : DEBUGGER_PORT;
		const port = portOf(number);
		const baud = options.baud | 0;
		if (baud <= 0 || baud > MAXIMUM_BAUD) throw new RangeError("invalid baud");
		const onReadable = callback(options.onReadable);
		const onWritable = callback(options.onWritable);
		if ("target" in options) this.target = options.target;
		const format: string = options.format || "buffer";
		if (format !== "buffer" && format !== "number") throw new RangeError("invalid format");
		if (number === DEBUGGER_PORT) throw new RangeError("port in use");
		if (port.owner) throw new Error("in use");
		if (transmit !== undefined && transmit >= FIRST_INPUT_ONLY_PIN) throw new Error("uart failed");
		const isReadable = receive !== undefined && onReadable;
		const isWritable = transmit !== undefined && onWritable;
		if (!isReadable && !isWritable)
			throw new Error("no callback: pass onReadable or onWritable, with its pin");

		port.uart?.reset();
		port.uart = this.#uart = new Uart({
			baud,
			farEnd: port.farEnd && connected(port.farEnd, receive !== undefined, transmit !== undefined),
			behaviour: port.behaviour,
			statistics: port.statistics,
			onReadable: isReadable ? count => onReadable.call(this, count) : undefined,
			onWritable: isWritable ? count => onWritable.call(this, count) : undefined,
		});
		port.owner = this;
		this.#port = port;
		this.#format = format;
		this.#pins = [transmit, receive].filter(pin => pin !== undefined);
		for (const pin of this.#pins) usedPins.add(pin);
	}

	/** Ends callbacks and frees pins and port. What was written still leaves. May be called twice. */
	close(): void {
		if (!this.#uart) return;
		this.#uart.close();
		this.#uart = undefined;
		this.#port.owner = undefined;
		for (const pin of this.#pins) usedPins.delete(pin);
	}

	/** "buffer" or "number". Setting throws a RangeError for any other. */
	get format(): "buffer" | "number" {
		this.#opened();
		return this.#format;
	}

	set format(format: "buffer" | "number") {
		this.#opened();
		const wanted: string = format;
		if (wanted !== "buffer" && wanted !== "number") {
			throw new RangeError(FORMATS.has(wanted) ? "unimplemented" : "unknown");
		}
		this.#format = format;
	}

	/** All there is, as an ArrayBuffer ("buffer") or one byte ("number"); undefined when there is nothing. */
	read(): ArrayBuffer | number | undefined;
	/**
	 * Fills a buffer and returns the count; undefined when there is nothing. Throws Error "invalid" for a buffer of no bytes.
	 * With a number: an ArrayBuffer of that length, garbage beyond what is there, as on the chip: do not use it.
	 */
	read(buffer: ArrayBufferLike | ArrayBufferView): number | undefined;
	read(byteLength: number): ArrayBuffer | undefined;
	read(...into: [into?: ArrayBufferLike | ArrayBufferView | number]): ArrayBuffer | number | undefined {
		const uart = this.#opened();
		const available = uart.readable;
		if (available === 0) return undefined;
		if (this.#format === "number") {
			const byte = new Uint8Array(1);
			uart.read(byte);
			return byte[0];
		}
		const [target] = into;
		if (typeof target === "object") {
			const bytes = bytesOf(target).subarray(0, available);
			if (bytes.length === 0) throw new Error("invalid");
			uart.read(bytes);
			return bytes.length;
		}
		const byteLength = into.length === 0 ? available : Number(target) | 0;
		if (byteLength <= 0) throw new Error("invalid");
		const bytes = new Uint8Array(byteLength).fill(GARBAGE);
		uart.read(bytes.subarray(0, available));
		return bytes.buffer;
	}

	/** Writes a buffer, or with format "number" a byte. Throws Error "output full" when there is less room (128 bytes at most). */
	write(data: ArrayBufferLike | ArrayBufferView | number): void {
		const uart = this.#opened();
		const bytes = this.#format === "number" ? Uint8Array.of(Number(data)) : bytesOf(data);
		if (bytes.length > uart.writable) throw new Error("output full");
		uart.write(bytes);
	}

	#opened(): Uart {
		if (!this.#uart) throw new SyntaxError("Serial: closed");
		return this.#uart;
	}
}

/** The far end over the pins that are there. */
function connected(farEnd: FarEnd, canReceive: boolean, canTransmit: boolean): FarEnd {
	const vanish = () => undefined;
	return {
		paced: farEnd.paced !== false,
		open: (baud, deliver) => farEnd.open(baud, canReceive ? deliver : vanish),
		write: canTransmit ? bytes => farEnd.write(bytes) : vanish,
		close: () => farEnd.close(),
	};
}
