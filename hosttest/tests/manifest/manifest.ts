import { readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

/** What the manifests of the Moddable SDK provide, for those that ours include (SDK 8.2). */
const SDK: Readonly<Record<string, readonly string[]>> = {
	"$(MODDABLE)/examples/manifest_base.json": ["timer", "time", "mc/config"],
	"$(MODULES)/io/serial/manifest.json": ["embedded:io/serial"],
	"$(MODULES)/io/digital/manifest.json": ["embedded:io/digital"],
	"$(MODULES)/io/analog/manifest.json": ["embedded:io/analog"],
	"$(MODULES)/io/flash/manifest.json": ["embedded:storage/flash"],
};

interface Manifest {
	include?: string | string[];
	modules?: Record<string, string | string[]>;
	preload?: string | string[];
	platforms?: Record<string, Manifest>;
}

/** What a manifest and all that it includes come to. */
export interface Build {
	/** Source file by specifier; "" for a module of the SDK. */
	readonly modules: Map<string, string>;
	/** Specifiers that are preloaded. */
	readonly preload: Set<string>;
	readonly problems: string[];
}

const list = (value: string | string[] | undefined) => (typeof value === "string" ? [value] : (value ?? []));
const withoutExtension = (path: string) => path.replace(/(\.d)?\.ts$/, "");

/** Resolves a manifest for a platform, as `mcconfig` does, in as much as the project's manifests use. */
export function build(path: string, platform = "esp32", without?: string): Build {
	const result: Build = { modules: new Map(), preload: new Set(), problems: [] };
	const seen = new Set<string>();
	const add = (file: string) => {
		if (seen.has(file)) return;
		seen.add(file);
		const manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest;
		for (const part of [manifest, manifest.platforms?.[platform]]) if (part) merge(part, dirname(file));
	};
	const merge = (manifest: Manifest, folder: string) => {
		for (const include of list(manifest.include)) {
			if (include === without) continue;
			if (!include.startsWith("$")) add(resolve(folder, include));
			else if (include in SDK) SDK[include].forEach(specifier => result.modules.set(specifier, ""));
			else result.problems.push(`${include} is not known to this test`);
		}
		for (const [specifier, sources] of Object.entries(manifest.modules ?? {}))
			for (const source of list(sources))
				for (const file of filesOf(resolve(folder, source))) {
					// mcconfig takes a source once, under the first specifier that maps it.
					if ([...result.modules.values()].includes(file)) continue;
					result.modules.set(specifier.replace("*", basename(withoutExtension(file))), file);
				}
		for (const specifier of list(manifest.preload)) {
			// mcconfig 8.2 expands a `*` here for .js files alone: for TypeScript it preloads nothing, and says nothing.
			if (!result.modules.has(specifier)) result.problems.push(`preload ${specifier}: no such module`);
			result.preload.add(specifier);
		}
	};
	add(resolve(path));
	for (const [specifier, file] of result.modules)
		if (file) for (const wanted of imports(file)) check(result, specifier, file, wanted);
	return result;
}

/** Sources under `modules/` and main.ts that no manifest names. */
export function orphans({ modules }: Build, root: string): string[] {
	const used = new Set(modules.values());
	const sources = readdirSync(join(root, "modules"), { recursive: true, encoding: "utf8" })
		.filter(name => name.endsWith(".ts"))
		.map(name => join(root, "modules", name));
	return [...sources, join(root, "main.ts")]
		.filter(file => !used.has(file))
		.map(file => relative(root, file));
}

function filesOf(path: string): string[] {
	if (!path.endsWith("*")) return [`${path}.ts`];
	return readdirSync(dirname(path))
		.filter(name => name.endsWith(".ts"))
		.map(name => join(dirname(path), name));
}

/** Specifiers that a source imports for more than types. */
function imports(file: string): string[] {
	const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);
	const found: string[] = [];
	const visit = (node: ts.Node): void => {
		if (
			ts.isImportDeclaration(node) &&
			node.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword &&
			!onlyTypes(node)
		)
			found.push((node.moduleSpecifier as ts.StringLiteral).text);
		else if (ts.isExportDeclaration(node) && node.moduleSpecifier && !node.isTypeOnly)
			found.push((node.moduleSpecifier as ts.StringLiteral).text);
		else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
			found.push((node.arguments[0] as ts.StringLiteral).text);
		ts.forEachChild(node, visit);
	};
	visit(source);
	return found;
}

function onlyTypes(node: ts.ImportDeclaration): boolean {
	const bindings = node.importClause?.namedBindings;
	if (!bindings || !ts.isNamedImports(bindings) || node.importClause.name) return false;
	return bindings.elements.length > 0 && bindings.elements.every(element => element.isTypeOnly);
}

/** On XS a relative import is resolved against the specifier of the module that has it. */
function check(result: Build, specifier: string, file: string, wanted: string): void {
	const target = wanted.startsWith(".") ? join(dirname(specifier), wanted).replace(/\.js$/, "") : wanted;
	const found = result.modules.get(target);
	if (found === undefined) {
		result.problems.push(`${specifier} imports ${wanted}, which the manifest does not provide`);
		return;
	}
	if (!wanted.startsWith(".")) return;
	const meant = resolve(dirname(file), wanted.replace(/\.js$/, ".ts"));
	if (found !== meant)
		result.problems.push(`${specifier} imports ${wanted}: ${found} on the chip, ${meant} on a desktop`);
}
