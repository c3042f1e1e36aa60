import { createHmac } from "node:crypto";

/** What AT+QMTCFG="aliauth" holds (reference 3.7). */
export interface AliCloudDevice {
	readonly productKey: string;
	readonly deviceName: string;
	readonly deviceSecret: string;
}

/** What CONNECT carries. */
export interface Credentials {
	readonly clientId: string;
	readonly username: string | undefined;
	readonly password: string | undefined;
}

/**
 * The credentials that AliCloud IoT expects of a device over plain TCP ("Establish MQTT connections over TCP"):
 * securemode 3, HMAC-SHA1 over the sorted names and values, no time stamp.
 */
export function aliCloudCredentials(device: AliCloudDevice, clientId: string): Credentials {
	const { productKey, deviceName, deviceSecret } = device;
	const content = `clientId${clientId}deviceName${deviceName}productKey${productKey}`;
	return {
		clientId: `${clientId}|securemode=3,signmethod=hmacsha1|`,
		username: `${deviceName}&${productKey}`,
		password: createHmac("sha1", deviceSecret).update(content).digest("hex"),
	};
}
