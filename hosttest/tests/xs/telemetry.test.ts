import { RIG, testOnXS } from "./engine.js";

await testOnXS("telemetry", {
	"telemetry/flash-shim.test.ts": "hosttest/shim/flash.ts imports node:fs, which is not there on XS",
	"telemetry/module-refusal.test.ts": RIG,
});
