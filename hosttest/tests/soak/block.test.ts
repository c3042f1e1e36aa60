import test from "ava";
import { Outbox } from "../../../modules/telemetry/outbox.js";
import { waitingIn } from "../../soak/block.js";
import { UnitFlash } from "../../herd/flash.js";

const BLOCK = 4096;

test("what waits in a block of the outbox, as the outbox has it", t => {
	const flash = new UnitFlash(2);
	const block = (index: number): Uint8Array => {
		const bytes = new Uint8Array(BLOCK);
		flash.read(bytes, index * BLOCK);
		return bytes;
	};
	t.deepEqual(waitingIn(block(0)), []);
	const outbox = new Outbox({ flash });
	for (let message = 1; message <= 5; message++) outbox.append(new Uint8Array(100 + message).fill(message));
	t.deepEqual(waitingIn(block(0)), [1, 2, 3, 4, 5]);
	t.deepEqual(waitingIn(block(1)), []);
	outbox.acknowledge(2);
	t.deepEqual(waitingIn(block(0)), [1, 3, 4, 5]);
	// A torn record, and a block that was given up.
	const torn = block(0);
	torn[16 + 20 + 3] ^= 1;
	t.deepEqual(waitingIn(torn), [3, 4, 5]);
	t.deepEqual(waitingIn(block(0).fill(0, 0, 16)), []);
});
