/** URL of the source of a specifier, or undefined where it is not one of the device's. `folder`: see device-modules.js. */
export function deviceModule(specifier: string, folder?: string): URL | undefined;
