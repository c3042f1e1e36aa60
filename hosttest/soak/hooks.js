// Node loader hooks: the soak's sensors and flash in place of the desktop's, in the firmware as it is.
const replaced = new Map([
	["sensors", "sensors.ts"],
	["embedded:storage/flash", "flash.ts"],
]);

export async function resolve(specifier, context, nextResolve) {
	const file = replaced.get(specifier);
	if (!file) return nextResolve(specifier, context);
	return { url: new URL(file, import.meta.url).href, shortCircuit: true };
}
