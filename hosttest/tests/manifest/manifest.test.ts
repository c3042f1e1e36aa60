import test from "ava";
import { readFileSync, readdirSync } from "node:fs";
import { build, orphans } from "./manifest.js";

test("manifest.json provides every import of the device's code, and every source is in it", t => {
	const result = build("manifest.json");
	t.deepEqual(result.problems, []);
	t.deepEqual(orphans(result, process.cwd()), []);
	t.true(
		result.modules.has("main") && result.modules.has("sensors") && result.modules.has("at/receive-buffer"),
	);
});

test("each folder's manifest stands on its own", t => {
	for (const folder of readdirSync("modules"))
		t.deepEqual(build(`modules/${folder}/manifest.json`, "esp32").problems, withBase(folder));
	// timer, time and mc/config come with the base manifest, which the application includes.
	function withBase(folder: string): string[] {
		return build(`modules/${folder}/manifest.json`).problems.filter(problem =>
			/imports (timer|time|mc\/config),/.test(problem),
		);
	}
});

test("all of the project's modules are preloaded", t => {
	const { modules, preload } = build("manifest.json");
	const own = [...modules].filter(([, file]) => file).map(([specifier]) => specifier);
	t.deepEqual(
		own.filter(specifier => !preload.has(specifier)),
		[],
	);
});

test("a missing include is found", t => {
	for (const include of (JSON.parse(readFileSync("manifest.json", "utf8")) as { include: string[] }).include)
		t.not(build("manifest.json", "esp32", include).problems.length, 0, include);
});
