import { machine, nextAlarm } from "./machine.js";
import { resume } from "./meter.js";

/** Kinds of messages, each with the time (ms, float64), the date (ms, float64) and a body. */
export const CALL = 0;
/** A timer is due. */
export const TICK = 1;
/** Bytes came: the body. */
export const READABLE = 2;
/** The transmit FIFO has room for as many bytes as the body's uint32 says. */
export const WRITABLE = 3;

/** Bytes in front of a message's body. */
export const HEAD_BYTES = 17;
/** Bytes in front of what was written, in a reply. */
export const REPLY_HEAD_BYTES = 24;

/** Answers a CALL, whose body is JSON. */
export type OnCall = (call: { readonly name: string; readonly value: unknown }) => unknown;

/**
 * Has the world outside drive the firmware: each message is one turn of the chip's event loop, one callback. The reply is the time of
 * the next timer (ms, float64; Infinity where there is none), the length of what was written, and how often the flash was read, written
 * and erased (uint32 each), what was written, and the JSON of what else happened, where anything did.
 *
 * XS's meter counts from when the callback is called: what finds out which one is no part of it.
 */
export function listen(onCall: OnCall): void {
	const handle = (buffer: ArrayBuffer) => {
		const view = new DataView(buffer);
		machine.now = view.getFloat64(1);
		machine.date = view.getFloat64(9);
		machine.written = 0;
		const kind = view.getUint8(0);
		if (kind === CALL) {
			const call = JSON.parse(String.fromArrayBuffer(buffer.slice(HEAD_BYTES))) as Parameters<OnCall>[0];
			resume();
			machine.events.push([call.name, onCall(call)]);
		} else if (kind === TICK) {
			const alarm = nextAlarm();
			resume();
			if (alarm && alarm.due <= machine.now) alarm.ring();
		} else if (kind === READABLE) {
			const unread = machine.received;
			const bytes = new Uint8Array(buffer, HEAD_BYTES);
			machine.received = unread.length ? concatenated(unread, bytes) : bytes;
			const { length } = machine.received;
			resume();
			machine.port?.onReadable(length);
		} else {
			const room = view.getUint32(HEAD_BYTES);
			resume();
			machine.port?.onWritable(room);
		}
		return answer;
	};
	Object.defineProperty(globalThis, "handleCommand", { value: handle });
}

/** Asked for when the promise jobs are done too. */
const answer = {
	get result(): ArrayBuffer {
		return reply();
	},
};

function reply(): ArrayBuffer {
	const { written, output, events, flash } = machine;
	const text = events.length ? ArrayBuffer.fromString(JSON.stringify(events)) : new ArrayBuffer(0);
	machine.events = [];
	const bytes = new Uint8Array(REPLY_HEAD_BYTES + written + text.byteLength);
	const view = new DataView(bytes.buffer);
	view.setFloat64(0, nextAlarm()?.due ?? Infinity);
	view.setUint32(8, written);
	view.setUint32(12, flash.reads);
	view.setUint32(16, flash.writes);
	view.setUint32(20, flash.erases);
	flash.reads = flash.writes = flash.erases = 0;
	bytes.set(output.subarray(0, written), REPLY_HEAD_BYTES);
	bytes.set(new Uint8Array(text), REPLY_HEAD_BYTES + written);
	return bytes.buffer;
}

function concatenated(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
	const all = new Uint8Array(first.length + second.length);
	all.set(first);
	all.set(second, first.length);
	return all;
}
