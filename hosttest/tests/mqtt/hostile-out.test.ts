import test from "ava";
import fc from "fast-check";
import type MQTTClient from "../../../modules/mqtt/client.js";
import { PayloadError } from "../../../modules/mqtt/errors.js";
import { BREAKING, CORPUS, hostile } from "./hostile-corpus.js";
import { OUT, equal, property, session } from "./hostile-session.js";
import { bytes } from "./observe.js";

for (const mode of OUT) {
	const { title, limit, forbidden } = mode;

	test.serial(`out, ${title}: unchanged, or refused with the byte and what to do`, async t => {
		const { client, published, publish, goesOn, errors, events } = await session(t, mode);
		let carried = 0;
		for (const payload of [...CORPUS, ...BREAKING]) {
			const shown = JSON.stringify(payload);
			const at = forbidden ? payload.search(forbidden) : -1;
			published.length = 0;
			const before = events.length;
			if (at >= 0) {
				const error = t.throws(
					() => client.write(bytes(payload), { topic: "out/t" }),
					{ instanceOf: PayloadError },
					shown,
				);
				const byte = /holds byte 0x([0-9a-f]{2}) at (\d+), not possible in (\w+) form; (.*)$/.exec(
					error.message,
				);
				t.truthy(byte, error.message);
				t.is(byte?.[1], payload.charCodeAt(Number(byte?.[2])).toString(16).padStart(2, "0"), shown);
				t.regex(payload.charAt(Number(byte?.[2])), forbidden ?? / /);
				t.is(
					byte?.[4],
					mode.simulator.profile === "A"
						? "this firmware of the module cannot carry it"
						: 'connect with dataFormat "hex"',
				);
				t.is(events.length, before);
				t.is(published.length, 0);
			} else {
				carried++;
				t.deepEqual(await publish(payload), ["writable 1288"], shown);
				t.deepEqual(
					published.map(({ payload }) => payload),
					[payload],
					shown,
				);
			}
			t.true(await goesOn(), shown);
		}
		t.deepEqual(errors, []);
		t.log(`${carried} of ${CORPUS.length + BREAKING.length} carried`);
	});

	test.serial(`out, ${title}: 0 to ${limit} bytes; above it an error that names the limit`, async t => {
		const { client, published, publish, goesOn } = await session(t, mode);
		const lengths = [0, 1, 2, 9, 10, 11, 117, 118, 119, 127, 128, 129, 255, 256, 257, limit - 1, limit];
		for (const length of lengths) {
			const payload = Array.from({ length }, (_, i) => String.fromCharCode(0x80 + (i % 128))).join("");
			published.length = 0;
			await publish(payload, 2);
			t.is(published[0].payload, payload, `${length} bytes`);
		}
		for (const length of [limit + 1, 2000, 100_000]) {
			const refused = {
				instanceOf: PayloadError,
				message: new RegExp(
					`^message of ${length} bytes; the limit is ${limit} \\(\\w+ form of AT\\+QMTPUB\\)$`,
				),
			};
			t.throws(() => client.write(new Uint8Array(length).fill(0x41), { topic: "out/t" }), refused);
			t.throws(() => client.write(bytes("A"), { topic: "out/t", byteLength: length }), refused);
		}
		t.true(await goesOn());
	});

	test.serial(`out, ${title}, property: any bytes in any pieces`, async t => {
		const { client, published, events, goesOn, until } = await session(t, mode, {
			spaceAfterPrompt: true,
			urcInDataMode: "send",
		});
		await property(
			t,
			31,
			hostile(limit),
			fc.array(fc.nat({ max: 200 }), { maxLength: 8 }),
			async (payload, cuts) => {
				const all = bytes(payload);
				const from = events.length;
				published.length = 0;
				/** Room for more; undefined where the message is refused. */
				const write = (piece: Uint8Array, options: Parameters<MQTTClient["write"]>[1]) => {
					try {
						return client.write(piece, options);
					} catch (error) {
						if (!(error instanceof PayloadError)) throw error;
						return undefined;
					}
				};
				let at = Math.min(cuts[0] ?? all.length, all.length);
				let room = write(all.subarray(0, at), { topic: "out/p", QoS: 1, byteLength: all.length });
				for (let i = 1; at < all.length && room !== undefined; i++) {
					if (room !== all.length - at) throw new Error(`room ${room}, ${all.length - at} are left`);
					const count = cuts[i] ? Math.min(cuts[i], room) : room;
					room = write(all.subarray(at, at + count), null);
					at += count;
				}
				const refused = room === undefined;
				if (refused !== (forbidden?.test(payload) ?? false)) throw new Error(`refused: ${refused}`);
				if (!refused) {
					await until(() => events.slice(from).includes("writable 1288"));
					equal(
						published.map(({ payload }) => payload),
						[payload],
					);
					equal(events.slice(from).filter(event => event === "control 4").length, 1);
				}
				if (!(await goesOn())) throw new Error("does not go on");
			},
		);
	});
}
