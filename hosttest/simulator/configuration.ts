import type { AliCloudDevice } from "./ali-cloud.js";
import { MqttError } from "./errors.js";
import type { Variants } from "./options.js";
import type { Parameters } from "./parameters.js";

interface Will {
	readonly qos: 0 | 1 | 2;
	readonly retain: boolean;
	readonly topic: string;
	readonly message: string;
}

/** What AT+QMTCFG sets for one identifier. Strings hold one character for each byte. */
export interface Configuration {
	keepAliveSeconds: number;
	clean: boolean;
	packetTimeoutSeconds: number;
	retries: number;
	timeoutNotice: boolean;
	will: Will | undefined;
	aliCloud: AliCloudDevice | undefined;
	version: 3 | 4;
	sendHex: boolean;
	receiveHex: boolean;
	echoData: boolean;
}

export const defaultConfiguration = (variants: Variants): Configuration => ({
	keepAliveSeconds: 120,
	clean: variants.session === 1,
	packetTimeoutSeconds: 10,
	retries: 3,
	timeoutNotice: variants.timeoutNotice === 1,
	will: undefined,
	aliCloud: undefined,
	version: variants.version,
	sendHex: false,
	receiveHex: false,
	echoData: variants.echoMode === 1,
});

interface Key {
	/** The values of the query's answer; undefined: no line. */
	query(configuration: Configuration, variants: Variants): readonly (string | number)[] | undefined;
	write(configuration: Configuration, parameters: Parameters, variants: Variants): void;
}

const bit = (value: boolean): 0 | 1 => (value ? 1 : 0);
const flag = (parameters: Parameters): boolean => parameters.integer(0, 1) === 1;

/** The keys of AT+QMTCFG (section 3.2.1 of the note; echomode, dataformat and version of later firmware). */
export const configurationKeys: Readonly<Record<string, Key>> = {
	keepalive: {
		query: ({ keepAliveSeconds }) => [keepAliveSeconds],
		write(configuration, parameters) {
			configuration.keepAliveSeconds = parameters.integer(0, 3600);
		},
	},
	session: {
		query: ({ clean }) => [bit(clean)],
		write(configuration, parameters) {
			configuration.clean = flag(parameters);
		},
	},
	timeout: {
		query: ({ packetTimeoutSeconds, retries, timeoutNotice }) => [
			packetTimeoutSeconds,
			retries,
			bit(timeoutNotice),
		],
		write(configuration, parameters, variants) {
			const packet = parameters.integerOr(configuration.packetTimeoutSeconds, 1, 60);
			const retries = parameters.integerOr(configuration.retries, variants.minimumRetries, 10);
			const notice = parameters.integerOr(bit(configuration.timeoutNotice), 0, 1);
			parameters.end();
			Object.assign(configuration, { packetTimeoutSeconds: packet, retries, timeoutNotice: notice === 1 });
		},
	},
	will: {
		query({ will }, { willQuotes }) {
			if (!will) return [0];
			const quote = willQuotes ? '"' : "";
			const strings = [will.topic, will.message].map(text => quote + text + quote);
			return [1, will.qos, bit(will.retain), ...strings];
		},
		write(configuration, parameters) {
			if (!flag(parameters)) {
				configuration.will = undefined;
				return;
			}
			const qos = parameters.integer(0, 2) as 0 | 1 | 2;
			const retain = flag(parameters);
			const topic = parameters.string(255);
			const message = parameters.string();
			parameters.end();
			if (topic === "") throw new MqttError("parameter");
			configuration.will = { qos, retain, topic, message };
		},
	},
	aliauth: {
		query({ aliCloud }) {
			if (!aliCloud) return undefined;
			const { productKey, deviceName, deviceSecret } = aliCloud;
			return [productKey, deviceName, deviceSecret].map(text => `"${text}"`);
		},
		write(configuration, parameters) {
			const productKey = parameters.string();
			const deviceName = parameters.string();
			const deviceSecret = parameters.string();
			parameters.end();
			configuration.aliCloud = { productKey, deviceName, deviceSecret };
		},
	},
	version: {
		query: ({ version }) => [version],
		write(configuration, parameters) {
			configuration.version = parameters.integer(3, 4) as 3 | 4;
		},
	},
	dataformat: {
		query: ({ sendHex, receiveHex }) => [bit(sendHex), bit(receiveHex)],
		write(configuration, parameters) {
			const send = flag(parameters);
			const receive = flag(parameters);
			Object.assign(configuration, { sendHex: send, receiveHex: receive });
		},
	},
	echomode: {
		query: ({ echoData }) => [bit(echoData)],
		write(configuration, parameters) {
			configuration.echoData = flag(parameters);
		},
	},
};
