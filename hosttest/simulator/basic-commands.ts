import type { Command, CommandTable, Unit } from "./command.js";

const rates = [
	0, 110, 300, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600,
];

const shows = (text: (unit: Unit) => string): Command => ({ test: [], execute: text });

const UUID = "00000000-0000-0000-0000-000000000000";

/** `+CGSN: …` by its parameter: 0 UUID, 1 IMEI, 2 IMEISV, 3 software version number. */
function serialNumber({ identity, variants }: Unit, kind: number): string {
	const value = [UUID, identity.imei, identity.imeiSv, identity.imeiSv.slice(-2)][kind];
	return variants.imeiQuotes ? `+CGSN: "${value}"` : `+CGSN: ${value}`;
}

/** General commands: identification, echo, error form, baud rate, power (sections 1 and 2 of the reference). */
export const basicCommands: CommandTable = {
	I: { execute: ({ identity }) => [identity.manufacturer, identity.model, `Revision: ${identity.revision}`] },
	E: {
		execute({ settings }, parameters) {
			settings.echo = parameters.integerOr(0, 0, 1) === 1;
			return undefined;
		},
	},
	"&W": {
		execute(unit, parameters) {
			parameters.integerOr(0, 0, 0);
			unit.save();
			return undefined;
		},
	},
	"+CGMI": shows(({ identity }) => identity.manufacturer),
	"+GMI": shows(({ identity }) => identity.manufacturer),
	"+CGMM": shows(({ identity }) => identity.model),
	"+GMM": shows(({ identity }) => identity.model),
	"+CGMR": shows(({ identity }) => `Revision: ${identity.revision}`),
	"+GMR": shows(({ identity }) => `Revision: ${identity.revision}`),
	"+CGSN": {
		test: "+CGSN: (0-3)",
		execute: ({ identity }) => identity.imei,
		write: (unit, parameters) => serialNumber(unit, parameters.integer(0, 3)),
	},
	"+CMEE": {
		test: "+CMEE: (0,1,2)",
		read: ({ settings }) => `+CMEE: ${settings.errorMode}`,
		write({ settings }, parameters) {
			settings.errorMode = parameters.integer(0, 2);
			return undefined;
		},
	},
	"+IPR": {
		test: `+IPR: (4800,9600,115200),(${rates.join(",")})`,
		read: ({ settings }) => `+IPR: ${settings.baud}`,
		write(unit, parameters, call) {
			const baud = parameters.integer(0, 921_600);
			if (!rates.includes(baud)) parameters.fail();
			call.after(() => unit.setBaud(baud));
			return undefined;
		},
	},
	"+QRST": {
		test: "+QRST: (1)",
		write(unit, parameters, call) {
			parameters.integer(1, 1);
			if (!unit.variants.resetAnswersOk) call.silent();
			call.after(() => unit.reset());
			return undefined;
		},
	},
	"+QPOWD": {
		test: "+QPOWD: (0-2)",
		write(unit, parameters, call) {
			parameters.integer(0, 2);
			call.after(() => unit.powerOff(1000));
			return undefined;
		},
	},
};
