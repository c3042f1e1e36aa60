import test from "ava";
import { CHAPTER_6 } from "../transcript.js";
import { makeBroker, Terminal } from "./terminal.js";

/** Chapter 6 of the note; `~` publishes to the broker from elsewhere. */
const conversation = CHAPTER_6.replace('< +QMTRECV: 0,0,"topic/example"', "~ topic/example\n$&");

for (const profile of ["A", "B"] as const)
	for (const delays of ["none", "short", "real"] as const)
		test.serial(`the conversation of chapter 6, profile ${profile}, delays ${delays}`, async t => {
			const { broker, network } = await makeBroker();
			const terminal = await Terminal.quiet({ profile, delays, network });
			const printed = conversation.trim().split("\n");
			const held: string[] = [];
			for (const line of printed) {
				const text = line.slice(2);
				if (line.startsWith(">")) terminal.type(`${text}\r\n`);
				else if (line.startsWith("~"))
					broker.publish(
						{
							cmd: "publish",
							topic: text,
							payload: "This is the payload related to topic",
							qos: 0,
							retain: false,
							dup: false,
						},
						() => undefined,
					);
				held.push(line.startsWith("<") ? `< ${(await terminal.until(`${text}\r\n`)).join("|")}` : line);
			}
			t.deepEqual(held, printed);
			await terminal.clock.advance(30_000);
			t.deepEqual(terminal.lines(), []);
			broker.close();
		});
