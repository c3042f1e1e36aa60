// Node loader hooks: TypeScript by esbuild, "./x.js" found as "./x.ts", the device's modules from the shim.
import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { deviceModule } from "./device-modules.js";

export async function resolve(specifier, context, nextResolve) {
	const device = deviceModule(specifier);
	if (device && existsSync(device)) return { url: device.href, shortCircuit: true };
	if (specifier.startsWith(".") && specifier.endsWith(".js") && context.parentURL) {
		const url = new URL(specifier.slice(0, -3) + ".ts", context.parentURL);
		if (existsSync(url)) return { url: url.href, shortCircuit: true };
	}
	return nextResolve(specifier, context);
}

export async function load(url, context, nextLoad) {
	if (!url.endsWith(".ts")) return nextLoad(url, context);
	const sourcefile = fileURLToPath(url);
	const { code } = await transform(await readFile(sourcefile, "utf8"), {
		loader: "ts",
		format: "esm",
		target: "es2022",
		sourcemap: "inline",
		sourcefile,
	});
	return { format: "module", source: code, shortCircuit: true };
}
