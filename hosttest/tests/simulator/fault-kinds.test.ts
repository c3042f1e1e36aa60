import test from "ava";
import { kindNames } from "../../simulator/faults/faults.js";
import { faultBench } from "./fault-bench.js";
import { commandCases, mqttCases } from "./fault-command-cases.js";
import { hostileCases, lineCases, moduleCases } from "./fault-module-cases.js";
import { airCases, brokerCases } from "./fault-network-cases.js";

const cases = [
	...commandCases,
	...mqttCases,
	...moduleCases,
	...lineCases,
	...hostileCases,
	...airCases,
	...brokerCases,
];

for (const { kind, title, parameters = {}, times, modem = {}, connected = false, ...expected } of cases) {
	const { send, waitMs = 1000, lines, then } = expected;
	const given = Object.keys(parameters).length > 0 ? ` ${JSON.stringify(parameters)}` : "";
	test.serial(`${kind}${given}: ${title}`, async t => {
		const bench = await faultBench(t, { modem, connected });
		bench.faults.inject(kind, parameters, times === undefined ? {} : { times });
		const seen = send === undefined ? await bench.wait(waitMs) : await bench.say(send, waitMs);
		if (lines) t.deepEqual(seen, lines);
		await then?.(bench, t);
		t.true(bench.faults.log.some(entry => entry.kind === kind && entry.by === "hand"));
	});
}

test("every kind has its case here, or in the test of bytes or of the host", t => {
	const elsewhere = [
		"line.lostToHost",
		"line.lostToModem",
		"line.doubledToHost",
		"line.doubledToModem",
		"line.flippedToHost",
		"line.flippedToModem",
		"host.blocked",
		"host.restart",
		"host.cut",
		"flash.cut",
		"clock.jumps",
	];
	t.deepEqual(
		[...new Set([...cases.map(({ kind }) => kind as string), ...elsewhere])].sort(),
		[...kindNames].sort(),
	);
});
