// `npm run mutation`: how many small changes of the AT engine and of the outbox their tests notice.

/** @type {import("@stryker-mutator/api/core").PartialStrykerOptions} */
export default {
	mutate: ["modules/at/*.ts", "modules/telemetry/{crc32,outbox*}.ts"],
	testRunner: "in-process",
	plugins: ["./hosttest/mutation/plugin.js"],
	ignorers: ["tables"],
	coverageAnalysis: "perTest",
	// What runs once, at load: each such mutant would take a process of its own and all tests.
	ignoreStatic: true,
	concurrency: 1,
	// Most of a run is waiting for mutants that never end.
	timeoutFactor: 1.25,
	timeoutMS: 2000,
	// The sandbox holds what the tests load.
	ignorePatterns: ["/*", "!/modules", "!/hosttest", "!/package.json"],
	disableTypeChecks: false,
	tempDirName: "build/mutation",
	reporters: ["clear-text", "json", "progress-append-only"],
	clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
	jsonReporter: { fileName: "build/mutation.json" },
	thresholds: { high: 95, low: 90, break: 85 },
};
