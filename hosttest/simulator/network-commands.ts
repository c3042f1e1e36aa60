import { clock } from "../shim/clock.js";
import { clockText } from "./clock-format.js";
import type { Command, CommandTable, Unit } from "./command.js";
import { CommandError } from "./errors.js";

const NOT_ALLOWED = 3;
const SIM_NOT_INSERTED = 10;

/** A setting that is kept, checked and shown, and changes nothing else here. */
function kept(name: string, initial: string, check: RegExp, test?: string): Command {
	return {
		...(test === undefined ? {} : { test: `${name}: ${test}` }),
		read: ({ settings }) => `${name}: ${settings.kept.get(name) ?? initial}`,
		write({ settings }, parameters) {
			const text = parameters.rest();
			if (!check.test(text)) throw new CommandError();
			settings.kept.set(name, text);
			return undefined;
		},
	};
}

function requireSim({ registration }: Unit): void {
	if (!registration.radio.sim) throw new CommandError(SIM_NOT_INSERTED);
}

const context = ({ registration, permanent }: Unit): string =>
	permanent.get("+QCGDEFCONT") ?? `"IP","${registration.radio.apn}"`;

/** `+CSQ: <rssi>,<ber>`: rssi 0–31 is -113 + 2n dBm. */
function quality({ registration }: Unit): string {
	const signal = registration.signal();
	if (!signal) return "+CSQ: 99,99";
	return `+CSQ: ${Math.max(0, Math.min(31, Math.round((signal.rssi + 113) / 2)))},0`;
}

/** `+CESQ: <rxlev>,<ber>,255,255,<rsrq>,<rsrp>`: rsrq is -20 + n/2 dB, rsrp -141 + n dBm. */
function extendedQuality({ registration }: Unit): string {
	const signal = registration.signal();
	if (!signal) return "+CESQ: 99,99,255,255,255,255";
	const level = Math.max(0, Math.min(63, signal.rssi + 111));
	return `+CESQ: ${level},99,255,255,${(signal.rsrq + 20) * 2},${signal.rsrp + 141}`;
}

/** Serving cell: earfcn, offset, pci, cell, rsrp, rsrq, rssi, snr, band, tac, coverage class, transmit power. */
function engineering({ registration }: Unit): string[] {
	const signal = registration.signal();
	if (!signal) return [];
	const { rsrp, rsrq, rssi, snr } = signal;
	const { trackingArea, cell } = registration.radio;
	const name = cell.replace(/^0+/, "");
	return [`+QENG: 0,2506,2,62,"${name}",${rsrp},${rsrq},${rssi},${snr},5,"${trackingArea}",0,90`];
}

/** Commands of SIM, radio, registration, attach, clock and sleep (sections 4 and 5 of the reference). */
export const networkCommands: CommandTable = {
	"+CPIN": {
		test: [],
		read(unit) {
			requireSim(unit);
			return "+CPIN: READY";
		},
	},
	"+CIMI": {
		test: [],
		execute(unit) {
			requireSim(unit);
			return unit.identity.imsi;
		},
	},
	"+QCCID": {
		test: [],
		execute(unit) {
			requireSim(unit);
			return `+QCCID: ${unit.identity.iccid}`;
		},
	},
	"+CFUN": {
		delay: "function",
		test: "+CFUN: (0,1,4,7),(0-2)",
		read: ({ registration }) => `+CFUN: ${registration.function}`,
		write({ registration }, parameters) {
			const level = parameters.integer(0, 4);
			parameters.integerOr(0, 0, 2);
			parameters.end();
			if (![0, 1, 4].includes(level)) parameters.fail();
			if (level !== registration.function) registration.restart(level);
			return undefined;
		},
	},
	"+CSQ": { test: "+CSQ: (0-31,99),(0-7,99)", execute: quality },
	"+CESQ": {
		test: "+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)",
		execute: extendedQuality,
	},
	"+CEREG": {
		test: "+CEREG: (0-5)",
		read: ({ registration }) => `+CEREG: ${registration.report(true)}`,
		write({ registration }, parameters) {
			registration.reportMode = parameters.integer(0, 5);
			return undefined;
		},
	},
	"+CGATT": {
		test: "+CGATT: (0,1)",
		read: ({ registration }) => `+CGATT: ${registration.attached ? 1 : 0}`,
		write({ registration }, parameters) {
			const wanted = parameters.integer(0, 1) === 1;
			if (wanted && registration.searching) throw new CommandError(NOT_ALLOWED);
			registration.attach(wanted);
			return undefined;
		},
	},
	"+COPS": {
		read: ({ registration }) =>
			registration.attached ? `+COPS: 0,2,"${registration.radio.operator}",9` : "+COPS: 0",
	},
	"+CGPADDR": {
		test: "+CGPADDR: (1)",
		execute: ({ registration: { address } }) => (address ? `+CGPADDR: 1,${address}` : "+CGPADDR: 1"),
		write({ registration: { address } }, parameters) {
			parameters.integer(1, 1);
			return address ? `+CGPADDR: 1,${address}` : "+CGPADDR: 1";
		},
	},
	"+CGDCONT": {
		read: unit => `+CGDCONT: 1,${unit.settings.kept.get("context") ?? context(unit)},"",0,0,0,,,,,,0,,0`,
	},
	"+QCGDEFCONT": {
		test: '+QCGDEFCONT: ("IP","IPV6","IPV4V6","Non-IP")',
		read: unit => `+QCGDEFCONT: ${context(unit)}`,
		write(unit, parameters) {
			const type = parameters.string();
			if (!["IP", "IPV6", "IPV4V6", "Non-IP"].includes(type)) parameters.fail();
			const apn = parameters.stringOr("", 100);
			parameters.stringOr("", 64);
			parameters.stringOr("", 64);
			parameters.end();
			unit.settings.kept.set("context", unit.settings.kept.get("context") ?? context(unit));
			unit.permanent.set("+QCGDEFCONT", `"${type}","${apn}"`);
			return undefined;
		},
	},
	"+CGACT": {
		test: "+CGACT: (0,1)",
		read: ({ registration }) => `+CGACT: 1,${registration.address ? 1 : 0}`,
		write({ registration }, parameters) {
			const wanted = parameters.integer(0, 1) === 1;
			parameters.integerOr(1, 1, 1);
			if (wanted && !registration.attached) throw new CommandError(NOT_ALLOWED);
			registration.activate(wanted);
			return undefined;
		},
	},
	"+QBAND": {
		test: "+QBAND: (0-15),(5,8)",
		read: ({ permanent }) => `+QBAND: ${permanent.get("+QBAND") ?? "5"}`,
		write({ permanent }, parameters) {
			const count = parameters.integer(0, 15);
			const bands = Array.from({ length: count }, () => parameters.integer(1, 85));
			parameters.end();
			permanent.set("+QBAND", count === 0 ? "5,8" : bands.join(","));
			return undefined;
		},
	},
	"+QENG": {
		test: "+QENG: (0)",
		write(unit, parameters) {
			parameters.integer(0, 0);
			return engineering(unit);
		},
	},
	"+CSCON": {
		test: "+CSCON: (0,1)",
		read: ({ registration }) =>
			`+CSCON: ${registration.connectedReports ? 1 : 0},${registration.rrcConnected ? 1 : 0}`,
		write({ registration }, parameters) {
			registration.connectedReports = parameters.integer(0, 1) === 1;
			return undefined;
		},
	},
	"+CCLK": {
		test: [],
		read({ registration, upMs, variants }) {
			const isSet = registration.attached;
			return `+CCLK: ${clockText(isSet ? clock().date : upMs, isSet, variants)}`;
		},
	},
	"+CBC": { test: [], execute: ({ random }) => `+CBC: 0,0,${random.integer([3360, 3376])}` },
	"+CEER": { test: [], execute: ({ registration }) => `+CEER: ${registration.stat === 3 ? "11" : "0"}` },
	"+QSCLK": {
		test: "+QSCLK: (0,1,2)",
		read: ({ settings }) => `+QSCLK: ${settings.sleepMode}`,
		write({ settings }, parameters) {
			settings.sleepMode = parameters.integer(0, 2);
			return undefined;
		},
	},
	"+CPSMS": kept("+CPSMS", '1,,,"00000110","00100001"', /^[012](,.*)?$/, "(0,1,2),,,(8 bits),(8 bits)"),
	"+CEDRXS": kept("+CEDRXS", '1,5,"0010"', /^[0-3](,5(,"[01]{4}")?)?$/, '(0-3),(5),("0000"-"1111")'),
	"+QNBIOTEVENT": kept("+QNBIOTEVENT", "0,1", /^[01](,1)?$/, "(0,1),(1)"),
	"+QATWAKEUP": kept("+QATWAKEUP", "0", /^[01]$/, "(0,1)"),
	"+CTZR": kept("+CTZR", "0", /^[01]$/, "(0,1)"),
};
