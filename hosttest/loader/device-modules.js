// What a specifier of the firmware means on Node. Read by the loader hook (tests) and by rollup (npm start, XS).

/** The modules that the Moddable SDK provides on the chip, and what stands in for each. */
const shims = new Map([
	["timer", "timer"],
	["time", "time"],
	["mc/config", "config"],
	["embedded:io/serial", "serial"],
	["embedded:io/digital", "digital"],
	["embedded:storage/flash", "flash"],
	["sensors", "sensors"],
]);

/** The folders under modules/, which the manifests map to specifiers such as "bc20/modem". */
const ownModule = /^(at|bc20|common|mqtt|telemetry|sensors)\/(.+)$/;

/** Other names of our own modules, as modules/mqtt/manifest.json maps them. */
const aliases = new Map([["embedded:network/mqtt/client", "mqtt/embedded"]]);

/**
 * URL of the source of a specifier, or undefined where it is not one of the device's.
 * @param {string} specifier
 * @param {string} folder under hosttest/: what stands in for the SDK's modules
 * @returns {URL | undefined}
 */
export function deviceModule(specifier, folder = "shim") {
	const shim = shims.get(specifier);
	if (shim) return new URL(`../${folder}/${shim}.ts`, import.meta.url);
	const own = ownModule.exec(aliases.get(specifier) ?? specifier);
	return own ? new URL(`../../modules/${own[1]}/${own[2]}.ts`, import.meta.url) : undefined;
}
