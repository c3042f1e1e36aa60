import test from "ava";
import "../../shim/globals.js";
import { encodePack } from "../../../modules/telemetry/senml.js";
import { Ledger } from "../../soak/ledger.js";

const DATE_MS = Date.UTC(2026, 0, 1);
const records = [{ n: "level", value: 1.5 }];

const messageOf = (sequence: number): Uint8Array =>
	new Uint8Array(encodePack({ baseName: "u/", baseTimeMs: DATE_MS, sequence, records }));

/** One that has accepted messages 1 to `count`. */
function accepted(count: number): Ledger {
	const ledger = new Ledger("u/");
	for (let sequence = 1; sequence <= count; sequence++) ledger.accept(sequence, records, DATE_MS);
	return ledger;
}

test("all delivered once", t => {
	const ledger = accepted(2);
	t.false(ledger.hasAll());
	t.is(ledger.deliver(messageOf(2)), 2);
	t.false(ledger.hasAll(1));
	t.is(ledger.deliver(messageOf(1)), 1);
	t.true(ledger.hasAll());
	t.deepEqual(ledger.verdict(), {
		accepted: 2,
		delivered: 2,
		lost: [],
		corrupted: [],
		duplicates: 0,
		dropped: 0,
		repeated: [],
		unconfirmed: 0,
	});
});

test("a lost message; those that were accepted later may be under way", t => {
	const ledger = accepted(3);
	ledger.deliver(messageOf(1));
	t.deepEqual(ledger.verdict().lost, [2, 3]);
	t.deepEqual(ledger.verdict(2).lost, [2]);
	t.deepEqual(ledger.verdict(1).lost, []);
	t.is(ledger.verdict(2).accepted, 2);
	t.is(ledger.last, 3);
});

test("a corrupted message: another byte, less, more, none that was accepted, no message at all", t => {
	const ledger = accepted(1);
	const flipped = messageOf(1);
	flipped[flipped.length - 5] ^= 1;
	const wrong = [
		flipped,
		messageOf(1).subarray(0, -1),
		Buffer.concat([messageOf(1), Buffer.of(0x20)]),
		messageOf(2),
		Buffer.of(0xff, 0),
		new Uint8Array(0),
	];
	for (const payload of wrong) t.is(ledger.deliver(payload), undefined);
	const { corrupted, lost, delivered } = ledger.verdict();
	t.deepEqual(
		corrupted.map(({ delivered: bytes }) => bytes),
		wrong.map(payload => Buffer.from(payload).toString("latin1")),
	);
	t.is(corrupted[0].expected, Buffer.from(messageOf(1)).toString("latin1"));
	t.deepEqual(lost, [1]);
	t.is(delivered, 0);
});

test("duplicates", t => {
	const ledger = accepted(2);
	for (const sequence of [1, 1, 2, 1]) ledger.deliver(messageOf(sequence));
	const { duplicates, delivered, corrupted } = ledger.verdict();
	t.is(duplicates, 2);
	t.is(delivered, 2);
	t.deepEqual(corrupted, []);
});

test("what a full outbox drops is not lost, delivered before or not", t => {
	const ledger = accepted(3);
	ledger.deliver(messageOf(1));
	ledger.drop([1, 2]);
	t.deepEqual(ledger.verdict().lost, [3]);
	t.is(ledger.verdict().dropped, 1);
	t.false(ledger.hasAll());
	ledger.deliver(messageOf(3));
	t.true(ledger.hasAll());
});

test("a sequence number that is given twice", t => {
	const ledger = accepted(2);
	ledger.accept(2, [{ n: "level", value: 2 }], DATE_MS);
	t.deepEqual(ledger.verdict().repeated, [2]);
});

test("the power was cut while a message was written: it may come, but always the same", t => {
	const ledger = accepted(1);
	ledger.deliver(messageOf(1));
	ledger.cut();
	t.is(ledger.deliver(messageOf(2)), 2);
	t.is(ledger.deliver(messageOf(2)), 2);
	t.is(ledger.verdict().unconfirmed, 1);
	t.deepEqual(ledger.verdict().corrupted, []);
	const other = encodePack({ baseName: "u/", baseTimeMs: DATE_MS, sequence: 2, records: [] });
	t.is(ledger.deliver(new Uint8Array(other)), undefined);
	t.is(ledger.deliver(messageOf(3)), undefined);
	t.is(ledger.verdict().corrupted.length, 2);
});
