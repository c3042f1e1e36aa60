import { existsSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build as buildPackage } from "esbuild";
import { type Plugin, rollup } from "rollup";
import esbuild from "rollup-plugin-esbuild";
import { deviceModule } from "../loader/device-modules.js";

/** Options of {@link bundle}. */
export interface BundleOptions {
	/** What stands in for a module: from a specifier, or from the path of a file, to the path of a file. */
	readonly replacements?: ReadonlyMap<string, string>;
	/** Packages of npm that need nothing of Node, to be bundled along. */
	readonly packages?: readonly string[];
	/** Leaves out what nobody uses and what has no effect, by default; a test may want it all the same. */
	readonly treeshake?: boolean;
	/** More of rollup's plugins; they see JavaScript. */
	readonly plugins?: readonly Plugin[];
}

/** An import that XS cannot have. */
export class MissingOnXS extends Error {
	override name = "MissingOnXS";
	readonly specifier: string;
	/** The file that imports it, relative to the repository. */
	readonly importer: string;
	constructor(specifier: string, importer: string) {
		super(`${importer} imports ${specifier}, which is not there on XS`);
		this.specifier = specifier;
		this.importer = importer;
	}
}

const repository = fileURLToPath(new URL("../..", import.meta.url));
/** Begins rollup's name of a module that is not a file. */
const PACKAGE = "\0package:";
const bundledPackages = new Map<string, Promise<string>>();

/** A package as one module. */
function packageModule(name: string): Promise<string> {
	let code = bundledPackages.get(name);
	if (!code) {
		code = buildPackage({
			stdin: {
				contents: `export * from "${name}"; export { default } from "${name}";`,
				resolveDir: repository,
			},
			bundle: true,
			format: "esm",
			target: "es2022",
			platform: "neutral",
			// What a package finds at load and can do without.
			define: { setTimeout: "undefined", clearTimeout: "undefined" },
			mainFields: ["module", "main"],
			write: false,
		}).then(({ outputFiles }) => outputFiles[0].text);
		bundledPackages.set(name, code);
	}
	return code;
}

/**
 * Bundles an entry with all it imports into one program for XS.
 * @param entry URL of a .ts file
 * @param shim folder under hosttest/ that has what stands in for the SDK's modules
 * @throws MissingOnXS for an import that is neither a file, a module of the device nor replaced: XS has no modules of Node
 */
export async function bundle(
	entry: URL,
	shim = "xs/shim",
	{ replacements = new Map(), packages = [], treeshake = true, plugins = [] }: BundleOptions = {},
): Promise<string> {
	const absent = new Set<string>();
	/** The one that is nearest to the entry. */
	let missing: MissingOnXS | undefined;
	const find = (specifier: string, importer: string | undefined): string | undefined => {
		const device = deviceModule(specifier, shim);
		if (device) return fileURLToPath(device);
		if (isAbsolute(specifier)) return specifier;
		if (specifier.startsWith(".") && importer !== undefined)
			return resolve(dirname(importer), specifier.replace(/\.js$/, ".ts"));
		return undefined;
	};
	const modules: Plugin = {
		name: "modules-on-xs",
		resolveId(specifier, importer) {
			if (packages.includes(specifier)) return PACKAGE + specifier;
			const found = replacements.get(specifier) ?? find(specifier, importer);
			const file = found && (replacements.get(found) ?? found);
			if (file && existsSync(file)) return file;
			// The graph first: files are read in any order, and the same import is to be told each time.
			absent.add(specifier);
			return { id: specifier, external: true };
		},
		buildEnd() {
			if (!absent.size) return;
			const found = [fileURLToPath(entry)];
			for (const file of found)
				for (const imported of this.getModuleInfo(file)?.importedIds ?? []) {
					if (absent.has(imported)) missing ??= new MissingOnXS(imported, relative(repository, file));
					else if (!found.includes(imported)) found.push(imported);
				}
		},
		load: id => (id.startsWith(PACKAGE) ? packageModule(id.slice(PACKAGE.length)) : null),
	};
	const build = await rollup({
		input: fileURLToPath(entry),
		treeshake,
		plugins: [modules, esbuild({ target: "es2022", tsconfig: false }), ...plugins],
		onwarn: warning => {
			if (!absent.size) throw new Error(warning.message);
		},
	});
	if (missing) throw missing;
	const { output } = await build.generate({ format: "iife", name: "bundle" });
	return output[0].code;
}
