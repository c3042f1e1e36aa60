/**
 * Module "mc/config": on the chip, the `config` of the manifest, frozen. Here the host fills it by {@link setConfig} before
 * it imports `main.ts`; until then it is empty.
 */
const config: Record<string, unknown> = {};

export default config;

/**
 * Gives "mc/config" its values (copies of plain objects, arrays and primitives) and deep-freezes it, as on the chip. Once only:
 * throws an Error the second time.
 */
export function setConfig(values: Readonly<Record<string, unknown>>): void {
	if (Object.isFrozen(config))
		throw new Error("mc/config is set already: it can be set once, before main.ts is imported");
	Object.assign(config, structuredClone(values));
	deepFreeze(config);
}

function deepFreeze(value: unknown): void {
	if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
	Object.freeze(value);
	Object.values(value).forEach(deepFreeze);
}
