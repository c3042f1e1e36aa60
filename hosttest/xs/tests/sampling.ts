/** As hosttest/tests/sampling.ts, on XS. */
export const stepOf = (onXS: number): number => onXS;
