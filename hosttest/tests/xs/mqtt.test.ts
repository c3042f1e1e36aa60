import { RIG, testOnXS } from "./engine.js";

await testOnXS("mqtt", {
	"mqtt/client-end.test.ts": RIG,
	"mqtt/client-refused.test.ts": RIG,
	"mqtt/client-room.test.ts": RIG,
	"mqtt/consumers.test.ts": RIG,
	"mqtt/crowd.test.ts": RIG,
	"mqtt/data-format.test.ts": RIG,
	"mqtt/failures.test.ts": RIG,
	"mqtt/hostile-in.test.ts": RIG,
	"mqtt/hostile-out.test.ts": RIG,
	"mqtt/hostile-topics.test.ts": RIG,
	"mqtt/options.test.ts": RIG,
	"mqtt/publish.test.ts": RIG,
	"mqtt/session-broker.test.ts": RIG,
	"mqtt/soak.test.ts": RIG,
	"mqtt/subscribe-refused.test.ts": RIG,
	"mqtt/subscribe.test.ts": RIG,
});
