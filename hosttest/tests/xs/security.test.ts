import { RIG, testOnXS } from "./engine.js";

await testOnXS("security", {
	"security/limits.test.ts": RIG,
	"security/program.test.ts":
		"hosttest/tests/security/program.test.ts imports aedes, which is not there on XS",
	"security/secrets.test.ts": RIG,
});
