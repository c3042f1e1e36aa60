/**
 * Step of a loop that tries all cases: 1 on Node. On XS, which takes a hundred times as long, the step that is given, so that it
 * tries some of them (hosttest/xs/tests/sampling.ts).
 */
export const stepOf = (onXS: number): number => Math.min(1, onXS);
