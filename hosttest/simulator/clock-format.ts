import type { Variants } from "./options.js";

const two = (value: number): string => String(value).padStart(2, "0");

/** The forms of AT+CCLK? that firmware is known to print (reference, section 4). */
const formats: Readonly<Record<Variants["clockFormat"], (date: Date, quarters: number) => string>> = {
	manual: (date, quarters) => `"${day(date, true)},${time(date)}${zone(quarters)}"`,
	plain: (date, quarters) => `${day(date, true)},${time(date)}${zone(quarters)}`,
	long: (date, quarters) => `${day(date, false)},${time(date)}${zone(quarters)}`,
	gmtPadded: (date, quarters) => `${day(date, false)},${time(date)}GMT${hours(quarters)}`,
	gmt(date, quarters) {
		const days = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()].join("/");
		const times = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].join(":");
		return `${days},${times}GMT${hours(quarters)}`;
	},
};

/** What follows `+CCLK: `; before the network set the clock it counts from 1970. */
export function clockText(dateMs: number, isSet: boolean, variants: Variants): string {
	const quarters = isSet ? variants.timeZoneQuarters : 0;
	const shift = variants.clockTime === "local" ? quarters * 900_000 : 0;
	return formats[variants.clockFormat](new Date(dateMs + shift), quarters);
}

function day(date: Date, short: boolean): string {
	const year = short ? two(date.getUTCFullYear() % 100) : date.getUTCFullYear();
	return `${year}/${two(date.getUTCMonth() + 1)}/${two(date.getUTCDate())}`;
}

const time = (date: Date): string =>
	[date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
const zone = (quarters: number): string => (quarters < 0 ? "-" : "+") + two(Math.abs(quarters));
const hours = (quarters: number): string => `${quarters < 0 ? "" : "+"}${quarters / 4}`;
