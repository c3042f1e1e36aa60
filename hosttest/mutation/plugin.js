// What Stryker loads, in plain Node: it brings the loader along.
import "../loader/register.js";

export const { strykerPlugins } = await import("./test-runner.ts");
