import test from "ava";
import { existsSync, readdirSync } from "node:fs";

test("each folder of modules/ that has tests has its list of results on XS", t => {
	const folders = readdirSync(new URL("../../../modules/", import.meta.url));
	const tested = folders.filter(folder => existsSync(new URL(`../${folder}/`, import.meta.url)));
	t.true(tested.length > 5);
	for (const folder of tested) t.true(existsSync(new URL(`./${folder}.test.ts`, import.meta.url)), folder);
});
