import { RIG, testOnXS } from "./engine.js";

await testOnXS("bc20", {
	"bc20/bringup.test.ts": RIG,
	"bc20/holders.test.ts": RIG,
	"bc20/ladder.test.ts": RIG,
	"bc20/liveness.test.ts": RIG,
	"bc20/modem.test.ts": RIG,
	"bc20/qmt.test.ts": "hosttest/tests/bc20/qmt.test.ts imports node:crypto, which is not there on XS",
	"bc20/recovery-health.test.ts": RIG,
	"bc20/stat.test.ts": RIG,
});
