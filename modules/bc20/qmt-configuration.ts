import { ParameterError } from "../at/errors.js";
import { execute } from "../at/execute.js";
import type { Line } from "../at/line.js";
import type { Value } from "../at/request.js";
import type { Scheduler } from "../at/scheduler.js";
import type { Text } from "../at/text.js";
import { MQTT, PACKET_TIMEOUT, type QMTCommand, RETRIES } from "./qmt-commands.js";
import { ResponseError } from "./qmt-errors.js";
import { type Supported, type Will, supportedOf, willOf } from "./qmt-responses.js";

/** An option that the firmware knows, and what its parameters may be; the first is the identifier. */
export interface SupportedOption {
	/** `keepalive`, `session`, … */
	readonly option: string;
	readonly parameters: readonly Supported[];
}

/** How long the module waits for an acknowledgement, and how often it sends a packet again. */
export interface PacketTimeout {
	/** s, 1 to 60; 10 by default. */
	readonly packetTimeout: number;
	/** 0 to 10; 3 by default. */
	readonly retries: number;
	/** Whether each time-out is reported, as progress of the command. */
	readonly notice: boolean;
}

/** What AliCloud issued for a device. */
export interface AliAuth {
	readonly productKey: string;
	readonly deviceName: string;
	/** Never shown in a trace or an error. */
	readonly deviceSecret: string;
}

/** How messages stand on the line: as they are, or as two hexadecimal digits a byte. */
export type Format = "text" | "hex";
export interface DataFormat {
	readonly send: Format;
	readonly receive: Format;
}

/** 3: MQTT 3.1; 4: MQTT 3.1.1. */
export type Version = 3 | 4;

type OptionCommand = QMTCommand & { readonly option: string };

/**
 * AT+QMTCFG: the options of an MQTT identifier (application note 3.2.1), each with a query and a setter. Set them before `open`; whether
 * the module keeps them over a reset is not documented.
 *
 * All methods reject with ParameterError before anything is sent, with ResponseError where the module answers without what was asked
 * for, and with the errors of the AT engine: CommandError with the note's code, TimeoutError above all.
 */
export class QMTConfiguration {
	readonly #scheduler: Scheduler;
	readonly #waits: boolean;
	/** Of each identifier, where it is not the default. */
	#timeouts: Record<number, Pick<PacketTimeout, "packetTimeout" | "retries">> | undefined;

	/** @param waits commands wait for room however many wait already: `ExecuteOptions.waits` */
	constructor(scheduler: Scheduler, waits = false) {
		this.#scheduler = scheduler;
		this.#waits = waits;
	}
	/** `AT+QMTCFG=?`: the options that the firmware knows. */
	async supportedOptions(): Promise<SupportedOption[]> {
		const options: SupportedOption[] = [];
		await execute(this.#scheduler, MQTT.options, "test", [], {
			waits: this.#waits,
			onInformation: line => {
				const { value } = line;
				const option = line.string(0);
				const comma = value.indexOf(",(");
				if (option !== undefined && comma > 0)
					options.push({ option, parameters: supportedOf(value.slice(comma + 1)) });
			},
		});
		return options;
	}
	/** Keep-alive time, s; 0 is none. */
	keepAlive(id: number): Promise<number> {
		return this.#query(MQTT.keepAlive, id, line => line.integer(1));
	}
	/** @param seconds 0 to 3600; 120 by default. The broker gives up a client after 1.5 times that. */
	setKeepAlive(id: number, seconds: number): Promise<void> {
		return this.#set(MQTT.keepAlive, id, [seconds]);
	}
	/** Whether the session is a clean one. */
	session(id: number): Promise<boolean> {
		return this.#query(MQTT.session, id, line => flag(line, 1));
	}
	/** @param clean false: the broker keeps the subscriptions over a disconnection, if it can */
	setSession(id: number, clean: boolean): Promise<void> {
		return this.#set(MQTT.session, id, [bit(clean)]);
	}
	/** How packets are awaited and repeated. What the module tells is the measure for its results from now on. */
	async timeout(id: number): Promise<PacketTimeout> {
		const timeout = await this.#query(MQTT.timeout, id, line => {
			const packetTimeout = line.integer(1);
			const retries = line.integer(2);
			const notice = flag(line, 3);
			if (packetTimeout === undefined || retries === undefined || notice === undefined) return undefined;
			return { packetTimeout, retries, notice };
		});
		this.#keep(id, timeout);
		return timeout;
	}
	/**
	 * The longest times to the results of packets follow it from now on. What is left out stays as it is; `notice` needs `retries`, for
	 * the module tells them by their places.
	 */
	async setTimeout(
		id: number,
		timeout: Pick<PacketTimeout, "packetTimeout"> & Partial<PacketTimeout>,
	): Promise<void> {
		const { packetTimeout, retries, notice } = timeout;
		const values = [packetTimeout];
		if (retries !== undefined) values.push(retries);
		else if (notice !== undefined) throw new ParameterError("AT+QMTCFG", "retry_times", "is missing");
		if (notice !== undefined) values.push(bit(notice));
		await this.#set(MQTT.timeout, id, values);
		this.#keep(id, { packetTimeout, retries: retries ?? this.#timeoutOf(id).retries });
	}
	/** The will, or undefined where none is set. Invalid UTF-8 in it is left out. */
	async will(id: number): Promise<(Will & { topic: string; message: string }) | undefined> {
		return (await this.#query(MQTT.will, id, willOf)) ?? undefined;
	}
	/** @param will undefined: none */
	setWill(id: number, will: Will | undefined): Promise<void> {
		if (!will) return this.#set(MQTT.will, id, [0]);
		const { topic, message, QoS, retain } = will;
		return this.#set(MQTT.will, id, [1, QoS, bit(retain), topic, message]);
	}
	/** The device's AliCloud data, or undefined where none are set. */
	aliAuth(id: number): Promise<AliAuth | undefined> {
		return this.#ask(MQTT.aliAuth, id, line => {
			const productKey = line.string(1);
			const deviceName = line.string(2);
			const deviceSecret = line.string(3);
			if (productKey === undefined || deviceName === undefined || deviceSecret === undefined)
				return undefined;
			return { productKey, deviceName, deviceSecret };
		});
	}
	/** AliCloud only. User name and password may then be left out in `connect`: the module computes them. Each 1 to 255 bytes. */
	setAliAuth(id: number, device: { readonly [Name in keyof AliAuth]: Text }): Promise<void> {
		return this.#set(MQTT.aliAuth, id, [device.productKey, device.deviceName, device.deviceSecret]);
	}
	/** Later firmware only, as are the following. */
	version(id: number): Promise<Version> {
		return this.#query(MQTT.version, id, line => {
			const version = line.integer(1);
			return version === 3 || version === 4 ? version : undefined;
		});
	}
	setVersion(id: number, version: Version): Promise<void> {
		return this.#set(MQTT.version, id, [version]);
	}
	dataFormat(id: number): Promise<DataFormat> {
		return this.#query(MQTT.dataFormat, id, line => {
			const send = formatOf(line, 1);
			const receive = formatOf(line, 2);
			return send && receive ? { send, receive } : undefined;
		});
	}
	setDataFormat(id: number, { send, receive }: DataFormat): Promise<void> {
		return this.#set(MQTT.dataFormat, id, [FORMATS.indexOf(send), FORMATS.indexOf(receive)]);
	}
	/** Whether the module repeats what it is sent behind the prompt. */
	echoMode(id: number): Promise<boolean> {
		return this.#query(MQTT.echoMode, id, line => flag(line, 1));
	}
	setEchoMode(id: number, echo: boolean): Promise<void> {
		return this.#set(MQTT.echoMode, id, [bit(echo)]);
	}
	/** Longest time to the result of a packet, ms, as `setTimeout` has configured it or `timeout` has told it. */
	resultTime(command: QMTCommand, id: number): number | undefined {
		const { packetTimeout, retries } = this.#timeoutOf(id);
		return command.resultTime?.(packetTimeout, retries);
	}

	#keep(id: number, timeout: Pick<PacketTimeout, "packetTimeout" | "retries">): void {
		(this.#timeouts ??= {})[id] = timeout;
	}
	#timeoutOf(id: number): Pick<PacketTimeout, "packetTimeout" | "retries"> {
		return this.#timeouts?.[id] ?? DEFAULT_TIMEOUT;
	}
	#set(command: OptionCommand, id: number, values: readonly Value[]): Promise<void> {
		return execute(this.#scheduler, command, "write", [command.option, id, ...values], {
			waits: this.#waits,
		});
	}
	/** @throws ResponseError where the answer lacks it */
	async #query<Result>(
		command: OptionCommand,
		id: number,
		read: (line: Line) => Result | undefined,
	): Promise<Result> {
		const value = await this.#ask(command, id, read);
		if (value === undefined) throw new ResponseError(`AT${command.name}="${command.option}"`);
		return value;
	}
	async #ask<Result>(
		command: OptionCommand,
		id: number,
		read: (line: Line) => Result | undefined,
	): Promise<Result | undefined> {
		let value: Result | undefined;
		await execute(this.#scheduler, command, "write", [command.option, id], {
			waits: this.#waits,
			onInformation: line => {
				if (line.string(0)?.toLowerCase() === command.option) value = read(line);
			},
		});
		return value;
	}
}

const DEFAULT_TIMEOUT = { packetTimeout: PACKET_TIMEOUT, retries: RETRIES } as const;
const FORMATS: readonly Format[] = ["text", "hex"];

function formatOf(line: Line, field: number): Format | undefined {
	return FORMATS[line.integer(field) ?? -1];
}
function flag(line: Line, field: number): boolean | undefined {
	const value = line.integer(field);
	return value === 0 || value === 1 ? value === 1 : undefined;
}
function bit(value: boolean): number {
	return value ? 1 : 0;
}
