import test from "ava";
import { UsageError } from "../../cli/command-line.js";
import { replayCommand, soakOptions } from "../../soak/options.js";

test("by default 30 days, 5 seeds, a message a minute, all faults", t => {
	t.deepEqual(soakOptions([]), {
		seeds: [1, 2, 3, 4, 5],
		days: 30,
		interval: 60,
		rates: 1,
		only: undefined,
		log: undefined,
		jobs: undefined,
	});
	t.is(soakOptions(["--help"]), undefined);
});

test("a quick one; single seeds; what is given counts", t => {
	const quick = soakOptions(["--quick", "--interval", "30"]);
	t.like(quick, { days: 1, interval: 30 });
	t.deepEqual(quick?.seeds, [1, 2, 3]);
	t.deepEqual(soakOptions(["--seeds", "2"])?.seeds, [1, 2]);
	t.deepEqual(soakOptions(["--seed", "7", "--quick", "--seed", "9"])?.seeds, [9]);
	t.deepEqual(soakOptions(["--only", "module.reset,stat"])?.only, ["module.reset", "stat"]);
});

test("the command that replays a seed gives the same options", t => {
	const options = soakOptions(["--quick", "--rates", "2.5", "--only", "stat,line.noise", "--interval", "20"]);
	if (!options) throw new Error("no options");
	const command = replayCommand(options, 3);
	t.is(command, "npm run soak -- --seed 3 --days 1 --interval 20 --rates 2.5 --only stat,line.noise");
	t.deepEqual(soakOptions(command.split(" ").slice(4)), { ...options, seeds: [3] });
});

for (const [args, message] of [
	[["--days", "0"], /--days/],
	[["--seed", "1.5"], /--seed .*whole/],
	[["--rates", "-1"], /rates/],
	[["--only", "stat,nothing"], /no fault "nothing"/],
	[["--wrong"], /--wrong/],
] as const)
	test(`wrong: ${args.join(" ")}`, t => {
		t.throws(() => soakOptions(args), { instanceOf: UsageError, message });
	});
