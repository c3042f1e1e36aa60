import test from "ava";
import { makeBroker, Terminal } from "./terminal.js";

/** Section 12 of the reference: chapter 6 of the note. `~` publishes to the broker from elsewhere. */
const conversation = `
> AT+QMTOPEN=?
< +QMTOPEN: (0-5),"<host_name>",<port>
< OK
> AT+QMTOPEN=0,"220.180.239.212",8401
< OK
< +QMTOPEN: 0,0
> AT+QMTOPEN?
< +QMTOPEN: 0,"220.180.239.212",8401
< OK
> AT+QMTCONN=?
< +QMTCONN: (0-5),"<clientID>"[,"<username>"[,"<password>"]]
< OK
> AT+QMTCONN=0,"clientExample"
< OK
< +QMTCONN: 0,0,0
> AT+QMTSUB=?
< +QMTSUB: (0-5),<msgID>,"<topic>",<qos>[,"<topic>",<qos>...]
< OK
> AT+QMTSUB=0,1,"topic/example",2
< OK
< +QMTSUB: 0,1,0,2
> AT+QMTSUB=0,1,"topic/pub",0
< OK
< +QMTSUB: 0,1,0,0
~ topic/example
< +QMTRECV: 0,0,"topic/example","This is the payload related to topic"
> AT+QMTUNS=0,2,"topic/example"
< OK
< +QMTUNS: 0,2,0
> AT+QMTPUB=?
< +QMTPUB: (0-5),<msgID>,<qos>,<retain>,"<topic>","<msg>"
< OK
> AT+QMTPUB=0,0,0,0,"topic/pub","hello MQTT."
< OK
< +QMTPUB: 0,0,0
< +QMTRECV: 0,0,"topic/pub","hello MQTT."
> AT+QMTDISC=0
< OK
< +QMTDISC: 0,0
`;

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
