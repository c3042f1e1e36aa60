import test from "ava";
import FlashStorage from "embedded:storage/flash";
import { Outbox } from "../../../modules/telemetry/outbox.js";

test("the outbox on the partition of the desktop: thousands of messages, then reopened", t => {
	const open = () => new Outbox({ flash: FlashStorage.open({ path: "storage", mode: "r+" }) });
	let outbox = open();
	const payload = (sequence: number) => new Uint8Array(1 + ((sequence * 7) % 1024)).fill(sequence);
	for (let sequence = 1; sequence <= 3000; sequence++) {
		t.true(outbox.append(payload(sequence)));
		if (sequence > 40) outbox.acknowledge(sequence - 40);
		outbox.maintain();
	}
	t.like(outbox.status(), { waiting: 40, dropped: 0, corrupt: 0, lateErases: 0 });
	outbox.close();
	outbox = open();
	t.is(outbox.nextSequence, 3001);
	for (let sequence = 2961; sequence <= 3000; sequence++) {
		const message = outbox.peek();
		t.is(message?.sequence, sequence);
		t.deepEqual(message?.payload.slice(), payload(sequence));
		t.true(outbox.acknowledge(sequence));
	}
	t.is(outbox.waiting, 0);
	outbox.close();
});
