import test from "ava";
import type { KindName } from "../../simulator/faults/faults.js";
import { report } from "../../soak/report.js";
import storage from "../../shim/flash.js";
import { partitions } from "../../soak/flash.js";
import type { RunResult } from "../../soak/result.js";
import { type RunOptions, run } from "../../soak/run.js";

const INTERVAL = 60;
const HOUR = 1 / 24;

const soak = (options: Partial<RunOptions>): Promise<RunResult> =>
	run({ seed: 1, days: HOUR, interval: INTERVAL, rates: 0, ...options });

const sequenceOf = (payload: Uint8Array): number =>
	Number(/"n":"seq","v":(\d+)/.exec(Buffer.from(payload).toString())?.[1]);

for (const seed of [1, 2, 3])
	test.serial(`a day of all faults at three times their rates, seed ${seed}`, async t => {
		const result = await soak({ seed, days: 1, rates: 3 });
		t.deepEqual(result.failures, []);
		t.true(result.log.length > 200);
		t.true(result.starts > 5);
		const { accepted, delivered, dropped } = result.verdict;
		t.true(accepted > 1000);
		t.is(delivered + dropped, accepted);
		t.is(result.reportedDropped + result.cutBeforeReport, result.actuallyDropped);
		t.not(result.drainedMs, undefined);
	});

test.serial(
	"a full outbox: what it dropped is what the firmware reported, and nothing else is missing",
	async t => {
		const result = await soak({ seed: 1, days: 2, rates: 20, only: ["coverage.lost", "flash.cut"] });
		t.is(result.unit.flash, "small");
		t.deepEqual(result.failures, []);
		t.true(result.verdict.dropped > 100);
		t.is(result.verdict.delivered + result.verdict.dropped, result.verdict.accepted);
	},
);

test.serial("a seed replays to the same event, and other seeds to other ones", async t => {
	const events: string[][] = [[], [], []];
	const digests: string[] = [];
	for (const [index, seed] of [4, 5, 4].entries()) {
		const { digest } = await soak({
			seed,
			days: 0.2,
			rates: 8,
			onEvent: line => void events[index].push(line),
		});
		digests.push(digest);
	}
	t.true(events[0].length > 500);
	t.deepEqual(events[2], events[0]);
	t.is(digests[2], digests[0]);
	t.not(digests[1], digests[0]);
});

test.serial("the checker finds a message that the broker loses", async t => {
	const { verdict, failures, drainedMs } = await soak({
		tamper: (payload, deliver) => {
			if (sequenceOf(payload) !== 7) deliver(payload);
		},
	});
	t.deepEqual(verdict.lost, [7]);
	t.regex(failures.join("\n"), /lost: 1 messages \(7/);
	t.is(drainedMs, undefined);
});

test.serial("the checker finds a message that the broker changes", async t => {
	const { verdict, failures } = await soak({
		tamper: (payload, deliver) => {
			if (sequenceOf(payload) === 7) payload[20] ^= 1;
			deliver(payload);
		},
	});
	t.is(verdict.corrupted.length, 1);
	t.regex(failures.join("\n"), /corrupted: /);
});

test.serial("the checker counts a message that the broker delivers twice", async t => {
	const { verdict, failures } = await soak({
		tamper: (payload, deliver) => {
			deliver(payload);
			if (sequenceOf(payload) === 7) deliver(payload);
		},
	});
	t.is(verdict.duplicates, 1);
	t.deepEqual(failures, []);
});

/** Clears a bit in the payload of a message in the first block of the outbox. */
function spoil(sequence: number, path: string): void {
	const flash = storage.open({ path });
	const view = new DataView(flash.read(4096, 0));
	let record = 16;
	while (view.getUint32(record + 4, true) !== sequence)
		record += (20 + view.getUint16(record, true) + 3) & ~3;
	flash.write(Uint8Array.of(view.getUint8(record + 25) & (view.getUint8(record + 25) - 1)), record + 25);
	flash.close();
}

test.serial(
	"the checker finds a message that the outbox loses, and one that flash does not give back",
	async t => {
		const { verdict, failures } = await soak({
			onEvent: line => {
				if (line.endsWith(" accepted 7")) spoil(7, partitions.small);
			},
		});
		t.deepEqual(verdict.lost, [7]);
		t.regex(failures.join("\n"), /lost: 1 messages \(7/);
		t.regex(failures.join("\n"), /1 messages were not read back/);
	},
);

test.serial("the checker finds messages that a block takes with it unreported", async t => {
	const { verdict, failures } = await soak({
		days: 0.5,
		rates: 20,
		only: ["coverage.lost"],
		onEvent: line => {
			if (!line.endsWith(" accepted 100")) return;
			const flash = storage.open({ path: partitions.small });
			for (let block = 0; block < 16; block++) flash.eraseBlock(block);
			flash.close();
		},
	});
	t.true(verdict.lost.length > 0);
	t.regex(failures.join("\n"), /lost: /);
});

test.serial("one kind alone: only that happens, and its recovery is in the report", async t => {
	const only: KindName[] = ["module.reset"];
	const result = await soak({ days: 0.5, rates: 5, only });
	t.deepEqual(result.failures, []);
	t.deepEqual([...new Set(result.log.map(({ kind }) => kind))], only);
	t.regex(report([result]), /^module\.reset +\d+ +\d+\.\d s/m);
});
