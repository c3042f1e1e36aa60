import { inspect } from "node:util";

/** Length of a piece of a secret that counts as having shown it. */
const PIECE = 6;

/** Secrets that nothing else contains a piece of. */
export const SECRETS = {
	user: "Qz7xKvZ2mWpJ",
	password: "Xt9rLhN4cYbV",
	deviceSecret: "Wj3gFsD8uXeK",
} as const;

const hexOf = (text: string) => Buffer.from(text).toString("hex");

/** Each piece of each secret in any spelling: as it is, in hex, in base64 at each of its three alignments. */
const PIECES: readonly string[] = Object.values(SECRETS).flatMap(secret => {
	const pieces = Array.from({ length: secret.length - PIECE + 1 }, (_, at) => secret.slice(at, at + PIECE));
	const base64 = [0, 1, 2].map(shift =>
		Buffer.from(" ".repeat(shift) + secret)
			.toString("base64")
			.slice(4, 12),
	);
	return [...pieces, ...pieces.map(hexOf), ...base64].map(piece => piece.toLowerCase());
});

/** The piece of a secret that a text shows, or undefined. */
export function shownIn(text: string): string | undefined {
	const lower = text.toLowerCase();
	return PIECES.find(piece => lower.includes(piece));
}

/** All that a program could print of a value: of an error its causes and stacks too. */
export function printed(value: unknown): string {
	const texts = [
		inspect(value, { depth: 8, showHidden: true, maxStringLength: Infinity, maxArrayLength: Infinity }),
	];
	for (let error = value, depth = 0; error instanceof Error && depth < 10; error = error.cause, depth++)
		texts.push(String(error), error.message, error.stack ?? "");
	try {
		texts.push(String(value), JSON.stringify(value));
	} catch {
		// What cannot be printed shows nothing.
	}
	return texts.join("\n");
}
