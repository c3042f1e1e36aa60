import { commandKinds } from "./command-kinds.js";
import { hostKinds } from "./host-kinds.js";
import { hostileKinds } from "./hostile-kinds.js";
import type { Catch, Kind, Parameters } from "./kind.js";
import { lineKinds } from "./line-kinds.js";
import { moduleKinds, mqttKinds } from "./module-kinds.js";
import { airKinds, brokerKinds } from "./network-kinds.js";

/** All faults by name. What each does, and its parameters, stand with it. */
const table = {
	...lineKinds,
	...hostileKinds,
	...commandKinds,
	...mqttKinds,
	...moduleKinds,
	...airKinds,
	...brokerKinds,
	...hostKinds,
};

export type KindName = keyof typeof table;

/** The parameters of a kind. */
export type ParametersOf<Name extends KindName> = (typeof table)[Name]["defaults"];

/** The same table, for code that treats all kinds alike. */
export const kinds = table as unknown as Readonly<Record<KindName, Kind>>;
export const kindNames = Object.keys(table) as readonly KindName[];

export const isCatch = (kind: Kind): kind is Catch => "point" in kind;

/** Throws a RangeError for a name that is no kind. */
export function kindOf(name: string): Kind {
	if (!Object.hasOwn(table, name)) throw new RangeError(`no fault "${name}"`);
	return kinds[name as KindName];
}

/** The kind's parameters, with those given; RangeError for one it does not have, TypeError for a value of another type. */
export function parametersFor(name: string, given: object): Parameters {
	const { defaults } = kindOf(name);
	for (const [key, value] of Object.entries(given) as [string, unknown][]) {
		if (!Object.hasOwn(defaults, key)) throw new RangeError(`fault "${name}" has no parameter "${key}"`);
		if (typeof value !== typeof defaults[key])
			throw new TypeError(`fault "${name}": ${key} is a ${typeof defaults[key]}`);
	}
	return { ...defaults, ...given };
}
