/**
 * Takes items out of a list as long as what is left still fails: halves first, then smaller and smaller parts (delta debugging, Zeller 1999).
 * @param fails whether a list still fails
 * @param isOver asked before each try: whether to make do with what there is
 */
export async function shortest<Item>(
	items: readonly Item[],
	fails: (items: readonly Item[]) => Promise<boolean>,
	isOver: () => boolean,
): Promise<readonly Item[]> {
	let left = items;
	let size = Math.ceil(left.length / 2);
	while (left.length > 1) {
		const before = left.length;
		// What came last made it fail: what came first is tried first.
		for (let from = 0; from < left.length && left.length > 1;) {
			if (isOver()) return left;
			const without = [...left.slice(0, from), ...left.slice(from + size)];
			if (without.length && (await fails(without))) left = without;
			else from += size;
		}
		if (size === 1 && left.length === before) break;
		size = Math.max(1, Math.min(Math.ceil(size / 2), left.length - 1));
	}
	return left;
}
