import test from "ava";
import { readFileSync } from "node:fs";
import { MQTT, type QMTCommand } from "../../../modules/bc20/qmt-commands.js";
import { QMT } from "../../../modules/bc20/qmt.js";
import { QMTConfiguration } from "../../../modules/bc20/qmt-configuration.js";

/** A row of the README's table of the application note, commands only. */
interface Row {
	/** `+QMTOPEN`, or `+QMTCFG keepalive`. */
	readonly commands: readonly string[];
	readonly forms: readonly string[];
	/** Names in `where`, an ending of several ("and their setters") left out. */
	readonly methods: readonly string[];
	readonly setters: boolean;
	readonly remarks: string;
}

const rows: Row[] = readFileSync("README.md", "utf8")
	.split("\n")
	.filter(line => line.startsWith("| `QMT"))
	.map(line => {
		const [, command, forms, where, remarks] = line.split("|").map(cell => cell.trim());
		const [name] = /QMT[A-Z]+/.exec(command) ?? [""];
		const options = [...command.matchAll(/"(\w+)"/g)].map(([, option]) => ` ${option}`);
		return {
			commands: (options.length ? options : [""]).map(option => `+${name}${option}`),
			forms: forms.split(", "),
			methods: [...where.matchAll(/`(\w+)`/g)].map(([, method]) => method),
			setters: where.includes("and their setters"),
			remarks,
		};
	});

const commands: readonly QMTCommand[] = Object.values(MQTT);
const titleOf = ({ name, option }: QMTCommand) => (option ? `${name} ${option}` : name);

test("each command of the note has its row, with the forms that are implemented", t => {
	const implemented = new Map<string, Set<string>>();
	for (const command of commands) {
		const forms = implemented.get(titleOf(command)) ?? new Set();
		command.forms.forEach(form => forms.add(form));
		implemented.set(titleOf(command), forms);
	}
	const shown = new Map(rows.flatMap(({ commands, forms }) => commands.map(name => [name, forms])));
	t.deepEqual([...shown.keys()].sort(), [...implemented.keys()].sort());
	for (const [title, forms] of implemented)
		t.deepEqual([...(shown.get(title) ?? [])].sort(), [...forms].sort(), title);
});

test("each function of QMT is in the table, and no other", t => {
	const isPublic = (name: string) => name !== "constructor" && name !== "resultTime";
	const functions = [QMT, QMTConfiguration]
		.flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype))
		.filter(isPublic);
	const setterOf = (name: string) => `set${name[0].toUpperCase()}${name.slice(1)}`;
	const shown = rows.flatMap(({ methods, setters }) =>
		setters ? methods.flatMap(name => [name, setterOf(name)]) : methods,
	);
	t.deepEqual(shown.sort(), functions.sort());
});

test("later firmware is named where a command needs it", t => {
	for (const { commands: titles, remarks } of rows) {
		const needed = commands.some(command => command.later && titles.includes(titleOf(command)));
		t.is(remarks.includes("later firmware"), needed, titles.join());
	}
});
