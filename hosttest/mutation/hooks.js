// Node loader hooks: test files get the stand-in for ava that XS has (hosttest/xs/tests), one instance each, and its tests go to registry.ts.
// Of the loops over all cases they try as many as on XS.
const standIn = new URL("../xs/tests/ava.ts", import.meta.url).href;
const sampling = new URL("../xs/tests/sampling.ts", import.meta.url).href;
const registry = new URL("./registry.ts", import.meta.url).href;

export function resolve(specifier, context, nextResolve) {
	const { parentURL = "" } = context;
	if (specifier === "ava") {
		const file = parentURL.slice(parentURL.lastIndexOf("/tests/") + "/tests/".length);
		return { url: `${standIn}?file=${file}`, shortCircuit: true };
	}
	if (specifier === "../sampling.js") return { url: sampling, shortCircuit: true };
	const [parent, search] = parentURL.split("?");
	if (parent === standIn && specifier === "./results.js")
		return { url: `${registry}?${search}`, shortCircuit: true };
	if (parent === standIn && specifier === "../shim/globals.js")
		return nextResolve("../../shim/globals.js", { ...context, parentURL: standIn });
	return nextResolve(specifier, context);
}
