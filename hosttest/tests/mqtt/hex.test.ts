import test from "ava";
import { bytesOfHex } from "../../../modules/mqtt/hex.js";

const bytesOf = (digits: string) => {
	const bytes = bytesOfHex(digits);
	return bytes && [...new Uint8Array(bytes)];
};

test("digits of both cases become bytes, whatever their number", t => {
	const all = Array.from({ length: 256 }, (_, byte) => byte);
	const digits = all.map(byte => byte.toString(16).padStart(2, "0")).join("");
	for (let count = 0; count <= 256; count++)
		t.deepEqual(bytesOf(digits.slice(0, 2 * count)), all.slice(0, count));
	t.deepEqual(bytesOf(digits.toUpperCase()), all);
	t.deepEqual(bytesOf("fFFfffFf80000000"), [255, 255, 255, 255, 128, 0, 0, 0]);
});

test("half a byte, and anything that is no digit, is refused in every place", t => {
	t.is(bytesOf("0"), undefined);
	t.is(bytesOf("000000000"), undefined);
	for (const bad of ["g", "G", " ", "\t", "\n", "x", "-", "+", ".", "_", "é", "\ufeff", "/", ":", "@", "`"])
		for (let at = 0; at < 18; at++) {
			const digits = "0".repeat(at) + bad + "0".repeat(17 - at);
			t.is(bytesOf(digits), undefined, `${bad} at ${at}`);
		}
});
