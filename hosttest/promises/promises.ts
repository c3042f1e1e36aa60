/** What the project promises, the code that keeps it, and the test that has to fail without that code. */
export interface Kept {
	readonly promise: string;
	readonly file: string;
	/** Stands once in the file. */
	readonly code: string;
	/** What stands there instead; nothing by default. */
	readonly instead?: string;
	/** A file under hosttest/tests/, and where that saves time a part of a title. */
	readonly test: string;
	readonly title?: string;
}

const RECOVERY: readonly Kept[] = [
	{
		promise: "a safe command without an answer is sent again",
		file: "modules/bc20/send.ts",
		code: "left === 0 ||",
		instead: "left >= 0 ||",
		test: "bc20/recovery-health.test.ts",
	},
	{
		promise: "the delays of the ladder have full jitter",
		file: "modules/bc20/recovery.ts",
		code: "return jitter(Math.min(capMs, firstMs * 2 ** (this.#attempts[rung] ?? 0)), this.#events.random);",
		instead: "return Math.min(capMs, firstMs * 2 ** (this.#attempts[rung] ?? 0));",
		test: "bc20/recovery.test.ts",
	},
	{
		promise: "the delays of the ladder grow with each use",
		file: "modules/bc20/recovery.ts",
		code: "firstMs * 2 ** (this.#attempts[rung] ?? 0)",
		instead: "firstMs",
		test: "bc20/ladder.test.ts",
	},
	{
		promise: "each rung has its limit",
		file: "modules/bc20/recovery.ts",
		code: "this.#stay < RUNGS[stood].limit &&",
		test: "bc20/ladder.test.ts",
	},
	{
		promise: "behind the last rung the ladder begins again: no dead end",
		file: "modules/bc20/recovery.ts",
		code: "return above === NONE ? this.#possibleFrom(bottom) : above;",
		instead: "return above;",
		test: "bc20/ladder.test.ts",
	},
	{
		promise: "keys that are not wired are left out",
		file: "modules/bc20/recovery.ts",
		code: "return key === undefined || this.#events.isWired(key);",
		instead: "return true;",
		test: "bc20/ladder.test.ts",
	},
	{
		promise: "the ladder is back at its bottom after a time of health",
		file: "modules/bc20/supervisor.ts",
		code: "if (identifiers.isProven || (identifiers.isIdle && state.isHealthy)) this.remedies.recovered();",
		test: "bc20/recovery-health.test.ts",
	},
	{
		promise: "an acknowledged packet is health",
		file: "modules/bc20/supervisor.ts",
		code: "onProof(): void {\n\t\tthis.remedies.recovered();",
		instead: "onProof(): void {",
		test: "bc20/ladder.test.ts",
	},
	{
		promise: "the reset key is pressed",
		file: "modules/bc20/remedies.ts",
		code: "this.#reset?.press();",
		instead: ";",
		test: "bc20/ladder.test.ts",
	},
	{
		promise: "the power key is pressed",
		file: "modules/bc20/remedies.ts",
		code: "this.#power?.press();",
		instead: ";",
		test: "bc20/ladder.test.ts",
	},
	{
		promise: "+QMTSTAT: <id>,2 cycles the PDP context",
		file: "modules/bc20/supervisor.ts",
		code: 'if (this.cycleContext()) this.remedies.recovery.use("context");',
		test: "bc20/stat.test.ts",
	},
	{
		promise: "a silent module is probed",
		file: "modules/bc20/liveness.ts",
		code: "this.#probe(scheduler);",
		instead: ";",
		test: "bc20/liveness.test.ts",
	},
	{
		promise: "behind a gap the state is read again",
		file: "modules/bc20/supervisor.ts",
		code: "this.gaps++;\n\t\tif (this.state.connection >= 400) this.onDoubt();",
		instead: "this.gaps++;",
		test: "bc20/liveness.test.ts",
	},
	{
		promise: "reading the state again finds connections that are gone",
		file: "modules/bc20/state-reader.ts",
		code: "await this.#identifiers.verify(scheduler);",
		test: "bc20/liveness.test.ts",
	},
	{
		promise: "a refusal by the broker does not climb the ladder",
		file: "modules/bc20/failures.ts",
		code: "return entry !== undefined && !entry[1].includes(error.code ?? NaN);",
		instead: "return true;",
		test: "bc20/ladder.test.ts",
	},
	{
		promise: "the recovery's state goes out as telemetry",
		file: "modules/sensors/modem.ts",
		code: "const recovery = this.#recovery(modem);",
		instead: "const recovery = undefined;",
		test: "sensors/sensors.test.ts",
	},
	{
		promise: "the watchdog restarts the chip without progress",
		file: "modules/common/progress.ts",
		code: "\t\trestart();",
		test: "common/progress.test.ts",
	},
	{
		promise: "progress feeds the watchdog",
		file: "modules/common/progress.ts",
		code: "seen !== this.#seen || ",
		test: "common/progress.test.ts",
	},
	{
		promise: "exceptions of callbacks are contained in the engine",
		file: "modules/at/callbacks.ts",
		code: "callback.call(this.#scheduler, value);\n\t\t} catch (exception) {\n\t\t\tthis.#report(exception);",
		instead: "callback.call(this.#scheduler, value);\n\t\t} catch (exception) {\n\t\t\tthrow exception;",
		test: "at/robustness.test.ts",
	},
	{
		promise: "exceptions of callbacks are contained in the telemetry",
		file: "modules/telemetry/telemetry.ts",
		code: "} catch (cause) {\n\t\t\tconst { onError }",
		instead: "} catch (cause) {\n\t\t\tthrow cause;\n\t\t\tconst { onError }",
		test: "telemetry/telemetry.test.ts",
	},
	{
		promise: "flash is written and sensors are sampled while the line is quiet",
		file: "modules/telemetry/quiet.ts",
		code: "if (isQuiet || Time.delta(job.since) >= this.#patienceMs) {",
		instead: "{",
		test: "telemetry/telemetry.test.ts",
	},
	{
		promise: "a line that is never quiet does not stop the samples",
		file: "modules/telemetry/quiet.ts",
		code: "|| Time.delta(job.since) >= this.#patienceMs",
		test: "telemetry/telemetry.test.ts",
	},
	{
		promise: "a fleet comes back over a minute",
		file: "modules/common/backoff.ts",
		code: "firstMs = Math.min(60_000, maximumMs)",
		instead: "firstMs = Math.min(1_000, maximumMs)",
		test: "herd/herd.test.ts",
		title: "1,000 units",
	},
];

const OUTBOX: readonly Kept[] = [
	{
		promise: "a message leaves the outbox by its own acknowledgement only",
		file: "modules/telemetry/in-flight.ts",
		code: "id === this.#id\n\t\t);\n\t}\n\n\t/** Whether a refusal",
		instead: "true\n\t\t);\n\t}\n\n\t/** Whether a refusal",
		test: "telemetry/telemetry.test.ts",
	},
	{
		promise: "a message whose outcome is not known is sent again",
		file: "modules/telemetry/publisher.ts",
		code: "if (!this.#isSettling) this.#inFlight.end();\n\t\tthis.#connection.drop();",
		instead:
			"if (this.#inFlight.message) this.#context.outbox.acknowledge(this.#inFlight.message.sequence);\n\t\tif (!this.#isSettling) this.#inFlight.end();\n\t\tthis.#connection.drop();",
		test: "telemetry/telemetry.test.ts",
	},
	{
		promise: "a message sent again is a duplicate with the same packet id",
		file: "modules/telemetry/in-flight.ts",
		code: "if (message.sequence !== this.#sequence) {",
		instead: "{",
		test: "telemetry/telemetry.test.ts",
	},
	{
		promise: "acknowledged messages stay so over a restart",
		file: "modules/telemetry/outbox-ring.ts",
		code: "this.writeZeros(block, offset + ACKNOWLEDGE_OFFSET, 4);",
		test: "telemetry/outbox.test.ts",
	},
	{
		promise: "a record that was torn is none",
		file: "modules/telemetry/outbox-scan.ts",
		code: "if (!ring.readPayload(block, last, lastLength)) {",
		instead: "if (!lastLength) {",
		test: "telemetry/outbox-power.test.ts",
	},
	{
		promise: "a damaged payload is not sent",
		file: "modules/telemetry/outbox-ring.ts",
		code: "return isIntact(this.header, this.view, payload) ? payload : undefined;",
		instead: "return payload;",
		test: "telemetry/outbox.test.ts",
	},
	{
		promise: "a write that fails leaves no record behind which others follow",
		file: "modules/telemetry/outbox-ring.ts",
		code: "this.offset = this.limit; // a write that fails leaves the rest of the block in an unknown state",
		test: "telemetry/outbox.test.ts",
	},
	{
		promise: "a write that fails costs no message that was accepted before",
		file: "modules/telemetry/outbox-ring.ts",
		code: "this.withdraw(offset);",
		test: "telemetry/outbox-faults.test.ts",
	},
	{
		promise: "messages dropped when the power is cut are counted by the next start",
		file: "modules/telemetry/outbox-ring.ts",
		code: "if (this.state[block] === USED) this.claim(lost);",
		test: "telemetry/outbox-power.test.ts",
	},
	{
		promise: "sequence numbers never repeat: those of records are learnt again",
		file: "modules/telemetry/outbox-scan.ts",
		code: "if (isHead) ring.next += count;",
		test: "telemetry/outbox.test.ts",
	},
	{
		promise: "sequence numbers never repeat: those of refused messages too",
		file: "modules/telemetry/outbox-scan.ts",
		code: "ring.next += ring.refused;",
		test: "telemetry/outbox.test.ts",
	},
	{
		promise: "an erase that was cut off brings no old block back",
		file: "modules/telemetry/outbox-ring.ts",
		code: "this.writeZeros(block, 0, BLOCK_HEADER);",
		test: "telemetry/outbox-power.test.ts",
	},
	{
		promise: "an erase that was cut off leaves no block that counts as erased",
		file: "modules/telemetry/outbox-format.ts",
		code: "if (!hasMagic(view)) return DIRTY;",
		test: "telemetry/outbox-power.test.ts",
	},
	{
		promise: "no erase on the way of a sample: blocks are erased ahead",
		file: "modules/telemetry/telemetry.ts",
		code: "if (isQuiet && this.#outbox.maintain()) this.#maintain();",
		test: "telemetry/telemetry.test.ts",
	},
	{
		promise: "a full outbox drops the oldest only where that is its policy",
		file: "modules/telemetry/outbox.ts",
		code: '|| this.#full === "oldest"',
		instead: "|| true",
		test: "telemetry/outbox.test.ts",
	},
	{
		promise: "messages that a full outbox drops are counted",
		file: "modules/telemetry/outbox-ring.ts",
		code: "this.dropped += lost;",
		test: "telemetry/outbox.test.ts",
	},
	{
		promise: "messages that a full outbox refuses are counted",
		file: "modules/telemetry/outbox-ring.ts",
		code: "this.dropped++;",
		test: "telemetry/outbox.test.ts",
	},
	{
		promise: "messages that a full outbox drops are reported",
		file: "modules/telemetry/telemetry.ts",
		code: "if (lost) this.#report(",
		instead: "if (!lost) this.#report(",
		test: "telemetry/telemetry.test.ts",
	},
	{
		promise: "a refused message has a number, so that the hole shows",
		file: "modules/telemetry/outbox-ring.ts",
		code: "this.dropped++;\n\t\tthis.next++;",
		instead: "this.dropped++;",
		test: "telemetry/outbox.test.ts",
	},
	{
		promise: "a message that is too large loses nothing",
		file: "modules/telemetry/outbox.ts",
		code: "if (length < 1 || length > blocks.longest)",
		instead: "if (length < 1)",
		test: "telemetry/outbox-edges.test.ts",
	},
];

const SECURITY: readonly Kept[] = [
	{
		promise: "no text leaves its quotes",
		file: "modules/at/builder.ts",
		code: 'if (kind !== "message" && bytes.includes(QUOTE)) return \'holds a quote ("), which this form cannot carry\';',
		test: "at/builder.test.ts",
	},
	{
		promise: "no text ends its line",
		file: "modules/at/builder.ts",
		code: "const control = indexOfControl(bytes);",
		instead: "const control = -1;",
		test: "at/builder.test.ts",
	},
	{
		promise: "no data end the data mode",
		file: "modules/at/builder.ts",
		code: "if (data && indexOfDataEnd(data) >= 0)",
		instead: "if (data && false)",
		test: "at/builder.test.ts",
	},
	{
		promise: "secrets are left out of what is sent in a trace",
		file: "modules/at/builder.ts",
		code: 'if (parameter.secret) return "***";',
		test: "at/trace.test.ts",
	},
	{
		promise: "secrets are left out of a trace of echoes",
		file: "modules/at/dispatcher.ts",
		code: 'if (echo) text = "(echo)";',
		instead: "if (echo) text = line.text;",
		test: "at/trace.test.ts",
	},
	{
		promise: "what may be a garbled echo of a secret is withheld",
		file: "modules/at/exchange.ts",
		code: "if (!this.#secret) return false;",
		instead: "return false;",
		test: "at/trace.test.ts",
	},
	{
		promise: "a late line is never credited to another command",
		file: "modules/at/scheduler.ts",
		code: "this.#quarantine.begin(request);",
		test: "at/quarantine.test.ts",
	},
	{
		promise: "messages that are not read take no more than their room",
		file: "modules/mqtt/incoming.ts",
		code: "if (byteLength > CAPACITY - this.#unread || topicLength > TOPIC_LIMIT) return undefined;",
		test: "mqtt/subscribe.test.ts",
	},
	{
		promise: "lines are handled in portions, so that a flood leaves room for other work",
		file: "modules/at/receiver.ts",
		code: "--left <= 0 && buffer.length <= buffer.limit",
		instead: "false",
		test: "at/scheduler.test.ts",
	},
];

/** See README, "What has been tried to break it". */
export const PROMISES: readonly Kept[] = [...RECOVERY, ...OUTBOX, ...SECURITY];
