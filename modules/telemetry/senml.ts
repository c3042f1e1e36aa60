// SenML packs in JSON (RFC 8428). Pure.

/** One reading of a pack. Exactly one kind of value; the type of `value` decides between `v`, `vb` and `vs`. */
export interface SenmlRecord {
	/** Name, relative to the base name (RFC 8428 4.5.1). */
	n: string;
	/** Unit of the SenML registry (RFC 8428 12.1; RFC 8798 for secondary units), absent for none. */
	u?: string | undefined;
	/** A record with a number that is not finite, or with undefined, is left out. */
	value: number | boolean | string | undefined;
	/** Significant digits of a number, 1 to 15. Default: 6 for fractions, all of a whole number. */
	digits?: number | undefined;
}

/** What {@link encodePack} takes. */
export interface SenmlPack {
	/** Base name `bn`, put before each record's name. May be empty when the names are complete. */
	baseName: string;
	/** Time of the sample in ms since 1970. Before 2020 the clock is taken as not set: the pack has no time. */
	baseTimeMs?: number | undefined;
	/** Sequence number of the message: the value of the record `seq`. */
	sequence: number;
	records: readonly SenmlRecord[];
	/** Largest size of the pack in bytes of UTF-8 (default 700, the smallest publish form of the modem). */
	limit?: number | undefined;
}

/** A pack that cannot be built. `code` says why: "name", "digits", "sequence" or "size". */
export class SenmlError extends Error {
	override name = "SenmlError";
	readonly code: "name" | "digits" | "sequence" | "size";

	constructor(code: SenmlError["code"], message: string) {
		super(message);
		this.code = code;
	}
}

export const DEFAULT_PACK_LIMIT = 700;

const DEFAULT_DIGITS = 6;
// 2020-01-01. RFC 8428 4.5.3 takes times below 2^28 s (1978) as relative to now; a clock before 2020 was never set.
const CLOCK_SET_MS = 1_577_836_800_000;
/** In a name: a first character, or another, that is not allowed. It finds nothing as a rule, which makes no garbage. */
const WRONG = /^[^A-Za-z0-9]|[^-A-Za-z0-9:./_]/;
// RFC 9100: version 10 plus 2 to the power of each feature code; secondary units (RFC 8798) are feature 4.
const VERSION_SECONDARY_UNITS = 10 + 2 ** 4;
const secondaryUnits: readonly string[] = [
	"ms", "min", "h", "MHz", "kW", "kVA", "kvar", "Ah", "Wh", "kWh", "varh", "kvarh", "kVAh", "Wh/km", "KiB", "GB",
	"Mbit/s", "B/s", "MB/s", "mV", "mA", "dBm", "ug/m3", "mm/h", "m/h", "ppm", "/100", "/1000", "hPa", "mm", "cm",
	"km", "km/h", "ppb", "ppt", "VAh", "mg/l", "ug/l", "g/l",
]; // prettier-ignore

interface Entry {
	bn?: string;
	bt?: number;
	bver?: number;
	n: string;
	u?: string;
	v?: number;
	vb?: boolean;
	vs?: string;
}

/**
 * Builds a SenML pack (RFC 8428 5): an array whose first record carries the base name, the base time and the
 * sequence number, `{"bn":…,"bt":…,"n":"seq","v":…}`, and the readings after it. A pack that uses a secondary unit
 * says so by its version (`bver`, RFC 9100).
 * @returns The JSON text in UTF-8, at most `limit` bytes. It is never split.
 * @throws SenmlError for a name with characters that RFC 8428 4.5.1 does not allow, digits outside 1 to 15,
 * a sequence number that is not a whole number from 0, or a pack larger than the limit (names both sizes).
 */
export function encodePack(pack: SenmlPack): ArrayBuffer {
	const { baseName, baseTimeMs, sequence, records, limit = DEFAULT_PACK_LIMIT } = pack;
	if (!Number.isSafeInteger(sequence) || sequence < 0)
		throw new SenmlError("sequence", `SenML: sequence number ${sequence} is not a whole number from 0`);
	checkName(baseName, "seq");
	const first: Entry = baseName ? { bn: baseName, n: "seq", v: sequence } : { n: "seq", v: sequence };
	if (baseTimeMs !== undefined && baseTimeMs >= CLOCK_SET_MS) first.bt = Math.round(baseTimeMs) / 1000;
	const entries: Entry[] = [first];
	for (const record of records) {
		checkName(baseName, record.n);
		const entry = encodeRecord(record);
		if (!entry) continue;
		if (entry.u !== undefined && secondaryUnits.includes(entry.u)) first.bver = VERSION_SECONDARY_UNITS;
		entries.push(entry);
	}
	const text = ArrayBuffer.fromString(JSON.stringify(entries).replaceAll("\x7f", "\\u007f"));
	const size = text.byteLength;
	if (size > limit)
		throw new SenmlError(
			"size",
			`SenML: a pack of ${size} bytes is above the limit of ${limit}: fewer records, shorter names or fewer digits`,
		);
	return text;
}

function encodeRecord({ n, u, value, digits }: SenmlRecord): Entry | undefined {
	const entry: Entry = { n };
	if (u !== undefined) entry.u = u;
	if (typeof value === "boolean") entry.vb = value;
	else if (typeof value === "string") entry.vs = value;
	else if (typeof value === "number" && Number.isFinite(value)) entry.v = round(n, value, digits);
	else return undefined;
	return entry;
}

function round(n: string, value: number, digits: number | undefined): number {
	if (digits === undefined)
		return Number.isInteger(value) ? value : Number(value.toPrecision(DEFAULT_DIGITS));
	if (!Number.isInteger(digits) || digits < 1 || digits > 15)
		throw new SenmlError("digits", `SenML: ${digits} digits for "${n}" is not 1 to 15`);
	return Number(value.toPrecision(digits));
}

function checkName(baseName: string, n: string): void {
	const name = baseName + n;
	if (!name || WRONG.test(name))
		throw new SenmlError(
			"name",
			`SenML: the name "${name}" is empty, begins with no letter or digit, or has other characters than` +
				" letters, digits and - : . / _",
		);
}
