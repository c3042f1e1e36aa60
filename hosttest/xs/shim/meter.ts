/** Of xsnap: sets the meter's limit (0: none) and its count. Returns the count before. */
declare function resetMeter(limit: number, count: number): number;

/** Computrons so far; the meter stands at 0 then. What follows is not the firmware's, until `resume`. */
export function pause(): number {
	return resetMeter(0, 0);
}
/**
 * Goes on counting, from `count`: what was counted since `pause` is forgotten. What is a native on the chip costs its call there and
 * nothing of the work that stands in for it here.
 */
export function resume(count = 0): void {
	resetMeter(0, count);
}
