// `node --import ./hosttest/loader/register.js file.ts` runs the firmware's sources on Node.
import { register } from "node:module";

register("./hooks.js", import.meta.url);
await import("../shim/globals.ts");
