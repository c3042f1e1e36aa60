import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "rollup-plugin-esbuild";
import { deviceModule } from "./hosttest/loader/device-modules.js";

/** Resolves the firmware's specifiers; what it does not know is a package of npm or Node's own and stays outside. */
const device = {
	name: "device-modules",
	resolveId(specifier, importer) {
		const url = deviceModule(specifier);
		if (url && existsSync(url)) return fileURLToPath(url);
		if (!specifier.startsWith(".")) return importer ? { id: specifier, external: true } : null;
		const file = importer && resolve(dirname(importer), specifier.replace(/\.js$/, ".ts"));
		return file && existsSync(file) ? file : null;
	},
};

export default {
	input: { start: "hosttest/start.ts", modem: "hosttest/modem.ts" },
	output: { dir: "build", format: "es", sourcemap: true, chunkFileNames: "[name].js" },
	plugins: [device, esbuild({ target: "es2022", tsconfig: false })],
};
