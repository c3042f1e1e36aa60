import { readdirSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin, ProgramNode } from "rollup";
import { bundle } from "../bundle.js";

type Node = Readonly<Record<string, unknown>> & { readonly type: string };

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const repository = here("../../../");
const MODULES = here("../../../modules/");
const MAIN = here("../../../main.ts");
const DECLARED = here("declared.ts");
const FIRMWARE = here("firmware.ts");

/** All modules of the project, which the manifests preload, used by the firmware or not. */
function projectModules(): string[] {
	const files = readdirSync(MODULES, { recursive: true, encoding: "utf8" });
	return files.filter(file => file.endsWith(".ts")).map(file => MODULES + file);
}

/**
 * The firmware as a program for XS that has loaded all modules of the project as preload does, and frozen what preload freezes. With a
 * fixture, that module alone.
 * @param fixture path of a module whose default export is a function
 */
export function preloadedProgram(fixture?: string): Promise<string> {
	const entry = new URL(fixture === undefined ? "firmware.ts" : "fixture.ts", import.meta.url);
	const own = (file: string) => file.startsWith(MODULES) || file === MAIN || file === fixture;
	return bundle(entry, "xs/shim", {
		replacements: new Map([
			["sensors", `${MODULES}sensors/device.ts`],
			["embedded:io/analog", here("analog.ts")],
			...(fixture === undefined ? [] : [["fixture", fixture] as const]),
		]),
		plugins: [instrument(own)],
	});
}

/** Has each module tell when it is loaded, and its module-level bindings. */
function instrument(isPreloaded: (file: string) => boolean): Plugin {
	return {
		name: "preload",
		transform(code, file) {
			if (file === FIRMWARE)
				return (
					code +
					projectModules()
						.map(path => `\nimport ${JSON.stringify(path)};`)
						.join("")
				);
			if (!isPreloaded(file)) return null;
			const program = this.parse(code);
			const written = writtenPrivateStatics(program as unknown as Node);
			const name = relative(repository, file);
			if (written.length)
				throw new Error(`${name}: static ${written.join(", ")} is written, which preload freezes`);
			const names = bindings(program, name);
			const own = `import { enter, leave } from ${JSON.stringify(DECLARED)};\nenter(${JSON.stringify(name)});`;
			return `${own}\n${code}\nleave({ ${names.join(", ")} });`;
		},
	};
}

/** Names that a module declares for itself. */
function bindings(program: ProgramNode, module: string): string[] {
	const names: string[] = [];
	for (const statement of program.body) {
		const declaration =
			statement.type === "ExportNamedDeclaration" || statement.type === "ExportDefaultDeclaration"
				? statement.declaration
				: statement;
		if (declaration?.type === "VariableDeclaration")
			for (const { id } of declaration.declarations) {
				if (id.type !== "Identifier") throw new Error(`${module}: one name a declaration, please`);
				names.push(id.name);
			}
		else if (declaration?.type === "FunctionDeclaration" || declaration?.type === "ClassDeclaration") {
			const { id } = declaration;
			if (!id) throw new Error(`${module}: give the default export a name`);
			names.push(id.name);
		} else if (statement.type === "ExportDefaultDeclaration" && declaration?.type !== "Identifier")
			throw new Error(`${module}: give the default export a name`);
	}
	return names;
}

/** Private static fields that are assigned to: they cannot be looked into when the program runs. */
function writtenPrivateStatics(program: Node): string[] {
	const statics = new Set<string>();
	const written = new Set<string>();
	const nodes: unknown[] = [program];
	while (nodes.length) {
		const node = nodes.pop();
		if (typeof node !== "object" || node === null) continue;
		nodes.push(...(Object.values(node) as unknown[]));
		const { type, static: isStatic, key, left, argument } = node as Partial<Node>;
		if (type === "PropertyDefinition" && isStatic === true) statics.add(privateName(key));
		if (type === "AssignmentExpression") written.add(privateName((left as Partial<Node>).property));
		if (type === "UpdateExpression") written.add(privateName((argument as Partial<Node>).property));
	}
	return [...written].filter(name => name !== "" && statics.has(name)).map(name => `#${name}`);
}

function privateName(node: unknown): string {
	const { type, name } = (node ?? {}) as Partial<Node>;
	return type === "PrivateIdentifier" ? String(name) : "";
}
