/** Module "mc/config": filled and frozen before the firmware starts. */
const config: Record<string, unknown> = {};

export default config;
