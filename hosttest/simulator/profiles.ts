/** What one firmware generation of the BC20 can do (reference, introduction and 3.1). */
export interface Profile {
	/** Keys that AT+QMTCFG knows, with their line of the test response. */
	readonly configuration: Readonly<Record<string, string>>;
	/** AT+QMTPUB without a message asks for it with ">". */
	readonly dataMode: boolean;
	/** Errors of the MQTT commands: by AT+CMEE, or always plain `ERROR`. */
	readonly mqttErrors: "cme" | "plain";
}
export type ProfileName = "A" | "B";

const note = {
	keepalive: '"keepalive",(0-5),(0-3600)',
	session: '"session",(0-5),(0,1)',
	timeout: '"timeout",(0-5),(1-60),(1-10),(0,1)',
	will: '"will",(0-5),(0,1),(0-2),(0,1),"will_topic","will_msg"',
	aliauth: '"aliauth",(0-5),"productkey","devicename","devicesecret"',
} as const;

/** A: the note's V1.0. B: later firmware, as seen in all BC20 code in the field. */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
	A: { configuration: note, dataMode: false, mqttErrors: "cme" },
	B: {
		configuration: {
			...note,
			echomode: '"echomode",(0-5),(0,1)',
			dataformat: '"dataformat",(0-5),(0,1),(0,1)',
			version: '"version",(0-5),(3,4)',
		},
		dataMode: true,
		mqttErrors: "plain",
	},
};
