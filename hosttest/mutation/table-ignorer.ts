import type { Ignorer } from "@stryker-mutator/api/ignore";

/** Entries from which an array is a table. */
const TABLE_LENGTH = 64;

/** What is needed of a path of Babel's. */
interface Path {
	readonly node: { readonly type: string; readonly elements?: readonly unknown[] };
}

/** Leaves the numbers of long tables alone: hundreds of mutants that one test of the whole table notices (crc32.test.ts). */
export class TableIgnorer implements Ignorer {
	shouldIgnore({ node }: Path): string | undefined {
		const isTable = node.type === "ArrayExpression" && (node.elements?.length ?? 0) >= TABLE_LENGTH;
		return isTable ? "a table of numbers" : undefined;
	}
}
